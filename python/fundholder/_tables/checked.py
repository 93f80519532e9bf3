"""Tables as the engine checks them: every problem at once, columns in plain types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._errors import InputError, InputTypeError, Problem
from .arguments import LEAST_MONEY
from .arrays import FloatArray, IntArray
from .batches import checked_batches
from .columns import as_doubles

MOST = 1e15
"""Of any number of a unit; sums of a billion such numbers stay far from overflow."""
LEAST = 1e-60
"""In size, of a number that is not 0: quotients and squares of such numbers stay in range."""


@dataclass(frozen=True)
class Rule:
    """What the numbers of a column must be."""

    allowed: str
    low: float = -MOST
    high: float = MOST
    above_low: bool = False
    integer: bool = False
    smallest: float = LEAST

    def wrong(self, values: FloatArray) -> IntArray:
        """The rows that are not allowed; NaN never is."""
        right = (values > self.low) if self.above_low else (values >= self.low)
        right &= (values <= self.high) & ((values == 0) | (np.abs(values) >= self.smallest))
        if self.integer:
            right &= values == np.floor(values)
        return np.flatnonzero(~right)


FINITE = Rule(f"a finite number from -{MOST:g} to {MOST:g}")
NOT_NEGATIVE = Rule(f"a finite number, 0 or more, at most {MOST:g}", 0.0)
POSITIVE = Rule(f"a finite number above 0, at most {MOST:g}", 0.0, above_low=True)
ANY_SIZE = Rule("a finite number, 0 or more", 0.0, 1e200, smallest=0.0)
"""Of results, which may be tiny."""
MONEY = Rule(
    "a finite number of £, 0 or more (0, or from 1e-9 to 1e15)", 0.0, MOST, smallest=LEAST_MONEY
)


def arrow_table(name: str, value: Any) -> pa.Table:
    """The table in ``value``, which is an argument called ``name``."""
    allowed = "an Arrow table, or anything with __arrow_c_stream__ that gives one"
    try:
        checked = checked_batches(value)
        if checked is not None:
            # Not by way of a stream, on which the lengths of its parts would be lost.
            schema, batches = checked
            return pa.Table.from_batches(batches, schema)
    except pa.ArrowException as error:
        text = f"{name} cannot be read: {error}"
        raise InputError([Problem(text, code="unreadable", column=name)]) from error
    try:
        return pa.table(value)
    except (TypeError, ValueError) as error:
        text = f"{name} is {type(value).__name__}: must be {allowed} ({error})"
        problem = Problem(text, code="wrong_type", column=name, allowed=allowed)
        raise InputTypeError([problem]) from error


def read_table(
    name: str,
    value: Any,
    *,
    labels: Sequence[str] = (),
    numbers: Mapping[str, Rule] | None = None,
    nullable: Sequence[str] = (),
    unique: bool = False,
    rows: bool = True,
) -> pa.Table:
    """The columns of a table, or all of its problems.

    Labels are text or int64, numbers are float64; both without nulls, but for those ``nullable``.
    ``unique`` rows differ in their labels; a table must have ``rows``, unless it need not.
    """
    return _engine.read_table(
        value,
        name,
        labels=[(column, column in nullable) for column in labels],
        numbers=[
            (column, *_bounds(rule), column in nullable, _words(rule, column in nullable))
            for column, rule in (numbers or {}).items()
        ],
        unique=unique,
        rows_needed=rows,
    )


def _bounds(rule: Rule) -> tuple[float, float, bool, bool, float]:
    return rule.low, rule.high, rule.above_low, rule.integer, rule.smallest


def _words(rule: Rule, nullable: bool) -> str:
    return f"{rule.allowed}, or null" if nullable else rule.allowed


def numbers(table: pa.Table, column: str) -> FloatArray:
    """A column of numbers; NaN where it is null."""
    values: FloatArray = as_doubles(table[column]).to_numpy()
    return values


def check_numbers(
    name: str, table: pa.Table, complete: Sequence[str], nullable: Sequence[str] = ()
) -> None:
    """Reject a table whose columns named here do not hold finite numbers of at least 0.

    ``complete`` and ``nullable`` must be there; only ``nullable`` may hold nulls.
    """
    rules = dict.fromkeys((*complete, *nullable), ANY_SIZE)
    read_table(name, table, numbers=rules, nullable=nullable)
