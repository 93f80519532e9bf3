"""Published files for tests: the real ones by another reader, and small ones made here."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fundholder import FundholderError


def rows_of(path: Path) -> list[dict[str, str]]:
    """The file by the csv module of Python, which shares nothing with the readers."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text_file(folder: Path, text: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def problems(read: Callable[..., Any], *paths: Path, **terms: Any) -> list[str]:
    with pytest.raises(FundholderError) as caught:
        read(*paths, **terms)
    return caught.value.problems
