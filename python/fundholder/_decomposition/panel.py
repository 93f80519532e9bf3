"""Budgets and outturns as they were observed, by unit and year, checked all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._errors import InputError, Problem
from .._tables.arguments import LEAST_MONEY
from .._tables.arrays import FloatArray
from .._tables.checked import MONEY, MOST, Rule, read_table
from .._tables.problems import Problems

BUDGET = Rule(
    "a finite number of £ above 0 (from 1e-9 to 1e15)",
    0.0,
    MOST,
    above_low=True,
    smallest=LEAST_MONEY,
)
UNREADABLE = ("missing_column", "duplicate_column", "wrong_type")


@dataclass(frozen=True)
class Outturns:
    """Units in rows and years in columns; £, 0 where a unit was not ``seen`` in a year."""

    years: pa.Array
    seen: NDArray[np.bool_]
    budget: FloatArray
    outturn: FloatArray

    @property
    def ratio(self) -> FloatArray:
        """Outturn over budget; 0 where not seen."""
        return np.divide(self.outturn, self.budget, out=np.zeros_like(self.budget), where=self.seen)


def keys(labels: pa.ChunkedArray) -> list[str | None]:
    """What tells labels apart: an integer and its digits are one label, and null is one too."""
    return [None if label is None else str(label) for label in labels.to_pylist()]


def read_outturns(table: pa.Table, by: str, units: pa.ChunkedArray) -> Outturns:
    """Arrange the rows of ``table`` by ``units``, or reject all that is wrong with it."""
    dated = "year" in table.column_names
    problems = Problems()
    try:
        read_table(
            "observed",
            table,
            labels=[by, "year"] if dated else [by],
            numbers={"budget": BUDGET, "outturn": MONEY},
            nullable=[by],
        )
    except InputError as error:
        # Cells are reported together with units; without the columns there are no units.
        if any(problem.code in UNREADABLE for problem in error.problems):
            raise
        problems.extend(error.problems, error.more)
    unit_keys = keys(table[by])
    years = table["year"].to_pylist() if dated else [None] * len(unit_keys)
    budget, outturn = (table[name].to_pylist() for name in ("budget", "outturn"))
    row_of_unit = {key: i for i, key in enumerate(keys(units))}
    problems.extend(_wrong_units(by, unit_keys, years, row_of_unit))
    spent = {year for year, cost in zip(years, outturn, strict=True) if cost}
    for year in dict.fromkeys(years):
        if year not in spent:
            text = f"column 'outturn': 0 for every unit{_in(year)}: must be above 0 for one"
            problems.add(Problem(text, code="not_allowed", column="outturn", value=0.0))
    problems.check()

    calendar = sorted(set(years)) if dated else [None]
    column_of_year = {year: i for i, year in enumerate(calendar)}
    cells = [row_of_unit[key] for key in unit_keys], [column_of_year[year] for year in years]
    seen, budgets, outturns = np.zeros((3, len(row_of_unit), len(calendar)))
    seen[cells], budgets[cells], outturns[cells] = 1, budget, outturn
    labels = pa.array(calendar) if dated else pa.nulls(1, pa.int64())
    return Outturns(labels, seen > 0, budgets, outturns)


def _wrong_units(
    by: str, keys: Sequence[str | None], years: Sequence[Any], row_of_unit: dict[str | None, int]
) -> Iterator[Problem]:
    """Units that are duplicates, unknown or missing, or stand alone in a year."""
    first: dict[tuple[str | None, Any], int] = {}
    for row, (key, year) in enumerate(zip(keys, years, strict=True)):
        if key not in row_of_unit:
            yield Problem.cell("unknown_label", by, row, key, "a unit of the population")
        earlier = first.setdefault((key, year), row)
        if earlier != row:
            given = "" if year is None else f"year {year}"
            yield Problem.duplicate(by, row, key, earlier, given)
    observed = set(keys)
    for key in row_of_unit:
        if key not in observed:
            name = "null" if key is None else repr(key)
            text = (
                f"column {by!r}: {name} is missing: observed must have each unit of the population"
            )
            yield Problem(text, code="missing_label", column=by, value=key)
    for year, units in Counter(year for _, year in first).items():
        if units == 1:
            text = f"observed has one unit{_in(year)}: must have 2 or more"
            yield Problem(text, code="not_allowed", allowed="2 units or more")


def _in(year: Any) -> str:
    return "" if year is None else f" in {year}"
