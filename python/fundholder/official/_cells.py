"""Cells of published files read as codes, counts, amounts and dates, every problem collected."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .._engine import version
from .._errors import InputError
from .._tables.arrays import FloatArray
from ._source import Source, plain_heading

LISTED = 1_000
"""Problems of one column that are kept; of the rest only their number."""
MOST_PEOPLE = 10**9
MOST = 1e15
INTEGER = r"^(\d+|\d{1,3}(,\d{3})+)(\.0*)?$"
NUMBER = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d+)?$"
CODE = r"^[A-Za-z0-9]+$"
NOTHING = ("", "NULL")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """A column of a result, and the headings that publications have given it over the years."""

    name: str
    headings: tuple[str, ...]
    required: bool = True
    nothing: tuple[str, ...] = NOTHING
    """Texts that mean: not known."""


class Cells:
    """Reads the columns of one file; ``check`` raises all that was wrong with them."""

    def __init__(self, source: Source, columns: Iterable[Column]) -> None:
        self._source = source
        self._problems: list[str] = []
        self._more = 0
        self.kept: Mask = np.ones(source.rows, bool)
        plain = [plain_heading(heading) for heading in source.headings]
        self._index: dict[str, int] = {}
        missing = []
        for column in columns:
            headings = {plain_heading(heading) for heading in column.headings}
            matches = [i for i, heading in enumerate(plain) if heading in headings]
            if len(matches) > 1:
                twice = " and ".join(repr(source.headings[i]) for i in matches)
                self.problem(f"columns {twice} are the same: must be one")
            elif matches:
                self._index[column.name] = matches[0]
            elif column.required:
                missing.append(" or ".join(repr(heading) for heading in column.headings))
        if missing:
            has = ", ".join(repr(heading) for heading in source.headings) or "no column"
            named = "; ".join(missing)
            are = "columns are" if len(missing) > 1 else "column is"
            self.problem(f"{are} missing: {named}: the file has {has}")
        if source.rows == 0:
            self.problem("has no rows: at least one is needed")
        self.check()

    # ---- Headings -------------------------------------------------------------------------------
    def has(self, column: Column) -> bool:
        """Whether the file has the column."""
        return column.name in self._index

    def index(self, column: Column) -> int:
        """The index of the column in the file."""
        return self._index[column.name]

    def heading(self, column: Column) -> str:
        """The heading of the column as the file writes it."""
        return self._source.headings[self._index[column.name]]

    # ---- Problems --------------------------------------------------------------------------------
    def problem(self, text: str) -> None:
        """Note what is wrong."""
        self._problems.append(f"{self._source.name}: {text}")

    def reject(self, column: Column, wrong: Mask, allowed: str) -> None:
        """Note the cells of a column that are not allowed."""
        rows = np.flatnonzero(wrong & self.kept)
        self._more += max(0, len(rows) - LISTED)
        cells = self._source.columns[self._index[column.name]]
        for row in rows[:LISTED].tolist():
            value = cells[row].as_py()
            shown = repr(value) if value.strip() else "nothing"
            self.problem(f"column {self.heading(column)!r}, row {row}: {shown}; must be {allowed}")

    def check(self) -> None:
        """Raise every problem found so far."""
        if self._problems:
            raise InputError(self._problems, self._more)

    # ---- Columns ---------------------------------------------------------------------------------
    def text(self, column: Column, *, needed: bool = False) -> pa.StringArray:
        """Text without spaces around it; null where nothing is known."""
        text = pc.utf8_trim_whitespace(self._source.columns[self._index[column.name]])
        known = pc.invert(pc.is_in(text, value_set=pa.array(column.nothing, pa.string())))
        if needed:
            self.reject(column, ~_mask(known), "a name")
        return pc.if_else(known, text, pa.scalar(None, pa.string()))

    def code(self, column: Column, *, needed: bool = True) -> pa.StringArray:
        """A code of letters and digits."""
        text = self.text(column)
        good = pc.fill_null(pc.match_substring_regex(text, CODE), not needed)
        self.reject(column, ~_mask(good), "a code of letters and digits")
        return text

    def count(self, column: Column) -> pa.Int64Array:
        """People: whole numbers; thousands may be marked, as in 1,234."""
        parsed, good = self._parsed(column, INTEGER)
        number = np.where(good, parsed, 0.0)
        good &= number <= MOST_PEOPLE
        self.reject(column, ~good, f"a whole number from 0 to {MOST_PEOPLE:,}")
        return pa.array(np.where(good, number, 0).astype(np.int64))

    def number(self, column: Column, *, low: float = 0.0, above: bool = False) -> pa.DoubleArray:
        """Numbers of at least ``low``, or above it; thousands may be marked, as in 1,234.5."""
        parsed, good = self._parsed(column, NUMBER)
        number = np.where(good, parsed, 0.0)
        good &= (number > low if above else number >= low) & (np.abs(number) < MOST)
        bound = "of any sign" if low == -MOST else f"{'above' if above else 'of at least'} {low:g}"
        self.reject(column, ~good, f"a number {bound}, below {MOST:g}")
        return pa.array(np.where(good, number, np.nan))

    def _parsed(self, column: Column, pattern: str) -> tuple[FloatArray, Mask]:
        text = self.text(column)
        good = pc.fill_null(pc.match_substring_regex(text, pattern), False)
        digits = pc.replace_substring(pc.if_else(good, text, "0"), ",", "")
        return digits.cast(pa.float64()).to_numpy(zero_copy_only=False), _mask(good)

    def date(self, column: Column, *, needed: bool = True) -> pa.Date32Array:
        """Days, as 2021-01-31, 31JAN2021, 20210131 or 31/01/2021; in a workbook, days of Excel."""
        allowed = "a date such as 2021-01-31, 31JAN2021, 20210131 or 31/01/2021"
        if not self._source.excel:
            allowed += ", not a serial number of Excel"
        dates, wrong = self.each(column, lambda text: _date(text, self._source.excel))
        days = pa.array(dates, pa.date32())
        if not needed:
            wrong &= _mask(pc.is_valid(self.text(column)))
        self.reject(column, wrong, allowed)
        return days

    def each(
        self, column: Column, read: Callable[[str], Any | None]
    ) -> tuple[list[Any | None], Mask]:
        """Every cell read by a function that is called once for each text; and where it failed."""
        coded = self.text(column).dictionary_encode()
        values = [read(text) for text in coded.dictionary.to_pylist()] + [None]
        index = pc.fill_null(coded.indices, len(values) - 1).to_numpy()
        failed = np.array([value is None for value in values])
        return [values[i] for i in index.tolist()], failed[index]

    # ---- Whole rows ------------------------------------------------------------------------------
    def keep(self, rows: Mask, what: str) -> None:
        """Read from now on only some rows; problems still name rows of the file."""
        self.kept &= rows
        if not self.kept.any():
            self.problem(f"has no rows of {what}: at least one is needed")
            self.check()

    def only(self, column: Column, allowed: str) -> None:
        """Keep the rows where the column, if there is one, holds one text in any case."""
        if self.has(column):
            same = pc.equal(pc.utf8_upper(self.text(column)), allowed)
            self.keep(_mask(pc.fill_null(same, False)), f"{self.heading(column)} {allowed}")

    def table(self, columns: Mapping[str, pa.Array]) -> pa.Table:
        """The rows that were kept, in the order of the first column; raises every problem."""
        self.check()
        table = pa.table(dict(columns)).filter(pa.array(self.kept))
        return table.sort_by(table.column_names[0])

    def once(self, column: Column, codes: pa.StringArray, what: str) -> None:
        """Reject a code that appears again."""
        coded = codes.dictionary_encode().indices.fill_null(-1).to_numpy()
        coded = np.where(self.kept, coded, -1)
        _, first = np.unique(coded, return_index=True)
        again = coded >= 0
        again[first] = False
        self.reject(column, again, f"there once: one row per {what}")


def described(table: pa.Table, publication: str, sources: Sequence[Source]) -> pa.Table:
    """The table, with what it was read from."""
    metadata = {
        "fundholder.version": version,
        "fundholder.publication": publication,
        "fundholder.file": "; ".join(dict.fromkeys(source.name for source in sources)),
        "fundholder.file_sha256": "; ".join(dict.fromkeys(source.digest for source in sources)),
    }
    return table.replace_schema_metadata(metadata)


def _mask(values: pa.Array) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False).astype(bool)
    return mask


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""By name: what ``strptime`` understands depends on the language of the machine."""
DATES = (
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    rf"(?P<day>\d{{2}})(?P<month>{'|'.join(MONTHS)})(?P<year>\d{{4}})",
    r"(?P<day>\d{2})/(?P<month>\d{2})/(?P<year>\d{4})",
)
FIRST_DAY = datetime.date(1899, 12, 30)
"""Excel's day 0 for days from 1 March 1900 on."""


def _date(text: str, excel: bool) -> datetime.date | None:
    if excel and re.fullmatch(r"\d{5}", text):
        return FIRST_DAY + datetime.timedelta(days=int(text))
    for pattern in DATES:
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match:
            month = match["month"].upper()
            number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            try:
                return datetime.date(int(match["year"]), number, int(match["day"]))
            except ValueError:
                return None
    return None
