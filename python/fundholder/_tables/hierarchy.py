"""Who lies where: units, the parents they lie in, and the groups that keep them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import Problem
from .arrays import IntArray
from .checked import read_table
from .problems import MOST_PROBLEMS, Problems


@dataclass
class Areas:
    """Units and parents by the numbers of their labels, which are in order; -1 is null."""

    units: list[Any]
    parents: list[Any]
    unit_of_row: IntArray
    parent_of_unit: IntArray
    block_of_unit: IntArray
    """The units of one group are one block, and so is a unit without a group."""

    def neighbours(self, none: str) -> list[tuple[str, IntArray]]:
        """The name and the blocks of each parent; a block without a parent is alone in ``none``."""
        block, unit = np.unique(self.block_of_unit, return_index=True)
        parent = self.parent_of_unit[unit]
        named = [(str(label), block[parent == p]) for p, label in enumerate(self.parents)]
        return named + [(none, block[[alone]]) for alone in np.flatnonzero(parent < 0).tolist()]

    def parent_labels(self) -> pa.Array:
        """The label of each unit's parent."""
        labels = [None if p < 0 else self.parents[p] for p in self.parent_of_unit.tolist()]
        text = not self.parents or isinstance(self.parents[0], str)
        return pa.array(labels, pa.string() if text else pa.int64())


def read_areas(table: pa.Table, by: str, within: str, boundaries: str | None) -> Areas:
    """Read the columns of units, parents and groups, or reject what does not nest."""
    columns = [by, within] if boundaries is None else [by, within, boundaries]
    labels = read_table("population", table, labels=columns, nullable=columns)
    units, unit = _encode(labels[by])
    parents, parent = _encode(labels[within])
    problems = Problems()
    nulls = np.flatnonzero(unit < 0)
    shown = nulls[:MOST_PROBLEMS].tolist()
    null = (Problem.cell("null", by, row, None, "a string or an integer") for row in shown)
    problems.extend(null, len(nulls) - len(shown))
    parent_of_unit = _nest(unit, parent, (by, units), (within, parents), problems)
    block_of_unit = np.arange(len(units))
    if boundaries is not None:
        groups, group = _encode(labels[boundaries])
        group_of_unit = _nest(unit, group, (by, units), (boundaries, groups), problems)
        _nest(group, parent, (boundaries, groups), (within, parents), problems)
        block = np.where(group_of_unit < 0, len(groups) + block_of_unit, group_of_unit)
        block_of_unit = np.unique(block, return_inverse=True)[1]
    problems.check()
    return Areas(units, parents, unit, parent_of_unit, block_of_unit)


def _encode(column: pa.ChunkedArray) -> tuple[list[Any], IntArray]:
    """The labels in their order, and the number of each row's label; -1 is null."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    labels = coded.dictionary.to_pylist()
    order = sorted(range(len(labels)), key=labels.__getitem__)
    number = np.empty(len(labels) + 1, np.int64)
    number[order] = np.arange(len(labels))
    number[-1] = -1
    codes = coded.indices.cast(pa.int64()).fill_null(len(labels)).to_numpy()
    return [labels[i] for i in order], number[codes]


def _nest(
    part: IntArray,
    outer: IntArray,
    of: tuple[str, list[Any]],
    to: tuple[str, list[Any]],
    problems: Problems,
) -> IntArray:
    """The outer unit in which each part lies; parts that lie in several are problems."""
    (name, parts), (level, outer_units) = of, to
    outer_of = np.full(len(parts) + 1, -1)  # the last is for rows whose part is null
    outer_of[part] = outer
    torn = np.unique(part[(outer_of[part] != outer) & (part >= 0)])
    shown = torn[:MOST_PROBLEMS].tolist()
    for i in shown:
        inside = np.unique(outer[part == i]).tolist()
        named = " and ".join("null" if w < 0 else repr(outer_units[w]) for w in inside)
        text = f"column {level!r}: {name} {parts[i]!r} lies in {named}; must lie in one"
        problems.add(Problem(text, code="inconsistent", column=level, value=parts[i]))
    problems.extend((), len(torn) - len(shown))
    return outer_of[:-1]
