"""Do budgets and risk share their people, and is what does not fit together rejected?"""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from typing import Any

import numpy as np
import polars
import pyarrow as pa
import pytest

from arrow_types import reads_polars
from formula_oracle import some_codes, some_people
from fundholder import CostModel, Formula, InputTypeError, fit_formula, variance, with_formula_error
from rejections import rejection, says

TERMS: dict[str, Any] = {"categories": ["age"], "need": ["deprivation"]}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return some_people(600)


@pytest.fixture(scope="module")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", **TERMS)


@pytest.fixture(scope="module")
def costs(people: pa.Table, formula: Formula) -> Any:
    return formula.cost_model(people, cost="cost", bands=5)


# ---- People -------------------------------------------------------------------------------------
@reads_polars
def test_labels_of_any_type_go_with_people(people: pa.Table, costs: Any) -> None:
    """Polars' text arrives as views."""
    frame = polars.from_arrow(people)
    expected = costs.population(people)
    population = costs.population(frame)
    assert population.column_names == expected.column_names
    assert {"person", "sex", "region"} <= set(population.column_names)
    for name in ("practice", "region", "band", "scale"):
        assert population[name].to_pylist() == expected[name].to_pylist()


def test_a_row_that_stands_for_several_people(people: pa.Table, costs: Any) -> None:
    people = people.drop_columns("person")
    count = np.arange(people.num_rows) % 3
    groups = costs.population(people.append_column("count", pa.array(count)))
    each = costs.population(people.take(np.repeat(np.arange(people.num_rows), count)))
    grouped, expected = (variance(t, costs, method="moments") for t in (groups, each))
    assert grouped["people"].equals(expected["people"])
    # Sums of a hundred people, in another order.
    assert grouped["sd"].to_numpy() == pytest.approx(expected["sd"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize(
    ("by", "columns", "texts"),
    [
        ("ward", {}, ["column 'ward' is missing"]),
        (
            "deprivation",
            {},
            ["column 'deprivation' is double", "a dictionary of strings or an integer"],
        ),
        ("diabetes", {}, ["column 'diabetes' is bool"]),
        ("practice", {"region": ["x"] * 600}, ["column 'region' is there 2 times: must be unique"]),
        (
            "practice",
            {"practice": ["x"] * 600},
            ["column 'practice' is there 2 times: must be unique"],
        ),
        ("ward", {"ward": ["x", None] * 300}, ["column 'ward', row 1: null"]),
        ("practice", {"count": ["x"] * 600}, ["column 'count' is string"]),
    ],
)
def test_people_that_are_rejected(
    people: pa.Table, costs: Any, by: str, columns: dict[str, Any], texts: list[str]
) -> None:
    for name, values in columns.items():
        people = people.append_column(name, pa.array(values))
    says(rejection(costs.population, people, by=by), *texts)


def test_arguments_of_people_are_rejected_by_name(people: pa.Table, costs: Any) -> None:
    error = rejection(costs.population, people, by=3, codes=4, rounded="yes")
    assert isinstance(error, InputTypeError)
    says(error, "3 problems", "by is 3", "codes is 4", "rounded is 'yes'")


# ---- Models -------------------------------------------------------------------------------------
def test_arguments_of_models_are_rejected_by_name(people: pa.Table, formula: Formula) -> None:
    error = rejection(
        *(formula.cost_model, people),
        **{"cost": None, "weight": 3, "tail": "pareto", "neutral": 1, "codes": 5, "bands": 0},
    )
    says(error, "6 problems", "cost is None", "weight is 3", "tail is 'pareto'", "neutral is 1")
    says(error, "codes is 5", "bands is 0")


def test_bands_in_which_nothing_was_spent() -> None:
    persons = pa.table({"old": [0, 0, 0, 1, 1, 1], "spent": [0.0, 0.0, 90.0, 900.0, 300.0, 500.0]})
    formula = fit_formula(persons, cost="spent", flags="old")
    other = persons.set_column(1, "spent", pa.array([0.0, 0.0, 0.0, 900.0, 300.0, 500.0]))
    error = rejection(formula.cost_model, other, cost="spent", bands=2)
    says(error, "predicted-cost band '1 to £30'", "use fewer bands")
    assert "ratio" not in str(error)
    formula.cost_model(other, cost="spent", bands=1)


def test_too_few_people_for_a_tail_are_rejected(people: pa.Table, formula: Formula) -> None:
    error = rejection(formula.cost_model, people, cost="cost", tail="gpd")
    says(error, "predicted-cost band", "a tail needs at least 50", "use fewer bands")


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_the_same(people: pa.Table, costs: Any, again: Any) -> None:
    other = again(costs)
    assert other.table.equals(costs.table)
    assert other.population(people).equals(costs.population(people))


def test_other_models_are_plain(costs: Any) -> None:
    years = pa.table({"spent": [0.0, 100.0]})
    events = pa.table({"rate": [0.1], "family": ["fixed"], "mean": [5.0], "shape": [None]})
    models = [type(costs).from_costs(years, cost="spent"), type(costs).events(events)]
    assert [type(model) for model in models] == [CostModel, CostModel]
    assert pickle.loads(pickle.dumps(models[0])).table.equals(models[0].table)


# ---- Warnings -----------------------------------------------------------------------------------
def test_a_warning_names_the_line_that_led_to_it(people: pa.Table) -> None:
    codes = some_codes(people)
    own = codes.filter(pa.array([code != "E15" for code in codes["code"].to_pylist()]))
    formula = fit_formula(people, cost="cost", categories=["age"], codes=own)
    with pytest.warns(UserWarning, match="E15"):
        costs = formula.cost_model(people, cost="cost", bands=2, codes=codes)
    calls = {
        "predict": lambda: formula.predict(people, codes=codes),
        "need": lambda: formula.need(people, codes=codes),
        "evaluate": lambda: formula.evaluate(people, cost="cost", codes=codes),
        "cost_model": lambda: formula.cost_model(people, cost="cost", bands=2, codes=codes),
        "population": lambda: costs.population(people, codes=codes),
    }
    for name, call in calls.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert [warning.filename for warning in caught] == [__file__], name


# ---- The error of the formula -------------------------------------------------------------------
SPREAD: dict[str, Any] = {
    "practice": ["B", "A"],
    "budget": [500.0, 1000.0],
    "sd": [30.0, 60.0],
    "systematic_sd": [0.0, 0.0],
}
NEED: dict[str, Any] = {
    "practice": ["A", "B"],
    "need": [1000.0, 1000.0],
    "formula_sd": [80.0, 80.0],
}


@reads_polars
def test_formula_errors_take_any_table_in_any_order() -> None:
    """Relative errors of 8 %: £40 of £500 beside £30, and £80 of £1,000 beside £60."""
    for spread, need in (
        (pa.table(SPREAD), polars.DataFrame(NEED)),
        (polars.DataFrame(SPREAD), pa.table(NEED)),
        (pa.table(SPREAD).to_reader(), pa.table(NEED).to_reader()),
    ):
        table = with_formula_error(spread, need)
        assert table["practice"].to_pylist() == ["B", "A"]
        # Of a product and a root, each rounded.
        assert table["formula_sd"].to_pylist() == pytest.approx([40.0, 80.0], rel=1e-15)
        assert table["total_sd"].to_pylist() == pytest.approx([50.0, 100.0], rel=1e-15)


@pytest.mark.parametrize(
    ("spread", "need", "texts"),
    [
        ({"sd": [math.nan, 1.0]}, {}, ["column 'sd', row 0: NaN"]),
        ({"budget": [1.0, None]}, {}, ["column 'budget', row 1: null"]),
        ({"budget": ["a", "b"]}, {}, ["column 'budget' is string"]),
        ({"sd": [1.0, -1.0]}, {}, ["column 'sd', row 1: -1"]),
        ({"practice": ["A", "A"]}, {}, ["'A' is a duplicate of row 0"]),
        ({"practice": ["A", None]}, {}, ["column 'practice', row 1: null"]),
        ({}, {"practice": ["A", "A"]}, ["'A' is a duplicate of row 0"]),
        ({}, {"need": [0.0, 1.0]}, ["column 'need', row 0: 0", "above 0"]),
        ({}, {"formula_sd": [None, 1.0]}, ["column 'formula_sd', row 0: null", "a covariance"]),
        ({}, {"formula_sd": [math.inf, 1.0]}, ["column 'formula_sd', row 0: inf"]),
        ({}, {"practice": ["A", "C"]}, ["need: no row for 'B'", "variance: no row for 'C'"]),
        ({"total_sd": [1.0, 2.0]}, {}, ["'total_sd'"]),
    ],
)
def test_what_has_no_formula_error(
    spread: dict[str, Any], need: dict[str, Any], texts: list[str]
) -> None:
    error = rejection(with_formula_error, pa.table(SPREAD | spread), pa.table(NEED | need))
    says(error, *texts)


def test_arguments_of_formula_errors_are_rejected_by_name() -> None:
    for bad in (None, 3, {"practice": pa.table(SPREAD), "icb": pa.table(SPREAD)}):
        assert isinstance(rejection(with_formula_error, bad, pa.table(NEED)), InputTypeError)
    says(rejection(with_formula_error, pa.table(SPREAD), pa.table(NEED), by=3), "by is 3")
    says(rejection(with_formula_error, pa.table(SPREAD), pa.table(NEED), by="need"), "by is 'need'")
