"""Rows of persons, groups or units, and their need added up by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _engine
from .._errors import Problem
from .._tables.arrays import FloatArray
from .._tables.problems import Problems


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
    integer_people: bool

    def without(self, by: str, excluded: Sequence[str | int]) -> NeedOfUnits:
        problems = Problems()
        known = set(self.names)
        for unit in excluded:
            if unit not in known:
                text = f"exclude: {unit!r}: must be in column {by!r}"
                problems.add(Problem(text, code="unknown_label", column="exclude", value=unit))
        problems.check()
        left_out = set(excluded)
        kept = [i for i, name in enumerate(self.names) if name not in left_out]
        if not kept:
            text = "exclude leaves no unit: must leave one"
            problems.add(Problem(text, code="argument", column="exclude"))
        problems.check()
        return NeedOfUnits(
            [self.names[i] for i in kept],
            self.people[kept],
            [need[kept] for need in self.need],
            [need[kept] for need in self.weighted],
            self.integer_people,
        )

    def check(self, by: str, components: Sequence[Component]) -> None:
        """Reject need that cannot be shared out by."""
        problems = Problems()
        for component, need, weighted in zip(components, self.need, self.weighted, strict=True):
            for i in np.flatnonzero((need < 0) | (weighted < 0)).tolist():
                worst = min(need[i], weighted[i])
                problems.add(
                    self._problem(by, i, component, f"adds up to {worst:g}: must be 0 or more")
                )
            for i in np.flatnonzero((need + weighted > 0) & (self.people == 0)).tolist():
                problems.add(
                    self._problem(by, i, component, f"is {need[i]:g} without people: must be 0")
                )
            if not need.any() or not weighted.any():
                text = f"column {component.need!r}: all need is 0: some must be above 0"
                problems.add(Problem(text, code="not_allowed", column=component.need, value=0.0))
        problems.check()

    def _problem(self, by: str, unit: int, component: Component, text: str) -> Problem:
        name = self.names[unit]
        message = f"{by} {name!r}: need in {component.need!r} {text}"
        return Problem(message, code="not_allowed", column=component.need, value=name)


def read_need(
    source: Any, by: str, components: Sequence[Component], threads: int
) -> tuple[NeedOfUnits, int]:
    """The need of units, and the number of rows, which are added up as they are read."""
    sums, size, integer = _engine.need_by_unit(
        source,
        by=by,
        components=[(component.need, list(component.index)) for component in components],
        threads=threads,
    )
    names, rows = sums["unit"].to_pylist(), sums["rows"].to_numpy()
    if size == "people" and by == "practice":
        problems = Problems()
        for name, times in zip(names, rows.tolist(), strict=True):
            if times > 1:
                text = (
                    f"column 'practice': {name!r} is a duplicate, in {times} rows: must be unique "
                    "where there is a column 'people'"
                )
                problems.add(Problem(text, code="duplicate", column="practice", value=name))
        problems.check()
    need = [sums[f"need_{i}"].to_numpy() for i in range(len(components))]
    weighted = [sums[f"weighted_{i}"].to_numpy() for i in range(len(components))]
    return NeedOfUnits(names, sums["people"].to_numpy(), need, weighted, integer), int(rows.sum())
