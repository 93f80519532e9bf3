"""Do years of hundreds of events under a frailty keep their mean and spread, on every lattice?"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import special, stats

from fundholder import CostModel, variance

ONE = pa.table({"practice": ["A"], "count": [1]})


def events(
    rates: list[float], family: str, means: list[float], shape: float | None, sd: float
) -> CostModel:
    n = len(rates)
    table = {"rate": rates, "family": [family] * n, "mean": means, "shape": [shape] * n}
    schema = {"shape": pa.array(table["shape"], pa.float64())}
    return CostModel.events(pa.table(table | schema), frailty_sd=sd)


def moments(model: CostModel, ceiling: float, of: str) -> tuple[float, float]:
    row = variance(ONE, model, stop_loss=ceiling, of=of, method="moments").to_pylist()[0]
    return row["expected"], row["sd"]


def loss(model: CostModel, ceiling: float) -> float:
    """Net and ceded over gross, less 1."""
    net, ceded, gross = (moments(model, ceiling, of)[0] for of in ("net", "ceded", "gross"))
    return (net + ceded) / gross - 1


def spread(first: float, second: float) -> tuple[float, float]:
    return first, math.sqrt(second - first**2)


def prices_under(
    rates: list[float], prices: list[float], sd: float, ceiling: float
) -> tuple[float, float]:
    """Mean and SD from all negative multinomial counts that cost less than the ceiling."""
    v = sd * sd
    counts = np.meshgrid(*[np.arange(int(ceiling / x) + 1) for x in prices], indexing="ij")
    cost = sum(n * x for n, x in zip(counts, prices, strict=True))
    below = cost < ceiling
    all_events = sum(counts)[below]
    logs = special.gammaln(1 / v + all_events) - special.gammaln(1 / v)
    logs -= math.log1p(v * sum(rates)) / v
    for n, rate in zip(counts, rates, strict=True):
        logs += n[below] * math.log(v * rate / (1 + v * sum(rates)))
        logs -= special.gammaln(n[below] + 1)
    p, cost = np.exp(logs), cost[below]
    above = 1 - p.sum()
    return spread(p @ cost + above * ceiling, p @ cost**2 + above * ceiling**2)


def gamma_under(
    rate: float, mean: float, shape: float, sd: float, ceiling: float
) -> tuple[float, float]:
    """Mean and SD from incomplete gamma functions of every count."""
    theta, v = mean / shape, sd * sd
    counts = stats.nbinom(1 / v, 1 / (1 + v * rate))
    n = np.arange(1, int(40 * ceiling / mean + 500))
    p, a = counts.pmf(n), n * shape
    zeroth, first, second = (special.gammainc(a + k, ceiling / theta) for k in range(3))
    above = 1 - counts.pmf(0) - p @ zeroth
    return spread(
        p @ (a * theta * first) + above * ceiling,
        p @ (a * (a + 1) * theta**2 * second) + above * ceiling**2,
    )


# What is left: third moments of a cost that three points share, n times in a year of n events, over
# the cube of 512 steps at which one lattice fades into the next; 6e-7 of the mean was the most.
TOLERANCE = 1e-6


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("ceiling", [2_667.44, 30_000.0])
@pytest.mark.parametrize(
    ("rates", "prices"),
    [
        ([0.5, 5.0], [100.01, 733.37]),
        ([2.75, 1.53, 0.063], [312.96, 439.05, 978.49]),
        ([20.0, 30.0, 0.01], [12.34, 55.5, 7_777.0]),
    ],
)
def test_prices_are_those_of_all_counts(
    rates: list[float], prices: list[float], ceiling: float, sd: float
) -> None:
    model = events(rates, "fixed", prices, None, sd)
    assert abs(loss(model, ceiling)) < TOLERANCE
    want = prices_under(rates, prices, sd, ceiling)
    # Sums that are small and likely are listed, so that these are exact but for the lattices' tail.
    assert moments(model, ceiling, "net") == pytest.approx(want, rel=5e-7)


def test_three_prices_are_the_figures_of_an_independent_sum() -> None:
    """1,000 people, by another program's sum over all counts."""
    rates, prices = [2.7507464, 1.5289122, 0.0632755], [312.96, 439.05, 978.49]
    net, sd = moments(events(rates, "fixed", prices, None, 2.0), 2_667.44, "net")
    assert 1_000 * net == pytest.approx(827_144.1, abs=0.06)
    assert math.sqrt(1_000) * sd == pytest.approx(33_332.0, abs=0.06)


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("rate", [0.5, 50.0])
@pytest.mark.parametrize("ceiling", [2_000.0, 100_000.0])
def test_gamma_severities_are_those_of_all_counts(rate: float, ceiling: float, sd: float) -> None:
    model = events([rate], "gamma", [500.0], 0.8, sd)
    want = gamma_under(rate, 500.0, 0.8, sd, ceiling)
    # The ceiling lies between two of 1,024 points at least: 5e-8.
    assert moments(model, ceiling, "net") == pytest.approx(want, rel=2e-7)


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("rate", [0.5, 50.0])
@pytest.mark.parametrize(
    ("family", "shape"), [("lognormal", 1.0), ("gamma", 0.8), ("weibull", 0.7), ("pareto", 2.5)]
)
def test_net_and_ceded_are_gross(family: str, shape: float, rate: float, sd: float) -> None:
    assert abs(loss(events([rate], family, [500.0], shape, sd), 2_000.0)) < TOLERANCE


@pytest.mark.parametrize("sd", [1.0, 3.0])
def test_a_rare_costly_price_keeps_its_digits_beside_many(sd: float) -> None:
    rates, prices = [30.0, 1e-9], [10.01, 5e6]
    ceiling = 4e6
    model = events(rates, "fixed", prices, None, sd)
    ceded = moments(model, ceiling, "ceded")[0]
    # Of the rare event nearly alone: £1,000,000 and, by the frailty, (1 + v) times 30 of £10.01.
    want = 1e-9 * (1e6 + 30 * 10.01 * (1 + sd * sd))
    assert ceded == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("sd", [0.0, 2.0])
def test_people_of_many_rates_are_those_each_alone(sd: float) -> None:
    """A grid of risk classes against 150 practices of one class each."""
    rng = np.random.default_rng(1)
    n = 150
    people = {"count": [3] * n, "scale": rng.lognormal(0, 1, n), "p_any": rng.random(n) * 0.8}
    model = events([0.5], "gamma", [500.0], 0.8, sd)
    together = pa.table({"practice": ["A"] * n, **people})
    apart = pa.table({"practice": [f"P{i}" for i in range(n)], **people})
    one = variance(together, model, stop_loss=2_000.0, method="moments").to_pylist()[0]
    each = variance(apart, model, stop_loss=2_000.0, method="moments").to_pydict()
    # Eight nodes an eighth apart in the logarithm of the rate leave 5e-9. With the frailty, 0.8 is
    # 156 events, of which the lattices themselves leave some 1e-7 that is no smooth function of it:
    # 3.6e-8 of the mean was seen.
    tolerance = 2e-8 if sd == 0 else 1e-7
    assert one["expected"] == pytest.approx(sum(each["expected"]), rel=tolerance)
    assert one["sd"] == pytest.approx(math.sqrt(sum(x * x for x in each["sd"])), rel=tolerance)
