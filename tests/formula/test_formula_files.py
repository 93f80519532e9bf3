"""Is the file of a formula understood as it was edited, or rejected by row and column?"""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from arrow_types import STRING_VIEWS
from formula_oracle import ROLES, some_people
from fundholder import Formula, InputTypeError, fit_formula, write
from rejections import rejection, says

NAN, INF = math.nan, math.inf


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return some_people(80)


@pytest.fixture(scope="module")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", **ROLES)


def put(table: pa.Table, name: str, row: int, value: Any) -> pa.Table:
    """With one cell replaced."""
    values = table[name].to_pylist()
    values[row] = value
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def read_terms(table: pa.Table, folder: Path, ending: str = "parquet") -> Formula:
    write(table, folder / f"formula.{ending}")
    return Formula.read(folder / f"formula.{ending}")


# ---- Terms --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "texts"),
    [
        ("coefficient", 1.1e15, ["column 'coefficient', row 9", "at most 1e15 in size"]),
        ("coefficient", -INF, ["column 'coefficient', row 9: -inf"]),
        ("mean", 1e300, ["column 'mean', row 9: 1e+300"]),
        ("mean", NAN, ["column 'mean', row 9: NaN"]),
        ("standard_error", NAN, ["column 'standard_error', row 9: NaN", "finite"]),
        ("people", -1, ["column 'people', row 9: -1", "whole number, 0 or more"]),
        ("people", 2.5, ["column 'people', row 9: 2.5"]),
        ("people", NAN, ["column 'people', row 9: NaN"]),
        ("people", INF, ["column 'people', row 9: inf"]),
    ],
)
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_numbers_are_rejected_by_column_and_row(
    formula: Formula, tmp_path: Path, name: str, value: Any, texts: list[str], ending: str
) -> None:
    spoilt = put(formula.coefficients, name, 9, value)
    says(rejection(read_terms, spoilt, tmp_path, ending), *texts)


def test_a_column_twice_is_rejected(formula: Formula, tmp_path: Path) -> None:
    table = formula.coefficients
    table = table.append_column("coefficient", table["mean"])
    says(rejection(read_terms, table, tmp_path), "column 'coefficient' is there 2 times")


@pytest.mark.parametrize("level", [False, 1.5, [1]])
def test_columns_of_another_type_are_rejected(formula: Formula, tmp_path: Path, level: Any) -> None:
    table = formula.coefficients
    table = table.set_column(8, "level", pa.array([level] * table.num_rows))
    says(rejection(read_terms, table, tmp_path), "column 'level' is", "must be a string")


@pytest.mark.parametrize(
    ("terms", "texts"),
    [
        ([("need", "a=b", None), ("category", "a", "b")], ["row 1: 'a=b' is a duplicate of row 0"]),
        ([("flag", "x", None), ("flag", None, "x")], ["row 1: 'x' is a duplicate of row 0"]),
        (
            [("intercept", None, None), ("flag", "intercept", None)],
            ["row 1: 'intercept' is a duplicate of row 0"],
        ),
        ([("flag", None, "term")], ["row 0: no term may be called 'term'"]),
        ([("need", "term", None)], ["row 0: no term may be called 'term'"]),
        ([("need", "", None)], ["row 0: a term of role 'need' must have a column and no level"]),
    ],
)
def test_names_of_terms(tmp_path: Path, terms: list[Any], texts: list[str]) -> None:
    rows = [
        {"role": role, "column": column, "level": level, "coefficient": 1.0}
        for role, column, level in terms
    ]
    says(rejection(read_terms, pa.Table.from_pylist(rows), tmp_path), *texts)


@pytest.mark.parametrize("data_type", [pa.int64(), pa.int8(), pa.large_string(), *STRING_VIEWS])
def test_levels_of_any_type_are_text(tmp_path: Path, data_type: pa.DataType) -> None:
    levels = (
        pa.array(["1", "2"]).cast(pa.int64()).cast(data_type)
        if pa.types.is_integer(data_type)
        else None
    )
    levels = pa.array(["1", "2"], data_type) if levels is None else levels
    table = pa.table(
        {
            "role": ["category"] * 2,
            "column": pa.array(["ward"] * 2).dictionary_encode(),
            "level": levels,
            "coefficient": [10, 20],
        }
    )
    formula = read_terms(table, tmp_path, "arrow")
    persons = pa.table({"ward": [2, 1, 2]})
    assert formula.predict(persons)["predicted"].to_pylist() == [20.0, 10.0, 20.0]


def test_a_file_that_breaks_off_is_rejected(formula: Formula, tmp_path: Path) -> None:
    path = tmp_path / "formula.csv"
    formula.write(path)
    path.write_text(path.read_text() + "a line,of,other\n")
    says(rejection(Formula.read, path), "formula.csv: row 19: number of cells is 3")
    assert isinstance(rejection(Formula.read, None), InputTypeError)


# ---- The covariance -----------------------------------------------------------------------------
def spoil(change: Callable[[np.ndarray], None]) -> Callable[[pa.Table], pa.Table]:
    def spoilt(table: pa.Table) -> pa.Table:
        square = np.column_stack([table[name].to_numpy() for name in table.column_names[1:]])
        change(square)
        return pa.table([table["term"], *map(pa.array, square.T)], table.column_names)

    return spoilt


def cell(row: int, column: int, value: float) -> Callable[[pa.Table], pa.Table]:
    return spoil(lambda square: square.__setitem__((row, column), value))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_covariance_reads_back(
    people: pa.Table, formula: Formula, tmp_path: Path, ending: str
) -> None:
    formula.write(tmp_path / "formula.csv")
    write(formula.covariance, tmp_path / f"covariance.{ending}")
    back = Formula.read(tmp_path / "formula.csv", covariance=tmp_path / f"covariance.{ending}")
    assert back.need(people).equals(formula.need(people))


@pytest.mark.parametrize(
    ("change", "texts", "silent"),
    [
        (cell(3, 4, NAN), ["column 'age=40-49', row 3: NaN", "finite"], ["row 4"]),
        (cell(3, 4, INF), ["column 'age=40-49', row 3: inf"], ["row 4"]),
        (cell(3, 4, 1e31), ["column 'age=40-49', row 3: 1e31"], ["row 4"]),
        (cell(5, 5, -1.0), ["column 'age=50-59', row 5: -1", "0 or more"], ["'age=40-49'"]),
        (
            cell(1, 4, 1e9),
            ["row 4", "row and column are exchanged"],
            ["2 problems", "'age=40-49'"],
        ),
        (lambda table: table.drop_columns("age=40-49"), ["terms of the formula"], []),
        (lambda table: table.slice(1), ["terms of the formula"], []),
        (
            lambda table: table.set_column(5, "age=40-49", pa.array(["x"] * table.num_rows)),
            ["column 'age=40-49' is string, row 0: 'x': must be a number"],
            ["'age=50-59'", "problems"],
        ),
        (lambda table: put(table, "age=40-49", 2, None), ["column 'age=40-49', row 2"], []),
    ],
)
def test_what_is_no_covariance(
    formula: Formula,
    tmp_path: Path,
    change: Callable[[pa.Table], pa.Table],
    texts: list[str],
    silent: list[str],
) -> None:
    formula.write(tmp_path / "formula.csv")
    write(change(formula.covariance), tmp_path / "covariance.parquet")
    error = rejection(
        Formula.read, tmp_path / "formula.csv", covariance=tmp_path / "covariance.parquet"
    )
    says(error, "covariance.parquet", *texts)
    assert not [text for text in silent if text in str(error)], error


# ---- Copies -------------------------------------------------------------------------------------
@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_predict_the_same(people: pa.Table, formula: Formula, again: Any) -> None:
    other = again(formula)
    assert other.coefficients.equals(formula.coefficients)
    assert other.r2 == formula.r2 and other.people == formula.people
    assert other.need(people).equals(formula.need(people))
