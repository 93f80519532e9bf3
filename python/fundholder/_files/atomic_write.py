"""Files that are written: checked before any work, and there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from .._errors import InputError, InputTypeError

SUFFIXES = (".parquet", ".csv", ".arrow")
WRITABLE = (*SUFFIXES, ".xlsx")
NO_OPENPYXL = 'reading and writing Excel needs openpyxl: pip install "fundholder[excel]"'


def check_output(*paths: str | Path) -> None:
    """Reject, before any work, files that could not be written."""
    wrong = [path for path in paths if not isinstance(path, str | os.PathLike)]
    if wrong:
        raise InputTypeError([f"{path!r}: must be the path of a file" for path in wrong])
    problems = []
    for path in map(Path, paths):
        if path.suffix not in WRITABLE:
            problems.append(f"{path}: the name must end in {', '.join(WRITABLE)}")
        elif path.suffix == ".xlsx" and find_spec("openpyxl") is None:
            problems.append(f"{path}: {NO_OPENPYXL}")
        folder = path.parent
        if not folder.is_dir():
            problems.append(f"{path}: {folder} must be a folder that exists")
        elif not os.access(folder, os.W_OK | os.X_OK):
            problems.append(f"{path}: {folder} must be a folder that can be written to")
        elif path.is_dir():
            problems.append(f"{path}: must not be a folder")
    if problems:
        raise InputError(problems)


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
