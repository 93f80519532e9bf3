"""Checks of arguments and tables that the functions of England share."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Final

import pyarrow as pa

from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.checked import Rule, arrow_table
from .._tables.problems import Problems
from ._figures import YEARS

#: More than any country has: a count above it is a slip, and far below overflow.
MOST_PEOPLE: Final = 10**9
PEOPLE: Final = Rule(f"a whole number from 0 to {MOST_PEOPLE:,}", 0, MOST_PEOPLE, integer=True)


def unambiguous_table(name: str, value: Any) -> pa.Table:
    """The table in an argument called ``name``, each of its columns under a name of its own."""
    table = arrow_table(name, value)
    problems = Problems()
    for column in dict.fromkeys(table.column_names):
        times = table.column_names.count(column)
        if times > 1:
            text = f"column '{column}' is there {times} times: must be unique"
            problems.add(Problem(text, code="duplicate_column", column=column, allowed="unique"))
    problems.check()
    return table


def check_year(arguments: Arguments, year: object) -> None:
    """Reject a year without published figures."""
    if isinstance(year, bool) or year not in YEARS:
        arguments.reject("year", year, " or ".join(map(str, YEARS)))


def check_integer(arguments: Arguments, name: str, value: object, least: int) -> None:
    """Reject anything but a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        arguments.reject(name, value, f"a whole number of at least {least}")
