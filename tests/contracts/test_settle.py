"""Do settlements equal published worked cases, do books balance, are wrong contracts rejected?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    AggregateStopLoss,
    ByScore,
    Contract,
    Corridor,
    Gate,
    ProviderPayment,
    QuotaShare,
    SharedSavings,
    StopLoss,
    settle,
)
from rejections import rejection, says

ACA = [(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]
"""42 USC 18062, as the holder's shares."""
MSR = [
    (5_000, 0.039),
    (6_000, 0.036),
    (7_000, 0.034),
    (8_000, 0.032),
    (9_000, 0.031),
    (10_000, 0.030),
    (15_000, 0.027),
    (20_000, 0.025),
    (50_000, 0.022),
    (60_000, 0.020),
]
"""42 CFR 425.604(b)."""
GLOBAL = [(0, 0.25, 1.0), (0.25, 0.35, 0.5), (0.35, 0.5, 0.25), (0.5, None, 0.1)]
"""ACO REACH, Global: the holder's share of savings and losses."""
PART_D = [(0, 0.05, 1.0), (0.05, 0.10, 0.5), (0.10, None, 0.2)]
"""42 USC 1395w-115(e): the plan's share."""


def values(table: pa.Table, column: str) -> list[float]:
    return table[column].to_pylist()


def test_the_corridor_of_the_affordable_care_act() -> None:
    """Target 100: at 103, 105, 108, 110 receives 0, 1.0, 2.5, 4.1, and below pays the same."""
    year = settle(Corridor(ACA), actual=[103, 105, 108, 110, 97, 95, 92, 90], budget=[100] * 8)
    assert values(year, "ceded") == [0, 1.0, 2.5, 4.1, 0, -1.0, -2.5, -4.1]
    assert values(year, "kept") == [103, 104, 105.5, 105.9, 97, 96, 94.5, 94.1]


def test_other_published_corridors() -> None:
    # REACH at a loss of 40 % of 100: the holder bears 25 + 5 + 1.25 of it.
    assert values(settle(Corridor(GLOBAL), actual=[140], budget=[100]), "kept") == [131.25]
    # Part D at 12 % below: of 12 the plan keeps 5 + 2.5 + .4.
    assert values(settle(Corridor(PART_D), actual=[88], budget=[100]), "kept") == [92.1]


def test_the_minimum_savings_rate_by_size_pays_when_it_is_met() -> None:
    terms = SharedSavings(0.5, msr=MSR, cap=0.1)
    sizes = [5_000, 5_500, 12_500, 60_000, 200_000]
    rates = [0.039, 0.0375, 0.0285, 0.02, 0.02]
    budget = 1e8
    met = [budget * (1 - rate) for rate in rates]
    at = settle(terms, actual=met, budget=[budget] * 5, people=sizes)
    assert values(at, "bonus") == pytest.approx([budget * rate / 2 for rate in rates], abs=1e-4)
    # One unit of money more is spent.
    missed = [cost + 0.0001 for cost in met]
    assert (
        values(settle(terms, actual=missed, budget=[budget] * 5, people=sizes), "bonus") == [0] * 5
    )


def test_payments_and_savings_are_capped_differently() -> None:
    """Savings of 30 %, half shared, cap 10 %: 10 % of the budget, or 5 %."""
    for cap_on, bonus in (("payment", 10.0), ("savings", 5.0)):
        terms = SharedSavings(0.5, cap=0.1, cap_on=cap_on)  # type: ignore[arg-type]
        assert values(settle(terms, actual=[70], budget=[100]), "bonus") == [bonus]


def test_next_generation_arithmetic() -> None:
    """Savings and losses are capped at 15 % of the benchmark, and then 80 % of them is shared."""
    terms = SharedSavings(0.8, loss_share=0.8, cap=0.15, cap_on="savings", loss_limit=0.12)
    year = settle(terms, actual=[80, 90, 110, 130], budget=[100] * 4)
    assert values(year, "bonus") == [12, 8, 0, 0]
    assert values(year, "penalty") == [0, 0, 8, 12]
    assert values(year, "kept") == [88, 92, 108, 112]


def random_contract(rng: np.random.Generator) -> Contract:
    terms: list[Any] = []
    if rng.random() < 0.5:
        terms.append(QuotaShare(float(rng.random())))
    if rng.random() < 0.5:
        of_budget = bool(rng.random() < 0.5)
        size = 1.0 if of_budget else 1e6
        limit = None if rng.random() < 0.5 else float(size * rng.random())
        terms.append(
            AggregateStopLoss(float(size * rng.random()), float(rng.random()), limit, of_budget)
        )
    last = rng.integers(3)
    if last == 1:
        ends = np.sort(rng.random(2)).tolist()
        shares = rng.random(3).tolist()
        starts = [0.0, *ends]
        terms.append(Corridor(list(zip(starts, [*ends, None], shares, strict=True))))
    if last == 2:
        share, loss_share, msr, mlr, cap = rng.random(5).tolist()
        terms.append(SharedSavings(share, loss_share, msr / 10, mlr / 10, cap / 5))
    return Contract(terms)


@pytest.mark.parametrize("seed", range(40))
def test_the_cost_of_every_unit_is_borne_once(seed: int) -> None:
    """In whole units of money; and what is kept is within what the terms promise."""
    rng = np.random.default_rng(seed)
    contract = random_contract(rng)
    actual = rng.gamma(4, 2.5e5, 500)
    budget = rng.gamma(40, 2.5e4, 500)
    year = settle(contract, actual=actual, budget=budget)
    units = {
        name: np.rint(year[name].to_numpy() * 10_000).astype(np.int64)
        for name in ("ceded", "bonus", "penalty", "kept")
    }
    gross = np.rint(actual * 10_000).astype(np.int64)
    assert (units["kept"] == gross - units["ceded"] - units["bonus"] + units["penalty"]).all()
    assert (units["kept"] >= 0).all()
    assert (np.minimum(units["bonus"], units["penalty"]) == 0).all()
    if contract.terms and isinstance(contract.terms[-1], SharedSavings):
        money = np.rint(budget * 10_000).astype(np.int64)
        assert (units["kept"] == money - units["bonus"] + units["penalty"]).all()
    # Units of a table and each by itself, in any order.
    order = rng.permutation(500)
    again = settle(contract, actual=actual[order], budget=budget[order])
    assert (again["kept"].to_numpy() == year["kept"].to_numpy()[order]).all()


def test_contracts_read_as_sentences() -> None:
    contract = Contract([QuotaShare(0.25), Corridor(ACA)])
    assert str(contract) == (
        "1. of cost, 25 % is met by the payer\n"
        "2. of cost above or below the budget, the holder bears all up to 3 %, 50 % up to 8 %, "
        "20 % beyond; the rest is the payer's"
    )
    assert "3.9 % (at 5,000 people) to 2 % (at 60,000 people or more)" in str(
        SharedSavings(0.5, msr=MSR)
    )
    assert str(Contract([])) == "the holder bears all"


def test_gates_and_payments_read_as_sentences() -> None:
    contract = Contract(
        [
            ProviderPayment(["a", "b"], above=0.3, below=1),
            ProviderPayment(above=0),
            Gate("quality", minimum=40, full=100),
            SharedSavings(0.5, loss_share=ByScore("quality", [(0, 0.75), (80, 0.4)])),
        ]
    )
    assert str(contract) == (
        "1. a and b care is paid by the holder with 100 % of the budget for it, and 30 % of the "
        "price above; all of what falls short is not paid; the rest is the provider's\n"
        "2. care is paid by the holder with 100 % of the budget for it, whatever it is worth; the "
        "rest is the provider's\n"
        "3. a bonus is in proportion to the quality score, all at 100, and needs a quality score "
        "of 40 or more\n"
        "4. the payer bears the deviation from the budget; of savings, the holder is paid 50 %; "
        "of losses, it pays 75 % (at a quality score of 0) to 40 % (at a quality score of 80 or "
        "more)"
    )
    assert str(Gate("q", minimum=77.05)) == "a bonus needs a q score of 77.05 or more"
    assert str(Gate("q", steps=[(40, 0.5), (80, 1)])) == (
        "of a bonus, a q score of 50 % from 40, 100 % from 80 is paid; below, nothing"
    )
    assert str(ProviderPayment()) == "care is paid by the holder at its price"


def test_savings_on_one_side_read_as_a_sentence() -> None:
    assert str(SharedSavings(0.5, msr=0.02, cap=0.1)) == (
        "the payer bears the deviation from the budget; of savings of 2 % of the budget or more, "
        "the holder is paid 50 %, at most 10 % of the budget; it bears no losses"
    )


def test_scores_are_one_column_or_a_table() -> None:
    contract = Contract([Gate("quality", full=100), SharedSavings(0.5)])
    given = {"actual": [90.0, 80.0], "budget": [100.0] * 2}
    for scores in (
        [50.0, 100.0],
        {"quality": [50.0, 100.0], "other": [1, 2]},
        pa.table({"quality": [50, 100]}),
        np.array([50.0, 100.0]),
    ):
        assert values(settle(contract, scores=scores, **given), "bonus") == [2.5, 10.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda gated: settle(gated, actual=[1], budget=[1]), ["scores", "quality"]),
        (
            lambda gated: settle(gated, actual=[1], budget=[1], scores={"other": [1]}),
            ["'quality'", "which the contract reads"],
        ),
        (lambda gated: settle(gated, actual=[1], budget=[1], scores=[-1]), ["quality", "-1"]),
        (lambda gated: settle(gated, actual=[1], budget=[1], scores=[None]), ["quality", "null"]),
        (lambda gated: settle(gated, actual=[1], budget=[1], scores=[1, 2]), ["1 values"]),
        (
            lambda gated: settle(
                SharedSavings(ByScore("s", [(40, 0.5)])), actual=[1], budget=[2], scores=[39]
            ),
            ["scores: 39 in row 0", "table of rates of share"],
        ),
        (lambda gated: Gate("q"), ["minimum, full, both, or steps"]),
        (lambda gated: Gate("q", 40, steps=[(1, 1)]), ["minimum, full, both, or steps"]),
        (lambda gated: Gate("q", minimum=80, full=80), ["full is 80", "above the minimum"]),
        (lambda gated: Gate("q", steps=[(1, 0.5), (1, 1)]), ["ascending"]),
        (lambda gated: Gate("q", steps=[(1, 1.5)]), ["from 0 to 1"]),
        (lambda gated: Gate("", minimum=-1), ["the name of a score", "minimum is -1"]),
        (lambda gated: ByScore("q", [(1, -1)]), ["rows is -1"]),
        (lambda gated: ByScore("q", []), ["rows of score and rate"]),
        (lambda gated: Contract([Gate("q", 1)]), ["beside SharedSavings"]),
        (lambda gated: ProviderPayment(above=1.5, below=-1), ["above is 1.5", "below is -1"]),
        (lambda gated: ProviderPayment(fixed=-1), ["fixed is -1"]),
        (lambda gated: ProviderPayment(to="holder"), ["other than the holder"]),
        (
            lambda gated: Contract([QuotaShare(0.5), ProviderPayment(["a"])]),
            ["ProviderPayment", "before the terms on the total"],
        ),
        (
            lambda gated: Contract([ProviderPayment(["a"]), StopLoss(1)]),
            ["StopLoss", "before the terms on payments of providers"],
        ),
        (
            lambda gated: Contract([ProviderPayment(["a", "b"]), ProviderPayment("b")]),
            ["services is 'b'", "in one ProviderPayment"],
        ),
        (lambda gated: settle(ProviderPayment(["a"]), actual=[1], budget=[1]), ["settle_persons"]),
        (
            lambda gated: settle(ProviderPayment(), actual=[1]),
            ["budget is None: must be given", "the ProviderPayment compares cost with it"],
        ),
    ],
)
def test_wrong_scores_gates_and_payments_are_rejected(call: Any, words: list[str]) -> None:
    gated = Contract([Gate("quality", full=100), SharedSavings(0.5)])
    says(rejection(lambda: call(gated)), *words)


def test_arrow_columns_and_no_units() -> None:
    table = pa.table({"cost": pa.chunked_array([[1], [2, 3]])})
    year = settle(QuotaShare(0.5), actual=table["cost"])
    assert values(year, "kept") == [0.5, 1, 1.5]
    assert year["budget"].null_count == 3
    assert settle(Contract([]), actual=[]).num_rows == 0


def test_wrong_accounts_are_rejected() -> None:
    corridor = Corridor(ACA)
    assert str(rejection(settle, corridor, actual=[1.0] * 10)) == (
        "budget is None: must be given: the Corridor compares cost with it"
    )
    gated = Contract([Gate("quality", 1), SharedSavings(0.5, msr=MSR)])
    says(
        rejection(settle, gated, actual=[1.0]), "3 problems", "budget is", "people is", "scores is"
    )
    says(rejection(settle, StopLoss(1), actual=[1.0]), "use settle_persons, with a row for each")
    says(rejection(settle, corridor, actual=[1.0], budget=[1, 2]), "as long as actual")
    error = rejection(settle, corridor, actual=[-1.0, 1.0], budget=[1.0, float("nan")])
    says(error, "actual", "-1", "budget", "NaN")
    terms = SharedSavings(0.5, msr=MSR)
    error = rejection(settle, terms, actual=[1.0] * 2, budget=[1.0] * 2, people=[4_999, 5_000])
    says(error, "4999 in row 0", "msr")
    says(rejection(settle, terms, actual=[1.0], budget=[1.0]), "people is None: must be given")
    says(rejection(settle, 5, actual=[1.0]), "contract")
    says(rejection(settle, corridor, actual="many", budget=[1.0]), "actual")
    says(rejection(settle, corridor, actual=[None], budget=[1.0]), "actual")
