"""Is a formula that cannot be fitted or applied rejected: by name, all at once, before any work?"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from finite import finite
from formula_oracle import ROLES, some_codes, some_people
from fundholder import (
    Formula,
    FundholderError,
    InputError,
    InputTypeError,
    fit_formula,
    validate_formula,
)
from rejections import rejection, says

NAN, INF = math.nan, math.inf
N = 60


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return some_people(N)


@pytest.fixture(scope="module")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", **ROLES)


def changed(people: pa.Table, columns: dict[str, Any]) -> pa.Table:
    """With columns replaced, or without them (None); a short list stands for the first rows."""
    for name, values in columns.items():
        i = people.column_names.index(name) if name in people.column_names else None
        if values is None:
            people = people.drop_columns(name)
            continue
        if isinstance(values, list) and len(values) < N:
            values = [
                *values,
                *(people[name] if i is not None else values)[len(values) :].to_pylist(),
            ]
        if i is None:
            people = people.append_column(name, pa.array(values))
        else:
            people = people.set_column(i, name, pa.array(values))
    return people


def rejected(people: pa.Table, **other: Any) -> Any:
    return rejection(fit_formula, people, **({"cost": "cost"} | ROLES | other))


# ---- Columns of persons -------------------------------------------------------------------------
@pytest.mark.parametrize("reader", [False, True])
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"cost": [NAN]}, ["column 'cost', row 0: NaN", "finite"]),
        ({"cost": [1.0, INF]}, ["column 'cost', row 1: inf", "finite"]),
        ({"cost": [1.0, 2.0, None]}, ["column 'cost', row 2: null"]),
        ({"cost": [-0.01]}, ["column 'cost', row 0: -0.01", "0 or more"]),
        ({"cost": ["a"] * N}, ["column 'cost' is", "a number"]),
        ({"cost": [True] * N}, ["column 'cost' is", "a number"]),
        ({"cost": None}, ["column 'cost' is missing", "the table has"]),
        ({"age": None}, ["column 'age' is missing"]),
        ({"age": [None]}, ["column 'age', row 0: null"]),
        ({"age": [0.5] * N}, ["column 'age' is", "integer"]),
        ({"diabetes": [None]}, ["column 'diabetes', row 0: null"]),
        ({"stroke": [2]}, ["column 'stroke', row 0: 2", "0 or 1"]),
        ({"stroke": [0.5] * N}, ["column 'stroke', row 0: 0.5", "0 or 1"]),
        ({"stroke": ["yes"] * N}, ["column 'stroke' is"]),
        ({"deprivation": [NAN]}, ["column 'deprivation', row 0: NaN", "finite"]),
        ({"deprivation": [None]}, ["column 'deprivation', row 0: null"]),
        ({"deprivation": ["high"] * N}, ["column 'deprivation' is", "a number"]),
        ({"beds": [-INF]}, ["column 'beds', row 0: -inf", "finite"]),
        ({"beds": None}, ["column 'beds' is missing"]),
        ({"region": [None]}, ["column 'region', row 0: null"]),
        ({"region": None}, ["column 'region' is missing"]),
        ({"weight": [-1.0]}, ["column 'weight', row 0: -1", "0 or more"]),
        ({"weight": [NAN]}, ["column 'weight', row 0: NaN"]),
        ({"weight": [None]}, ["column 'weight', row 0: null"]),
        ({"weight": None}, ["column 'weight' is missing"]),
        ({"practice": [None]}, ["column 'practice', row 0: null"]),
        ({"practice": None}, ["column 'practice' is missing"]),
        (
            {"cost": [1.0, NAN], "weight": [-2.0], "beds": None, "age": [None]},
            ["4 problems", "'cost', row 1", "'weight', row 0", "'beds'", "'age', row 0"],
        ),
    ],
)
def test_persons_are_rejected_by_column_and_row(
    people: pa.Table, columns: dict[str, Any], texts: list[str], reader: bool
) -> None:
    table = changed(people, columns)
    given = table.to_reader() if reader else table
    error = rejected(given, weight="weight", cluster="practice")
    says(error, *texts)


def test_rows_are_counted_over_batches(people: pa.Table) -> None:
    cost = people["cost"].to_numpy().copy()
    cost[41] = NAN
    table = changed(people, {"cost": cost})
    says(rejected(table.to_reader(max_chunksize=7)), "column 'cost', row 41: NaN")


@pytest.mark.parametrize("case", [[0.0] * N, np.zeros(N)])
def test_weights_that_are_all_0(people: pa.Table, case: Any) -> None:
    says(rejected(changed(people, {"weight": case}), weight="weight"), "weight", "0")


def test_a_table_of_no_people_is_rejected(people: pa.Table) -> None:
    says(rejected(people.slice(0, 0)), "empty")


@pytest.mark.parametrize("persons", [None, 3, "people.csv", [1], {"cost": [1.0]}, lambda: 3])
def test_what_is_not_a_table(persons: Any) -> None:
    error = rejection(fit_formula, persons, cost="cost", categories=["age"])
    assert isinstance(error, InputTypeError)
    says(error, "__arrow_c_stream__")


# ---- What no formula can be fitted to -----------------------------------------------------------
def test_more_terms_than_people_are_rejected(people: pa.Table) -> None:
    says(rejected(people.slice(0, 10)), "10", "people")


def test_as_many_terms_as_people_leave_no_error() -> None:
    people = pa.table({"age": ["a", "b", "c"], "cost": [1.0, 2.0, 3.0]})
    says(rejection(fit_formula, people, cost="cost", categories=["age"]), "3", "people")


def test_a_flag_that_nobody_has(people: pa.Table) -> None:
    nobody = changed(people, {"diabetes": [False] * N})
    says(rejected(nobody), "'diabetes'", "0 for everyone")


def test_a_flag_that_everybody_has(people: pa.Table) -> None:
    """The levels of the first category add up to it."""
    says(rejected(changed(people, {"diabetes": [True] * N})), "'diabetes'", "combination")


@pytest.mark.parametrize(
    ("name", "role"), [("need", "need"), ("supply", "supply"), ("flags", "flag")]
)
def test_a_column_that_is_a_combination_of_those_before(
    people: pa.Table, name: str, role: str
) -> None:
    if name == "flags":
        values: Any = people["sex"].to_numpy(zero_copy_only=False) == "F"
    else:
        values = 3 * people["deprivation"].to_numpy() - 2 * people["born"].to_numpy() + 1
    table = changed(people, {"again": values})
    says(rejected(table, **{name: [*ROLES[name], "again"]}), "'again'", "combination")


def test_all_redundant_columns_are_named_at_once(people: pa.Table) -> None:
    table = changed(
        people,
        {
            "nobody": [False] * N,
            "again": people["deprivation"].to_numpy() * 0.1,
            "all": np.full(N, 4.5),
        },
    )
    error = rejected(table, flags=["nobody"], need=["deprivation", "again"], supply=["all"])
    says(error, "3 problems", "'nobody'", "'again'", "'all'")


def test_columns_that_are_nearly_a_combination_are_fitted(people: pa.Table) -> None:
    """One part in 1,000 is information; one in 1e9 is the rounding of whoever made the column."""
    rng = np.random.Generator(np.random.PCG64(5))
    for size, fitted in ((1e-3, True), (1e-9, False)):
        near = people["deprivation"].to_numpy() * (1 + size * rng.standard_normal(N))
        table = changed(people, {"near": near})
        need = ["deprivation", "near"]
        if fitted:
            fit_formula(table, cost="cost", categories=["age"], need=need)
        else:
            says(rejected(table, need=need), "'near'", "combination")


def test_one_cluster_is_too_few(people: pa.Table) -> None:
    says(rejected(changed(people, {"gp": ["P"] * N}), cluster="gp"), "'gp'", "2 or more")


# ---- Arguments ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"flags": ["diabetes", "age"]}, ["'age'", "categories", "flags"]),
        ({"need": ["beds", "cost"]}, ["2 problems", "'beds'", "'cost'", "need", "supply"]),
        ({"weight": "cost"}, ["'cost'", "weight"]),
        ({"area": "age"}, ["'age'", "area"]),
        ({"need": ["born", "born"]}, ["need", "different"]),
        ({"cost": 3}, ["cost is 3", "name of a column"]),
        ({"cost": None}, ["cost is None"]),
        ({"categories": 3}, ["categories is 3"]),
        ({"area": ["region"]}, ["area is ['region']", "name of a column"]),
        ({"redundant": "ignore"}, ["redundant is 'ignore'", "'error'", "'drop'"]),
        ({"threads": 0}, ["threads is 0"]),
        ({"threads": 1.5}, ["threads is 1.5"]),
        ({"nonnegative": "yes"}, ["nonnegative is 'yes'"]),
        (
            {"cost": 3, "redundant": 1, "threads": -1},
            ["3 problems", "cost", "redundant", "threads"],
        ),
        ({"need": ["ward", "smr"]}, ["2 problems", "'ward' is missing", "'smr' is missing"]),
    ],
)
def test_arguments_are_rejected_by_name(
    people: pa.Table, arguments: dict[str, Any], texts: list[str]
) -> None:
    says(rejected(people, **arguments), *texts)


def test_a_formula_of_nothing_is_the_mean(people: pa.Table) -> None:
    """An intercept alone is a formula: the mean."""
    formula = fit_formula(people, cost="cost")
    assert formula.coefficients["term"].to_pylist() == ["intercept"]
    mean = people["cost"].to_numpy().mean()
    assert formula.coefficients["coefficient"][0].as_py() == pytest.approx(mean, rel=1e-14)


# ---- Codes --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("codes", "texts"),
    [
        ({"code": ["E10"]}, ["column 'person' is missing"]),
        ({"person": [1]}, ["column 'code' is missing"]),
        ({"person": [1, None], "code": ["a", "b"]}, ["column 'person', row 1: null"]),
        ({"person": [1, 2], "code": ["a", None]}, ["column 'code', row 1: null"]),
        ({"person": [1.5], "code": ["a"]}, ["column 'person' is", "integer"]),
        ({"person": [1], "code": [0.5]}, ["column 'code' is"]),
    ],
)
def test_codes_are_rejected_by_column_and_row(
    people: pa.Table, codes: dict[str, Any], texts: list[str]
) -> None:
    says(rejected(people, codes=pa.table(codes)), *texts)


def test_codes_need_persons_with_names(people: pa.Table) -> None:
    codes = some_codes(people)
    says(rejected(people.drop_columns("person"), codes=codes), "column 'person' is missing")
    says(rejected(people, codes=3), "codes is 3", "__arrow_c_stream__")


# ---- Applying a formula -------------------------------------------------------------------------
APPLY: dict[str, Any] = {
    "predict": lambda formula, persons: formula.predict(persons),
    "need": lambda formula, persons: formula.need(persons),
    "evaluate": lambda formula, persons: formula.evaluate(persons, cost="cost"),
}


@pytest.mark.parametrize("verb", APPLY)
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"age": ["90-99", "100-109"]}, ["'age'", "row 0", "'90-99'", "row 1", "'100-109'"]),
        ({"age": [None]}, ["column 'age', row 0: null"]),
        ({"age": None}, ["column 'age' is missing"]),
        ({"deprivation": [NAN]}, ["column 'deprivation', row 0: NaN"]),
        ({"stroke": [3]}, ["column 'stroke', row 0: 3"]),
        ({"diabetes": None, "born": None}, ["2 problems", "'diabetes'", "'born'"]),
    ],
)
def test_persons_that_a_formula_does_not_fit_are_rejected(
    people: pa.Table, formula: Formula, verb: str, columns: dict[str, Any], texts: list[str]
) -> None:
    says(rejection(APPLY[verb], formula, changed(people, columns)), *texts)


def test_an_area_of_another_country_counts_only_where_it_is_asked(
    people: pa.Table, formula: Formula
) -> None:
    table = changed(people, {"region": ["Wales"]})
    formula.predict(table)
    error = rejection(formula.predict, table, neutral=False)
    says(error, "'region'", "row 0", "'Wales'")


def test_units_and_costs_that_are_missing_are_named(people: pa.Table, formula: Formula) -> None:
    says(rejection(formula.need, people, by="ward"), "column 'ward' is missing")
    says(rejection(formula.need, changed(people, {"practice": [None]})), "'practice', row 0: null")
    says(rejection(formula.need, people.slice(0, 0)), "empty")
    says(rejection(formula.evaluate, people, cost="total"), "column 'total' is missing")
    bad = changed(people, {"cost": [-1.0]})
    says(rejection(formula.evaluate, bad, cost="cost"), "'cost', row 0: -1")
    says(rejection(formula.evaluate, people, cost="cost", groups=["ward"]), "'ward' is missing")
    says(rejection(formula.evaluate, people, cost="cost", weight="w"), "'w' is missing")


def test_codes_that_the_formula_does_not_have(people: pa.Table) -> None:
    codes = some_codes(people)
    own = codes.filter(pa.array([code != "E15" for code in codes["code"].to_pylist()]))
    formula = fit_formula(people, cost="cost", categories=["age"], codes=own)
    with pytest.warns(UserWarning, match="E15"):
        predictions = formula.predict(people, codes=codes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert predictions.equals(formula.predict(people, codes=own))


def test_codes_without_a_table_of_them_are_rejected(people: pa.Table) -> None:
    formula = fit_formula(people, cost="cost", categories=["age"], codes=some_codes(people))
    says(rejection(formula.predict, people), "codes")


# ---- Files --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new"),
    [("diabetes", ""), ("coefficient", "beta"), ("flag", "flags"), ("supply", "budget")],
)
def test_files_that_were_spoilt_are_rejected(
    formula: Formula, tmp_path: Path, old: str, new: str
) -> None:
    path = tmp_path / "formula.csv"
    formula.write(path)
    path.write_text(path.read_text().replace(old, new))
    says(rejection(Formula.read, path), "formula.csv")


def test_files_with_a_coefficient_that_is_no_number(formula: Formula, tmp_path: Path) -> None:
    path = tmp_path / "formula.csv"
    formula.write(path)
    lines = path.read_text().splitlines()
    for word in ("a lot", "nan", "inf", ""):
        spoilt = [
            line.replace(line.split(",")[2], word) if line.startswith('"diabetes",') else line
            for line in lines
        ]
        path.write_text("\n".join(spoilt) + "\n")
        says(
            rejection(Formula.read, path),
            "'coefficient'",
            "must be a number" if word == "a lot" else "row 10",
        )


def test_files_that_are_no_formulas(formula: Formula, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "empty.csv"):
        if path.name == "empty.csv":
            path.write_text("")
        assert isinstance(rejection(Formula.read, path), InputError)
    rejection(formula.write, tmp_path / "nowhere" / "formula.csv")


# ---- Validation ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"other_practices": 0.0}, ["other_practices is 0.0", "between 0 and 1"]),
        ({"other_practices": 1.0}, ["other_practices is 1.0"]),
        ({"other_people": NAN}, ["other_people is nan"]),
        ({"other_people": "half"}, ["other_people is 'half'"]),
        ({"seed": -1}, ["seed is -1"]),
        ({"seed": 1.5, "other_people": 2}, ["2 problems", "seed", "other_people"]),
        ({"by": "ward"}, ["column 'ward' is missing"]),
        ({"by": ["practice"]}, ["by is ['practice']"]),
    ],
)
def test_validations_are_rejected_by_argument(
    people: pa.Table, arguments: dict[str, Any], texts: list[str]
) -> None:
    says(rejection(validate_formula, people, **({"cost": "cost"} | ROLES | arguments)), *texts)


def test_validation_of_one_practice_is_rejected(people: pa.Table) -> None:
    one = changed(people, {"practice": ["P"] * N})
    error = rejection(validate_formula, one, cost="cost", categories=["sex"])
    says(error, "'estimation'", "'other_people'", "more than one practice")


def test_validation_needs_names_of_persons(people: pa.Table) -> None:
    nameless = people.drop_columns("person")
    says(rejection(validate_formula, nameless, cost="cost", **ROLES), "column 'person' is missing")


# ---- Names --------------------------------------------------------------------------------------
def test_terms_that_a_file_could_not_tell_apart_are_rejected(people: pa.Table) -> None:
    codes = pa.table({"person": [1_000, 1_001, 1_002], "code": ["diabetes", "asthma", "diabetes"]})
    error = rejected(people, codes=codes)
    says(error, "two terms are called 'diabetes'")
    blank = changed(people, {"sex": ["" if i % 2 else "m" for i in range(people.num_rows)]})
    says(rejected(blank), "column 'sex': a level is empty text")


# ---- Anything at all ----------------------------------------------------------------------------
CELLS: dict[str, pa.Array] = {
    "text": pa.array(["a", "b", " ", "17"]),
    "empty": pa.array(["a", ""]),
    "integers": pa.array([0, 1, 17, -(2**63)]),
    "flags": pa.array([True, False]),
    "bits": pa.array([0, 1], pa.int8()),
    "must be a number": pa.array([0.0, 1.0, 0.3, 12.5]),
    "wild": pa.array([0.0, 1e-320, 1e-160, 1e150, 1e308]),
    "bad": pa.array([0.0, NAN, INF, -1.0, None]),
    "dates": pa.array([0, 1], pa.date32()),
    "bytes": pa.array([b"a", b"\xff"]),
    "lists": pa.array([[1.0], []]),
    "decimals": pa.array([1, 2], pa.decimal128(9, 2)),
    "nothing": pa.array([None]),
}
USUAL = {
    **dict.fromkeys(["cost", "weight", "n1", "n2"], "must be a number"),
    **dict.fromkeys(["c1", "c2", "area", "practice"], "text"),
    **dict.fromkeys(["f1", "f2"], "flags"),
}


@pytest.mark.parametrize("seed", range(4))
def test_garbage_works_or_is_rejected(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    worked = unfit = named = 0
    for _ in range(100):
        rows = int(rng.choice([0, 1, 5, 40]))
        table = {}
        for name, usual in USUAL.items():
            if rng.random() < 0.02:
                continue
            cells = CELLS[rng.choice(list(CELLS)) if rng.random() < 0.06 else usual]
            column = cells.take(pa.array(rng.integers(0, len(cells), rows)))
            simple = usual == "text" and not pa.types.is_nested(column.type)
            table[name] = column.dictionary_encode() if simple and rng.random() < 0.2 else column
        roles: dict[str, Any] = {
            "categories": [["c1", "c2"], ["c1"], []][rng.integers(3)],
            "flags": ["f1", "f2"],
            "need": ["n1"],
            "supply": ["n2"],
            "area": [None, "area"][rng.integers(2)],
            "weight": [None, "weight"][rng.integers(2)],
            "cluster": [None, "practice"][rng.integers(2)],
            "nonnegative": bool(rng.integers(2)),
            "redundant": ["drop", "drop", "error"][rng.integers(3)],
        }
        persons = pa.table(table)
        try:
            formula = fit_formula(persons, cost="cost", **roles)
            results = [formula.coefficients, formula.predict(persons)]
            if "practice" in table:
                evaluation = formula.evaluate(persons, cost="cost")
                results += [formula.need(persons), evaluation.ratios]
                assert all(math.isfinite(x) for x in evaluation.measures.values() if x is not None)
        except FundholderError as error:
            unfit += 1
            named += isinstance(error, ValueError | TypeError) and bool(error.problems)
        else:
            assert all(map(finite, results)), (persons, roles)
            worked += 1
    assert named == unfit
    # Both outcomes must be common for this to try anything.
    assert worked > 5 and unfit > 5
