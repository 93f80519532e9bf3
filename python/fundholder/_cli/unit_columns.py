"""Columns of units from a file, and results added up to the levels that units lie in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import Problem
from .._files.read import read
from .._tables.checked import Rule, read_table
from .._tables.columns import plain_column
from .._tables.problems import Problems
from .._tables.unit_sums import sums_by_unit
from .._tables.unit_tables import nullable, ratio, result_table

LEVEL_COLUMNS = ("units", "people", "need", "need_index", "share", "budget", "budget_per_head")
ADDED = ("people", "need", "share", "budget")
MONEY_ADDED = ("baseline", "allocation")


class UnitColumns:
    """Columns of a file that are the same in all rows of a unit, by unit."""

    def __init__(
        self, path: str, by: str, numbers: Mapping[str, Rule], labels: Sequence[str]
    ) -> None:
        self.path, self.by = path, by
        self._names = [*numbers, *labels]
        reader = read(path, [by, *labels])
        types = reader.schema.empty_table()
        read_table(path, types, labels=[by, *labels], numbers=numbers, rows=False)
        problems = Problems()
        seen: dict[tuple[Any, ...], None] = {}
        for batch in reader:
            seen |= dict.fromkeys(_distinct(batch.select([by, *self._names])))
        self._rows: dict[str, tuple[Any, ...]] = {}
        for unit, *values in seen:
            self._take(problems, unit, tuple(values))
        for column, (name, rule) in enumerate(numbers.items()):
            held = np.array([_number(row[column]) for row in self._rows.values()])
            for i in rule.wrong(held).tolist():
                shown = "null or NaN" if math.isnan(held[i]) else f"{held[i]:g}"
                where = f"column {name!r} of {by} {list(self._rows)[i]!r}"
                problems.add(
                    Problem(
                        f"{path}: {where}: {shown}: must be {rule.allowed}",
                        code="null" if math.isnan(held[i]) else "not_allowed",
                        column=name,
                        value=None if math.isnan(held[i]) else float(held[i]),
                        allowed=rule.allowed,
                    )
                )
        problems.check()

    def _take(self, problems: Problems, unit: Any, values: tuple[Any, ...]) -> None:
        if unit is None:
            allowed = "a string or an integer"
            text = f"{self.path}: column {self.by!r}: null: must be {allowed}"
            problems.add(Problem(text, code="null", column=self.by, allowed=allowed))
            return
        kept = self._rows.setdefault(str(unit), values)
        for name, first, other in zip(self._names, kept, values, strict=True):
            if first != other:
                allowed = "the same in all of its rows"
                problems.add(
                    Problem(
                        f"{self.path}: column {name!r} of {self.by} {unit!r}: {first!r} and "
                        f"{other!r}: must be {allowed}",
                        code="inconsistent",
                        column=name,
                        value=other,
                        allowed=allowed,
                    )
                )

    def of(self, units: Sequence[Any]) -> dict[str, list[Any]]:
        """The columns of these units; a unit without a row is rejected."""
        problems = Problems()
        for unit in units:
            if str(unit) not in self._rows:
                text = f"{self.path}: no row for {self.by} {unit!r}: must have one"
                problems.add(Problem(text, code="missing_label", column=self.by, value=unit))
        problems.check()
        rows = [self._rows[str(unit)] for unit in units]
        return {name: [row[i] for row in rows] for i, name in enumerate(self._names)}


def _distinct(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """The different rows; NaN, which is not even itself, is null."""
    columns = []
    for column in batch.columns:
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        columns.append(plain_column(pa.chunked_array([column])))
    table = pa.table(columns, batch.schema.names)
    rows = table.group_by(table.column_names, use_threads=False).aggregate([])
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def add_up(budgets: pa.Table, level: str, areas: Sequence[Any]) -> pa.Table:
    """Budgets of a level; units whose area is null are added up in a last row of their own."""
    added = [*ADDED, *(name for name in MONEY_ADDED if name in budgets.column_names)]
    rows = pa.table({"unit": pa.array(areas)} | {name: budgets[name] for name in added})
    names, count, of = sums_by_unit("budgets", rows)
    need_share = of["need"] / math.fsum(of["need"])
    people_share = of["people"] / math.fsum(of["people"])
    columns = {
        "units": count,
        "people": pa.array(of["people"]).cast(budgets["people"].type),
        "need": of["need"],
        "need_index": nullable(ratio(need_share, people_share)),
        "share": of["share"],
        # Sums of pence.
        "budget": np.round(of["budget"], 2),
        "budget_per_head": nullable(ratio(of["budget"], of["people"])),
    }
    for name in added[len(ADDED) :]:
        columns[name] = np.round(of[name], 2)
    if "allocation" in columns:
        columns["dft"] = nullable(ratio(of["allocation"], of["budget"]) - 1)
    return result_table(level, names, columns, {"by": level})
