"""Budgets and outturns as they were observed, by unit and year, checked all at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._errors import InputError, InputTypeError
from .._tables.arrays import FloatArray


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


def unit_keys(labels: pa.ChunkedArray) -> list[str | None]:
    """What tells units apart: an integer and its digits are one unit, and null is one too."""
    return [None if label is None else str(label) for label in labels.to_pylist()]


def read_outturns(table: pa.Table, by: str, units: pa.ChunkedArray) -> Outturns:
    """Arrange the rows of ``table`` by ``units``, or reject all that is wrong with it."""
    dated = "year" in table.column_names
    names = [by, "budget", "outturn", *(["year"] if dated else [])]
    _check_columns(table, names)
    keys = unit_keys(table[by])
    years = table["year"].to_pylist() if dated else [None] * len(keys)
    budget, outturn = (table[name].to_pylist() for name in ("budget", "outturn"))
    row_of_unit = {key: i for i, key in enumerate(unit_keys(units))}
    problems = _wrong_numbers("budget", budget, "above 0")
    problems += _wrong_numbers("outturn", outturn, "0 or more")
    if dated:
        problems += [
            f"column 'year', row {row}: null: must be a string or an integer"
            for row, year in enumerate(years)
            if year is None
        ]
    problems += _wrong_units(by, keys, years, row_of_unit)
    spent = {year for year, cost in zip(years, outturn, strict=True) if cost}
    problems += [
        f"column 'outturn': 0 for every unit{_in(year)}: must be above 0 for one"
        for year in dict.fromkeys(years)
        if year not in spent
    ]
    if problems:
        raise InputError(problems)

    calendar = sorted(set(years)) if dated else [None]
    column_of_year = {year: i for i, year in enumerate(calendar)}
    place = [row_of_unit[key] for key in keys], [column_of_year[year] for year in years]
    seen, budgets, outturns = np.zeros((3, len(row_of_unit), len(calendar)))
    seen[place], budgets[place], outturns[place] = 1, budget, outturn
    labels = pa.array(calendar) if dated else pa.nulls(1, pa.int64())
    return Outturns(labels, seen > 0, budgets, outturns)


def _check_columns(table: pa.Table, names: Sequence[str]) -> None:
    values, types = [], []
    for name in names:
        times = table.column_names.count(name)
        if times != 1:
            has = ", ".join(table.column_names) or "no columns"
            found = "is there more than once" if times else "is missing"
            values.append(f"column {name!r} {found}: observed has {has}")
            continue
        kind = table.schema.field(name).type
        number = name in ("budget", "outturn")
        if not (_is_number(kind) if number else _is_label(kind)):
            allowed = "numbers" if number else "strings or integers"
            types.append(f"column {name!r} is {kind}: must be {allowed}")
    if values:
        raise InputError(types + values)
    if types:
        raise InputTypeError(types)


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return any(is_kind(kind) for is_kind in (types.is_integer, types.is_floating, types.is_decimal))


def _is_label(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    texts = types.is_string, types.is_large_string, types.is_string_view
    return any(is_kind(kind) for is_kind in (*texts, types.is_integer))


def _wrong_numbers(name: str, values: Sequence[Any], allowed: str) -> list[str]:
    least = math.ulp(0.0) if allowed == "above 0" else 0.0
    return [
        f"column {name!r}, row {row}: {'null' if value is None else value}:"
        f" must be a finite number, {allowed}"
        for row, value in enumerate(values)
        if value is None or not least <= value < math.inf
    ]


def _wrong_units(
    by: str, keys: Sequence[str | None], years: Sequence[Any], row_of_unit: dict[str | None, int]
) -> list[str]:
    """Units that come twice, are strangers, are missing, or stand alone in a year."""
    problems = []
    seen = set()
    for row, (key, year) in enumerate(zip(keys, years, strict=True)):
        if key not in row_of_unit:
            problems.append(
                f"column {by!r}, row {row}: {_name(key)}: must be a unit of the population"
            )
        if (key, year) in seen:
            problems.append(
                f"column {by!r}, row {row}: {_name(key)} again{_in(year)}:"
                " must be there once, or once for each year"
            )
        seen.add((key, year))
    observed = set(keys)
    problems += [
        f"column {by!r}: {_name(key)} is missing: observed must have each unit of the population"
        for key in row_of_unit
        if key not in observed
    ]
    units_of_year = Counter(year for _, year in seen)
    problems += [
        f"observed has one unit{_in(year)}: must have 2 or more"
        for year, units in units_of_year.items()
        if units == 1
    ]
    return problems


def _name(key: str | None) -> str:
    return "null" if key is None else repr(key)


def _in(year: Any) -> str:
    return "" if year is None else f" in {year}"
