"""Cells of published files read as codes, counts, amounts and dates, every problem collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .._engine import version
from .._errors import Problem
from .._tables.arrays import FloatArray
from .._tables.problems import Problems
from ._columns import Column
from ._dates import date_of
from ._headings import is_called
from ._source import Source

MOST_PEOPLE = 10**9
MOST = 1e15
INTEGER = r"^(\d+|\d{1,3}(,\d{3})+)(\.0*)?$"
NUMBER = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d+)?$"
CODE = r"^[A-Za-z0-9]+$"

Mask = npt.NDArray[np.bool_]


class Cells:
    """Reads the columns of one file; ``check`` raises all that was wrong with them.

    Where columns are missing, the ``edition`` that has them is named.
    """

    def __init__(self, source: Source, columns: Iterable[Column], edition: str = "") -> None:
        self._source = source
        self._problems = Problems()
        self.kept: Mask = np.ones(source.rows, bool)
        self._index: dict[str, int] = {}
        missing = []
        for column in columns:
            named = (is_called(heading, column.headings) for heading in source.headings)
            matches = [i for i, match in enumerate(named) if match]
            if len(matches) > 1:
                self.problem(_same_columns([source.headings[i] for i in matches]))
            elif matches:
                self._index[column.name] = matches[0]
            elif column.required:
                missing.append(column)
        if missing:
            self.problem(_missing_columns(missing, source.headings, edition))
        if source.rows == 0:
            self.problem(Problem("has no rows: at least one is needed", code="empty"))
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
    def problem(self, problem: Problem) -> None:
        """Note what is wrong with the file."""
        self._problems.add(problem.at(self._source.name))

    def reject(self, column: Column, wrong: Mask, allowed: str, code: str = "not_allowed") -> None:
        """Note the cells of a column that are not allowed."""
        for row in np.flatnonzero(wrong & self.kept).tolist():
            self._cell_problem(column, row, f"; must be {allowed}", code, allowed)

    def _cell_problem(self, column: Column, row: int, says: str, code: str, allowed: str) -> None:
        heading = self.heading(column)
        cell = self._source.columns[self.index(column)][row].as_py()
        shown = repr(cell) if cell.strip() else "nothing"
        if cell.strip() in column.nothing:
            code, cell = "null", None
        text = f"column {heading!r}, row {row}: {shown}{says}"
        self.problem(Problem(text, code=code, column=heading, row=row, value=cell, allowed=allowed))

    def check(self) -> None:
        """Raise every problem found so far."""
        self._problems.check()

    # ---- Columns ---------------------------------------------------------------------------------
    def text(self, column: Column, *, needed: bool = False) -> pa.StringArray:
        """Text without spaces around it; null where nothing is known."""
        text = pc.utf8_trim_whitespace(self._source.columns[self._index[column.name]])
        known = pc.invert(pc.is_in(text, value_set=pa.array(column.nothing, pa.string())))
        if needed:
            self.reject(column, ~_mask(known), "a name")
        return pc.if_else(known, text, pa.scalar(None, pa.string()))

    def code(self, column: Column, *, needed: bool = True) -> pa.StringArray:
        """A code of letters and digits, in capitals as the NHS writes its own."""
        text = pc.utf8_upper(self.text(column))
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
        """Days, as 2021-01-31, 31JAN2021, 31-Jan-21 or 31/01/2021; in a workbook, days of Excel."""
        allowed = "a date such as 2021-01-31, 31JAN2021, 31-Jan-21, 20210131 or 31/01/2021"
        if self._source.day_zero is None:
            allowed += ", not a serial number of Excel"
        dates, wrong = self.each(column, lambda text: date_of(text, self._source.day_zero))
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
            self.problem(Problem(f"has no rows of {what}: at least one is needed", code="empty"))
            self.check()

    def only(self, column: Column, kept: str, others: str) -> None:
        """Keep the rows where the column, if there is one, holds one text in any case.

        Those that match ``others``, a pattern, are left out; any other text is a problem.
        """
        if self.has(column):
            text = pc.fill_null(pc.utf8_upper(self.text(column)), "")
            known = pc.match_substring_regex(text, f"^({kept}|{others})$")
            self.reject(column, ~_mask(known), f"{kept}, or another that is known, to be left out")
            # Problems of rows that are left out are raised before the others.
            self.check()
            self.keep(_mask(pc.equal(text, kept)), f"{self.heading(column)} {kept}")

    def one_value(self, column: Column, values: pa.Array) -> None:
        """Reject a column whose values are not all the same."""
        known = sorted(set(values.filter(pa.array(self.kept)).drop_null().to_pylist()))
        if len(known) > 1:
            named = " and ".join(map(str, known[:5]))
            heading, allowed = self.heading(column), "the same in all rows"
            text = f"column {heading!r}: {named}: must be {allowed}"
            self.problem(Problem(text, code="inconsistent", column=heading, allowed=allowed))

    def table(self, columns: Mapping[str, pa.Array]) -> pa.Table:
        """The rows that were kept, in the order of the first column; raises every problem."""
        self.check()
        table = pa.table(dict(columns)).filter(pa.array(self.kept))
        return table.sort_by(table.column_names[0])

    def unique(self, column: Column, codes: pa.StringArray, given: Sequence[Column] = ()) -> None:
        """Reject rows whose code stands in an earlier row; messages name what else is ``given``."""
        coded = codes.dictionary_encode().indices.fill_null(-1).to_numpy()
        rows = np.flatnonzero(self.kept & (coded >= 0))
        _, first, group = np.unique(coded[rows], return_index=True, return_inverse=True)
        earlier = rows[first[group]]
        again = rows != earlier
        texts = {other.name: self.text(other) for other in given}
        for row, original in zip(rows[again].tolist(), earlier[again].tolist(), strict=True):
            named = ", ".join(f"{name} {text[row]}" for name, text in texts.items())
            says = f" with {named}" if named else ""
            says += f" is a duplicate of row {original}: must be unique"
            self._cell_problem(column, row, says, "duplicate", "unique")

    def unique_together(
        self, column: Column, codes: Sequence[pa.StringArray], given: Sequence[Column]
    ) -> None:
        """Reject rows that have all codes of an earlier one; ``column`` is the one named."""
        joined = pc.binary_join_element_wise(
            *codes, " ", null_handling="replace", null_replacement="-"
        )
        self.unique(column, joined, given)


def _same_columns(headings: Sequence[str]) -> Problem:
    """The problem of several columns that hold the same."""
    text = f"columns {' and '.join(map(repr, headings))} are the same: must be one"
    if len(set(headings)) == 1:
        text = f"column {headings[0]!r} is there {len(headings)} times: must be unique"
    return Problem(text, code="duplicate_column", column=headings[0], allowed="unique")


def _missing_columns(columns: Sequence[Column], headings: Sequence[str], edition: str) -> Problem:
    """The problem of required columns that a file does not have."""
    named = "; ".join(" or ".join(map(repr, column.headings)) for column in columns)
    are = "columns are" if len(columns) > 1 else "column is"
    has = ", ".join(map(repr, headings)) or "no column"
    of = f" of the nearest known edition, {edition}," if edition else ""
    text = f"{are} missing: {named}:{of} the file has {has}"
    return Problem(text, code="missing_column", column=columns[0].headings[0], allowed=named)


def described(table: pa.Table, publication: str, sources: Sequence[Source]) -> pa.Table:
    """The table, with what it was read from."""
    metadata = {
        "fundholder.version": version,
        "fundholder.publication": publication,
        "fundholder.file": "; ".join(dict.fromkeys(source.name for source in sources)),
        "fundholder.file_sha256": "; ".join(dict.fromkeys(source.digest for source in sources)),
    }
    years = sorted({source.year for source in sources if source.year})
    if years:
        metadata["fundholder.year"] = "; ".join(years)
    return table.replace_schema_metadata(metadata)


def _mask(values: pa.Array) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False).astype(bool)
    return mask
