"""Units of a table that can be drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arrays import FloatArray
from .._tables.checked import check_numbers, numbers

PEOPLE = "People (log scale)"


def numbers_in_names(table: pa.Table, prefix: str) -> list[str]:
    """Numbers that follow the prefix in names of columns, such as 0.95 of ``lower_0.95``."""
    pattern = re.compile(re.escape(prefix) + r"(0?\.\d+|\d\.?\d*e-\d+)")
    return [match[1] for name in table.column_names if (match := pattern.fullmatch(name))]


def drawable_units(
    name: str, table: pa.Table, figures: Sequence[str], aside: Sequence[str] = ()
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """People and other columns of the units that have people and all ``figures``."""
    check_numbers(name, table, ["people"], [*figures, *aside])
    people = numbers(table, "people")
    columns = {column: numbers(table, column) for column in (*figures, *aside)}
    complete = people >= 1
    for column in figures:
        complete &= ~np.isnan(columns[column])
    if not complete.any():
        raise InputError(
            [
                Problem(
                    f"{name} has no unit with people and {', '.join(figures)}: must have 1",
                    code="empty",
                )
            ]
        )
    return people[complete], {column: values[complete] for column, values in columns.items()}
