"""How long do the public functions take, and does time grow as it should?

    pytest benches/test_api.py --benchmark-only

Rows named x1, x2, x4 do so many times the work: time should grow by as much.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fundholder import CostModel, england, simulate, variance

PEOPLE = 800_000
REPLICATIONS = 200
SEVERITY = {"p_any": [0.3], "family": ["lognormal"], "mean": [800 / 0.3], "shape": [1.6]}
COSTS = CostModel(pa.table(SEVERITY))
ROUNDS = {"rounds": 3, "warmup_rounds": 1}


def individuals(people: int) -> pa.Table:
    """People with a probability and a scale of their own, in practices of about 8,000."""
    rng = np.random.Generator(np.random.PCG64(1))
    names = np.array([f"P{i:05d}" for i in range(people // 8_000)])
    return pa.table(
        {
            "practice": pa.array(np.sort(rng.choice(names, people))).dictionary_encode(),
            "person": np.arange(people),
            "p_any": rng.uniform(0.1, 0.5, people),
            "scale": rng.uniform(0.5, 2.0, people),
        }
    )


def groups(people: int) -> pa.Table:
    """Practices of 8,000 people, all alike."""
    names = [f"P{i:05d}" for i in range(people // 8_000)]
    return pa.table({"practice": names, "count": [8_000] * len(names)})


KINDS = {"individuals": individuals, "groups": groups}


@pytest.mark.benchmark(group="simulate, one thread")
@pytest.mark.parametrize("kind", KINDS)
def test_simulate(benchmark: BenchmarkFixture, kind: str) -> None:
    population = KINDS[kind](PEOPLE)
    terms = {"replications": REPLICATIONS, "stop_loss": 20_000, "threads": 1}
    benchmark.extra_info["person_draws"] = PEOPLE * REPLICATIONS
    benchmark.pedantic(simulate, (population, COSTS), terms, **ROUNDS)


@pytest.mark.benchmark(group="simulate, threads")
@pytest.mark.parametrize("threads", [1, 2])
def test_threads(benchmark: BenchmarkFixture, threads: int) -> None:
    population = individuals(PEOPLE)
    terms = {"replications": REPLICATIONS, "stop_loss": 20_000, "threads": threads}
    benchmark.pedantic(simulate, (population, COSTS), terms, **ROUNDS)


@pytest.mark.parametrize("times", [1, 2, 4], ids="x{}".format)
@pytest.mark.parametrize("kind", KINDS)
def test_people(benchmark: BenchmarkFixture, kind: str, times: int) -> None:
    benchmark.group = f"people, {kind}"
    population = KINDS[kind](PEOPLE // 2 * times)
    terms = {"replications": REPLICATIONS, "stop_loss": 20_000, "threads": 1}
    benchmark.pedantic(simulate, (population, COSTS), terms, **ROUNDS)


@pytest.mark.parametrize("times", [1, 2, 4], ids="x{}".format)
@pytest.mark.parametrize("kind", KINDS)
def test_replications(benchmark: BenchmarkFixture, kind: str, times: int) -> None:
    benchmark.group = f"replications, {kind}"
    population = KINDS[kind](PEOPLE // 4)
    terms = {"replications": REPLICATIONS * times, "stop_loss": 20_000, "threads": 1}
    benchmark.pedantic(simulate, (population, COSTS), terms, **ROUNDS)


@pytest.mark.benchmark(group="england")
def test_population_of_england(benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(england.population, (), {"year": 2025}, **ROUNDS)


@pytest.mark.benchmark(group="england")
def test_stream_of_people(benchmark: BenchmarkFixture) -> None:
    table = england.population(year=2025).slice(0, 40_000)
    benchmark.extra_info["people"] = sum(table["count"].to_pylist())

    def drain() -> int:
        with england.people(table) as reader:
            return sum(batch.num_rows for batch in reader)

    benchmark.pedantic(drain, **ROUNDS)


@pytest.mark.benchmark(group="england")
def test_simulate_a_stream_of_people(benchmark: BenchmarkFixture) -> None:
    table = england.population(year=2025).slice(0, 40_000)
    costs = CostModel(england.costs(year=2025))

    def run() -> None:
        with england.people(table) as reader:
            simulate(reader, costs, replications=4, stop_loss=20_000)

    benchmark.pedantic(run, **ROUNDS)


@pytest.mark.benchmark(group="summary")
@pytest.mark.parametrize("units", [1_000, 4_000])
def test_summary(benchmark: BenchmarkFixture, units: int) -> None:
    population = pa.table({"practice": np.arange(units), "count": [50] * units})
    run = simulate(population, COSTS, replications=1_000, stop_loss=20_000)
    benchmark.pedantic(run.summary, **ROUNDS)


@pytest.mark.benchmark(group="summary")
def test_totals(benchmark: BenchmarkFixture) -> None:
    population = pa.table({"practice": np.arange(1_000), "count": [50] * 1_000})
    run = simulate(population, COSTS, replications=1_000, stop_loss=20_000)
    benchmark.pedantic(run.totals, **ROUNDS)


PEOPLE_35 = [int(100 * 1.35**i) for i in range(39)]
"""List sizes from 100 to about 10 million, each a third larger."""


@pytest.mark.benchmark(group="one fixed price")
@pytest.mark.parametrize("p_any", [0.05, 0.3, 0.8])
def test_exact_lists_of_one_fixed_price(benchmark: BenchmarkFixture, p_any: float) -> None:
    """39 calls of ``variance``, one for each list size; none takes more than 50 ms."""
    costs = CostModel(pa.table({"p_any": [p_any], "family": ["fixed"], "mean": [1_000.0]}))
    lists = [pa.table({"practice": ["A"], "count": [people]}) for people in PEOPLE_35]

    def run() -> float:
        slowest = 0.0
        for table in lists:
            begun = time.perf_counter()
            variance(table, costs, threads=1)
            slowest = max(slowest, time.perf_counter() - begun)
        return slowest

    assert benchmark.pedantic(run, **ROUNDS) < 0.05
