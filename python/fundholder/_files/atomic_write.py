"""Files that are written: checked before any work, and there whole or not at all."""

from __future__ import annotations

import io
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.problems import Problems
from .signals import held_back, terminated_cleanly

if sys.platform != "win32":
    import fcntl

SUFFIXES = (".parquet", ".csv", ".arrow")
WRITABLE = (*SUFFIXES, ".xlsx")
NO_OPENPYXL = 'writing Excel needs openpyxl: pip install "fundholder[excel]"'
NEW_FILE = 0o666
"""The mode of a new file, less what the umask takes."""

Fill = Callable[["Output"], object]


def check_output(*paths: str | Path) -> None:
    """Reject, before any work, files that could not be written."""
    problems = Problems()
    for path in paths:
        problems.extend(path_problems(path, WRITABLE))
        if str(path).endswith(".xlsx") and find_spec("openpyxl") is None:
            problems.add(Problem(f"{path}: {NO_OPENPYXL}", code="missing_package"))
    problems.check()


def path_problems(path: Any, suffixes: Sequence[str]) -> Iterator[Problem]:
    """Why a file of one of these endings could not be written here."""
    if not isinstance(path, str | os.PathLike):
        allowed = "must be the path of a file"
        yield Problem(f"{path!r}: {allowed}", code="wrong_type", value=path, allowed=allowed)
        return
    path = Path(path)
    if path.suffix not in suffixes:
        yield Problem.path(path, f"the name must end in {', '.join(suffixes)}")
    try:
        if b"\0" in os.fsencode(path):
            raise ValueError("a NUL")
        target = _target(path)
        folder = target.parent
        if not folder.is_dir():
            yield Problem.path(path, f"{folder} must be a folder that exists")
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield Problem.path(path, f"{folder} must be a folder that can be written to")
        elif target.is_dir():
            yield Problem.path(path, "must not be a folder")
        elif target.is_symlink() or (target.exists() and not target.is_file()):
            allowed = "must be a file: a pipe or a device is not replaced, nor a link to itself"
            yield Problem.path(path, allowed)
    except (OSError, ValueError, RuntimeError) as error:
        yield Problem.path(path, f"must be a name that a file can have: {_reason(error)}")


@contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """Make a folder, if it is new, and take it away again if what it is for goes wrong."""
    new = not path.exists()
    with _clear(path):
        path.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if new:
            with suppress(OSError):
                path.rmdir()
        raise


def write_atomically(files: Mapping[Path, Fill]) -> None:
    """Fill every file under another name, then put all in place.

    A file that is replaced leaves its mode to the new one, and a link goes on to where it points.
    What earlier writes to the same name left behind when they were killed is removed.
    """
    with terminated_cleanly(), ExitStack() as stack:
        outputs = []
        for path, fill in files.items():
            with _clear(path):
                output = stack.enter_context(_output(_target(path)))
                fill(output)
                output.flush()
                outputs.append(output)
        with held_back():
            for path, output in zip(files, outputs, strict=True):
                with _clear(path):
                    output.replace_target(_target(path))


class Output(io.BufferedWriter):
    """A file that is being filled under a temporary name, locked as long as its process lives."""

    def write(self, data: Any) -> int:
        """Append; signals are answered, as this is Python."""
        return super().write(data)

    def close(self) -> None:
        """Hand everything on and stay open, as the lock is needed: writers close what they fill."""
        self.flush()

    def replace_target(self, target: Path) -> None:
        """Give the file its name."""
        if sys.platform == "win32":
            super().close()
        os.replace(self.name, target)


@contextmanager
def _output(target: Path) -> Iterator[Output]:
    """A new file beside ``target``, with its mode, that is removed if it was not put in place."""
    old = target.stat() if target.exists() else None
    _remove_abandoned(target)
    name = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    mode = NEW_FILE if old is None else stat.S_IMODE(old.st_mode)
    raw = io.FileIO(name, "x", opener=lambda path, flags: os.open(path, flags, mode))
    try:
        with raw:
            _keep(raw, old)
            yield Output(raw)
    finally:
        name.unlink(missing_ok=True)


def _target(path: Path) -> Path:
    """Where a link leads to, be it there or not; any other path as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def _clear(path: Path) -> Iterator[None]:
    """Say in one line what the system has against a file."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        problem = Problem.path(path, f"cannot be written: {_reason(error)}")
        raise InputError([problem]) from error


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) else str(error)


def _keep(file: io.FileIO, old: os.stat_result | None) -> None:
    """Lock a file against removal, and give it the owner and mode of the one that it replaces."""
    if sys.platform == "win32":
        return
    # A system of files without locks or owners is written to all the same.
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
    if old is not None:
        with suppress(OSError):
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of this name whose process has ended."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{16}}")
    for name in filter(pattern.fullmatch, os.listdir(target.parent)):
        # Held by its process, or removed by another.
        with suppress(OSError), ExitStack() as stack:
            left = target.with_name(name)
            if sys.platform != "win32":
                file = stack.enter_context(left.open("rb"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()
