"""Does a formula say truly how good it is, on people that it has not seen?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import formula_oracle as oracle
from formula_oracle import ROLES, by_unit, some_people
from fundholder import Formula, InputError, fit_formula, validate_formula


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return some_people()


@pytest.fixture(scope="module")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", weight="weight", **ROLES)


def column(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy()


# ---- How good it is -----------------------------------------------------------------------------
@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("neutral", [True, False])
def test_measures_are_those_of_the_oracle(
    people: pa.Table, formula: Formula, weight: str | None, neutral: bool
) -> None:
    others = some_people(500, seed=9)
    evaluation = formula.evaluate(others, cost="cost", weight=weight, neutral=neutral)
    y, f = (
        column(others, "cost"),
        column(formula.predict(others, neutral=neutral), "predicted"),
    )
    w = np.ones(500) if weight is None else column(others, weight)
    labels = others["practice"].to_pylist()
    size, actual, predicted = (
        np.array(list(by_unit(labels, v).values())) for v in (w, w * y, w * f)
    )
    expected = {
        "people": 500,
        "r2_person": oracle.r2(y, f, w),
        "r2_practice": oracle.r2(actual / size, predicted / size, size),
        "mean_absolute_error": np.average(abs(y - f), weights=w),
        "mean_actual": np.average(y, weights=w),
        "mean_predicted": np.average(f, weights=w),
    }
    for name, value in expected.items():
        assert evaluation.measures[name] == pytest.approx(value, rel=1e-9), name
        assert evaluation[name] == evaluation.measures[name]


def test_ratios_of_groups_are_predicted_over_actual(people: pa.Table, formula: Formula) -> None:
    others = some_people(500, seed=9)
    table = formula.evaluate(others, cost="cost", groups=["practice"], weight="weight").ratios
    assert table.column_names == ["group", "level", "people", "actual", "predicted", "ratio"]
    rows = table.to_pylist()
    y, w = column(others, "cost"), column(others, "weight")
    f = column(formula.predict(others, neutral=False), "predicted")
    for group in ("age", "sex", "practice"):
        own = {row["level"]: row for row in rows if row["group"] == group}
        labels = others[group].to_pylist()
        assert list(own) == sorted(set(labels))
        for level, row in own.items():
            inside = np.array(labels) == level
            actual, predicted = (w * y)[inside].sum(), (w * f)[inside].sum()
            assert row["people"] == inside.sum()
            assert row["ratio"] == pytest.approx(predicted / actual, rel=1e-9)
            assert row["predicted"] / row["actual"] == pytest.approx(row["ratio"], rel=1e-12)


def test_ratios_of_deciles_of_what_people_are_predicted_to_cost(
    people: pa.Table, formula: Formula
) -> None:
    rows = formula.evaluate(people, cost="cost").ratios.to_pylist()
    deciles = [row for row in rows if row["group"] == "decile"]
    assert [int(row["level"]) for row in deciles] == list(range(1, 11))
    assert [row["people"] for row in deciles] == [40] * 10
    f = column(formula.predict(people, neutral=False), "predicted")
    order = np.argsort(f)
    for i, row in enumerate(deciles):
        own = order[40 * i : 40 * (i + 1)]
        ratio = f[own].sum() / column(people, "cost")[own].sum()
        assert row["ratio"] == pytest.approx(ratio, rel=1e-9)


# ---- On other people and other practices --------------------------------------------------------
SAMPLES = ("estimation", "other_people", "other_practices")
TERMS: dict[str, Any] = {"cost": "cost", "categories": ["age"], "need": ["deprivation"]}


@pytest.fixture(scope="module")
def many() -> pa.Table:
    """6,000 people in 200 practices."""
    table = some_people(6_000, seed=21)
    practice = np.random.Generator(np.random.PCG64(22)).integers(0, 200, table.num_rows)
    return table.set_column(1, "practice", pa.array([f"P{i:03d}" for i in practice]))


def with_costs(table: pa.Table, changed: np.ndarray) -> pa.Table:
    """£1,000 more for some people."""
    cost = column(table, "cost") + 1_000 * changed
    return table.set_column(table.column_names.index("cost"), "cost", pa.array(cost))


def test_everyone_is_in_one_sample(many: pa.Table) -> None:
    """Shares are those of a draw by practice and then by person: within 4 SD of a binomial's.

    A practice's size varies too, so that of people outside has 1.02 times the SD of its practices.
    """
    validation = validate_formula(many, other_practices=0.3, other_people=0.4, **TERMS)
    people = {name: getattr(validation, name)["people"] for name in SAMPLES}
    assert sum(people.values()) == 6_000
    assert people["other_practices"] / 6_000 == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 200) ** 0.5)
    inside = 6_000 - people["other_practices"]
    assert people["other_people"] / inside == pytest.approx(0.4, abs=4 * (0.24 / inside) ** 0.5)
    assert validation.formula.people == people["estimation"]


def test_who_is_in_which_sample() -> None:
    """The formula knows the costs of those it was fitted to, and of nobody else.

    Each practice in turn costs more: where the formula stays as it was, its people are outside of
    the first sample. Likewise each person of the practices that are inside.
    """
    few = some_people(120, seed=23)
    validation = validate_formula(few, **TERMS)
    before = validation.formula.coefficients

    def unmoved(changed: np.ndarray) -> bool:
        return validate_formula(with_costs(few, changed), **TERMS).formula.coefficients.equals(
            before
        )

    practice = np.array(few["practice"].to_pylist())
    outside = [unit for unit in np.unique(practice) if unmoved(practice == unit)]
    in_outside = np.isin(practice, outside)
    assert 0 < len(outside) < 12
    assert in_outside.sum() == validation.other_practices["people"]
    person = column(few, "person")
    inside = [unmoved(person == one) for one in person[~in_outside]]
    assert sum(inside) == validation.other_people["people"]
    assert len(inside) - sum(inside) == validation.estimation["people"]


def test_each_sample_is_evaluated_as_by_hand(many: pa.Table) -> None:
    """The first sample's R2 is that of the fit; all three together are everyone."""
    validation = validate_formula(many, **TERMS)
    assert validation.estimation["r2_person"] == pytest.approx(validation.formula.r2, rel=1e-9)
    sums = {
        name: sum(getattr(validation, s)["people"] * getattr(validation, s)[name] for s in SAMPLES)
        for name in ("mean_actual", "mean_predicted", "mean_absolute_error")
    }
    overall = validation.formula.evaluate(many, cost="cost")
    for name, total in sums.items():
        assert total / 6_000 == pytest.approx(overall[name], rel=1e-9), name


def test_what_only_looks_like_need_does_not_validate() -> None:
    """40 flags of chance improve the fit and spoil the prediction: why there are other samples."""
    table = some_people(800, seed=25)
    rng = np.random.Generator(np.random.PCG64(26))
    names = [f"x{i}" for i in range(40)]
    for name in names:
        table = table.append_column(name, pa.array(rng.random(800) < 0.1))
    lean, rich = (validate_formula(table, flags=flags, **TERMS) for flags in ([], names))
    assert rich.estimation["r2_person"] > lean.estimation["r2_person"] + 0.05
    assert rich.other_people["r2_person"] < lean.other_people["r2_person"]
    assert rich.other_practices["r2_person"] < lean.other_practices["r2_person"]


def test_a_wrong_cell_is_named_by_its_row_of_the_table() -> None:
    n = 400
    spent = [100.0 + i % 7 for i in range(n)]
    table = {
        "person": range(n),
        "practice": [i % 20 for i in range(n)],
        "old": [i % 2 for i in range(n)],
    }
    for row in (0, 57, 233, 399):
        wrong = [*spent]
        wrong[row] = float("nan")
        with pytest.raises(InputError) as raised:
            validate_formula(pa.table({**table, "spent": wrong}), cost="spent", flags="old")
        (problem,) = raised.value.problems
        assert problem.row == row and f"row {row}:" in problem
