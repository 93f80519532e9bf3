"""Are distributions of costs in a narrow range right, under a ceiling and an effect?

Costs that are narrower than a step of a lattice once had transforms above 1 in size, whose powers
by people exploded and left mass, mean and SD as they were.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fundholder import CostModel, distribution, simulate, variance
from rejections import rejection

CEILING = 20_000.0
QUANTILES = (0.1, 0.5, 0.9, 0.99)


def one_family(family: str, mean: float, shape: float) -> CostModel:
    table = {"p_any": [0.3], "family": [family], "mean": [mean], "shape": [shape]}
    return CostModel(pa.table(table))


def pareto_from(least: float, shape: float) -> CostModel:
    return one_family("pareto", least * shape / (shape - 1), shape)


def agrees(model: CostModel, count: int, sd: float, tolerance: float) -> None:
    people = pa.table({"practice": ["A"], "count": [count]})
    terms = {"stop_loss": CEILING, "practice_sd": sd}
    exact = variance(people, model, quantiles=QUANTILES, **terms)
    row = exact.to_pylist()[0]
    moments = variance(people, model, method="moments", **terms).to_pylist()[0]
    for name in ("expected", "sd"):
        assert row[name] == pytest.approx(moments[name], abs=tolerance * moments["sd"])
    # How far the distribution itself is from them.
    for name in ("mean", "sd"):
        assert float(exact.schema.metadata[f"fundholder.largest_{name}_error".encode()]) < tolerance
    table = distribution(people, model, **terms)
    cost, probability, cumulative = (
        table[name].to_numpy() for name in ("cost", "probability", "cumulative")
    )
    assert probability.min() >= 0
    # A table holds all but 1e-10 at either end.
    assert probability.sum() == pytest.approx(1, abs=1e-9)
    assert (np.diff(cumulative) >= 0).all()
    # Rows stand in the middle of their points.
    mean = cost @ probability
    assert mean == pytest.approx(row["expected"], abs=2e-3 * row["sd"])
    assert np.sqrt((cost - mean) ** 2 @ probability) == pytest.approx(row["sd"], rel=2e-3)
    run = simulate(people, model, replications=4_000, seed=11, **terms)
    drawn = run.summary(quantiles=QUANTILES).to_pylist()[0]
    # 112 figures of 16 cases: at 4.5 standard errors one in a thousand seeds fails.
    for name in ("expected", "sd", "p_over_0.05", *(f"q{q}" for q in QUANTILES)):
        assert abs(drawn[name] - row[name]) <= 4.5 * drawn[f"{name}_se"], name


@pytest.mark.parametrize("sd", [0.02, 0.05])
@pytest.mark.parametrize("count", [400, 5_000])
@pytest.mark.parametrize("shape", [2.5, 6.0, 20.0])
def test_pareto_from_just_below_a_ceiling(shape: float, count: int, sd: float) -> None:
    if (shape, count, sd) == (20.0, 5_000, 0.05):
        pytest.skip("the moments lane is off at its nodes: an error, below")
    # A lattice's tolerance: the least cost crosses the ceiling at 1 to 2.5 SDs of the effect.
    agrees(pareto_from(0.95 * CEILING, shape), count, sd, 1e-4)


@pytest.mark.parametrize(
    ("family", "shape", "count"),
    [("lognormal", 0.01, 5_000), ("gamma", 1e5, 400), ("weibull", 90.0, 2_000)],
)
def test_narrow_families(family: str, shape: float, count: int) -> None:
    # Of a series the SD may be 1e-5 of itself off.
    agrees(one_family(family, 19_000.0, shape), count, 0.02, 5e-6)


def test_the_case_that_was_reported() -> None:
    people = pa.table({"practice": ["A"], "count": [5_000]})
    model = one_family("pareto", 19_000.0, 20.0)
    row = variance(people, model, stop_loss=CEILING, practice_sd=0.02).to_pylist()[0]
    # 40,000 years drawn with numpy gave .0362 (standard error .0009); it was .2015.
    assert row["p_over_0.05"] == pytest.approx(0.0352, abs=5e-4)


def test_prices_under_a_ceiling_and_an_effect() -> None:
    # Years of these events are hundreds of sums, but most are of one or two.
    prices = {
        "rate": [0.2, 0.3, 0.1],
        "family": ["fixed"] * 3,
        "mean": [6_000.0, 137.0, 19_900.0],
        "shape": pa.array([None] * 3, pa.float64()),
    }
    # 256 nodes of a lattice and 512 of the moments lane differ by 1.2e-5.
    agrees(CostModel.events(pa.table(prices)), 400, 0.05, 2e-5)


def test_advice_does_not_ask_for_the_ceiling_that_is_there() -> None:
    # Both lanes sum over nodes across the kink at the ceiling; they are 1.4e-4 of an SD apart.
    people = pa.table({"practice": ["A"], "count": [5_000]})
    model = pareto_from(0.95 * CEILING, 20.0)
    error = rejection(lambda: variance(people, model, stop_loss=CEILING, practice_sd=0.05))
    (problem,) = error.problems
    assert problem.code == "not_computable"
    assert str(error).endswith('give method "simulation"')
