"""Published files as text cells: CSV, gzipped CSV and sheets of Excel workbooks."""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import os
import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa

from .._errors import InputError, InputTypeError, Problem
from .._files.atomic_write import NO_OPENPYXL

HEADING_ROWS = 10
"""Rows of a sheet in which the headings are looked for; publishers put titles above them."""
YEAR = r"\d{4}-\d{2}"
"""As in the names of sheets."""


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
    excel: bool
    """Whether a whole number in a column of dates is a day as Excel counts them."""

    @property
    def rows(self) -> int:
        """Rows below the headings."""
        return len(self.columns[0]) if self.columns else 0


def plain_heading(heading: str) -> str:
    """A heading without what differs between years: case, line breaks, underscores, the year."""
    words = " ".join(heading.replace("_", " ").split()).casefold()
    return re.sub(r"^\d{4}[/-]\d{2} ", "", words)


def read_source(path: str | Path, headings: Sequence[str], sheet: str | None = None) -> Source:
    """A CSV file, or one sheet of a workbook: of that name, or else the one with the headings."""
    if file_suffix(path) == ".xlsx":
        with open_workbook(path) as book:
            return book.sheet(headings, None if sheet is None else re.escape(sheet))
    return _read_csv(Path(path))


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
        raise InputError([_wrong_path(path, "the name must", "end in .csv, .csv.gz or .xlsx")])
    if not Path(path).is_file():
        raise InputError([_wrong_path(path, "must be", "a file that exists")])
    return ".xlsx" if ending == ".xlsx" else ".csv"


def _wrong_path(path: str | Path, must: str, allowed: str) -> Problem:
    """The problem of a path that is not allowed."""
    text = f"{path}: {must} {allowed}"
    return Problem(text, code="path", column="path", value=str(path), allowed=allowed)


def _unreadable(path: str | Path, text: str) -> Problem:
    """The problem of a file that is not what it should be."""
    return Problem(f"{path}: {text}", code="unreadable", column="path", value=str(path))


# ---- CSV -----------------------------------------------------------------------------------------
def _read_csv(path: Path) -> Source:
    import pyarrow.csv

    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        data = _utf8(data)
        headings = next(csv.reader(io.StringIO(data.decode("utf-8"), newline="")), [])
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(headings, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
        raise InputError([_unreadable(path, f"cannot be read: {error}")]) from error
    columns = [_text(column) for column in table.columns]
    return Source(path.name, headings, columns, digest, excel=False)


def _utf8(data: bytes) -> bytes:
    """The text in UTF-8 without a mark; what is not UTF-8 is taken for Windows-1252."""
    try:
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return data.decode("cp1252").encode()


def _text(column: pa.ChunkedArray) -> pa.StringArray:
    chunks = column.cast(pa.string()).chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())


# ---- Excel ---------------------------------------------------------------------------------------
class Workbook:
    """An open workbook, with the cells of its sheets."""

    def __init__(self, path: Path, book: Any) -> None:
        self._path, self._book = path, book
        self._names = [sheet.title for sheet in book.worksheets]
        self._digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def sheet(self, headings: Sequence[str], pattern: str | None = None) -> Source:
        """A sheet from its row of headings down: the one of that name, or that has them."""
        plain = {plain_heading(heading) for heading in headings}
        name = self._with_headings(plain) if pattern is None else self._named(pattern)
        rows = [list(row) for row in self._book[name].iter_rows(values_only=True)]
        start, _ = _heading_row(rows, plain)
        titles = ["" if value is None else str(value) for value in rows[start]] if rows else []
        cells = [[_cell(value) for value in row] for row in rows[start + 1 :]]
        while cells and not any(cells[-1]):
            cells.pop()
        columns = [
            pa.array([row[i] if i < len(row) else "" for row in cells], pa.string())
            for i in range(len(titles))
        ]
        return Source(f"{self._path.name}, sheet {name!r}", titles, columns, self._digest, True)

    def _named(self, pattern: str) -> str:
        names = [name for name in self._names if re.fullmatch(pattern, name.strip(), re.IGNORECASE)]
        shown = re.sub(r"\\(.)|\?", r"\1", pattern.replace(YEAR, "<year>"))
        return self._only(names, f"sheet {shown!r}")

    def _with_headings(self, headings: set[str]) -> str:
        hits = {}
        for name in self._names:
            top = self._book[name].iter_rows(max_row=HEADING_ROWS, values_only=True)
            _, hits[name] = _heading_row([list(row) for row in top], headings)
        most = max(hits.values(), default=0)
        names = [name for name in self._names if hits[name] == most > 0]
        return self._only(names, "a sheet with the columns that are read")

    def _only(self, names: list[str], what: str) -> str:
        if len(names) == 1:
            return names[0]
        times = "is there more than once" if names else "is missing"
        text = f"{what} {times}: the sheets are {self._names}"
        raise InputError([_unreadable(self._path, text)])


@contextmanager
def open_workbook(path: str | Path) -> Iterator[Workbook]:
    """Open a workbook to read the values that its formulas had when it was saved."""
    if file_suffix(path) != ".xlsx":
        raise InputError([_wrong_path(path, "the name must", "end in .xlsx")])
    if find_spec("openpyxl") is None:
        raise InputError([Problem(f"{path}: {NO_OPENPYXL}", code="missing_package")])
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with warnings.catch_warnings():
        # It warns of drop-down lists and styles that it leaves out; only values are read here.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
            text = f"cannot be read as a workbook: {error}"
            raise InputError([_unreadable(path, text)]) from error
        try:
            yield Workbook(Path(path), book)
        finally:
            book.close()


def _heading_row(rows: list[list[Any]], headings: set[str]) -> tuple[int, int]:
    """The row that has most of the headings, and how many."""
    hits = [
        sum(isinstance(value, str) and plain_heading(value) in headings for value in row)
        for row in rows[:HEADING_ROWS]
    ]
    most = max(hits, default=0)
    return (hits.index(most), most) if most else (0, 0)


def _cell(value: Any) -> str:
    """A cell as text; dates as in ISO 8601, whole numbers without a decimal point."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
