"""Formats of columns in Excel, and what its cells can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import Problem
from .._tables.columns import is_number, plain_column

MOST_ROWS = 1_048_576
"""Of a sheet, its headings included (Microsoft: Excel specifications and limits)."""
MOST_COLUMNS = 16_384
MOST_LETTERS = 32_767
"""Of a cell; more would be cut off without a word."""
MOST_INTEGER = 2**53
"""Above it, a number of Excel is no longer every whole number."""
FIRST_DAY = "1900-03-01"
"""Excel has a 29 February 1900, so earlier days are off by one."""
NOT_TEXT = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
"""Characters that XML does not allow."""
LISTED = 1_000

FORMATS = {
    "money": '"£"#,##0;[Red]-"£"#,##0',
    "pence": '"£"#,##0.00;[Red]-"£"#,##0.00',
    "percent": "0.00%",
    "count": "#,##0",
    "number": "#,##0.00##",
    "plain": "0",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
    "text": "@",
    "general": "General",
}
"""Number formats of Excel, by the kind of column."""

PERCENT = frozenset(
    ("share", "index", "dft", "growth", "convergence", "cv", "probability", "cumulative")
    + ("tolerance", "mff", "eaca")
)
MONEY = frozenset(
    ("allocation", "balance", "baseline", "bonus", "budget", "ceded", "ceiling", "cost", "deficit")
    + ("expected", "gross", "kept", "net", "paid", "penalty", "premium", "price", "reserve", "sd")
    + ("spending", "surplus", "target")
)
PLAIN = frozenset(("age", "decile", "rank", "replication", "row", "year"))
"""Whole numbers that are names, not amounts."""
QUANTILE = r"q\d*\.?\d+"
CHANCE = r"(p|outside|over|under)_.*"
WIDTH_OF_LETTER = 1.1
NARROWEST, WIDEST = 9, 60
BUTTON = 3
"""Letters that the button of the filter hides."""


@dataclass(frozen=True)
class ColumnFormat:
    """The name, format and width of a column."""

    name: str
    format: str
    width: float


def column_format(name: str, column: pa.ChunkedArray) -> ColumnFormat:
    """The format and width of a column, by its type and the words of its name."""
    chosen = format_of(name, column.type)
    letters = max(len(name) + BUTTON, _longest(column, chosen))
    return ColumnFormat(name, chosen, min(WIDEST, max(NARROWEST, WIDTH_OF_LETTER * letters)))


def format_of(name: str, data_type: pa.DataType) -> str:
    """The format of a column: one of ``FORMATS``."""
    types = pa.types
    if types.is_date(data_type):
        return "date"
    if types.is_timestamp(data_type):
        return "time"
    if types.is_boolean(data_type) or types.is_null(data_type):
        return "general"
    if not is_number(data_type):
        return "text"
    plain = name.lower().removesuffix("_se")
    words = set(plain.split("_"))
    if types.is_integer(data_type):
        return "plain" if words & PLAIN else "count"
    if re.fullmatch(CHANCE, plain) or words & PERCENT:
        return "percent"
    if words & MONEY or re.fullmatch(QUANTILE, plain):
        return "pence" if "head" in words else "money"
    return "number"


def held_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in a plain type; times in microseconds, as days of nanoseconds fit no Python."""
    column = plain_column(column)
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", column.type.tz), safe=False)


def problems_of(name: str, column: pa.ChunkedArray) -> Iterator[Problem]:
    """Values of a column that Excel cannot hold, or would change."""
    types, data_type = pa.types, column.type
    if types.is_string(data_type):
        wrong = pc.match_substring_regex(column, NOT_TEXT)
        wrong = pc.or_(wrong, pc.greater(pc.utf8_length(column), MOST_LETTERS))
        allowed = f"text of up to {MOST_LETTERS:,} letters without control characters"
    elif types.is_floating(data_type):
        wrong = pc.invert(pc.is_finite(column))
        allowed = "a finite number, or null for an empty cell"
    elif types.is_integer(data_type):
        wrong = pc.greater(pc.abs(column.cast(pa.float64(), safe=False)), MOST_INTEGER)
        allowed = "a number that Excel can hold, of up to 2^53: make it text"
    elif types.is_date(data_type) or (types.is_timestamp(data_type) and data_type.tz is None):
        wrong = pc.less(column, pa.scalar(FIRST_DAY).cast(data_type))
        allowed = f"{FIRST_DAY} or later: make it text"
    elif types.is_boolean(data_type) or types.is_null(data_type) or types.is_decimal(data_type):
        return
    else:
        allowed = "text, numbers, days or booleans"
        text = f"column {name!r} is {data_type}: must be {allowed}"
        yield Problem(text, code="not_allowed", column=name, value=str(data_type), allowed=allowed)
        return
    rows = np.flatnonzero(
        pc.fill_null(wrong, False).combine_chunks().to_numpy(zero_copy_only=False)
    )
    for row in rows[:LISTED].tolist():
        yield Problem.cell("not_allowed", name, row, column[row].as_py(), allowed)


def _longest(column: pa.ChunkedArray, format_name: str) -> int:
    """Letters of the longest cell."""
    if format_name == "text":
        return int(pc.max(pc.utf8_length(column)).as_py() or 0)
    if not is_number(column.type):
        return {"date": 10, "time": 19}.get(format_name, 5)
    largest = float(pc.max(pc.abs(column)).as_py() or 0)
    decimals = {"pence": 3, "number": 5, "percent": 4}.get(format_name, 0)
    return len(f"-£{largest:,.0f}") + decimals
