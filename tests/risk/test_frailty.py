"""Do years of events with a frailty have negative binomial counts, in every lane?"""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from fundholder import (
    CarveOut,
    Contract,
    CostModel,
    StopLoss,
    cumulative,
    distribution,
    simulate,
    variance,
)
from rejections import rejection, says


def events(
    rates: list[float], means: list[float], sd: float, shape: float | None = None, **columns: Any
) -> CostModel:
    count = len(rates)
    family = "fixed" if shape is None else "gamma"
    table = {"rate": rates, "family": [family] * count, "mean": means, "shape": [shape] * count}
    return CostModel.events(pa.table(table | columns), frailty_sd=sd)


def lists(count: int, **columns: Any) -> pa.Table:
    return pa.table({"practice": ["A"], "count": [count], **columns})


def negative_binomial(rate: float, sd: float) -> Any:
    v = sd * sd
    return stats.nbinom(1 / v, 1 / (1 + v * rate))


@pytest.mark.parametrize("sd", [0.01, 0.5, 1.0, 2.5, 10.0])
@pytest.mark.parametrize("rate", [1e-6, 0.3, 4.0, 80.0])
def test_moments_are_those_of_a_compound_negative_binomial(rate: float, sd: float) -> None:
    rates, means = [0.75 * rate, 0.25 * rate], [200.0, 3_000.0]
    moments = events(rates, means, sd, shape=0.8).moments().to_pylist()[0]
    v, shape = sd * sd, 0.8
    m1, m2, m3 = (
        sum(
            r * m**k * math.prod(shape + j for j in range(k)) / shape**k
            for r, m in zip(rates, means, strict=True)
        )
        for k in (1, 2, 3)
    )
    variance_of_year = m2 + v * m1**2
    third = m3 + 3 * v * m1 * m2 + 2 * v**2 * m1**3
    assert moments["mean"] == pytest.approx(m1, rel=1e-12)
    assert moments["sd"] == pytest.approx(math.sqrt(variance_of_year), rel=1e-12)
    assert moments["skewness"] == pytest.approx(third / variance_of_year**1.5, rel=1e-7)
    assert moments["p_any"] == pytest.approx(negative_binomial(rate, sd).sf(0), rel=1e-10)


@pytest.mark.parametrize(("rate", "sd", "people"), [(0.4, 1.0, 1), (2.0, 0.7, 3), (0.05, 3.0, 60)])
def test_events_of_one_price_are_negative_binomial(rate: float, sd: float, people: int) -> None:
    costs = events([rate], [250.0], sd)
    number = np.arange(0, 25)
    at = pa.table({"practice": ["A"] * len(number), "cost": 250.0 * number})
    answer = cumulative(lists(people), costs, at=at)["cumulative"].to_numpy()
    v = sd * sd
    truth = stats.nbinom(people / v, 1 / (1 + v * rate)).cdf(number)
    np.testing.assert_allclose(answer, truth, atol=1e-9)


@pytest.mark.parametrize("sd", [0.4, 1.5, 4.0])
@pytest.mark.parametrize("ceiling", [450.0, 2_000.0, 9_000.0])
@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.9999, 1e-4)])
def test_a_ceiling_bends_sums_of_prices(
    sd: float, ceiling: float, shares: tuple[float, float]
) -> None:
    """Against all numbers of events of two prices: binomial, given the number of both."""
    rate, prices = 1.3, (100.0, 3_100.0)
    costs = events([rate * share for share in shares], list(prices), sd)
    counts = np.arange(0, 1_500)
    p = negative_binomial(rate, sd).pmf(counts)
    first = second = 0.0
    for n, p_n in zip(counts, p, strict=True):
        dear = np.arange(0, min(n, 60) + 1)
        kept = np.minimum(prices[0] * (n - dear) + prices[1] * dear, ceiling)
        weight = stats.binom(n, shares[1]).pmf(dear) * p_n
        first += float(weight @ kept)
        second += float(weight @ kept**2)
    moments = costs.moments(stop_loss=ceiling).to_pylist()[0]
    assert moments["mean"] == pytest.approx(first, rel=1e-6)
    assert moments["sd"] == pytest.approx(math.sqrt(second - first**2), rel=1e-6)


@pytest.mark.parametrize("sd", [0.5, 1.2])
@pytest.mark.parametrize("ceiling", [None, 6_000.0])
def test_lanes_agree(sd: float, ceiling: float | None) -> None:
    costs = events([1.5, 0.08, 0.4], [90.0, 4_000.0, 500.0], sd, shape=1.4)
    people = lists(3_000)
    exact = variance(people, costs, stop_loss=ceiling, practice_sd=0.05)
    moments = variance(people, costs, stop_loss=ceiling, practice_sd=0.05, method="moments")
    assert exact["sd"][0].as_py() == pytest.approx(moments["sd"][0].as_py(), rel=1e-6)
    run = simulate(people, costs, stop_loss=ceiling, practice_sd=0.05, replications=2_000, seed=4)
    simulated = run.summary().to_pylist()[0]
    for name in ("expected", "sd", "skewness", "p_over_0.05", "q0.9"):
        # Twenty figures at 4 standard errors: a false alarm in 800 runs.
        error = simulated[f"{name}_se"]
        assert abs(exact[name][0].as_py() - simulated[name]) < 4 * error, name


def test_simulated_counts_are_negative_binomial() -> None:
    """Of single people, by chi-square: p above 1e-4 at this seed."""
    rate, sd, people = 0.9, 1.3, 400
    run = simulate(
        pa.table({"practice": [f"P{i}" for i in range(people)], "count": [1] * people}),
        events([0.6 * rate, 0.4 * rate], [1.0, 1.0], sd),
        replications=250,
        seed=11,
    )
    counts = np.rint(np.array(run.totals()["gross"].to_pylist())).astype(int).ravel()
    truth = negative_binomial(rate, sd)
    seen = np.append(np.bincount(counts, minlength=10)[:10], (counts >= 10).sum())
    expected = np.append(truth.pmf(np.arange(10)), truth.sf(9)) * counts.size
    assert stats.chisquare(seen, expected).pvalue > 1e-4


@pytest.mark.parametrize("sd", [0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("rate", [0.05, 2.0, 60.0])
@pytest.mark.parametrize("shape", [None, 1.0])
def test_every_distribution_comes(sd: float, rate: float, shape: float | None) -> None:
    """From one person to a nation of them, with tails of a gamma distribution."""
    costs = events([rate], [100.0], sd, shape=shape)
    for people in (1, 30, 2_000, 500_000):
        exact = variance(lists(people), costs, quantiles=[0.9])
        moments = variance(lists(people), costs, method="moments")
        assert exact["sd"][0].as_py() == pytest.approx(moments["sd"][0].as_py(), rel=1e-6)
        if shape is None:
            v = sd * sd
            counts = stats.nbinom(people / v, 1 / (1 + v * rate))
            quantile = 100 * counts.ppf(0.9)
            assert exact["q0.9"][0].as_py() == pytest.approx(quantile, rel=1e-4, abs=1e-6)


def test_services_share_a_person_s_frailty() -> None:
    """Variances of services do not add up: rates move together."""
    columns = {"service": ["visits", "stays", "stays"]}
    costs = events([2.0, 0.2, 0.05], [60.0, 2_000.0, 9_000.0], 1.0, shape=2.0, **columns)
    people = lists(800)
    parts = [variance(people, costs, services=name)["sd"][0].as_py() for name in costs.services]
    total = variance(people, costs)["sd"][0].as_py()
    means = [2.0 * 60.0, 0.2 * 2_000.0 + 0.05 * 9_000.0]
    assert total**2 == pytest.approx(
        parts[0] ** 2 + parts[1] ** 2 + 2 * 800 * means[0] * means[1], rel=1e-6
    )
    contracts = {
        "carve-out": Contract([CarveOut("visits")]),
        "of stays": Contract([CarveOut("visits"), StopLoss(5_000, services=["stays"])]),
        "of all": Contract([StopLoss(8_000)]),
    }
    run = simulate(people, costs, contract=contracts, replications=2_000, seed=2)
    for name, contract in contracts.items():
        exact = variance(people, costs, contract=contract).to_pylist()[0]
        simulated = run.summary(contract=name).to_pylist()[0]
        for column in ("expected", "sd", "q0.99"):
            # Nine figures at 4 standard errors: a false alarm in 1,700 runs.
            error = simulated[f"{column}_se"]
            assert abs(exact[column] - simulated[column]) < 4 * error, (name, column)


def test_a_stop_loss_on_some_services_is_for_the_simulation() -> None:
    columns = {"service": ["visits", "stays"]}
    costs = events([2.0, 0.2], [60.0, 2_000.0], 1.0, shape=2.0, **columns)
    contract = StopLoss(5_000, services=["stays"])
    error = rejection(lambda: variance(lists(100), costs, contract=contract))
    says(error, "share a person's frailty", "only simulation")
    run = simulate(lists(100), costs, contract=contract, replications=50)
    assert run.summary()["expected"][0].as_py() > 0


def test_a_person_s_own_probability_replaces_that_of_an_event() -> None:
    costs = events([0.5], [100.0], 1.1)
    p_any, v = 0.6, 1.1**2
    rate = ((1 - p_any) ** -v - 1) / v
    row = variance(lists(1, p_any=[p_any]), costs).to_pylist()[0]
    assert row["expected"] == pytest.approx(100 * rate, rel=1e-12)
    assert row["sd"] == pytest.approx(100 * math.sqrt(rate + v * rate**2), rel=1e-6)
    table = distribution(lists(1, p_any=[p_any]), costs)
    assert table["cumulative"][0].as_py() == pytest.approx(1 - p_any, abs=1e-9)


def test_a_small_frailty_is_nearly_none() -> None:
    few, none = (events([1.2, 0.1], [80.0, 2_000.0], sd, shape=1.5) for sd in (1e-3, 0.0))
    for ceiling in (None, 1_500.0):
        a, b = (costs.moments(stop_loss=ceiling).to_pylist()[0] for costs in (few, none))
        for name in ("mean", "sd", "skewness", "p_any"):
            assert a[name] == pytest.approx(b[name], rel=2e-6), name


def test_a_frailty_stays_with_the_model() -> None:
    costs = events([1.0, 0.5], [10.0, 20.0], 0.7)
    assert costs.table["frailty_sd"].to_pylist() == pytest.approx([0.7, 0.7], rel=1e-15)
    for other in (
        CostModel.events(costs.table),
        pickle.loads(pickle.dumps(costs)),
        copy.deepcopy(costs),
    ):
        assert other.moments().equals(costs.moments())
    assert "frailty_sd" not in events([1.0], [10.0], 0.0).table.column_names
    people = lists(50)
    digests = {
        simulate(people, events([1.0], [10.0], sd), replications=2).metadata[
            "fundholder.costs_digest"
        ]
        for sd in (0.0, 0.5, 0.7)
    }
    assert len(digests) == 3


def test_bands_may_have_their_own() -> None:
    table = pa.table(
        {
            "band": ["a", "b", "b"],
            "rate": [1.0, 0.5, 0.5],
            "family": ["fixed"] * 3,
            "mean": [100.0] * 3,
            "shape": pa.nulls(3),
            "frailty_sd": [0.0, 2.0, 2.0],
        }
    )
    sds = CostModel.events(table).moments()["sd"].to_pylist()
    assert sds == pytest.approx([100.0, 100 * math.sqrt(5)], rel=1e-12)


@pytest.mark.parametrize(
    ("sd", "column", "words"),
    [
        (-1.0, None, ["frailty_sd is -1"]),
        (float("nan"), None, ["frailty_sd is nan"]),
        (11.0, None, ["frailty_sd is 11", "from 0 to 10"]),
        (1e-9, None, ["frailty_sd is 1e-9", "0.001"]),
        ("much", None, ["frailty_sd"]),
        (0.5, [0.5, 0.5], ["frailty_sd is 0.5", "0 where the table has such a column"]),
        (0.0, [0.5, -1.0], ["column 'frailty_sd', row 1"]),
        (0.0, [0.5, None], ["column 'frailty_sd', row 1", "null"]),
        (0.0, [0.5, 0.6], ["row 1", "the same in all rows of a band"]),
    ],
)
def test_wrong_frailties_are_rejected(sd: Any, column: Any, words: list[str]) -> None:
    columns = {} if column is None else {"frailty_sd": column}
    says(rejection(lambda: events([1.0, 2.0], [5.0, 6.0], sd, **columns)), *words)


def test_a_frailty_of_yearly_amounts_is_rejected() -> None:
    table = {"p_any": [0.5], "family": ["fixed"], "mean": [10.0], "shape": pa.nulls(1)}
    amounts = pa.table(table | {"frailty_sd": [1.0]})
    says(rejection(lambda: CostModel(amounts)), "column 'frailty_sd'", "CostModel.events")
