"""Sheets of Excel workbooks as text cells.

What a workbook says of its own size is not believed: it is unpacked within bounds, and the cells
that are there are counted, before anything is laid out in memory.
"""

from __future__ import annotations

import datetime
import hashlib
import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pyarrow as pa

from .._errors import FundholderError, InputError, Problem
from ._headings import HEADING_ROWS, HeadingRow, Layout, financial_year, heading_row
from ._source import MOST_UNPACKED, TOO_LARGE, Source, file_suffix, unreadable, wrong_path

NO_CALAMINE = 'reading Excel needs python-calamine: pip install "fundholder[excel]"'
MOST_CELLS = 5_000_000
"""Of a sheet, from its first cell to its last: some 500 MB."""
CHUNK = 1 << 20
ROW = re.compile(rb"<row\b[^>]*?\br=[\"'](\d{1,9})")
CELL = re.compile(rb"<c\b[^>]*?\br=[\"']([A-Z]{1,3})\d")
ERROR = re.compile(
    rb"<c\b(?=[^>]*\bt=[\"']e[\"'])[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>"
    rb"(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>"
)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Workbook:
    """An open workbook, with the cells of its sheets."""

    def __init__(self, path: Path) -> None:
        import python_calamine

        self._path = path
        self._errors = _error_cells(path)
        self._book: Any = python_calamine.load_workbook(str(path))
        kind, visible = python_calamine.SheetTypeEnum, python_calamine.SheetVisibleEnum
        sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == kind.WorkSheet]
        self._names = [sheet.name for sheet in sheets]
        self.visible = [sheet.name for sheet in sheets if sheet.visible == visible.Visible]
        self._digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def sheet(
        self, layouts: Sequence[Layout], name: str | None = None, year: str | None = None
    ) -> Source:
        """A sheet from its headings down: of that name or year, or the visible one that fits."""
        if name is not None:
            return self.read(self.named(name), layouts)
        tops = {name: heading_row(self._rows(name, HEADING_ROWS), layouts) for name in self.visible}
        fits = [name for name, top in tops.items() if top.complete]
        if year is not None:
            years = {name: self.year(name, tops[name]) for name in fits}
            fits = [name for name in fits if years[name] == year]
            if not fits:
                known = ", ".join(sorted({str(y) for y in years.values() if y})) or "none"
                text = f"has no sheet of {year}: the years of its sheets are {known}"
                raise InputError([unreadable(self._path, text)])
        if not fits:
            # The nearest one says what it lacks.
            most = max((top.columns for top in tops.values()), default=0)
            fits = [name for name, top in tops.items() if top.columns == most > 0]
        if len(fits) == 1:
            return self.read(fits[0], layouts)
        if not fits:
            text = f"no sheet has the columns that are read: the sheets are {self.visible}"
        else:
            listed = " and ".join(map(repr, fits))
            text = (
                f"the sheets {listed} have the columns that are read: say which by sheet= or year="
            )
        raise InputError([unreadable(self._path, text)])

    def named(self, name: str) -> str:
        """The sheet of that name, hidden or not."""
        names = [n for n in self._names if n.strip().casefold() == name.strip().casefold()]
        if len(names) != 1:
            times = "is there more than once" if names else "is missing"
            text = f"sheet {name!r} {times}: the sheets are {self._names}"
            raise InputError([unreadable(self._path, text)])
        return names[0]

    def year(self, name: str, top: HeadingRow) -> str | None:
        """The financial year of a sheet: of its name, of its headings, or of what is above them."""
        rows = self._rows(name, HEADING_ROWS)
        texts = [[str(value) for value in row] for row in rows[: top.row + 1]]
        above = [text for row in texts[:-1] for text in row]
        return (
            financial_year([name])
            or financial_year(texts[-1] if texts else [])
            or financial_year(above)
        )

    def read(self, name: str, layouts: Sequence[Layout]) -> Source:
        """A sheet from its row of headings down."""
        rows = self._rows(name)
        top = heading_row(rows, layouts)
        titles = [_cell(value) for value in rows[top.row]] if rows else []
        while titles and not titles[-1]:
            titles.pop()
        cells = [[_cell(value) for value in row[: len(titles)]] for row in rows[top.row + 1 :]]
        while cells and not any(cells[-1]):
            cells.pop()
        columns = [pa.array([row[i] for row in cells], pa.string()) for i in range(len(titles))]
        title = f"{self._path.name}, sheet {name!r}"
        return Source(title, titles, columns, self._digest, True, self.year(name, top))

    def _rows(self, name: str, most: int | None = None) -> list[list[Any]]:
        with _calamine(self._path):
            rows: list[list[Any]] = self._book.get_sheet_by_name(name).to_python(
                skip_empty_area=False, nrows=most
            )
        for row, column, error in self._errors.get(name, ()):
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = error
        return rows


@contextmanager
def open_workbook(path: str | Path) -> Iterator[Workbook]:
    """Open a workbook to read the values that its formulas had when it was saved."""
    if file_suffix(path) != ".xlsx":
        raise InputError([wrong_path(path, "the name must", "end in .xlsx")])
    if find_spec("python_calamine") is None:
        raise InputError([Problem(f"{path}: {NO_CALAMINE}", code="missing_package")])
    with _calamine(path):
        book = Workbook(Path(path))
    yield book


@contextmanager
def _calamine(path: str | Path) -> Iterator[None]:
    """Say in one line what is wrong with a workbook; a panic of its reader is such a thing."""
    try:
        yield
    except FundholderError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        text = f"cannot be read as a workbook: {reason}"
        raise InputError([unreadable(path, text)]) from error


def _error_cells(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """Cells that are errors of Excel, by sheet: the unpacked sheets are looked through for them.

    Rejects what is larger than memory: parts that unpack to too much, and sheets of too many cells.
    """
    cells: dict[str, list[tuple[int, int, str]]] = {}
    with ZipFile(path) as archive:
        left = MOST_UNPACKED
        parts: dict[str, bytes] = {}
        for part in archive.infolist():
            if not part.filename.endswith((".xml", ".rels")):
                continue
            content = _unpacked(path, archive, part.filename, left)
            left -= len(content)
            if part.filename.startswith("xl/worksheets/") or "workbook.xml" in part.filename:
                parts[part.filename.lower()] = content
    targets = _targets(parts)
    for part_name, content in parts.items():
        if not part_name.startswith("xl/worksheets/") or part_name.endswith(".rels"):
            continue
        rows = max(map(int, ROW.findall(content)), default=content.count(b"<row"))
        columns = max(map(_column, set(CELL.findall(content))), default=1)
        name = targets.get(part_name, part_name)
        if rows * columns > MOST_CELLS:
            text = f"sheet {name!r} has {rows:,} rows of {columns:,} columns: must have at most "
            raise InputError([unreadable(path, text + f"{MOST_CELLS:,} cells in all")])
        cells[name] = [
            (int(row) - 1, _column(column) - 1, error.decode("utf-8", "replace"))
            for column, row, error in ERROR.findall(content)
        ]
    return cells


def _unpacked(path: Path, archive: ZipFile, part: str, most: int) -> bytes:
    chunks, size = [], 0
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise InputError([unreadable(path, TOO_LARGE)])
            chunks.append(chunk)
    return b"".join(chunks)


def _targets(parts: dict[str, bytes]) -> dict[str, str]:
    """The name of the sheet that each part holds."""
    book, links = parts.get("xl/workbook.xml"), parts.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return {}
    target = {link.get("Id"): link.get("Target") or "" for link in ElementTree.fromstring(links)}
    sheets = ElementTree.fromstring(book).iter(f"{MAIN}sheet")
    named = {sheet.get("name", ""): target.get(sheet.get(LINK), "") for sheet in sheets}
    return {posixpath.join("/xl", to)[1:].lower(): name for name, to in named.items()}


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _cell(value: Any) -> str:
    """A cell as text; dates as in ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
