"""Do exact distribution, moments and simulation agree, whatever model, people and contract?

Models, populations and contracts are drawn by fixed seeds, one case for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fundholder import CostModel, StopLoss, distribution, simulate, variance

# Others of the first sixteen take minutes: small practices of many prices under effects.
CASES = (0, 3, 5, 7, 10, 15)
# Ranges of the shape. Moments of the fourth order exist, so that a simulated SD has an error.
SHAPES = {
    "lognormal": (0.3, 1.5),
    "gamma": (0.3, 3.0),
    "weibull": (0.6, 2.5),
    "pareto": (5.0, 9.0),
    "fixed": None,
}
REPLICATIONS = 3_000
QUANTILES = [0.1, 0.5, 0.9, 0.99]
# Four standard errors: 6e-5 of failing by chance for each of the 600 figures; these seeds do not.
SE = 4.0


@dataclass(frozen=True)
class Case:
    population: pa.Table
    costs: CostModel
    terms: dict[str, Any]


def case(seed: int) -> Case:
    rng = np.random.Generator(np.random.PCG64(1_000 + seed))
    bands = [f"band {i}" for i in range(rng.integers(1, 4))]
    contracts = [
        None,
        float(rng.integers(2_000, 30_000)),
        StopLoss(float(rng.integers(2_000, 20_000)), share=float(rng.uniform(0.3, 0.95))),
        StopLoss(5_000.0, limit=float(rng.integers(3_000, 40_000))),
        StopLoss(3_000.0, share=0.8, limit=15_000.0),
    ]
    terms = {
        "stop_loss": contracts[seed % 5],
        "practice_sd": float(rng.choice([0.0, 0.05, 0.12])),
        "national_sd": float(rng.choice([0.0, 0.04])),
    }
    return Case(some_people(rng, bands), some_costs(rng, bands, seed), terms)


def some_costs(rng: np.random.Generator, bands: list[str], seed: int) -> CostModel:
    """Claims, events or observed costs, in turn."""
    kind = ("claims", "events", "observed")[seed % 3]
    if kind == "observed":
        n = 600
        cost = np.where(rng.random(n) < 0.6, rng.lognormal(7, 1.3, n), 0.0)
        band = np.resize(bands, n)
        table = pa.table({"cost": cost, "band": band, "w": rng.uniform(0.5, 2, n)})
        tail: Any = None
        return CostModel.from_costs(table, cost="cost", band="band", weight="w", tail=tail)
    rows = []
    for band in bands:
        for _ in range(1 if kind == "claims" else rng.integers(1, 4)):
            family = str(rng.choice(list(SHAPES)))
            span = SHAPES[family]
            row = {"band": band, "family": family, "mean": rng.uniform(300, 6_000)}
            row["shape"] = None if span is None else rng.uniform(*span)
            row |= {"p_any": rng.uniform(0.05, 0.9)} if kind == "claims" else {}
            row |= {"rate": rng.uniform(0.02, 0.8)} if kind == "events" else {}
            rows.append(row)
    table = pa.Table.from_pylist(rows)
    table = table.set_column(3, "shape", table["shape"].cast(pa.float64()))
    return CostModel(table) if kind == "claims" else CostModel.events(table)


def some_people(rng: np.random.Generator, bands: list[str]) -> pa.Table:
    """Individuals and groups, some with a probability of their own, in three practices."""
    rows = 24
    own = rng.uniform(0.05, 0.8, rows)
    # Whoever has a price of their own keeps distributions of fixed prices from falling on few
    # points.
    return pa.table(
        {
            "practice": rng.choice(["A", "B", "C"], rows),
            "nation": ["England"] * rows,
            "band": rng.choice(bands, rows),
            "count": np.where(rng.random(rows) < 0.5, 1, rng.integers(0, 200, rows)),
            "scale": rng.lognormal(0, 0.4, rows),
            "p_any": pa.array(own, mask=rng.random(rows) < 0.4),
        }
    )


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("by", ["practice", "nation"])
def test_the_exact_distribution_has_the_moments_in_closed_form(seed: int, by: str) -> None:
    given = case(seed)
    closed = variance(given.population, given.costs, by=by, method="moments", **given.terms)
    exact_distributions = distribution(
        given.population, given.costs, by=by, points=4_000, **given.terms
    )
    for unit in closed.to_pylist():
        exact_distribution = exact_distributions.filter(pc.equal(exact_distributions[by], unit[by]))
        cost, probability = (
            exact_distribution[name].to_numpy() for name in ("cost", "probability")
        )
        assert probability.sum() == pytest.approx(1, abs=1e-9)
        mean = cost @ probability
        spread = (cost - mean) ** 2 @ probability
        third = (cost - mean) ** 3 @ probability
        # A distribution on a lattice is good to 1e-4, and leaves out what lies beyond a share of
        # 1e-4 of years: little of the mean, more of the SD, most of the skewness.
        assert abs(mean - unit["expected"]) < 2e-4 * unit["sd"]
        assert sqrt(spread) == pytest.approx(unit["sd"], rel=1e-3)
        assert third / unit["sd"] ** 3 == pytest.approx(unit["skewness"], abs=2e-2)


@pytest.mark.parametrize("seed", CASES)
def test_simulated_years_have_the_exact_distribution(seed: int) -> None:
    given = case(seed)
    levels = ["practice", "nation"]
    run = simulate(
        given.population,
        given.costs,
        replications=REPLICATIONS,
        seed=seed,
        by=levels,
        **given.terms,
    )
    for by in levels:
        exact = variance(
            given.population, given.costs, by=by, quantiles=QUANTILES, **given.terms
        ).to_pylist()
        # The budget is the exact mean for both.
        budgets = pa.table({name: [unit[name] for unit in exact] for name in (by, "budget")})
        simulated = run.summary(by, budgets=budgets, quantiles=QUANTILES).to_pylist()
        for unit, years in zip(exact, simulated, strict=True):
            assert unit[by] == years[by] and unit["people"] == years["people"]
            names = ["expected", "sd", "cv", "chance_sd"]
            names += [
                f"p_{side}_{t}" for side in ("over", "under", "outside") for t in (0.05, 0.1, 0.2)
            ]
            names += [f"q{p}" for p in QUANTILES]
            off = {
                name: (unit[name], years[name], years[f"{name}_se"])
                for name in names
                if abs(unit[name] - years[name]) > SE * years[f"{name}_se"]
            }
            assert not off, (by, unit[by])


def test_method_simulation_is_the_summary_of_a_run(banded: CostModel, people: pa.Table) -> None:
    terms: dict[str, Any] = {"by": "icb", "stop_loss": 9_000, "practice_sd": 0.05}
    table = variance(
        people, banded, method="simulation", replications=50, seed=4, threads=1, **terms
    )
    run = simulate(people, banded, replications=50, seed=4, threads=1, **terms)
    expected = run.summary()
    shared = [name for name in expected.column_names if name in table.column_names]
    assert {"icb", "people", "expected", "sd", "p_over_0.1", "q0.995"} <= set(shared)
    for name in shared:
        assert table[name].to_pylist() == expected[name].to_pylist(), name
