"""Are the atoms of a total where they are: nobody's cost, prices, everybody's ceiling?"""

from __future__ import annotations

from math import exp, floor
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from fundholder import CostModel, StopLoss, cumulative, distribution, variance

# Rounding of the transforms, raised by their damping.
ROUNDING = 1e-10


def annual(p_any: float, family: str, mean: float, shape: float | None = None) -> CostModel:
    shapes = pa.array([shape], pa.float64())
    return CostModel(
        pa.table({"p_any": [p_any], "family": [family], "mean": [mean], "shape": shapes})
    )


def events(*types: tuple[float, str, float, float | None]) -> CostModel:
    rate, family, mean, shape = zip(*types, strict=True)
    shapes = pa.array(shape, pa.float64())
    return CostModel.events(
        pa.table({"rate": rate, "family": family, "mean": mean, "shape": shapes})
    )


def people(count: int) -> pa.Table:
    return pa.table({"practice": ["A"], "count": [count]})


def at(count: int, costs: CostModel, points: list[float], **terms: Any) -> list[float]:
    table = pa.table({"practice": ["A"] * len(points), "cost": points})
    return cumulative(people(count), costs, at=table, **terms)["cumulative"].to_pylist()


@pytest.mark.parametrize(
    ("count", "costs", "none"),
    [
        (1, annual(0.3, "lognormal", 2_000.0, 1.6), 0.7),
        (20, annual(0.3, "lognormal", 2_000.0, 1.6), 0.7**20),
        (10, events((1.0, "gamma", 2_000.0, 0.05)), exp(-10)),
        (3, events((0.5, "pareto", 2_000.0, 3.0), (0.1, "fixed", 90.0, None)), exp(-1.8)),
    ],
)
def test_nobody_costs_anything_as_often_as_that(count: int, costs: CostModel, none: float) -> None:
    assert at(count, costs, [0.0]) == pytest.approx([none], rel=1e-9)
    ceiling = at(count, costs, [0.0], stop_loss=1_000.0)
    # The lattice of a year leaves out 1e-6 of the severities, at their lower ends.
    assert ceiling == pytest.approx([none], rel=2e-6)


def test_everybody_at_the_ceiling_is_an_atom() -> None:
    """The maximum of two people with a Weibull severity, and what lies below it."""
    costs, ceiling = annual(0.9, "weibull", 5_381.0, 2.8), 2_812.45
    above = 0.9 * stats.weibull_min(2.8, scale=5_381 / stats.weibull_min(2.8).mean()).sf(ceiling)
    below, most = at(2, costs, [2 * ceiling - 0.01, 2 * ceiling], stop_loss=ceiling)
    assert most == 1.0
    assert below == pytest.approx(1 - above**2, abs=5e-6)  # 0.01 below it the density is 2e-4
    one = variance(people(1), annual(0.9, "weibull", 9_000.0, 2.8), stop_loss=5_832.38)
    assert one["q0.5"].to_pylist() == [5_832.38]


def test_events_under_a_ceiling_pass_it_as_often_as_in_simulation() -> None:
    """8 people with 5.36 events a year, kept up to £86.38: 37.3 % of years over by 5 %."""
    costs = events((5.36, "lognormal", 55.0, 1.047))
    over = variance(people(8), costs, stop_loss=86.38)["p_over_0.05"][0].as_py()
    # A simulation of a million years has a standard error of .0005.
    assert over == pytest.approx(0.373, abs=0.002)


def test_a_certain_total_has_no_spread() -> None:
    total = variance(people(4), annual(1.0, "fixed", 1_000.0), thresholds=[0.01])
    assert total["sd"].to_pylist() == [0.0]
    assert total["p_outside_0.01"].to_pylist() == [0.0]
    assert total["q0.5"].to_pylist() == [4_000.0]


def test_a_quantile_at_a_tie_is_the_smaller_total() -> None:
    """Three dice: F(10) is a half."""
    die = CostModel.from_costs(pa.table({"cost": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}), cost="cost")
    assert variance(people(3), die, quantiles=[0.5])["q0.5"].to_pylist() == [10.0]


@pytest.mark.parametrize("p", [0.05, 0.3, 0.8])
def test_one_price_is_a_binomial_at_every_size_of_list(p: float) -> None:
    costs = annual(p, "fixed", 1_000.0)
    size = 100.0
    while size <= 1e7:
        count = floor(size)
        exact = variance(people(count), costs, quantiles=[0.01, 0.5, 0.99], thresholds=[0.01])
        truth = stats.binom(count, p)
        for q in (0.01, 0.5, 0.99):
            costly = round(exact[f"q{q}"][0].as_py() / 1_000)
            # A median may be a tie to ten digits.
            assert truth.cdf(costly - 1) - 1e-9 < q < truth.cdf(costly) + 1e-9, count
        over = truth.sf(floor(1.01 * count * p * (1 + 1e-12)))
        # SciPy's own tail of a binomial of millions is good to 1e-8.
        assert exact["p_over_0.01"][0].as_py() == pytest.approx(over, abs=1e-8), count
        size *= 1.35


def test_consultations_and_visits_add_up_to_a_whole_nation() -> None:
    """5 consultations at £36 and 1.2 visits at £90 a year, of 50,000 people: two Poisson counts."""
    costs = events((5.0, "fixed", 36.0, None), (1.2, "fixed", 90.0, None))
    count = 50_000
    exact = variance(people(count), costs, quantiles=[0.1, 0.9])
    rng = np.random.Generator(np.random.PCG64(1))
    totals = 36 * rng.poisson(5 * count, 400_000) + 90 * rng.poisson(1.2 * count, 400_000)
    for q in (0.1, 0.9):
        # 4 standard errors of a sample's quantile, where the density is 0.175 to an SD.
        error = 4 * np.sqrt(q * (1 - q) / totals.size) / 0.175 * exact["sd"][0].as_py()
        assert exact[f"q{q}"][0].as_py() == pytest.approx(np.quantile(totals, q), abs=error)


def test_prices_without_a_common_measure_are_a_compound_poisson() -> None:
    """15 prices of equal expected cost, and £78,400 a year."""
    prices = np.geomspace(2_000, 40_000, 15)
    costs = events(*[(11.2 / 15 / price, "fixed", float(price), None) for price in prices])
    exact = variance(people(7_000), costs, quantiles=[0.5, 0.9, 0.99])
    rng = np.random.Generator(np.random.PCG64(2))
    totals = sum(rng.poisson(7_000 * 11.2 / 15 / price, 400_000) * price for price in prices)
    for q in (0.5, 0.9, 0.99):
        # As many years are below the quantile as that, but for chance: 4 standard errors.
        share = np.mean(totals <= exact[f"q{q}"][0].as_py())
        assert share == pytest.approx(q, abs=4 * np.sqrt(q * (1 - q) / totals.size))


def test_a_budget_far_away_is_passed_never() -> None:
    """Ten times the expected cost."""
    budget = pa.table({"practice": ["A"], "budget": [6e6]})
    for costs in (annual(0.3, "lognormal", 2_000.0, 1.6), annual(0.3, "pareto", 2_000.0, 2.5)):
        with pytest.warns(UserWarning, match="are they budgets of other costs"):
            table = variance(people(1_000), costs, budgets=budget)
        over = table["p_over_0.05"][0].as_py()
        # 300 costs a year, each above £5.7 million with at most this probability.
        assert 0 <= over < 300 * 4e-9 + 1e-5


@pytest.mark.parametrize(
    ("count", "p_any", "family", "shape", "probability", "alone"),
    [
        (7_000, 0.3, "lognormal", 1.6, 1 - 1e-9, stats.lognorm(1.6)),
        (200, 0.02, "pareto", 2.5, 0.9999, stats.pareto(2.5)),
    ],
)
def test_a_far_quantile_is_passed_as_rarely_as_that(
    count: int, p_any: float, family: str, shape: float, probability: float, alone: Any
) -> None:
    """Far out the total is one large cost beside the mean of the others, to a few per cent."""
    costs = annual(p_any, family, 2_667.0, shape)
    exact = variance(people(count), costs, quantiles=[probability])
    quantile, expected = exact[f"q{probability}"][0].as_py(), exact["expected"][0].as_py()
    large = (quantile - expected) * alone.mean() / 2_667
    assert count * p_any * alone.sf(large) == pytest.approx(1 - probability, rel=0.25)


def test_many_prices_of_a_million_people_have_an_answer() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    prices = np.round(rng.uniform(10, 5_000, 113), 2)
    rates = rng.uniform(0.001, 0.1, 113)
    costs = events(
        *[(float(r), "fixed", float(x), None) for r, x in zip(rates, prices, strict=True)]
    )
    exact = variance(people(1_000_000), costs, quantiles=[0.05, 0.95])
    sd = float(np.sqrt(1e6 * (rates * prices**2).sum()))
    assert exact["sd"][0].as_py() == pytest.approx(sd, rel=1e-9)
    # As good as normal: the skewness is 5e-4.
    for q in (0.05, 0.95):
        z = (exact[f"q{q}"][0].as_py() - exact["expected"][0].as_py()) / sd
        assert z == pytest.approx(stats.norm.ppf(q), abs=2e-3)


def test_a_table_of_a_distribution_holds_its_atoms() -> None:
    costs = annual(0.5, "fixed", 10.0)
    table = distribution(people(2), costs, points=100)
    held = {
        row["cost"]: row["probability"]
        for row in table.to_pylist()
        if row["probability"] > ROUNDING
    }
    assert held == pytest.approx({0.0: 0.25, 10.0: 0.5, 20.0: 0.25}, abs=ROUNDING)


def test_share_and_limit_keep_their_corners() -> None:
    """One person at two prices: what is kept are three atoms."""
    costs = events((1e-3, "fixed", 3_000.0, None))
    contract = StopLoss(1_000.0, share=0.5, limit=800.0)
    # Kept: 3,000 less half of 2,000, at most 800, is 2,200; two events are 6,000 less 800.
    below, first, second = at(1, costs, [2_199.0, 2_200.0, 5_200.0], stop_loss=contract)
    none = exp(-1e-3)
    assert below == pytest.approx(none, abs=ROUNDING)
    assert first == pytest.approx(none * (1 + 1e-3), abs=ROUNDING)
    assert second == pytest.approx(none * (1 + 1e-3 + 5e-7), abs=ROUNDING)
