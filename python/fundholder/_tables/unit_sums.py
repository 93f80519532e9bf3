"""Sums by unit that have the same digits in any order of rows.

Of each number, what lies below 2**-66 of the largest in its column may be left out: a number that
is more than 2**14 times smaller than that one may lose its last bits.
"""

from __future__ import annotations

from typing import Any

from .. import _engine
from .arrays import FloatArray, IntArray


def sums_by_unit(argument: str, rows: Any) -> tuple[list[Any], IntArray, dict[str, FloatArray]]:
    """The names of units in their order, how many rows each has, and its sum of each column.

    ``rows`` are a table or a reader, with units in the first column and numbers in all others;
    those without a unit are one, the last.
    """
    by, *columns = rows.schema.names
    sums = _engine.add_up(rows, by=by, columns=columns, materialised=True, name=argument, threads=1)
    names, count, *totals = sums.columns
    added = (total.to_numpy() for total in totals)
    return names.to_pylist(), count.to_numpy(), dict(zip(columns, added, strict=True))
