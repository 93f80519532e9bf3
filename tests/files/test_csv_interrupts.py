"""Does every interrupt arrive that comes while a CSV file is read?"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from fundholder import read

INTERRUPTS = 300


@pytest.mark.skipif(sys.platform == "win32", reason="sends the signal of Ctrl-C as POSIX does")
def test_no_interrupt_is_lost_while_a_csv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("a,b\n" + "1,0.5\n" * 2_000)
    arrived = threading.Event()
    over = threading.Event()
    lost = []

    def interrupt() -> None:
        for number in range(INTERRUPTS):
            arrived.clear()
            os.kill(os.getpid(), signal.SIGINT)
            if not arrived.wait(2):
                lost.append(number)
        over.set()

    before = signal.signal(signal.SIGINT, lambda number, frame: arrived.set())
    try:
        thread = threading.Thread(target=interrupt)
        thread.start()
        while not over.is_set():
            read(tmp_path / "file.csv").read_all()
        thread.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not lost
