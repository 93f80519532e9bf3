"""Tables of units: read in the order of the units' names, and results of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import FundholderError, Problem
from .arguments import Arguments
from .arrays import FloatArray
from .checked import Rule, arrow_table, numbers, read_table
from .columns import plain_column
from .problems import Problems
from .provenance import traced


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
    argument: str, value: Any, by: str, columns: Mapping[str, Rule], also: Sequence[str] = ()
) -> Units:
    """Read and check the columns of a table that has one row for each unit.

    ``columns`` are numbers; those of ``also`` are kept as they are.
    """
    table = arrow_table(argument, value)
    problems = Problems()
    for name in also:
        times = table.column_names.count(name)
        if times != 1:
            code = "duplicate_column" if times else "missing_column"
            text = f"column {name!r} must be in {argument}, once"
            problems.add(Problem(text, code=code, column=name))
    try:
        read = read_table(argument, table, labels=[by], numbers=columns, unique=True)
    except FundholderError as error:
        problems.extend(error.problems, error.more)
    problems.check()
    order = pc.sort_indices(read[by])
    rows = order.to_numpy()
    return Units(
        by,
        read[by].take(order).to_pylist(),
        {name: numbers(read, name)[rows] for name in columns},
        {name: plain_column(table[name]).take(order) for name in also},
    )


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
