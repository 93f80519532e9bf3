"""Files that are written: checked before any work, and there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .._errors import Problem
from .._tables.problems import Problems

SUFFIXES = (".parquet", ".csv", ".arrow")
WRITABLE = (*SUFFIXES, ".xlsx")
NO_OPENPYXL = 'reading and writing Excel needs openpyxl: pip install "fundholder[excel]"'


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
    folder = path.parent
    if path.suffix not in suffixes:
        yield Problem.path(path, f"the name must end in {', '.join(suffixes)}")
    if not folder.is_dir():
        yield Problem.path(path, f"{folder} must be a folder that exists")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Problem.path(path, f"{folder} must be a folder that can be written to")
    elif path.is_dir():
        yield Problem.path(path, "must not be a folder")


def write_atomically(files: dict[Path, Callable[[str], object]]) -> None:
    """Fill every file under another name, then put all in place."""
    made: dict[str, Path] = {}
    try:
        for path, fill in files.items():
            name = str(path.with_name(f".{path.name}.{secrets.token_hex(8)}"))
            made[name] = path
            fill(name)
        for name, path in made.items():
            Path(name).replace(path)
    finally:
        for name in made:
            Path(name).unlink(missing_ok=True)
