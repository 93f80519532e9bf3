"""The command line."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from .. import __version__
from .._errors import FundholderError
from .._files.signals import terminated_cleanly
from . import allocate, england, fit, pool_size, scheme, settle, simulate, stop_loss, variance

BAD_INPUT = 2
INTERRUPTED = 130
COMMANDS = (england, simulate, variance, stop_loss, pool_size, settle, scheme, fit, allocate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 is success, 2 is bad input, 130 is an interrupt."""
    options = _parser().parse_args(arguments)
    try:
        with terminated_cleanly(), warnings.catch_warnings():
            warnings.showwarning = _note
            options.run(options)
    except FundholderError as error:
        print(f"fundholder: {error}", file=sys.stderr)
        if any(problem.row is not None for problem in error.problems):
            print("Rows count from 0, the first below the header.", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("fundholder: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return 0


def _note(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as one line, without the line of code that it comes from."""
    print(f"fundholder: note: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    examples = (command.EXAMPLES.removeprefix("examples:\n") for command in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="fundholder",
        description="A risk engine for health budgets held by small populations.",
        epilog="examples:\n" + "".join(examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fundholder {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add_command(commands)
    return parser
