"""Who lies where: units, the parents they lie in, and the groups that keep them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, InputTypeError
from .arrays import IntArray

MOST_PROBLEMS = 1_000
"""Of one kind that are listed; a table may have millions."""


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
    _check_columns(table, columns)
    units, unit = _encode(table[by])
    parents, parent = _encode(table[within])
    problems = [
        f"column {by!r}, row {row}: null; must be a string or an integer"
        for row in np.flatnonzero(unit < 0)[:MOST_PROBLEMS].tolist()
    ]
    parent_of_unit, torn = _nest(unit, parent, (by, units), (within, parents))
    problems += torn
    block_of_unit = np.arange(len(units))
    if boundaries is not None:
        groups, group = _encode(table[boundaries])
        group_of_unit, torn = _nest(unit, group, (by, units), (boundaries, groups))
        problems += torn
        problems += _nest(group, parent, (boundaries, groups), (within, parents))[1]
        block = np.where(group_of_unit < 0, len(groups) + block_of_unit, group_of_unit)
        block_of_unit = np.unique(block, return_inverse=True)[1]
    if problems:
        raise InputError(problems)
    return Areas(units, parents, unit, parent_of_unit, block_of_unit)


def _check_columns(table: pa.Table, columns: Sequence[str]) -> None:
    missing, wrong = [], []
    for name in columns:
        times = table.column_names.count(name)
        if times != 1:
            found = "is missing" if not times else "appears more than once"
            missing.append(f"column {name!r} {found}: the table has {table.column_names}")
        elif not _holds_labels(table.schema.field(name).type):
            kind = table.schema.field(name).type
            wrong.append(f"column {name!r} is {kind}: must be strings or integers")
    if missing:
        raise InputError(missing + wrong)
    if wrong:
        raise InputTypeError(wrong)


def _holds_labels(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    types = pa.types
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(text or types.is_integer(kind))


def plain_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in a type that pyarrow can filter and encode: it cannot do so with views."""
    return column.cast(pa.large_string()) if pa.types.is_string_view(column.type) else column


def _encode(column: pa.ChunkedArray) -> tuple[list[Any], IntArray]:
    """The labels in their order, and the number of each row's label."""
    if not pa.types.is_dictionary(column.type):
        column = plain_text(column).dictionary_encode()
    codes: dict[Any, int] = {}
    rows = [np.empty(0, np.int64)]
    for chunk in column.chunks:
        # Each chunk may have a dictionary of its own, with labels that no row has.
        labels = [*chunk.dictionary.to_pylist(), None]
        index = chunk.indices.cast(pa.int64()).fill_null(-1).to_numpy()
        code = np.full(len(labels), -1)
        for used in np.flatnonzero(np.bincount(index + 1)) - 1:
            code[used] = codes.setdefault(labels[used], len(codes))
        rows.append(code[index])
    known = sorted(label for label in codes if label is not None)
    number = np.full(len(codes), -1)
    number[[codes[label] for label in known]] = np.arange(len(known))
    return known, number[np.concatenate(rows)]


def _nest(
    part: IntArray, whole: IntArray, of: tuple[str, list[Any]], to: tuple[str, list[Any]]
) -> tuple[IntArray, list[str]]:
    """The whole in which each part lies, and the parts that lie in several."""
    (name, parts), (level, wholes) = of, to
    found = np.full(len(parts) + 1, -1)  # the last is for rows whose part is null
    found[part] = whole
    torn = np.unique(part[(found[part] != whole) & (part >= 0)])
    problems = []
    for i in torn[:MOST_PROBLEMS].tolist():
        inside = np.unique(whole[part == i]).tolist()
        named = " and ".join("null" if w < 0 else repr(wholes[w]) for w in inside)
        problems.append(f"column {level!r}: {name} {parts[i]!r} lies in {named}; must lie in one")
    return found[:-1], problems
