"""Sheets of Excel workbooks as text cells."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._errors import FundholderError, InputError, Problem
from ._archive import checked_workbook
from ._headings import HEADING_ROWS, HeadingRow, Layout, financial_year, heading_row
from ._source import Source, file_suffix, unreadable, wrong_path

NO_CALAMINE = 'reading Excel needs python-calamine: pip install "fundholder[excel]"'
BLOCK_ROWS = 1 << 14


class Workbook:
    """An open workbook, with the cells of its sheets."""

    def __init__(self, path: Path) -> None:
        import python_calamine

        self._path = path
        content, self._day_zero = checked_workbook(path)
        self._book: Any = python_calamine.load_workbook(content)
        kind, visible = python_calamine.SheetTypeEnum, python_calamine.SheetVisibleEnum
        sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == kind.WorkSheet]
        self._names = [sheet.name for sheet in sheets]
        self.visible = [sheet.name for sheet in sheets if sheet.visible == visible.Visible]
        self._opened: tuple[str, Any] | None = None
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
            hidden = [name for name in self._names if name not in self.visible]
            text += f", and hidden {hidden}: say which by sheet=" if hidden else ""
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
        while len(rows) > top.row + 1 and not any(map(_cell, rows[-1][: len(titles)])):
            rows.pop()
        title = f"{self._path.name}, sheet {name!r}"
        columns = _columns(rows[top.row + 1 :], len(titles))
        year = self.year(name, top)
        return Source(title, titles, columns, self._digest, self._day_zero, year)

    def _rows(self, name: str, most: int | None = None) -> list[list[Any]]:
        with _calamine(self._path):
            if self._opened is None or self._opened[0] != name:
                self._opened = None
                self._opened = name, self._book.get_sheet_by_name(name)
            rows: list[list[Any]] = self._opened[1].to_python(skip_empty_area=False, nrows=most)
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


def _columns(rows: list[list[Any]], width: int) -> list[pa.StringArray]:
    """The first columns as text, made of a part of the rows at a time, as texts take memory."""
    parts: list[list[pa.StringArray]] = [[pa.array([], pa.string())] for _ in range(width)]
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        for i, part in enumerate(parts):
            part.append(pa.array([_cell(row[i]) for row in block], pa.string()))
    return [pa.concat_arrays(part) for part in parts]


def _cell(value: Any) -> str:
    """A cell as text; dates as in ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
