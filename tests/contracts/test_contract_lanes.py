"""Do the lanes agree on services and contracts, and with sums that are computed by hand?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    CarveOut,
    Contract,
    Corridor,
    CostModel,
    SharedSavings,
    StopLoss,
    settle,
    simulate,
    variance,
)
from random_contracts import SCORE, random_case, random_mix

SEEDS = range(33)
REPLICATIONS = 2_000
COLUMNS = (
    "expected",
    "sd",
    "chance_sd",
    "p_over_0.02",
    "p_under_0.02",
    "q0.9",
    "expected_ceded",
    "expected_bonus",
    "p_bonus",
    "expected_penalty",
    "p_penalty",
)


def distance(exact: float, simulated: float, error: float, scale: float) -> float:
    """Standard errors between two figures; 1e-5 of the scale is below what a simulation tells."""
    return abs(exact - simulated) / max(error, 1e-5 * scale)


@pytest.mark.parametrize("seed", SEEDS)
def test_exact_and_simulated_outcomes_are_the_same(seed: int) -> None:
    case = random_case(seed)
    options = {
        "budgets": case.budgets(),
        "scores": case.scores(),
        "thresholds": [0.02],
        "quantiles": [0.9],
    }
    exact = variance(case.population(), case.costs, contract=case.contract, **options)
    run = simulate(
        case.population(),
        case.costs,
        contract=case.contract,
        replications=REPLICATIONS,
        seed=seed,
    )
    simulated = run.summary(**options)
    for column in COLUMNS:
        if column not in simulated.column_names or column not in exact.column_names:
            continue
        values = (
            table[name][0].as_py()
            for table, name in ((exact, column), (simulated, column), (simulated, f"{column}_se"))
        )
        truth, estimate, error = values
        scale = 1.0 if column.startswith("p_") else case.budget
        # 33 cases of 11 figures at 4.5 standard errors: a false alarm in 400 runs of all.
        assert distance(truth, estimate, error, scale) < 4.5, (case.kind, column)


@pytest.mark.parametrize("seed", SEEDS)
def test_books_balance_in_every_replication(seed: int) -> None:
    """Gross cost is borne once, services add up to it, and kept is what settle says it is."""
    case = random_case(seed)
    run = simulate(
        case.population(), case.costs, contract=case.contract, replications=50, seed=seed
    )
    known = {"budgets": case.budgets(), "scores": case.scores()}
    totals = run.totals(services=True, **known)

    def units(name: str) -> np.ndarray:
        return np.rint(np.array(totals[name][0].as_py()) * 10_000).astype(np.int64)

    gross = units("gross")
    of_services = sum(units(f"gross_{service}") for service in case.costs.services)
    assert (gross == of_services).all()
    if case.contract.terms:
        ceded, bonus, penalty, kept = map(units, ("ceded", "bonus", "penalty", "kept"))
        assert (kept == gross - ceded - bonus + penalty).all()
        assert (kept == units("net")).all()
    flows = run.flows(**known)
    costs = flows.filter(pa.compute.equal(flows["kind"], "cost"))
    assert sum(costs["expected"].to_pylist()) == pytest.approx(gross.mean() / 10_000, rel=1e-12)
    unit_terms = case.contract.unit_terms
    if unit_terms:
        persons = Contract(case.contract.person_terms)
        left = simulate(case.population(), case.costs, contract=persons, replications=50, seed=seed)
        actual = left.totals()["net"][0].as_py()
        on_total = [term for term in case.contract.terms if term not in persons.terms]
        year = settle(
            Contract(on_total),
            actual=actual,
            budget=[case.budget] * 50,
            people=[case.people] * 50,
            scores={"quality": [SCORE] * 50},
        )
        assert year["kept"].to_pylist() == totals["kept"][0].as_py()


def kept_by_hand(costs: np.ndarray, services: list[str], contract: Contract) -> np.ndarray:
    """What is kept of persons' costs by service, term by term."""
    left = {frozenset([service]): costs[:, i] for i, service in enumerate(services)}
    for term in contract.person_terms:
        on = set(services if term.services is None else term.services)
        inside = [group for group in left if group <= on]
        subject = sum(left.pop(group) for group in inside)
        if isinstance(term, CarveOut):
            rest = 0 * subject
        else:
            limit = np.inf if term.limit is None else term.limit
            rest = subject - np.minimum(np.maximum(subject - term.ceiling, 0) * term.share, limit)
        left[frozenset().union(*inside)] = rest
    return np.asarray(sum(left.values()))


@pytest.mark.parametrize("seed", range(20))
def test_moments_of_observed_years_are_those_of_their_rows(seed: int) -> None:
    case = random_case(3 * seed + 2)
    rng = np.random.default_rng(seed)
    services = [f"s{i}" for i in range(4)]
    spent = np.where(
        rng.uniform(size=(300, 4)) < 0.4, np.round(rng.lognormal(6, 1.5, (300, 4)), 2), 0
    )
    weight = rng.uniform(0, 3, 300)
    table = pa.table({s: spent[:, i] for i, s in enumerate(services)} | {"w": weight})
    costs = CostModel.from_costs(table, cost=services, weight="w")
    terms = [CarveOut("s3"), StopLoss(900, 0.8, 2_000, ["s0", "s1"]), StopLoss(4_000)]
    for contract in (Contract([]), Contract(terms[1:]), Contract(terms), Contract(terms[2:])):
        kept = kept_by_hand(spent, services, contract)
        mean = np.average(kept, weights=weight)
        sd = np.sqrt(np.average((kept - mean) ** 2, weights=weight))
        moments = costs.moments(contract=contract).to_pylist()[0]
        assert moments["mean"] == pytest.approx(mean, rel=1e-11)
        assert moments["sd"] == pytest.approx(sd, rel=1e-11)
        assert moments["p_any"] == pytest.approx(np.average(kept > 0, weights=weight), rel=1e-11)
    assert case.kind == "observed"


@pytest.mark.parametrize("seed", range(12))
def test_distributions_are_those_of_a_convolution(seed: int) -> None:
    """Prices in pounds by service: the distribution of 40 people, convolved one by one."""
    rng = np.random.default_rng(seed)
    services = ["a", "b", "c"]
    spent = np.where(rng.uniform(size=(30, 3)) < 0.5, 10.0 * rng.integers(1, 60, (30, 3)), 0.0)
    costs = CostModel.from_costs(
        pa.table({s: spent[:, i] for i, s in enumerate(services)}), cost=services
    )
    terms = [StopLoss(float(10 * rng.integers(5, 40)), services=["a", "b"]), CarveOut("c")][
        : 1 + seed % 2
    ]
    person = np.bincount(
        np.rint(kept_by_hand(spent, services, Contract(terms)) / 10).astype(int)
    ) / len(spent)
    total = np.ones(1)
    for _ in range(40):
        total = np.convolve(total, person)
    cost = 10.0 * np.arange(len(total))
    budget = float(10 * round(float(total @ cost) / 10))
    last = [
        Corridor([(0, 0.05, 1.0), (0.05, None, 0.5)]),
        SharedSavings(0.5, 0.4, msr=0.02, mlr=0.03, cap=0.1, loss_limit=0.1),
    ][seed // 2 % 2]
    settled = settle(last, actual=cost, budget=[budget] * len(cost), people=[40] * len(cost))
    kept = settled["kept"].to_numpy()
    mean = float(total @ kept)
    sd = float(np.sqrt(total @ (kept - mean) ** 2))
    answer = variance(
        pa.table({"practice": ["A"], "count": [40]}),
        costs,
        contract=Contract([*terms, last]),
        budgets=pa.table({"practice": ["A"], "budget": [budget]}),
        thresholds=[0.03],
    ).to_pylist()[0]
    assert answer["expected"] == pytest.approx(mean, abs=1e-6 * sd)
    assert answer["sd"] == pytest.approx(sd, rel=1e-6)
    assert answer["p_over_0.03"] == pytest.approx(float(total @ (kept > 1.03 * budget)), abs=1e-9)
    bonus = settled["bonus"].to_numpy()
    assert answer["expected_bonus"] == pytest.approx(float(total @ bonus), abs=1e-6 * sd)
    assert answer["p_bonus"] == pytest.approx(float(total @ (bonus > 0)), abs=1e-9)


def test_gross_digits_are_those_without_services() -> None:
    rng = np.random.default_rng(5)
    case = random_case(0)
    mixed = CostModel(case.costs.table, random_mix(rng, ["a", "b", "c"]))
    plain = CostModel(case.costs.table)
    people = pa.table({"practice": ["A", "B"], "count": [700, 1_900]})
    # A ceiling of many digits is one of whole units of money, whichever way it goes.
    ceiling = 4_000.123456789
    options = {"stop_loss": ceiling, "replications": 60, "practice_sd": 0.1}
    a, b = (simulate(people, costs, **options).totals() for costs in (mixed, plain))
    contract = Contract([StopLoss(ceiling)])
    c = simulate(
        people, mixed, contract={"one": contract}, replications=60, practice_sd=0.1
    ).totals(contract="one")
    for column in ("gross", "net"):
        assert a[column].to_pylist() == b[column].to_pylist() == c[column].to_pylist()
    exact = [variance(people, costs, stop_loss=ceiling) for costs in (mixed, plain)]
    assert exact[0].drop_columns([]).to_pydict() == exact[1].to_pydict()


def test_same_totals_for_any_parts_of_the_population_and_threads() -> None:
    case = random_case(3)
    assert case.kind == "mix"
    people = pa.table({"practice": ["A"] * 3 + ["B"], "count": [500, 1_200, 90, 3_000]})
    options = {"contract": case.contract, "replications": 40, "practice_sd": 0.05, "seed": 9}
    together = simulate(people, case.costs, threads=2, **options).totals(services=True)
    for practice in ("A", "B"):
        alone = people.filter(pa.compute.equal(people["practice"], practice))
        part = simulate(alone, case.costs, threads=1, **options).totals(services=True)
        same = together.filter(pa.compute.equal(together["practice"], practice))
        assert part.to_pydict() == same.to_pydict()


def test_paired_differences_are_smaller_than_their_parts() -> None:
    case = random_case(3)
    contracts = {"low": Contract([StopLoss(2_000)]), "high": Contract([StopLoss(2_500)])}
    run = simulate(case.population(), case.costs, contract=contracts, replications=400)
    difference = run.compare("high", "low").to_pylist()[0]
    kept = [run.summary(contract=name).to_pylist()[0] for name in ("high", "low")]
    apart = kept[0]["expected"] - kept[1]["expected"]
    assert difference["expected"] == pytest.approx(apart, rel=1e-9)
    assert difference["sd"] == pytest.approx(kept[0]["sd"] - kept[1]["sd"], rel=1e-9)
    assert difference["expected_se"] < 0.5 * kept[0]["expected_se"]
    exact = [
        variance(case.population(), case.costs, stop_loss=ceiling).to_pylist()[0]
        for ceiling in (2_500, 2_000)
    ]
    truth = exact[0]["expected"] - exact[1]["expected"]
    assert abs(difference["expected"] - truth) < 4 * difference["expected_se"]


def test_variance_by_simulation_is_the_simulation() -> None:
    case = random_case(6)
    options = {"contract": case.contract, "replications": 50, "seed": 2}
    known = {"budgets": case.budgets(), "scores": case.scores()}
    answer = variance(case.population(), case.costs, method="simulation", **known, **options)
    run = simulate(case.population(), case.costs, services=False, **options)
    assert answer.to_pydict() == run.summary(**known).to_pydict()
    assert case.contract.unit_terms


def test_flows_of_a_stop_loss_alone_hold_its_recovery() -> None:
    case = random_case(3)
    options = {"replications": 50, "seed": 1}
    alone = simulate(case.population(), case.costs, stop_loss=2_000, **options)
    named = simulate(case.population(), case.costs, contract={"a": StopLoss(2_000)}, **options)
    one, other = (run.flows().to_pylist() for run in (alone, named))
    assert {flow["kind"] for flow in one} == {"cost", "recovery"}
    for a, b in zip(one, other, strict=True):
        assert (a["source"], a["kind"]) == (b["source"], b["kind"])
        assert a["expected"] == pytest.approx(b["expected"], rel=1e-12)
