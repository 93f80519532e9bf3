"""Programs in processes of their own, and what a rejected command says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fundholder import _cli

COMMAND = Path(sys.executable).with_name("fundholder")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, its output in pipes."""
    if not COMMAND.exists():
        pytest.skip(f"the command is not beside this Python ({COMMAND})")
    return _in_pipes([str(COMMAND), *arguments], timeout=120)


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """This Python on a program; warnings are errors."""
    return _in_pipes([sys.executable, "-W", "error", *arguments], timeout=600, **environment)


def printed(*arguments: str, **environment: str) -> str:
    """What a program prints that ends well and says nothing on standard error."""
    done = run_python(*arguments, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def _in_pipes(
    command: Sequence[str], timeout: float, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        env=os.environ | {"PYTHONUTF8": "1"} | environment,
        check=False,
    )


def rejected(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a rejected command says on standard error; on standard output, nothing."""
    status: str | int | None
    try:
        status = _cli.main(arguments)
    except SystemExit as stopped:  # argparse's own
        status = stopped.code
    assert status == 2
    output = capsys.readouterr()
    assert output.out == "" and "Traceback" not in output.err
    return output.err


def rejected_untouched(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a rejected command says that leaves the files of a folder as they were."""
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    said = rejected(capsys, *arguments)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    return said
