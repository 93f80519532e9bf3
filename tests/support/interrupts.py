"""Long calls interrupted, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

CALLS = Path(__file__).with_name("long_calls.py")
GIVEN_UP = 20.0
"""Seconds after which a call has lost the interrupt."""


def answer(call: str, after: float) -> tuple[float, str]:
    """Seconds from an interrupt until the call is given up, and what the process said."""
    command = [sys.executable, str(CALLS), call]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(after)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        guard = threading.Timer(GIVEN_UP, process.kill)
        guard.start()
        said = process.stdout.readline().strip()
        seconds = time.monotonic() - sent
        guard.cancel()
        process.kill()
    return seconds, said
