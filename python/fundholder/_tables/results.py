"""Tables of results that functions take back, checked all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, InputTypeError
from .arrays import FloatArray


def arrow_table(name: str, value: Any) -> pa.Table:
    """The table in ``value``, which is an argument called ``name``."""
    allowed = "an Arrow table, or anything with __arrow_c_stream__ that gives one"
    try:
        return pa.table(value)
    except (TypeError, ValueError) as error:
        kind = type(value).__name__
        raise InputTypeError([f"{name} is {kind}: must be {allowed} ({error})"]) from error


def check_numbers(
    name: str, table: pa.Table, complete: Sequence[str], nullable: Sequence[str] = ()
) -> None:
    """Reject a table whose columns named here do not hold finite numbers of at least 0.

    ``complete`` and ``nullable`` must be there; only ``nullable`` may hold nulls.
    """
    missing = [column for column in (*complete, *nullable) if column not in table.column_names]
    has = ", ".join(table.column_names) or "no column"
    problems = [f"column '{column}' is missing: {name} has {has}" for column in missing]
    if table.num_rows == 0:
        problems.append(f"{name} is empty: must have a row")
    for column in (*complete, *nullable):
        if column not in missing:
            problems += _problems(column, table[column], column in nullable)
    if problems:
        raise InputError(problems)


def numbers(table: pa.Table, column: str) -> FloatArray:
    """A column of numbers; NaN where it is null."""
    found: FloatArray = table[column].cast(pa.float64()).to_numpy()
    return found


def _problems(column: str, values: pa.ChunkedArray, nullable: bool) -> list[str]:
    kind = values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        return [f"column '{column}' is {kind}: must be numbers"]
    null = values.is_null().to_numpy()
    found = values.cast(pa.float64()).to_numpy()
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(np.where(null, not nullable, ~(np.isfinite(found) & (found >= 0))))
    allowed = "a finite number, 0 or more" + (", or null" if nullable else "")
    return [
        f"column '{column}', row {row}: {'null' if null[row] else f'{found[row]:g}'}: "
        f"must be {allowed}"
        for row in wrong
    ]
