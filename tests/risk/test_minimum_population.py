"""Is the smallest pool the smallest, and is it said where there is none?"""

from __future__ import annotations

from math import log, sqrt
from statistics import NormalDist
from typing import Any

import pyarrow as pa
import pytest

from fundholder import CostModel, minimum_population, variance


def outside(people: int, costs: CostModel, tolerance: float, **terms: Any) -> float:
    population = pa.table({"practice": ["A"], "count": [people]})
    row = variance(population, costs, thresholds=[tolerance], **terms).to_pylist()[0]
    return row[f"p_outside_{tolerance}"]


def answer(costs: CostModel, **terms: Any) -> dict[str, Any]:
    rows = minimum_population(costs, **terms).to_pylist()
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("tolerance", "probability", "terms"),
    [
        (0.1, 0.05, {}),
        (0.1, 0.05, {"stop_loss": 20_000}),
        (0.05, 0.01, {"stop_loss": 20_000}),
        (0.2, 0.2, {"stop_loss": 5_000}),
        (0.02, 0.05, {}),
        (0.1, 0.05, {"practice_sd": 0.04}),
        (0.1, 0.1, {"practice_sd": 0.03, "stop_loss": 20_000}),
    ],
)
def test_one_person_fewer_is_too_few(
    costs: CostModel, tolerance: float, probability: float, terms: dict[str, Any]
) -> None:
    smallest = answer(costs, tolerance=tolerance, probability=probability, **terms)
    assert (smallest["tolerance"], smallest["probability"]) == (tolerance, probability)
    at = outside(smallest["people"], costs, tolerance, **terms)
    below = outside(smallest["people"] - 1, costs, tolerance, **terms)
    assert at <= probability < below
    assert smallest["p_outside"] == pytest.approx(at, abs=1e-9)


def test_a_ceiling_makes_smaller_pools_enough(costs: CostModel) -> None:
    sizes = [
        answer(costs, tolerance=0.1, probability=0.05, stop_loss=ceiling)["people"]
        for ceiling in (2_000, 20_000, None)
    ]
    assert sizes == sorted(set(sizes))


def test_no_pool_is_large_enough_against_a_practice_effect(costs: CostModel) -> None:
    smallest = answer(costs, tolerance=0.1, probability=0.05, practice_sd=0.1)
    assert smallest["people"] is None
    # Of a very large pool the effect alone is left, lognormal of mean 1.
    tau = sqrt(log(1 + 0.1**2))
    effect = NormalDist(-(tau**2) / 2, tau)
    limit = 1 - effect.cdf(log(1.1)) + effect.cdf(log(0.9))
    assert smallest["p_outside_limit"] == pytest.approx(limit, abs=1e-6)
    without = answer(costs, tolerance=0.1, probability=0.05)
    assert without["p_outside_limit"] == 0


def test_a_population_gives_the_mix_of_the_pool(banded: CostModel) -> None:
    bands = pa.table({"practice": ["A", "A"], "band": ["young", "old"], "count": [30, 10]})
    smallest = answer(banded, tolerance=0.1, probability=0.05, population=bands, stop_loss=20_000)
    # Three young to one old, as near as whole people allow.
    old = smallest["people"] / 4
    pool = {"practice": ["A"] * 2, "band": ["young", "old"]}
    chances = [
        variance(
            pa.table(pool | {"count": [round(3 * n), round(n)]}), banded, thresholds=[0.1],
            stop_loss=20_000,
        )["p_outside_0.1"][0].as_py()
        for n in (old * 0.99, old * 1.01)
    ]  # fmt: skip
    assert chances[0] > 0.05 > chances[1]
