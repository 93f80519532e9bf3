"""Rows of persons, groups or units, and their need added up by unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, InputTypeError
from .._tables.arrays import FloatArray, IntArray
from .._tables.unit_sums import sums_by_unit
from .._tables.unit_tables import COUNT, FINITE, NOT_NEGATIVE, POSITIVE, Problems, unit_kind

MOST_ROWS = 1 << 18
"""That are checked at a time: their columns stay in little memory."""


@dataclass(frozen=True)
class Component:
    """One pot: its name (none where it is the only one), its columns and its money."""

    name: str | None
    need: str
    index: tuple[str, ...]
    pence: int

    def column(self, column: str) -> str:
        return column if self.name is None else f"{column}_{self.name}"

    @property
    def total(self) -> str:
        return f"{self.pence // 100}.{self.pence % 100:02d}"


@dataclass(frozen=True)
class NeedOfUnits:
    """Units in the order of their names, with need before and after the indices, by component."""

    names: list[Any]
    people: FloatArray
    need: list[FloatArray]
    weighted: list[FloatArray]
    whole_people: bool

    def without(self, by: str, excluded: Sequence[str | int]) -> NeedOfUnits:
        problems = Problems()
        known = set(self.names)
        for unit in excluded:
            if unit not in known:
                problems.reject(f"exclude: {unit!r}: must be in column {by!r}")
        problems.check()
        left_out = set(excluded)
        kept = [i for i, name in enumerate(self.names) if name not in left_out]
        if not kept:
            problems.reject("exclude leaves no unit: must leave one")
        problems.check()
        return NeedOfUnits(
            [self.names[i] for i in kept],
            self.people[kept],
            [need[kept] for need in self.need],
            [need[kept] for need in self.weighted],
            self.whole_people,
        )

    def check(self, by: str, components: Sequence[Component]) -> None:
        """Reject need that cannot be shared out by."""
        problems = Problems()
        for component, need, weighted in zip(components, self.need, self.weighted, strict=True):
            for i in np.flatnonzero((need < 0) | (weighted < 0)).tolist():
                shown = f"{by} {self.names[i]!r}: need in {component.need!r} adds up to "
                worst = min(need[i], weighted[i])
                problems.reject(f"{shown}{worst:g}: must be 0 or more")
            for i in np.flatnonzero((need + weighted > 0) & (self.people == 0)).tolist():
                shown = f"{by} {self.names[i]!r}: need in {component.need!r} is {need[i]:g}"
                problems.reject(f"{shown} without people: must be 0")
            if not need.any() or not weighted.any():
                problems.reject(f"column {component.need!r}: all need is 0: some must be above 0")
        problems.check()


class NeedRows:
    """The rows of persons, groups or units, added up by unit while they are read."""

    def __init__(self, source: Any, by: str, components: Sequence[Component]) -> None:
        self._reader = _reader(source)
        self._by, self._components = by, components
        self.number = 0
        names = self._reader.schema.names
        self._size = next((name for name in ("people", "count") if name in names), None)
        self._rules = dict.fromkeys((c.need for c in components), FINITE)
        self._rules |= {name: POSITIVE for c in components for name in c.index}
        if self._size is not None:
            # A column of people may serve as need: the stricter rule is that of people.
            self._rules[self._size] = COUNT if self._size == "count" else NOT_NEGATIVE

    def read(self) -> NeedOfUnits:
        problems = Problems()
        schema = self._reader.schema
        if {"people", "count"} <= set(schema.names):
            problems.reject(
                "columns 'people' (of units) and 'count' (of groups): must have one of them, or "
                "neither (persons)"
            )
        problems.check_schema("persons_or_units", schema, [self._by], list(self._rules))
        names, count, sums = self._sums(problems)
        if self._size == "people" and self._by == "practice":
            for name, times in zip(names, count.tolist(), strict=True):
                if times > 1:
                    problems.reject(
                        f"column 'practice': {name!r} is there {times} times: a practice with a "
                        "column 'people' must be there once"
                    )
            problems.check()
        counted = self._size != "people" or pa.types.is_integer(schema.field("people").type)
        return NeedOfUnits(
            names,
            sums["people"] if self._size is not None else count.astype(np.float64),
            [sums[c.column("need")] for c in self._components],
            [sums[c.column("weighted" if c.index else "need")] for c in self._components],
            counted,
        )

    def _sums(self, problems: Problems) -> tuple[list[Any], IntArray, dict[str, FloatArray]]:
        unit = unit_kind(self._reader.schema.field(self._by).type)
        names = [] if self._size is None else ["people"]
        for component in self._components:
            names.append(component.column("need"))
            if component.index:
                names.append(component.column("weighted"))
        schema = pa.schema([("unit", unit), *((name, pa.float64()) for name in names)])
        rows = pa.RecordBatchReader.from_batches(schema, self._batches(problems, schema))
        rejected = None
        try:
            found = sums_by_unit("persons_or_units", rows)
        except InputError as error:
            # Rows with problems do not reach the engine: to it, there may be none.
            rejected = error
        problems.check()
        if rejected is not None:
            raise rejected
        return found

    def _batches(self, problems: Problems, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """What is added up, as long as no row has a problem; all rows are checked."""
        for read in self._reader:
            for start in range(0, read.num_rows, MOST_ROWS):
                batch = read.slice(start, MOST_ROWS)
                unit = problems.labels(self._by, batch[self._by], self.number)
                values = {
                    name: problems.numbers(name, batch[name], rule, self.number)
                    for name, rule in self._rules.items()
                }
                self.number += batch.num_rows
                if not problems.found:
                    yield pa.record_batch([unit, *self._columns(values)], schema)
        if not self.number:
            problems.reject("persons_or_units is empty: must have a row")

    def _columns(self, values: Mapping[str, FloatArray]) -> Iterator[FloatArray]:
        if self._size is not None:
            yield values[self._size]
        for component in self._components:
            need = values[component.need]
            if self._size == "count":
                need = need * values["count"]
            yield need
            if component.index:
                yield math.prod((values[i] for i in component.index), start=need)


def _reader(source: Any) -> pa.RecordBatchReader:
    allowed = "an Arrow table, or anything with __arrow_c_stream__ that gives one"
    try:
        return pa.RecordBatchReader.from_stream(source)
    except (TypeError, ValueError) as error:
        kind = type(source).__name__
        raise InputTypeError([f"persons_or_units is {kind}: must be {allowed}"]) from error
