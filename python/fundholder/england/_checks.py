"""Checks of plain arguments."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Final

import pyarrow as pa

from .._errors import InputError
from ._figures import YEARS

#: More than any country has: a count above it is a slip, and far below overflow.
MOST_PEOPLE: Final = 10**9


def read_table(source: Any) -> pa.Table:
    """A table from anything Arrow can read, each column name once."""
    try:
        table = pa.table(source)
    except (TypeError, ValueError) as error:
        raise InputError([f"not a table that Arrow can read: {error}"]) from error
    names = table.column_names
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise InputError([f"column {name!r} appears more than once" for name in repeated])
    return table


def check_year(year: object) -> None:
    """Reject a year without published figures."""
    if isinstance(year, bool) or year not in YEARS:
        allowed = " or ".join(str(y) for y in YEARS)
        raise InputError([f"year is {year!r}: must be {allowed}"])


def check_integer(name: str, value: object, least: int) -> None:
    """Reject anything but a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise InputError([f"{name} is {value!r}: must be a whole number of at least {least}"])
