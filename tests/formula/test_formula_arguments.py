"""Are columns asked for by any list understood, and what cannot be meant rejected?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from formula_oracle import ROLES, some_codes, some_people
from fundholder import Formula, InputTypeError, fit_formula, validate_formula
from rejections import rejection, says

TERMS: dict[str, Any] = {"cost": "cost", "categories": ["age"]}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return some_people(400)


@pytest.fixture(scope="module")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", **ROLES)


# ---- Fitting ------------------------------------------------------------------------------------
def test_clusters_need_errors(people: pa.Table) -> None:
    error = rejection(fit_formula, people, **TERMS, cluster="practice", errors=False)
    says(error, "cluster is 'practice'", "errors=True")


def test_flags_named_twice_are_one_problem(people: pa.Table) -> None:
    error = rejection(fit_formula, people, **TERMS, flags=["diabetes", "diabetes"])
    assert len(error.problems) == 1
    says(error, "flags is ['diabetes', 'diabetes']", "different")


def test_names_one_by_one(people: pa.Table, formula: Formula) -> None:
    """A generator of names is a list of them."""
    roles = {
        name: (part for part in given) if isinstance(given, list) else given
        for name, given in ROLES.items()
    }
    refitted = fit_formula(people, cost="cost", **roles)
    assert refitted.coefficients.equals(formula.coefficients)
    ratios = formula.evaluate(people, cost="cost", groups=(n for n in ["region"])).ratios
    assert "region" in ratios["group"].to_pylist()


def test_a_reader_that_is_read_once_is_not_copied(
    people: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fit_formula(people, **TERMS, errors=False)

    def copied(*_: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("fundholder._formula.persons._copied", copied)
    without_errors = fit_formula(people.to_reader(max_chunksize=50), **TERMS, errors=False)
    assert without_errors.coefficients.equals(expected.coefficients)


# ---- Evaluating ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"groups": 3}, ["groups is 3"]),
        ({"groups": None}, ["groups is None"]),
        ({"groups": [3]}, ["groups is [3]"]),
        ({"by": ["practice"]}, ["by is ['practice']", "name of a column"]),
        ({"by": None, "cost": 3, "weight": 1.5}, ["3 problems", "by", "cost", "weight"]),
    ],
)
def test_arguments_of_wrong_types_are_rejected_by_name(
    people: pa.Table, formula: Formula, arguments: dict[str, Any], texts: list[str]
) -> None:
    for call in (formula.evaluate, validate_formula):
        error = rejection(call, people, **({"cost": "cost"} | arguments))
        assert isinstance(error, InputTypeError)
        says(error, *texts)


@pytest.mark.parametrize(
    "name",
    [
        *("rows", "people", "weight", "actual", "predicted", "decile", "code", "person"),
        *("weighted_actual", "weighted_predicted"),
    ],
)
def test_names_that_the_results_have(people: pa.Table, formula: Formula, name: str) -> None:
    if name not in people.column_names:
        people = people.append_column(name, people["region"])
    for role, value in (("by", name), ("groups", [name])):
        error = rejection(formula.evaluate, people, cost="cost", **{role: value})
        says(error, f"{role} is '{name}'", "another name")


def test_a_unit_without_weight_has_no_cost_per_head(people: pa.Table, formula: Formula) -> None:
    weight = [0.0 if unit == "P03" else 1.0 for unit in people["practice"].to_pylist()]
    table = people.set_column(people.column_names.index("weight"), "weight", pa.array(weight))
    evaluation = formula.evaluate(table, cost="cost", weight="weight", groups=["practice"])
    row = next(row for row in evaluation.units.to_pylist() if row["practice"] == "P03")
    assert row["people"] > 0
    assert row["actual"] is None and row["predicted"] is None
    assert evaluation.units["actual"].null_count == 1
    level = next(row for row in evaluation.ratios.to_pylist() if row["level"] == "P03")
    assert level["actual"] is None and level["ratio"] is None
    others = table.filter(pa.array([w > 0 for w in weight]))
    expected = formula.evaluate(others, cost="cost")
    assert evaluation["r2_practice"] == expected["r2_practice"]


def test_weights_that_are_all_0(people: pa.Table, formula: Formula) -> None:
    table = people.set_column(people.column_names.index("weight"), "weight", pa.array([0.0] * 400))
    error = rejection(formula.evaluate, table, cost="cost", weight="weight")
    says(error, "column 'weight' is 0 for everyone", "above 0")


# ---- Validating ---------------------------------------------------------------------------------
def test_codes_that_can_be_read_once_serve_all_samples(people: pa.Table) -> None:
    codes = some_codes(people)
    materialised = validate_formula(people, **TERMS, codes=codes)
    once = validate_formula(people, **TERMS, codes=codes.to_reader())
    assert once.table.equals(materialised.table)
    says(rejection(validate_formula, people, **TERMS, codes=3), "codes is 3", "__arrow_c_stream__")


# ---- A formula made of tables -------------------------------------------------------------------
def test_terms_of_other_types_are_the_same_formula(people: pa.Table, formula: Formula) -> None:
    terms = formula.coefficients
    levels = terms["level"].combine_chunks()
    i = terms.column_names.index("level")
    for level in (levels.cast(pa.large_string()), levels.dictionary_encode()):
        other = terms.set_column(i, "level", level)
        same = Formula(other, formula.covariance)
        assert same.predict(people).equals(formula.predict(people))
    i = terms.column_names.index("coefficient")
    rounded = terms.set_column(i, "coefficient", terms["coefficient"].cast(pa.float32()))
    predicted = Formula(rounded).predict(people)["predicted"].to_numpy()
    # Single precision has 24 bits; sums of coefficients below £10,000 lose a penny at most.
    assert predicted == pytest.approx(formula.predict(people)["predicted"].to_numpy(), abs=0.01)


def test_tables_that_are_no_formula_are_rejected(formula: Formula) -> None:
    terms, covariance = formula.coefficients, formula.covariance
    assert covariance is not None
    nulls = terms.set_column(2, "coefficient", pa.nulls(len(terms), pa.float64()))
    says(rejection(Formula, nulls), "column 'coefficient', row 0: null")
    says(
        rejection(Formula, pa.concat_tables([terms, terms.slice(0, 1)])), "is a duplicate of row 0"
    )
    one = terms.slice(0, 1)
    bare = one.set_column(one.column_names.index("level"), "level", pa.nulls(1, pa.string()))
    says(rejection(Formula, bare), "row 0: a term of role 'category'")
    says(rejection(Formula, terms, pa.table({})), "column 'term' is missing")
    says(rejection(Formula, terms, covariance.slice(1)), "a row for each term, in the order")
    text = covariance.set_column(1, covariance.column_names[1], pa.array(["x"] * len(covariance)))
    says(rejection(Formula, terms, text), "is string, row 0: 'x': must be a number")
