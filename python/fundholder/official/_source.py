"""Published files as text cells, by column: what a file is, and CSV, gzipped or not."""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from .._errors import InputError, InputTypeError, Problem
from .._files.read import is_file
from .._files.signals import on_another_thread

MOST_UNPACKED = 250_000_000
"""Bytes that a packed file may hold: more than what is published, and less than memory."""
TOO_LARGE = f"holds more than {MOST_UNPACKED / 1e6:,.0f} MB when it is unpacked: must be less"


@dataclass(frozen=True)
class Source:
    """The cells of one CSV file or sheet as text, by column."""

    name: str
    """The file, and the sheet where there is one."""
    headings: list[str]
    """As they are written."""
    columns: list[pa.StringArray]
    digest: str
    """SHA-256 of the file."""
    day_zero: datetime.date | None = None
    """Of a workbook, the day from which a whole number in a column of dates counts."""
    year: str | None = None
    """The financial year of the sheet, as 2023/24, where it says one."""

    @property
    def rows(self) -> int:
        """Rows below the headings."""
        return len(self.columns[0]) if self.columns else 0


def file_suffix(path: str | Path) -> str:
    """The ending of a file, ".csv" or ".xlsx"; any other is rejected, and so is no file."""
    if not isinstance(path, str | os.PathLike):
        allowed = "the path of a file"
        text = f"{path!r}: must be {allowed}"
        problem = Problem(text, code="wrong_type", column="path", value=path, allowed=allowed)
        raise InputTypeError([problem])
    name = Path(path).name.lower()
    for ending in (".csv", ".csv.gz", ".xlsx"):
        if name.endswith(ending):
            break
    else:
        raise InputError([wrong_path(path, "the name must", "end in .csv, .csv.gz or .xlsx")])
    if not is_file(Path(path)):
        raise InputError([wrong_path(path, "must be", "a file that exists")])
    return ".xlsx" if ending == ".xlsx" else ".csv"


def wrong_path(path: str | Path, must: str, allowed: str) -> Problem:
    """The problem of a path that is not allowed."""
    text = f"{path}: {must} {allowed}"
    return Problem(text, code="path", column="path", value=str(path), allowed=allowed)


def unreadable(path: str | Path, text: str) -> Problem:
    """The problem of a file that is not what it should be."""
    return Problem(f"{path}: {text}", code="unreadable", column="path", value=str(path))


# ---- CSV -----------------------------------------------------------------------------------------
def read_csv(path: Path, headings: Sequence[str] | None = None) -> Source:
    """All cells of a CSV file; ``headings`` are those of one that has none."""
    import pyarrow.csv

    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        if data.startswith(b"\x1f\x8b"):
            data = _unpacked(path)
        data = _utf8(data)
        first = next(csv.reader(io.StringIO(data.decode("utf-8"), newline="")), [])
        named = list(first if headings is None else headings)
        if headings is not None and len(first) != len(named):
            text = f"has {len(first)} columns: must have {len(named)}, without headings"
            raise InputError([unreadable(path, text)])
        # Of columns, the names may repeat; the numbers do not.
        numbered = [str(i) for i in range(len(named))]
        rows = pa.BufferReader(data)
        skipped = int(headings is None and bool(first))
        read = pyarrow.csv.ReadOptions(column_names=numbered, skip_rows=skipped)
        parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False
        )
        table = on_another_thread(
            lambda: pyarrow.csv.read_csv(
                rows, read_options=read, parse_options=parse, convert_options=convert
            )
        )
    except (pa.ArrowInvalid, OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
        raise InputError([unreadable(path, f"cannot be read: {error}")]) from error
    columns = [_text(column) for column in table.columns]
    return Source(path.name, named, columns, digest)


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as file:
        data = file.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise InputError([unreadable(path, TOO_LARGE)])
    return data


def _utf8(data: bytes) -> bytes:
    """The text in UTF-8 without a mark; what is not UTF-8 is taken for Windows-1252."""
    if data.isascii():
        return data
    try:
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return data.decode("cp1252").encode()


def _text(column: pa.ChunkedArray) -> pa.StringArray:
    chunks = column.cast(pa.string()).chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
