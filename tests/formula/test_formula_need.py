"""Are predictions and needs the terms times their coefficients, and do they survive a file?"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import formula_oracle as oracle
from formula_oracle import ROLES, by_unit, column, some_people, with_column
from fundholder import Formula, InputError, allocate, fit_formula

# Of predictions and coefficients, as in test_formula.py.
CLOSE = 1e-8


# ---- What people and units are predicted to cost ------------------------------------------------
@pytest.mark.parametrize("neutral", [True, False])
def test_predictions_are_the_terms_times_their_coefficients(
    people: pa.Table, formula: Formula, expected: oracle.Fit, neutral: bool
) -> None:
    table = formula.predict(people, neutral=neutral)
    assert table.column_names == ["person", "practice", "predicted"]
    assert table["person"].to_pylist() == people["person"].to_pylist()
    assert table["practice"].to_pylist() == people["practice"].to_pylist()
    matrix = expected.design.matrix
    matrix = expected.neutral(matrix) if neutral else matrix
    # In £: predictions are of the order of £1,000, terms of born times its coefficient of £100,000.
    assert column(table, "predicted") == pytest.approx(matrix @ expected.coefficients, abs=1e-4)


def test_predictions_with_codes_are_those_of_their_flags(people: pa.Table, codes: pa.Table) -> None:
    formula = fit_formula(people, cost="cost", categories=["age"], codes=codes)
    own = oracle.fit(people, categories=["age"], codes=codes)
    predicted = column(formula.predict(people, codes=codes), "predicted")
    assert predicted == pytest.approx(own.design.matrix @ own.coefficients, rel=CLOSE)
    ages = [term.startswith("age=") for term in own.design.terms]
    ill = set(codes["person"].to_pylist())
    well = np.array([person not in ill for person in people["person"].to_pylist()])
    plain = np.where(ages, own.design.matrix, 0) @ own.coefficients
    assert predicted[well] == pytest.approx(plain[well], rel=CLOSE)
    # Names that only look alike: everyone would be taken for healthy.
    others = pa.table(
        {"person": [f"0{p}" for p in codes["person"].to_pylist()], "code": codes["code"]}
    )
    with pytest.raises(InputError, match="no person of codes is in persons"):
        formula.predict(people, codes=others)
    with pytest.raises(InputError, match="codes is empty"):
        formula.predict(people, codes=codes.slice(0, 0))


@pytest.mark.parametrize("neutral", [True, False])
@pytest.mark.parametrize("by", ["practice", "region"])
def test_need_adds_up_predictions(
    people: pa.Table, formula: Formula, expected: oracle.Fit, by: str, neutral: bool
) -> None:
    table = formula.need(people, by=by, neutral=neutral)
    assert table.column_names == [by, "people", "need", "formula_sd"]
    labels = people[by].to_pylist()
    predicted = column(formula.predict(people, neutral=neutral), "predicted")
    sums = by_unit(labels, predicted)
    assert table[by].to_pylist() == list(sums)
    assert table["people"].to_pylist() == [labels.count(unit) for unit in sums]
    assert column(table, "need") == pytest.approx(np.array(list(sums.values())), rel=1e-11)
    matrix = expected.design.matrix
    matrix = expected.neutral(matrix) if neutral else matrix
    sd = [math.sqrt(g @ expected.covariance @ g) for g in by_unit(labels, matrix).values()]
    # The large entries for born and age cancel, the more so when a unit's mean is held.
    assert column(table, "formula_sd") == pytest.approx(np.array(sd), rel=1e-6)


def test_a_row_may_stand_for_several_people(people: pa.Table, formula: Formula) -> None:
    count = np.arange(people.num_rows) % 4
    each = formula.need(people.take(np.repeat(np.arange(people.num_rows), count)))
    groups = formula.need(people.append_column("count", pa.array(count)))
    assert groups["people"].equals(each["people"])
    for name in ("need", "formula_sd"):
        assert column(groups, name) == pytest.approx(column(each, name), rel=1e-12)


def test_formula_sd_is_the_spread_over_repeated_samples(people: pa.Table) -> None:
    """200 samples give the SD to 5 %, and HC1 of 400 people is a little small: hence 20 %."""
    roles: dict[str, Any] = {"categories": ["age"], "need": ["deprivation"]}
    needs, claimed = [], []
    for seed in range(200):
        table = fit_formula(some_people(400, seed=500 + seed), cost="cost", **roles).need(people)
        needs.append(column(table, "need"))
        claimed.append(column(table, "formula_sd"))
    claim = np.sqrt(np.mean(np.square(claimed), axis=0))
    assert claim == pytest.approx(np.std(needs, axis=0, ddof=1), rel=0.2)


def test_a_constant_added_to_supply_moves_no_budget(people: pa.Table) -> None:
    """Supply is held at its mean: what all have more of, nobody has more of."""
    before = fit_formula(people, cost="cost", **ROLES).need(people)
    pot: dict[str, Any] = {"need": "need", "total": 1_000_000}
    budgets = column(allocate(before, **pot), "budget")
    for constant in (-3.0, 100.0, 1_000.0):
        moved = with_column(people, "beds", column(people, "beds") + constant)
        after = fit_formula(moved, cost="cost", **ROLES).need(moved)
        # Adding 1,000 rounds beds by 1e-13, and 4e-13 of their SD.
        assert column(after, "need") == pytest.approx(column(before, "need"), rel=1e-9)
        # A remainder of half a penny may be given to another practice.
        assert column(allocate(after, **pot), "budget") == pytest.approx(budgets, abs=0.0101)


def test_neutral_need_does_not_depend_on_where_people_live(
    people: pa.Table, formula: Formula
) -> None:
    elsewhere = with_column(people, "region", people["region"].to_pylist()[::-1])
    elsewhere = with_column(elsewhere, "beds", column(people, "beds")[::-1] * 7)
    assert formula.need(elsewhere).equals(formula.need(people))
    assert not formula.need(elsewhere, neutral=False).equals(formula.need(people, neutral=False))
    without = people.drop_columns(["region", "beds"])
    assert formula.need(without).equals(formula.need(people))


def test_need_of_the_people_who_were_fitted_adds_up_to_their_cost(people: pa.Table) -> None:
    """Residuals of least squares sum to 0 where every person has a level of a category."""
    formula = fit_formula(people, cost="cost", **ROLES)
    cost = column(people, "cost").sum()
    for neutral in (True, False):
        need = column(formula.need(people, neutral=neutral), "need").sum()
        assert need == pytest.approx(cost, rel=1e-9)


# ---- Files --------------------------------------------------------------------------------------
def test_a_formula_reads_back_to_the_same_predictions(
    people: pa.Table, codes: pa.Table, tmp_path: Path
) -> None:
    formula = fit_formula(people, cost="cost", codes=codes, weight="weight", **ROLES)
    formula.write(tmp_path / "formula.csv")
    back = Formula.read(tmp_path / "formula.csv")
    assert back.coefficients.equals(formula.coefficients)
    for neutral in (True, False):
        predictions = back.predict(people, neutral=neutral, codes=codes)
        assert predictions.equals(formula.predict(people, neutral=neutral, codes=codes))
    need = formula.need(people, codes=codes)
    assert back.need(people, codes=codes)["need"].equals(need["need"])


def test_an_analyst_may_change_a_coefficient(
    people: pa.Table, formula: Formula, tmp_path: Path
) -> None:
    path = tmp_path / "formula.csv"
    formula.write(path)
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    header = next(i for i, line in enumerate(lines) if "coefficient" in line)
    where = lines[header].index("coefficient")
    row = next(line for line in lines if line and "diabetes" in line[: where + 1])
    old, row[where] = float(row[where]), "10000"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    changed = column(Formula.read(path).predict(people), "predicted")
    same = column(formula.predict(people), "predicted")
    ill = column(people, "diabetes")
    assert changed[~ill].tolist() == same[~ill].tolist()
    # Pence of predictions of £10,000.
    assert changed[ill] - same[ill] == pytest.approx(np.full(ill.sum(), 10_000 - old), abs=1e-6)
