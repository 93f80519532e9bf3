"""Sexes and ages as published files write them, in cells and in headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from ._cells import Cells
from ._columns import Column
from ._patients import DATE, PRACTICE
from ._source import Source

OLDEST = 130
"""Above any age that is published; stands for no upper bound."""

SEXES = ("female", "male", "all")
ALL = (-1, None)
"""The age of rows that are sums over ages."""
AGE_COLUMNS = (
    PRACTICE,
    Column("male", ("MALE_0-4", "MALE_0_4")),
    Column("female", ("FEMALE_0-4", "FEMALE_0_4")),
)

AgeColumn = tuple[Column, int, tuple[int, int | None]]
"""A column of people of one sex and age, with both."""


def sex_of(text: str) -> int | None:
    words = {"F": "female", "M": "male", **{sex.upper(): sex for sex in SEXES}}
    sex = words.get(text.upper())
    return None if sex is None else SEXES.index(sex)


def age_of(text: str) -> tuple[int, int | None] | None:
    if text.upper() == "ALL":
        return ALL
    match = re.fullmatch(r"(\d{1,3})(?:(\+)|\s*[-_]\s*(\d{1,3}))?", text)
    if not match:
        return None
    low = int(match[1])
    high = None if match[2] else int(match[3] or low)
    return (low, high) if low < OLDEST and (high is None or low <= high < OLDEST) else None


def age_columns(source: Source) -> list[AgeColumn]:
    """Columns of people of one sex and age, with both; those of totals have no age."""
    columns = []
    for heading in source.headings:
        match = re.fullmatch(r"(?:(TOTAL)_)?(MALE|FEMALE|ALL)S?(?:_(.+))?", heading.strip().upper())
        if match and bool(match[1]) != bool(match[3]):
            age = ALL if match[1] else age_of(match[3])
            if age is not None:
                column = Column(heading, (heading,))
                columns.append((column, SEXES.index(match[2].lower()), age))
    return columns if any(age != ALL for _, _, age in columns) else []


def read_age_columns(source: Source, columns: Sequence[AgeColumn]) -> pa.Table:
    """Practice, number of the sex, bounds of age and people, totals among them."""
    cells = Cells(source, (PRACTICE, DATE, *(column for column, _, _ in columns)))
    practice = cells.code(PRACTICE)
    cells.unique(PRACTICE, practice)
    date = cells.date(DATE) if cells.has(DATE) else pa.nulls(source.rows, pa.date32())
    counts = [cells.count(column) for column, _, _ in columns]
    cells.check()
    tables = [
        pa.table(
            {
                "practice": practice,
                "date": date,
                "sex": pa.repeat(sex, source.rows),
                "age_from": pa.repeat(low, source.rows),
                "age_to": pa.repeat(pa.scalar(high, pa.int64()), source.rows),
                "count": count,
            }
        )
        for count, (_, sex, (low, high)) in zip(counts, columns, strict=True)
    ]
    return pa.concat_tables(tables)
