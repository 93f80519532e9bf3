"""Reading a table of practices by age and sex, with every problem found in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .._tables.arrays import FloatArray, IntArray
from ._checks import MOST_PEOPLE
from ._figures import AGES, SEXES

#: Column of the table -> column of a population.
AREA_COLUMNS = {"pcn_code": "pcn", "icb_code": "icb", "region_code": "region"}
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


def read_practices(table: pa.Table) -> tuple[PracticeCounts | None, list[str]]:
    """The practices of a table, or None and what is wrong with it."""
    missing = [n for n in ("practice_code", *COUNT_COLUMNS) if n not in table.column_names]
    problems = [f"column {name!r} is missing" for name in missing]
    if table.num_rows == 0:
        problems.append("the table has no rows: at least one practice is needed")

    code: list[str | None] = []
    if "practice_code" not in missing:
        before = len(problems)
        code = _text(table, "practice_code", problems)
        # Of the wrong type nothing can be read: one problem, not one a row.
        code = code if len(problems) == before else []
    columns = {n: _counts(table, n, problems) for n in COUNT_COLUMNS if n not in missing}
    _check_totals(table, columns, problems)
    areas = {
        name: np.array(_text(table, column, problems), dtype=object)
        for column, name in AREA_COLUMNS.items()
        if column in table.column_names
    }
    imd = _scores(table, problems) if "imd_2019" in table.column_names else None
    scores = [] if imd is None else [np.where(np.isnan(imd), -1.0, imd)]
    values = [*columns.values(), *areas.values(), *scores]
    keep, repeated = _check_codes(code, values, problems)
    if problems:
        return None, problems

    count = np.column_stack([columns[name] for name in COUNT_COLUMNS]).astype(np.int64)
    return PracticeCounts(
        code=[str(code[row]) for row in keep],
        count=count[keep],
        areas={name: pa.array(text[keep], pa.string()) for name, text in areas.items()},
        imd=None if imd is None else imd[keep],
        repeated=repeated,
    ), []


def _check_codes(
    code: list[str | None], values: list[NDArray[Any]], problems: list[str]
) -> tuple[list[int], list[str]]:
    """Rows to keep, the first of each practice, and the practices of rows that only repeat one.

    Values are the row's other columns.
    """
    keep: list[int] = []
    repeated: list[str] = []
    seen: dict[str, int] = {}
    for row, name in enumerate(code):
        if name is None:
            problems.append(f"column 'practice_code', row {row}: null; every practice needs a code")
            continue
        first = seen.setdefault(name, row)
        if first == row:
            keep.append(row)
        elif all(column[row] == column[first] for column in values):
            repeated.append(name)
        else:
            problems.append(
                f"column 'practice_code', row {row}: {name!r} again, first in row {first}, and the "
                "rows differ; one row per practice"
            )
    return keep, repeated


def _text(table: pa.Table, name: str, problems: list[str]) -> list[str | None]:
    """Text of a column; null, empty and 'NULL' are None."""
    column = _plain(table[name])
    data_type = column.type
    if not (_is_text(data_type) or pa.types.is_integer(data_type) or pa.types.is_null(data_type)):
        problems.append(f"column {name!r} is {data_type}: must be text or integers")
        return [None] * table.num_rows
    values = column.cast(pa.string()).to_pylist()
    return [None if v is None or v.strip() in ("", "NULL") else v for v in values]


def _counts(table: pa.Table, name: str, problems: list[str]) -> FloatArray:
    """People in a column as float64; where a cell is wrong, NaN and a problem."""
    column = _plain(table[name])
    if not _is_number(column.type):
        problems.append(f"column {name!r} is {column.type}: must be whole numbers")
        return np.full(table.num_rows, np.nan)
    value = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy()
    good = (value >= 0) & (value <= MOST_PEOPLE) & (value == np.floor(value))
    for row in np.flatnonzero(~good).tolist():
        problems.append(
            f"column {name!r}, row {row}: {column[row].as_py()}; "
            f"must be a whole number from 0 to {MOST_PEOPLE:,}"
        )
    return np.where(good, value, np.nan)


def _check_totals(table: pa.Table, columns: dict[str, FloatArray], problems: list[str]) -> None:
    """Totals given by the table equal the sum of their bands."""
    for total, prefix in (
        ("total_male", "male_"),
        ("total_female", "female_"),
        ("total_patients", ""),
    ):
        bands = [name for name in COUNT_COLUMNS if name.startswith(prefix)]
        if total not in table.column_names or any(name not in columns for name in bands):
            continue
        given = _counts(table, total, problems)
        added = np.sum([columns[name] for name in bands], axis=0)
        # A cell that is wrong in itself is NaN, and has been reported already.
        known = np.isfinite(given) & np.isfinite(added)
        for row in np.flatnonzero(known & (given != added)).tolist():
            problems.append(
                f"column {total!r}, row {row}: {given[row]:.0f}; must be {added[row]:.0f}, "
                f"the sum of its {len(bands)} age-sex columns"
            )


def _scores(table: pa.Table, problems: list[str]) -> FloatArray:
    """IMD scores as float64, NaN where unknown."""
    column = _plain(table["imd_2019"])
    if _is_text(column.type):
        cells: list[Any] = [_number(v) for v in _text(table, "imd_2019", problems)]
    elif not (_is_number(column.type) or pa.types.is_null(column.type)):
        problems.append(f"column 'imd_2019' is {column.type}: must be numbers")
        return np.full(table.num_rows, np.nan)
    else:
        cells = column.cast(pa.float64(), safe=False).to_pylist()
    for row, cell in enumerate(cells):
        if isinstance(cell, str) or (cell is not None and (cell < 0 or np.isinf(cell))):
            problems.append(
                f"column 'imd_2019', row {row}: {cell!r}; must be a score of at least 0, or null"
            )
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


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionary encoding."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _is_text(data_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(data_type)
        or pa.types.is_large_string(data_type)
        or pa.types.is_string_view(data_type)
    )


def _is_number(data_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(data_type)
        or pa.types.is_floating(data_type)
        or pa.types.is_decimal(data_type)
    )
