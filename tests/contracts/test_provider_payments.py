"""Do simulated payments of providers come to what their terms say, and do the books balance?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fundholder import (
    CarveOut,
    Contract,
    CostModel,
    Gate,
    ProviderPayment,
    QuotaShare,
    SharedSavings,
    Simulation,
    StopLoss,
    pooling,
    simulate,
    variance,
)
from rejections import rejection, says

LISTS = pa.table({"practice": ["A", "B"], "count": [900, 2_500]})
SERVICES = ("emergency", "elective", "drugs")


@pytest.fixture(scope="module")
def costs() -> CostModel:
    amounts = pa.table({"p_any": [0.4], "family": ["gamma"], "mean": [1_500.0], "shape": [0.5]})
    shares = {"emergency": [0.1, 0.6], "elective": [0.2, 0.3], "drugs": [0.7, 0.1]}
    rows = [
        (low, high, service, shares[service][i])
        for i, (low, high) in enumerate([(0.0, 0.8), (0.8, 1.0)])
        for service in SERVICES
    ]
    names = ("rank_from", "rank_to", "service", "share")
    return CostModel(amounts, pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))


def run_of(costs: CostModel, *terms: Any, **options: Any) -> Simulation:
    return simulate(LISTS, costs, contract=Contract(terms), replications=200, seed=3, **options)


def yearly(table: pa.Table, name: str) -> np.ndarray:
    return np.array(table[name].to_pylist())


def test_each_service_is_paid_by_its_own_terms(costs: CostModel) -> None:
    marginal = ProviderPayment("emergency", above=0.3, below=1)
    block = ProviderPayment(["elective"], above=0)
    table = run_of(costs, marginal, block).totals(services=True)
    care = {name: yearly(table, f"gross_{name}") for name in SERVICES}
    baseline = care["emergency"].mean(axis=1, keepdims=True)
    emergency = np.minimum(care["emergency"], baseline + 0.3 * (care["emergency"] - baseline))
    kept = care["drugs"] + emergency + care["elective"].mean(axis=1, keepdims=True)
    # Baselines and shares are rounded to a hundredth of a penny, once each.
    np.testing.assert_allclose(yearly(table, "kept"), kept, rtol=0, atol=3e-4)
    np.testing.assert_allclose(
        yearly(table, "ceded"), yearly(table, "gross") - kept, rtol=0, atol=3e-4
    )


def test_given_budgets_are_what_care_is_compared_with(costs: CostModel) -> None:
    contract = (ProviderPayment(["emergency", "elective"], fixed=1.04, above=0.75),)
    budgets = pa.table({"practice": ["B", "A"], "emergency": [9e5, 3e5], "elective": [2e5, 1e5]})
    run = run_of(costs, *contract)
    table = run.totals(services=True, budgets=budgets)
    care = yearly(table, "gross_emergency") + yearly(table, "gross_elective")
    fixed = 1.04 * np.array([[4e5], [1.1e6]])
    kept = yearly(table, "gross_drugs") + fixed + 0.75 * (care - fixed)
    np.testing.assert_allclose(yearly(table, "kept"), kept, rtol=0, atol=3e-4)
    assert run.summary(budgets=budgets)["expected"].to_pylist() == pytest.approx(kept.mean(axis=1))


def test_care_is_what_terms_on_persons_leave_of_it(costs: CostModel) -> None:
    """A carve-out of part of what is paid for, a stop-loss within it, and a share of the rest."""
    persons = [CarveOut("elective"), StopLoss(2_000, services=["emergency"])]
    care = ProviderPayment(["emergency", "elective"], above=0)
    left = run_of(costs, *persons).totals(services=True)
    table = run_of(costs, *persons, care, QuotaShare(0.5)).totals()
    ceiling = yearly(left, "gross") - yearly(left, "net") - yearly(left, "gross_elective")
    paid = (yearly(left, "gross_emergency") - ceiling).mean(axis=1, keepdims=True)
    kept = (yearly(left, "gross_drugs") + paid) / 2
    # Each of a hundred people above the ceiling is rounded to a hundredth of a penny, twice.
    np.testing.assert_allclose(yearly(table, "kept"), kept, rtol=0, atol=0.01)


def test_books_balance_with_the_provider(costs: CostModel) -> None:
    run = run_of(
        costs,
        StopLoss(4_000, services=["elective"]),
        ProviderPayment("emergency", above=0.3, below=1),
        ProviderPayment("elective", fixed=1.04, above=0.75, to="trust"),
        QuotaShare(0.2),
    )
    flows, gross = run.flows(), run.totals().select(["practice", "gross"]).to_pylist()
    kept = {row["practice"]: row["expected"] for row in run.summary().to_pylist()}
    for row in gross:
        mine = flows.filter(pc.equal(flows["practice"], row["practice"])).to_pylist()
        costs_of = sum(flow["expected"] for flow in mine if flow["kind"] == "cost")
        assert costs_of == pytest.approx(np.mean(row["gross"]), rel=1e-12)
        holder = sum(flow["expected"] * (flow["source"] == "holder") for flow in mine) - sum(
            flow["expected"] * (flow["destination"] == "holder") for flow in mine
        )
        assert holder == pytest.approx(kept[row["practice"]], rel=1e-12)
        assert {flow["source"] for flow in mine} == {"holder", "pool", "provider", "trust", "payer"}


def test_a_block_for_all_care_leaves_no_variance(costs: CostModel) -> None:
    block = ProviderPayment(list(SERVICES), above=0)
    summary = run_of(costs, block, practice_sd=0.1).summary()
    gross = run_of(costs, practice_sd=0.1).summary()
    # Sums of 1e6 as floating-point numbers leave 1e-9 of nothing.
    for name in ("sd", "chance_sd"):
        assert summary[name].to_pylist() == pytest.approx([0, 0], abs=1e-6)
    assert summary["expected"].to_pylist() == pytest.approx(gross["expected"].to_pylist())


def test_a_block_for_one_service_takes_its_effects_away(costs: CostModel) -> None:
    """What is left is the other services': their chance and their systematic variation."""
    run = run_of(costs, ProviderPayment("emergency", above=0), practice_sd=0.1)
    carved = run_of(costs, CarveOut("emergency"), practice_sd=0.1)
    for name in ("sd", "chance_sd", "systematic_sd"):
        kept, left = (table.summary()[name].to_pylist() for table in (run, carved))
        assert kept == pytest.approx(left, rel=1e-7), name


def test_a_payment_of_all_cost_is_the_same_in_both_lanes(costs: CostModel) -> None:
    contract = Contract([ProviderPayment(above=0.3, below=1), QuotaShare(0.25)])
    exact = variance(LISTS, costs, contract=contract)
    run = simulate(LISTS, costs, contract=contract, replications=4_000, seed=5)
    simulated = run.summary()
    for name in ("expected", "sd", "expected_ceded"):
        for unit in range(2):
            error = simulated[f"{name}_se"][unit].as_py()
            # Twelve figures at 4 standard errors: a false alarm in 2,600 runs.
            assert abs(exact[name][unit].as_py() - simulated[name][unit].as_py()) < 4 * error, name


def test_what_a_contract_says_travels_with_results(costs: CostModel) -> None:
    contract = Contract([ProviderPayment("drugs", above=0)])
    run = simulate(LISTS, costs, contract={"a": contract, "b": StopLoss(5)}, replications=2)
    for table in (run.totals(contract="a"), run.summary(contract="a"), run.flows(contract="a")):
        metadata = table.schema.metadata
        assert metadata[b"fundholder.contract.a"].decode() == str(contract)
    alone = simulate(LISTS, costs, contract=contract, replications=2)
    assert alone.metadata["fundholder.contract"] == str(contract)


def test_budgets_and_scores_can_be_traced(costs: CostModel) -> None:
    contract = Contract([ProviderPayment("drugs"), Gate("quality", 40), SharedSavings(0.5)])
    run = simulate(LISTS, costs, contract=contract, replications=5)
    scores = pa.table({"practice": ["A", "B"], "quality": [80.0, 60.0]})
    budgets = pa.table({"practice": ["A", "B"], "budget": [5e5, 1e6], "drugs": [3e5, 6e5]})
    keys = ("scores_digest.quality", "budgets_digest", "budgets_digest.drugs")

    def digests(**known: Any) -> list[bytes]:
        of_all = [
            [table.schema.metadata[f"fundholder.{key}".encode()] for key in keys]
            for table in (run.totals(**known), run.summary(**known), run.flows(**known))
        ]
        assert of_all[0] == of_all[1] == of_all[2]
        return of_all[0]

    first = digests(budgets=budgets, scores=scores)
    assert first == digests(budgets=budgets.take([1, 0]), scores=scores.take([1, 0]))
    other = pa.table({"practice": ["A", "B"], "quality": [80.0, 61.0]})
    second = digests(budgets=budgets, scores=other)
    assert first[0] != second[0] and first[1:] == second[1:]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda costs: run_of(costs, ProviderPayment("dentistry")),
            ["services is 'dentistry'", "emergency, elective, drugs"],
        ),
        (
            lambda costs: run_of(costs, StopLoss(10), ProviderPayment("drugs")),
            ["term 2", "a stop-loss before it", "on all of them, or on none"],
        ),
        (
            lambda costs: run_of(costs, ProviderPayment(["emergency", "drugs"])).totals(
                budgets=pa.table({"practice": ["A", "B"], "drugs": [1.0, 2.0]})
            ),
            ["budgets", "emergency, drugs"],
        ),
        (
            lambda costs: run_of(costs, ProviderPayment("drugs")).totals(
                budgets=pa.table({"practice": ["A"], "drugs": [1.0]})
            ),
            ["no drugs for 'B'"],
        ),
        (
            lambda costs: variance(LISTS, costs, contract=ProviderPayment("drugs")),
            ["method", "'simulation', where providers are paid for some services"],
        ),
        (
            lambda costs: costs.moments(contract=ProviderPayment("drugs")),
            ["ProviderPayment", "terms on a person's year"],
        ),
        (
            lambda costs: pooling(
                LISTS.append_column("icb", pa.array(["X", "X"])),
                costs,
                pool="icb",
                contract=ProviderPayment("drugs"),
            ),
            ["ProviderPayment", "terms on a person's year"],
        ),
        (
            lambda costs: run_of(costs, Gate("quality", 40), SharedSavings(0.5)).summary(),
            ["scores", "quality"],
        ),
        (
            lambda costs: variance(
                LISTS, costs, contract=Contract([Gate("quality", 40), SharedSavings(0.5)])
            ),
            ["scores", "quality"],
        ),
        (
            lambda costs: variance(
                LISTS,
                costs,
                contract=Contract([Gate("quality", 40), SharedSavings(0.5)]),
                scores=pa.table({"practice": ["A"], "quality": [80.0]}),
            ),
            ["no quality for 'B'"],
        ),
        (
            lambda costs: variance(
                LISTS,
                costs,
                contract=Contract([Gate("quality", 40), SharedSavings(0.5)]),
                scores=pa.table({"practice": ["A", "B", "C"], "quality": [80.0, -1, 1]}),
            ),
            ["quality", "-1"],
        ),
    ],
)
def test_what_cannot_be_paid_so_is_rejected(costs: CostModel, call: Any, words: list[str]) -> None:
    says(rejection(lambda: call(costs)), *words)
