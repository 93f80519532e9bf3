"""Has every unit of any model a distribution, and the right one?"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from brute_force import Cost, total
from fundholder import CostModel, FundholderError, StopLoss, cumulative, simulate, variance

# A distribution that takes longer than this is held to be endless.
PATIENCE = 60


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer in {PATIENCE} s")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)


def a_cost(rng: np.random.Generator, band: str, events: bool) -> Cost:
    family = str(rng.choice(["lognormal", "gamma", "weibull", "pareto", "fixed"]))
    mean = float(np.exp(rng.uniform(math.log(20), math.log(20_000))))
    shape = {
        "lognormal": rng.uniform(0.05, 2.2),
        "gamma": np.exp(rng.uniform(-3, 4)),
        "weibull": np.exp(rng.uniform(-0.7, 2)),
        "pareto": rng.uniform(2.1, 6),
        "fixed": None,
    }[family]
    if family == "fixed":
        mean = round(mean, int(rng.integers(-1, 3))) or 10.0
    if events:
        rate = math.exp(rng.uniform(-8, 2.3))
    else:
        rate = float(rng.choice([1.0, rng.uniform(0, 1), math.exp(rng.uniform(-7, 0))]))
    return Cost(band, rate, family, mean, None if shape is None else float(shape))


def a_model(rng: np.random.Generator) -> tuple[CostModel, list[Cost], bool]:
    """One to three bands of mixed families, of events or not."""
    events = bool(rng.random() < 0.4)
    lines = [
        a_cost(rng, f"b{band}", events)
        for band in range(rng.integers(1, 4))
        for _ in range(rng.integers(1, 4) if events else 1)
    ]
    table = {
        "band": [line.band for line in lines],
        "rate" if events else "p_any": [line.rate for line in lines],
        "family": [line.family for line in lines],
        "mean": [line.mean for line in lines],
        "shape": pa.array([line.shape for line in lines], pa.float64()),
    }
    return (CostModel.events if events else CostModel)(pa.table(table)), lines, events


def a_contract(rng: np.random.Generator) -> StopLoss | None:
    if rng.random() < 0.3:
        return None
    ceiling = math.exp(rng.uniform(math.log(50), math.log(60_000)))
    limit = None if rng.random() < 0.7 else 3 * ceiling
    return StopLoss(ceiling, share=float(rng.choice([1.0, 0.7])), limit=limit)


@pytest.mark.parametrize("seed", range(60))
def test_a_few_people_of_any_model_are_those_of_brute_force(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    costs, lines, events = a_model(rng)
    contract = a_contract(rng)
    counts = {line.band: int(rng.integers(1, 9)) for line in lines}
    people = pa.table(
        {"practice": ["A"] * len(counts), "band": list(counts), "count": list(counts.values())}
    )
    moments = variance(people, costs, stop_loss=contract).to_pylist()[0]
    if moments["sd"] == 0:
        return
    largest = moments["expected"] + 12 * moments["sd"]
    step, truth, beside = total(lines, events, contract, counts, largest)
    points = np.linspace(0, largest, 400)
    at = pa.table({"practice": ["A"] * points.size, "cost": points})
    exact = cumulative(people, costs, at=at, stop_loss=contract)["cumulative"].to_numpy()
    # Costs stand within 2e-4 of an SD of where they are, and those of the grid beside their own.
    shift = 2e-4 * moments["sd"] + beside
    before = np.maximum(((points - shift) / step).astype(int) - 1, 0)
    low = np.where(points > shift, truth[before], 0.0)
    high = truth[((points + shift) / step).astype(int) + 1]
    assert np.maximum(low - exact, exact - high).max() < 4e-4


@pytest.mark.parametrize("seed", range(40))
def test_any_model_of_any_size_has_an_answer_or_a_reason(seed: int) -> None:
    """One to ten million people in each practice; practice effects in some."""
    rng = np.random.Generator(np.random.PCG64(1_000 + seed))
    costs, lines, _ = a_model(rng)
    bands = sorted({line.band for line in lines})
    rows = [(f"P{i}", band) for i in range(rng.integers(1, 5)) for band in bands]
    people = pa.table(
        {
            "practice": [practice for practice, _ in rows],
            "band": [band for _, band in rows],
            "count": [int(math.exp(rng.uniform(0, math.log(1e7)))) for _ in rows],
        }
    )
    terms: dict[str, Any] = {"stop_loss": a_contract(rng)}
    if seed % 4 == 0:
        terms["practice_sd"] = float(rng.uniform(0.01, 0.3))
    try:
        exact = variance(people, costs, quantiles=[0.01, 0.5, 0.99], **terms).to_pylist()
    except FundholderError as error:
        (problem,) = error.problems
        exact = []
    if not exact:
        assert problem.code == "not_computable"
        assert f"practice '{problem.value}': the distribution of a total of" in str(problem)
        return
    closed = variance(people, costs, method="moments", **terms).to_pylist()
    for row, other in zip(exact, closed, strict=True):
        assert row["expected"] == other["expected"]
        assert row["q0.01"] <= row["q0.5"] <= row["q0.99"]
        # Chebyshev's inequality, and a median within one SD of the mean.
        assert abs(row["q0.5"] - row["expected"]) <= row["sd"] * (1 + 1e-6)
        assert row["q0.99"] - row["expected"] <= 10 * row["sd"] * (1 + 1e-6)


def test_a_year_of_rare_and_frequent_events_is_that_of_simulation() -> None:
    table = pa.table(
        {
            "rate": [0.006, 3.7267],
            "family": ["fixed", "fixed"],
            "mean": [5_079.66, 10.0],
            "shape": pa.array([None, None], pa.float64()),
        }
    )
    costs, years = CostModel.events(table), 200_000
    people = pa.table({"practice": ["A"], "count": [20]})
    closed = variance(people, costs, stop_loss=1_541.42, thresholds=[0.2]).to_pylist()[0]
    drawn = simulate(people, costs, stop_loss=1_541.42, replications=years, seed=1)
    totals = drawn.totals()["net"].combine_chunks().flatten().to_numpy()
    # Four standard errors of a mean, and of a share.
    assert totals.mean() == pytest.approx(closed["expected"], abs=4 * totals.std() / years**0.5)
    over = float(np.mean(totals > 1.2 * closed["expected"]))
    assert over == pytest.approx(closed["p_over_0.2"], abs=4 * (over * (1 - over) / years) ** 0.5)
    assert closed["sd"] == pytest.approx(totals.std(), rel=0.02)
