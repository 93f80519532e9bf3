"""Patients Registered at a GP Practice: people by sex and age."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, Problem
from .._tables.problems import Problems
from ._age_columns import (
    AGE_COLUMNS,
    ALL,
    OLDEST,
    SEXES,
    age_columns,
    age_of,
    read_age_columns,
    sex_of,
)
from ._cells import Cells, described
from ._columns import layout
from ._patients import AGE, COUNT, DATE, OTHER_TYPES, PRACTICE, PUBLICATION, SEX, TYPE
from ._read import read_source

Counts = npt.NDArray[np.int64]


def read_patients_by_age(*paths: str | Path, sheet: str | None = None) -> pa.Table:
    """People of each practice by sex and age, in single years or groups.

    Parameters
    ----------
    paths
        One file or several of one month: the single years of age of females and of males come in
        a file each, groups of five years in one, until 2017 with a column for each sex and group
        (MALE_0-4, ...). As .csv, .csv.gz or .xlsx.
    sheet
        The sheet of workbooks; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``sex`` ("female" or "male"), ``age`` ("7", "0-4", "95+"), ``age_from``,
        ``age_to`` (years, both included; null for the last), ``count`` (people registered); in the
        order of practice, sex and age. ``england.from_age_sex`` takes it. Rows of other
        organisations than practices are left out, and so are totals once they have been compared
        with their parts.

    Raises
    ------
    InputError
        Columns that are missing, a practice, sex and age twice, ages that overlap, a total that is
        not the sum of its parts, people that are no whole number of at least 0: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gp-reg-pat-prac-quin-age.csv")
    ...     _ = file.write_text("ORG_TYPE,ORG_CODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\\n"
    ...                         "GP,A81001,ALL,ALL,150\\nGP,A81001,MALE,0_4,92\\n"
    ...                         "GP,A81001,FEMALE,95+,58\\n")
    ...     read_patients_by_age(file).select(["sex", "age", "count"]).to_pylist()
    [{'sex': 'female', 'age': '95+', 'count': 58}, {'sex': 'male', 'age': '0-4', 'count': 92}]
    """
    if not paths:
        raise InputError([Problem.argument("paths", paths, "at least one file")])
    columns = (TYPE, PRACTICE, DATE, SEX, AGE, COUNT)
    layouts = [layout(columns), layout(AGE_COLUMNS)]
    sources = [read_source(path, layouts, sheet) for path in paths]
    problems = Problems()
    parts: list[pa.Table] = []
    for source in sources:
        try:
            by_age = age_columns(source)
            if by_age:
                parts.append(read_age_columns(source, by_age))
                continue
            cells = Cells(source, columns)
            cells.only(TYPE, "GP", OTHER_TYPES)
            parts.append(_long(cells))
        except InputError as error:
            problems.extend(error.problems, error.more)
    problems.check()
    table = _by_age(pa.concat_tables(parts))
    return described(table, PUBLICATION, sources)


def _long(cells: Cells) -> pa.Table:
    """Practice, number of the sex, bounds of age and people, totals among them."""
    practice = cells.code(PRACTICE)
    sex, wrong = cells.each(SEX, sex_of)
    cells.reject(SEX, wrong, "FEMALE, MALE or ALL")
    age, wrong = cells.each(AGE, age_of)
    cells.reject(AGE, wrong, f"ALL, an age below {OLDEST}, or ages such as 0_4, 0-4 or 95+")
    people = cells.count(COUNT)
    # Rows that are left out may have an age that cannot be read.
    bounds = [ALL if bound is None else bound for bound in age]
    date = cells.date(DATE) if cells.has(DATE) else pa.nulls(len(people), pa.date32())
    return cells.table(
        {
            "practice": practice,
            "date": date,
            "sex": pa.array(sex, pa.int64()),
            "age_from": pa.array([low for low, _ in bounds], pa.int64()),
            "age_to": pa.array([high for _, high in bounds], pa.int64()),
            "count": people,
        }
    )


def _by_age(rows: pa.Table) -> pa.Table:
    """Rows of parts, checked against each other and their totals."""
    dates = sorted(str(date) for date in rows["date"].unique().to_pylist())
    if len(dates) > 1:
        text = f"EXTRACT_DATE is {' and '.join(dates)}: must be one for all files"
        raise InputError([Problem(text, code="inconsistent", column="EXTRACT_DATE", value=dates)])
    coded = rows["practice"].combine_chunks().dictionary_encode()
    names: list[str] = coded.dictionary.to_pylist()
    low = rows["age_from"].to_numpy()
    high = pc.fill_null(rows["age_to"], OLDEST).to_numpy()
    ages = sorted({*zip(low.tolist(), high.tolist(), strict=True)} - {(-1, OLDEST)})
    Problems(_wrong_ages(ages)).check()
    index = {bounds: i for i, bounds in enumerate(ages)}
    index[(-1, OLDEST)] = len(ages)
    age = np.array([index[b] for b in zip(low.tolist(), high.tolist(), strict=True)])
    shape = (len(names), len(SEXES), len(ages) + 1)
    cell = np.ravel_multi_index((coded.indices.to_numpy(), rows["sex"].to_numpy(), age), shape)
    times = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
    labels = [_label(*bounds) for bounds in ages] + ["ALL"]
    Problems(_duplicates(times, names, labels)).check()
    count = np.zeros(shape, np.int64)
    count.reshape(-1)[cell] = rows["count"].to_numpy()
    Problems(_wrong_totals(count, times > 0, names, labels)).check()
    return _parts(count, times > 0, names, ages, labels)


def _wrong_ages(ages: Sequence[tuple[int, int]]) -> Iterator[Problem]:
    """Ages that overlap, or no ages at all."""
    if not ages:
        text = "there are no ages, but only totals: use read_patients"
        yield Problem(text, code="empty", column="AGE")
    for lower, upper in itertools.pairwise(ages):
        if upper[0] <= lower[1]:
            text = (
                f"ages {_label(*lower)} and {_label(*upper)} overlap: must be one division of ages"
            )
            yield Problem(text, code="inconsistent", column="AGE", value=_label(*upper))


def _duplicates(times: Counts, names: Sequence[str], labels: Sequence[str]) -> Iterator[Problem]:
    """Practices with several rows for one sex and age."""
    for p, s, a in np.argwhere(times > 1).tolist():
        where = f"practice {names[p]!r}, SEX {SEXES[s].upper()}, AGE {labels[a]}"
        text = f"{where}: is there {times[p, s, a]} times: must be unique"
        yield Problem(text, code="duplicate", column="CODE", value=names[p], allowed="unique")


def _wrong_totals(
    count: Counts, given: npt.NDArray[np.bool_], names: Sequence[str], labels: Sequence[str]
) -> Iterator[Problem]:
    """Totals over ages, sexes or both that are not the sum of the parts that are given."""
    parts = count[:, :2, :-1]
    expected = np.zeros_like(count)
    expected[:, :2, -1] = parts.sum(2)
    expected[:, 2, :-1] = parts.sum(1)
    expected[:, 2, -1] = parts.sum((1, 2))
    total = np.zeros(count.shape[1:], bool)
    total[2] = total[:, -1] = True
    wrong = given & total & (count != expected)
    for p, s, a in np.argwhere(wrong).tolist():
        people = int(count[p, s, a])
        allowed = f"{expected[p, s, a]}, the sum of its parts"
        where = f"practice {names[p]!r}, SEX {SEXES[s].upper()}, AGE {labels[a]}"
        text = f"{where}: {people}; must be {allowed}"
        column = COUNT.headings[0]
        yield Problem(text, code="inconsistent", column=column, value=people, allowed=allowed)


def _parts(
    count: Counts,
    given: npt.NDArray[np.bool_],
    names: Sequence[str],
    ages: Sequence[tuple[int, int]],
    labels: Sequence[str],
) -> pa.Table:
    order = np.argsort(np.array(names, dtype=object))
    parts = given[order, :2, :-1]
    practice, sex, age = np.nonzero(parts)
    low = np.array([bounds[0] for bounds in ages])
    high = pa.array([None if b == OLDEST else b for _, b in ages], pa.int64())
    return pa.table(
        {
            "practice": pa.array(names, pa.string()).take(pa.array(order[practice])),
            "sex": pa.array(SEXES[:2]).take(pa.array(sex)),
            "age": pa.array(labels, pa.string()).take(pa.array(age)),
            "age_from": low[age],
            "age_to": high.take(pa.array(age)),
            "count": count[order, :2, :-1][practice, sex, age],
        }
    )


def _label(low: int, high: int) -> str:
    if high == OLDEST:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"
