"""Reading a table of practices by age and sex, with every problem found in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .._errors import FundholderError, Problem
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import read_table
from .._tables.columns import is_text, plain_column
from .._tables.problems import Problems
from ._checks import PEOPLE
from ._figures import AGES, SEXES

#: Column of the table -> column of a population.
AREA_COLUMNS = {"pcn_code": "pcn", "icb_code": "icb", "region_code": "region"}
#: Column of the table -> what the columns begin with that it is the sum of.
TOTALS = {"total_male": "male_", "total_female": "female_", "total_patients": ""}
IMD = "imd_2019"
#: In the order of the bands.
COUNT_COLUMNS = tuple(
    f"{sex}_patients_{age.replace('-', 'to').replace('+', 'plus')}" for sex in SEXES for age in AGES
)


@dataclass(frozen=True)
class PracticeCounts:
    """One entry per practice: code, people by band, areas and IMD (NaN where unknown)."""

    code: list[str]
    count: IntArray
    areas: dict[str, pa.Array]
    imd: FloatArray | None
    #: Practices of the rows that only repeated an earlier one.
    repeated: list[str]


def read_practices(table: pa.Table) -> PracticeCounts:
    """The practices of a table, or all of its problems."""
    problems = Problems()
    if table.num_rows == 0:
        text = "the table has no rows: at least one practice is needed"
        problems.add(Problem(text, code="empty"))
    readable = _readable_columns(table, problems)
    code = _text(readable["practice_code"]) if "practice_code" in readable else []
    columns = {n: _counts(readable[n], n, problems) for n in COUNT_COLUMNS if n in readable}
    _check_totals(readable, columns, problems)
    areas = {
        name: np.array(_text(readable[column]), dtype=object)
        for column, name in AREA_COLUMNS.items()
        if column in readable
    }
    imd = _scores(readable["imd_2019"], problems) if "imd_2019" in readable else None
    scores = [] if imd is None else [np.where(np.isnan(imd), -1.0, imd)]
    values = [*columns.values(), *areas.values(), *scores]
    keep, repeated = _check_codes(code, values, problems)
    problems.check()

    count = np.column_stack([columns[name] for name in COUNT_COLUMNS]).astype(np.int64)
    return PracticeCounts(
        code=[str(code[row]) for row in keep],
        count=count[keep],
        areas={name: pa.array(text[keep], pa.string()) for name, text in areas.items()},
        imd=None if imd is None else imd[keep],
        repeated=repeated,
    )


def _readable_columns(table: pa.Table, problems: Problems) -> dict[str, pa.ChunkedArray]:
    """The columns that are read, without those of a type that is not allowed."""
    optional = [name for name in (*AREA_COLUMNS, *TOTALS, IMD) if name in table.column_names]
    present = [name for name in ("practice_code", *COUNT_COLUMNS) if name in table.column_names]
    columns = {name: plain_column(table[name]) for name in (*present, *optional)}
    # Scores may be numbers or text.
    labels = [n for n in optional if n in AREA_COLUMNS or (n == IMD and is_text(columns[n].type))]
    rules = {name: PEOPLE for name in (*COUNT_COLUMNS, *optional) if name not in labels}
    # Cells are checked further on: totals and rows that repeat are, too, where a cell is wrong.
    fields = [(name, columns.get(name, table[name]).type) for name in table.column_names]
    types = pa.schema(fields).empty_table()
    try:
        read_table("the table", types, labels=["practice_code", *labels], numbers=rules, rows=False)
    except FundholderError as error:
        for problem in error.problems:
            problems.add(problem)
            columns.pop(str(problem.column), None)
    return columns


def _check_codes(
    code: list[str | None], values: list[NDArray[Any]], problems: Problems
) -> tuple[list[int], list[str]]:
    """Rows to keep, the first of each practice, and the practices of rows that only repeat one.

    Values are the row's other columns.
    """
    keep: list[int] = []
    repeated: list[str] = []
    seen: dict[str, int] = {}
    for row, name in enumerate(code):
        if name is None:
            allowed = "the code of a practice"
            problems.add(Problem.cell("null", "practice_code", row, None, allowed))
            continue
        first = seen.setdefault(name, row)
        if first == row:
            keep.append(row)
        elif all(column[row] == column[first] for column in values):
            repeated.append(name)
        else:
            given = "other values"
            problems.add(Problem.duplicate("practice_code", row, name, first, given))
    return keep, repeated


def _text(column: pa.ChunkedArray) -> list[str | None]:
    """Text of a column; null, empty and 'NULL' are None."""
    values = column.cast(pa.string()).to_pylist()
    return [None if v is None or v.strip() in ("", "NULL") else v for v in values]


def _counts(column: pa.ChunkedArray, name: str, problems: Problems) -> FloatArray:
    """People in a column as float64; where a cell is wrong, NaN and a problem."""
    value = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan"))
    counts: FloatArray = value.to_numpy().copy()
    for row in PEOPLE.wrong(counts).tolist():
        cell = column[row].as_py()
        code = "null" if cell is None else "not_allowed"
        problems.add(Problem.cell(code, name, row, cell, PEOPLE.allowed))
        counts[row] = np.nan
    return counts


def _check_totals(
    readable: dict[str, pa.ChunkedArray], columns: dict[str, FloatArray], problems: Problems
) -> None:
    """Totals given by the table equal the sum of their bands."""
    for total, prefix in TOTALS.items():
        bands = [name for name in COUNT_COLUMNS if name.startswith(prefix)]
        if total not in readable or any(name not in columns for name in bands):
            continue
        given = _counts(readable[total], total, problems)
        added = np.sum([columns[name] for name in bands], axis=0)
        # A cell that is wrong in itself is NaN, and has been reported already.
        known = np.isfinite(given) & np.isfinite(added)
        for row in np.flatnonzero(known & (given != added)).tolist():
            allowed = f"{added[row]:.0f}, the sum of its {len(bands)} age-sex columns"
            problems.add(Problem.cell("inconsistent", total, row, int(given[row]), allowed))


def _scores(column: pa.ChunkedArray, problems: Problems) -> FloatArray:
    """IMD scores as float64, NaN where unknown."""
    if is_text(column.type):
        cells: list[Any] = [_number(text) for text in _text(column)]
    else:
        cells = column.cast(pa.float64(), safe=False).to_pylist()
    for row, cell in enumerate(cells):
        if isinstance(cell, str) or (cell is not None and (cell < 0 or np.isinf(cell))):
            allowed = "a score of at least 0, or null"
            problems.add(Problem.cell("not_allowed", IMD, row, cell, allowed))
            cells[row] = None
    return np.array([np.nan if cell is None else cell for cell in cells], float)


def _number(text: str | None) -> float | str | None:
    """The number a text holds, the text itself where it holds none."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text
