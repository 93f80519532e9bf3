"""A function in a process of its own, whose memory is that of the function alone."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def alone(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function of a module's top level in a new process, and wait for it.

    The process is a fresh Python, not a copy of this one, so that nothing is in its memory yet.
    """
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def peak_megabytes() -> float:
    """The largest resident size of this process so far."""
    if sys.platform == "linux":  # where ``getrusage`` has the parent's too
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
