"""Tables of units, read and checked: every problem at once, in the order of the units' names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import InputError, InputTypeError
from .arguments import Arguments
from .arrays import FloatArray, IntArray
from .columns import is_text, plain_column
from .provenance import traced
from .results import arrow_table

MOST_PROBLEMS = 1_000
"""That are listed; a table may have millions."""

MOST_UNIT = pa.scalar(2**63 - 1, pa.uint64())
"""Of whole numbers that name units."""

MOST = 1e15
"""Of any number of a unit; sums of a billion such numbers stay far from overflow."""


@dataclass(frozen=True)
class Allowed:
    """What the values of a column must be."""

    text: str
    low: float = -MOST
    high: float = MOST
    above_low: bool = False
    whole: bool = False

    def wrong(self, values: FloatArray) -> IntArray:
        """The rows that are not allowed; NaN and null never are."""
        right = (values > self.low) if self.above_low else (values >= self.low)
        right &= values <= self.high
        if self.whole:
            right &= values == np.floor(values)
        return np.flatnonzero(~right)


FINITE = Allowed(f"a finite number from -{MOST:g} to {MOST:g}")
NOT_NEGATIVE = Allowed(f"a finite number, 0 or more, at most {MOST:g}", 0.0)
POSITIVE = Allowed(f"a finite number above 0, at most {MOST:g}", 0.0, above_low=True)
COUNT = Allowed("a whole number from 0 to 4294967295", 0.0, 2.0**32 - 1, whole=True)


class Problems:
    """Collects what is wrong with a table; ``check`` raises it."""

    def __init__(self) -> None:
        self._types: list[str] = []
        self._values: list[str] = []
        self._more = 0

    def reject(self, text: str) -> None:
        """Note a problem."""
        if len(self._values) < MOST_PROBLEMS:
            self._values.append(text)
        else:
            self._more += 1

    @property
    def found(self) -> bool:
        """Is anything wrong so far?"""
        return bool(self._types or self._values)

    def reject_type(self, text: str) -> None:
        """Note that something is of a wrong type."""
        self._types.append(text)

    def check(self) -> None:
        """Raise every problem found so far."""
        if self._values:
            raise InputError(self._types + self._values, self._more)
        if self._types:
            raise InputTypeError(self._types)

    def check_schema(
        self, argument: str, schema: pa.Schema, labels: Sequence[str], numbers: Sequence[str]
    ) -> None:
        """Raise unless columns of labels and of numbers are there, once and of their type."""
        has = ", ".join(schema.names) or "no column"
        for name in dict.fromkeys((*labels, *numbers)):
            times = schema.names.count(name)
            if times != 1:
                found = "is missing" if not times else "appears more than once"
                self.reject(f"column {name!r} {found}: {argument} has {has}")
                continue
            kind = schema.field(name).type
            if name in labels and not holds_labels(kind):
                self.reject_type(f"column {name!r} is {kind}: must be strings or integers")
            if name in numbers and not holds_numbers(kind):
                self.reject_type(f"column {name!r} is {kind}: must be numbers")
        self.check()

    def numbers(self, name: str, column: Any, allowed: Allowed, first_row: int = 0) -> FloatArray:
        """The values of a column, each checked; a chunk of it begins at ``first_row``."""
        values = floats(column)
        for row in allowed.wrong(values).tolist():
            shown = "null" if not column[row].is_valid else _shown(values[row])
            self.reject(f"column {name!r}, row {first_row + row}: {shown}: must be {allowed.text}")
        return values

    def labels(self, name: str, column: Any, first_row: int = 0, *, nulls: bool = False) -> Any:
        """The names of units in a column, each checked, of the type ``unit_kind``."""
        if not nulls:
            for row in np.flatnonzero(column.is_null()).tolist():
                row += first_row
                self.reject(f"column {name!r}, row {row}: null: must be a string or an integer")
        kind = unit_kind(column.type)
        if kind == column.type:
            return column
        wide = column.cast(pa.uint64())
        for row in np.flatnonzero(pc.greater(wide, MOST_UNIT).fill_null(False)).tolist():
            shown = f"column {name!r}, row {first_row + row}: {wide[row]}"
            self.reject(f"{shown}: must be at most {MOST_UNIT}")
        return wide.cast(kind, safe=False)


def _shown(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:g}"


def holds_labels(kind: pa.DataType) -> bool:
    """Are these strings or integers, or a dictionary of them?"""
    kind = _value_type(kind)
    return bool(is_text(kind) or pa.types.is_integer(kind))


def unit_kind(kind: pa.DataType) -> pa.DataType:
    """The type of names of units: whole numbers are signed, so that they are added up as such."""
    return pa.int64() if pa.types.is_uint64(_value_type(kind)) else kind


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def holds_numbers(kind: pa.DataType) -> bool:
    """Are these numbers, or nulls alone?"""
    types = pa.types
    known = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(known or types.is_null(kind))


def floats(column: Any) -> FloatArray:
    """A column of numbers; NaN where it is null."""
    cast = pc.cast(column, pa.float64(), safe=False)
    whole = cast.combine_chunks() if isinstance(cast, pa.ChunkedArray) else cast
    values: FloatArray = whole.to_numpy(zero_copy_only=False)
    return values


@dataclass(frozen=True)
class Units:
    """One row for each unit, in the order of their names."""

    by: str
    names: list[Any]
    numbers: dict[str, FloatArray]
    also: dict[str, pa.ChunkedArray]

    def table(self, columns: Mapping[str, Any], metadata: Mapping[str, str]) -> pa.Table:
        """A result of these units."""
        return result_table(self.by, self.names, {**self.also, **columns}, metadata)


def read_units(
    argument: str, value: Any, by: str, columns: Mapping[str, Allowed], also: Sequence[str] = ()
) -> Units:
    """Read and check the columns of a table that has one row for each unit.

    ``columns`` are numbers; those of ``also`` are kept as they are.
    """
    table = arrow_table(argument, value)
    problems = Problems()
    problems.check_schema(argument, table.schema, [by], list(columns))
    for name in also:
        if table.column_names.count(name) != 1:
            problems.reject(f"column {name!r} must be in {argument}, once")
    if table.num_rows == 0:
        problems.reject(f"{argument} is empty: must have a row for each unit")
    problems.check()
    labels = plain_column(problems.labels(by, table[by]))
    order = pc.sort_indices(labels)
    names = labels.take(order)
    again = order[1:].filter(pc.equal(names[1:], names[:-1]))
    for row in sorted(again.to_pylist()):
        problems.reject(
            f"column {by!r}, row {row}: {labels[row].as_py()!r} again: must stand there once"
        )
    found = {name: problems.numbers(name, table[name], rule) for name, rule in columns.items()}
    problems.check()
    rows = order.to_numpy()
    kept = {name: table[name].take(order) for name in also}
    return Units(by, names.to_pylist(), {name: found[name][rows] for name in found}, kept)


def unit_column(names: Sequence[Any]) -> pa.Array:
    """The names of units as a column."""
    text = bool(names) and isinstance(names[0], str)
    return pa.array(names, pa.string() if text else pa.int64())


def nullable(values: FloatArray) -> pa.Array:
    """A column that is null where a value is not defined (NaN)."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def ratio(above: FloatArray, below: FloatArray | float) -> FloatArray:
    """``above / below``, NaN where ``below`` is 0."""
    below = np.broadcast_to(np.asarray(below, np.float64), above.shape)
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def result_table(
    by: str, names: Sequence[Any], columns: Mapping[str, Any], metadata: Mapping[str, str]
) -> pa.Table:
    """A result with one row for each unit, and what it was made from."""
    table = pa.table({by: unit_column(names), **columns})
    named = {f"fundholder.{key}": text for key, text in metadata.items()}
    return traced((table, named | {"fundholder.version": _engine.version}))


def check_free(arguments: Arguments, name: str, value: Any, taken: Sequence[str]) -> None:
    """Reject a column whose name the result uses for something else."""
    if value in taken:
        arguments.reject(name, value, f"none of the columns that the result has: {list(taken)}")
