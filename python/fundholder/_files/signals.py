"""Signals while files are written: held back, or answered once everything is in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

Result = TypeVar("Result")


class Terminated(BaseException):
    """The process is to end."""


@contextmanager
def terminated_cleanly() -> Iterator[None]:
    """Let a signal to end the process (SIGTERM) unwind what runs here before it does."""
    if not _answers() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def held_back() -> Iterator[None]:
    """Answer signals that would interrupt what runs here after it has ended."""
    if not _answers():
        yield
        return
    came: list[int] = []
    handlers = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }
    for held in handlers:
        signal.signal(held, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for held, handler in handlers.items():
            signal.signal(held, handler)
    for number in came:
        signal.raise_signal(number)


def on_another_thread(call: Callable[[], Result]) -> Result:
    """What a call gives, made where it cannot take signals over.

    Arrow's reader of CSV does so on the main thread, and loses an interrupt that comes as it ends.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()


def _answers() -> bool:
    """Signals are answered by the main thread alone."""
    return threading.current_thread() is threading.main_thread()
