"""The command line as a user has it, and what a rejected command says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fundholder import _cli

COMMAND = Path(sys.executable).with_name("fundholder")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, its output in pipes."""
    if not COMMAND.exists():
        pytest.skip(f"the command is not beside this Python ({COMMAND})")
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
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
