"""Practices by age and sex with a row for each age: turned into one row for each practice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import Problem
from .._tables.checked import numbers, read_table
from .._tables.columns import plain_column
from .._tables.problems import Problems
from ._age_sex_input import AREA_COLUMNS, COUNT_COLUMNS, IMD
from ._checks import PEOPLE
from ._figures import AGES, SEXES

#: Column that names what a row is of.
ROW_COLUMNS = ("practice", "sex", "age_from", "age_to", "count")
#: Columns that are the same in all rows of a practice -> what they are called by practice.
CARRIED = {short: long for long, short in AREA_COLUMNS.items()} | {"imd_score": IMD, IMD: IMD}
OLDEST = 1_000


def has_rows_by_age(table: pa.Table) -> bool:
    """Whether the table has a row for each practice, sex and age."""
    return set(ROW_COLUMNS) <= set(table.column_names)


def by_practice(table: pa.Table) -> pa.Table:
    """One row for each practice with a column for each sex and band of age."""
    read = read_table(
        "the table",
        table,
        labels=["practice", "sex"],
        numbers=dict.fromkeys(("age_from", "age_to", "count"), PEOPLE),
        nullable=["age_to"],
    )
    problems = Problems()
    low, high = numbers(read, "age_from"), numbers(read, "age_to")
    high = np.where(np.isnan(high), OLDEST, high)
    starts = np.array([int(age.rstrip("+").split("-")[0]) for age in AGES])
    ends = np.append(starts[1:] - 1, OLDEST)
    band = np.searchsorted(starts, low, side="right") - 1
    for row in np.flatnonzero((high > ends[band]) | (high < low)).tolist():
        age = f"{low[row]:g} to {'any' if high[row] == OLDEST else f'{high[row]:g}'}"
        allowed = f"ages within one of {', '.join(AGES)}"
        problems.add(Problem.cell("not_allowed", "age_from", row, age, allowed))
    sexes = [str(sex).lower() for sex in read["sex"].to_pylist()]
    for row, sex in enumerate(sexes):
        if sex not in SEXES:
            allowed = f"one of {', '.join(SEXES)}"
            problems.add(Problem.cell("not_allowed", "sex", row, sex, allowed))
    problems.check()
    coded = read["practice"].combine_chunks().dictionary_encode()
    practice = coded.indices.to_numpy()
    column = np.array([SEXES.index(sex) for sex in sexes]) * len(AGES) + band
    size = (len(coded.dictionary), len(COUNT_COLUMNS))
    cell = np.ravel_multi_index((practice, column), size)
    count = np.bincount(cell, numbers(read, "count"), size[0] * size[1]).reshape(size)
    columns: dict[str, Any] = {"practice_code": coded.dictionary}
    columns |= {name: count[:, i].astype(np.int64) for i, name in enumerate(COUNT_COLUMNS)}
    for name, called in CARRIED.items():
        if name in table.column_names:
            columns[called] = _carried(plain_column(table[name]), name, practice, problems)
    problems.check()
    return pa.table(columns)


def _carried(column: pa.ChunkedArray, name: str, practice: Any, problems: Problems) -> pa.Array:
    """The value of each practice, which all of its rows share."""
    values = column.combine_chunks()
    _, first = np.unique(practice, return_index=True)
    given = values.to_pylist()
    for row, of in enumerate(first[practice].tolist()):
        if given[row] != given[of]:
            allowed = f"{given[of]!r}, as in row {of} of the same practice"
            problems.add(Problem.cell("inconsistent", name, row, given[row], allowed))
    return values.take(pa.array(first))
