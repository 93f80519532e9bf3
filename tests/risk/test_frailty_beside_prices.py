"""Does a frailty tie prices to costs with a density, and leave prices alone the atoms they are?"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import special

from fundholder import CostModel, StopLoss, distribution, simulate, variance
from rejections import rejection, says

SHAPE = 0.8


def visits_and_stays(rates: list[float], price: float, mean: float, sd: float) -> CostModel:
    table = {
        "rate": rates,
        "family": ["fixed", "gamma"],
        "mean": [price, mean],
        "shape": [None, SHAPE],
    }
    return CostModel.events(pa.table(table), frailty_sd=sd)


def log_weight(n: np.ndarray, m: np.ndarray, rates: list[float], sd: float) -> np.ndarray:
    """Logarithm of the probability of n visits and m stays: negative multinomial."""
    k = 1 / sd**2
    total = k + sum(rates)
    logs = special.gammaln(k + n + m) - special.gammaln(k)
    logs -= special.gammaln(n + 1) + special.gammaln(m + 1)
    return logs + k * math.log(k / total) + n * math.log(rates[0] / total) + m * math.log(
        rates[1] / total
    )  # fmt: skip


def under_ceiling(
    rates: list[float], price: float, mean: float, sd: float, ceiling: float
) -> tuple[float, float]:
    """Mean and SD of a year, from the incomplete gamma functions of so many stays."""
    theta = mean / SHAPE
    n = np.arange(math.ceil(ceiling / price))
    m = np.arange(int(ceiling / theta / SHAPE * 3 + 200 / SHAPE))
    n, m = np.meshgrid(n, m, indexing="ij")
    weight = np.exp(log_weight(n, m, rates, sd))
    left, shape = (ceiling - n * price) / theta, SHAPE * m

    def up_to(j: int) -> np.ndarray:
        """E[stays^j; stays <= what the ceiling leaves]."""
        rising = np.prod([shape + i for i in range(j)], axis=0) if j else 1.0
        some = special.gammainc(np.maximum(shape + j, 1e-300), left)
        return theta**j * rising * np.where(m > 0, some, float(j == 0))

    zeroth, first, second = (weight * up_to(j) for j in range(3))
    above = 1 - zeroth.sum()
    fixed = n * price
    e1 = (fixed * zeroth + first).sum() + above * ceiling
    e2 = (fixed**2 * zeroth + 2 * fixed * first + second).sum() + above * ceiling**2
    return e1, math.sqrt(e2 - e1 * e1)


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.5, 5.0])
@pytest.mark.parametrize(
    ("rates", "price", "mean", "ceiling"),
    [
        ([4.0, 0.3], 36.0, 4_000.0, 10_000.0),
        ([0.05, 0.5], 30_000.0, 900.0, 40_000.0),
        ([20.0, 2.0], 150.0, 700.0, 6_000.0),
        ([0.5, 0.05], 1_000.0, 1_000.0, 2_500.0),
        ([1.0, 12.0], 777.0, 250.0, 9_000.0),
    ],
)
def test_years_under_a_ceiling_are_those_of_negative_multinomial_counts(
    rates: list[float], price: float, mean: float, ceiling: float, sd: float
) -> None:
    model = visits_and_stays(rates, price, mean, sd)
    moments = model.moments(StopLoss(ceiling)).to_pylist()[0]
    e1, spread = under_ceiling(rates, price, mean, sd, ceiling)
    # A cost between two of 4,096 points is shared by both, which adds to the variance: up to 1.4e-6
    # of the SD where 12 stays a year are summed.
    assert moments["mean"] == pytest.approx(e1, abs=1e-6 * spread)
    assert moments["sd"] == pytest.approx(spread, rel=2e-6)


@pytest.mark.parametrize("sd", [0.5, 2.0])
def test_visits_alone_are_atoms(sd: float) -> None:
    rates, price, mean = [1.5, 0.4], 500.0, 3_000.0
    one = pa.table({"practice": ["A"], "count": [1]})
    model = visits_and_stays(rates, price, mean, sd)
    table = distribution(one, model, stop_loss=20_000.0)
    cost, probability = (table[name].to_numpy() for name in ("cost", "probability"))
    for n in range(6):
        atom = math.exp(log_weight(np.array(n), np.array(0), rates, sd))
        # Rows are £22 apart: with the atom they hold stays of a few pounds.
        row = np.abs(cost - price * n).argmin()
        assert probability[row] == pytest.approx(atom, abs=2e-3)


def test_lanes_agree_on_prices_beside_stays() -> None:
    people = pa.table({"practice": ["A"], "count": [300]})
    model = visits_and_stays([4.0, 0.3], 36.0, 4_000.0, 1.5)
    exact = variance(people, model, stop_loss=8_000.0).to_pylist()[0]
    drawn = simulate(people, model, stop_loss=8_000.0, replications=4_000, seed=3)
    row = drawn.summary(quantiles=(0.9,)).to_pylist()[0]
    for name in ("expected", "sd", "p_over_0.05", "q0.9"):
        assert abs(row[name] - exact[name]) < 4 * row[f"{name}_se"], name


@pytest.mark.parametrize(("sd", "largest"), [(3.0, 0.607285), (10.0, 0.10255)])
def test_a_probability_of_unlimited_events_is_rejected(sd: float, largest: float) -> None:
    model = visits_and_stays([1.0, 0.5], 36.0, 900.0, sd)
    # (1 + 500 sd^2)^(-1 / sd^2) is the probability of none of 500 expected events.
    assert largest == pytest.approx(1 - (1 + 500 * sd**2) ** (-1 / sd**2), abs=1e-6)
    people = {"practice": ["A", "A"], "count": [10, 10]}
    within = pa.table(people | {"p_any": [largest, 0.01]})
    assert variance(within, model, method="moments").num_rows == 1
    beyond = pa.table(people | {"p_any": [0.01, largest + 1e-5]})
    for call in (variance, simulate):
        error = rejection(lambda c=call: c(beyond, model))
        says(error, "column 'p_any', row 1", f"at most {largest}", "500 events")


def test_people_of_many_probabilities_have_their_own_expected_events() -> None:
    sd, mean = 3.0, 900.0
    # Without a price, and with more than 80 costs a year, 300 classes are spread over a grid.
    stays = pa.table({"rate": [1.5], "family": ["gamma"], "mean": [mean], "shape": [SHAPE]})
    p_any = np.linspace(0.01, 0.6, 300)
    v = sd**2
    expected = np.expm1(v * -np.log1p(-p_any)) / v
    square = mean**2 * (1 + 1 / SHAPE)
    people = pa.table({"practice": ["A"] * 300, "p_any": p_any})
    table = variance(people, CostModel.events(stays, frailty_sd=sd), method="moments")
    row = table.to_pylist()[0]
    # The grid's polynomials are off by 6e-11 here.
    assert row["expected"] == pytest.approx(mean * expected.sum(), rel=1e-9)
    spread = math.sqrt((square * expected + v * (mean * expected) ** 2).sum())
    assert row["sd"] == pytest.approx(spread, rel=1e-9)
