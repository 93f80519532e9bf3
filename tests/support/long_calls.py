"""Calls that take long, each to be interrupted: run as ``python long_calls.py <name>``.

Says "ready" before the call, and then "interrupted" or "over".
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import fundholder as fh
from fundholder._tables.checked import ANY_SIZE, read_table

LOGNORMAL = {"family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]}
COSTS = fh.CostModel(pa.table({"p_any": [0.3], **LOGNORMAL}))
RNG = np.random.default_rng(1)

Call = Callable[[], Any]


def _persons(people: int, flags: int, numbers: int = 0) -> dict[str, Any]:
    columns: dict[str, Any] = {f"f{i}": RNG.random(people) < 0.05 for i in range(flags)}
    columns |= {f"n{i}": RNG.random(people) for i in range(numbers)}
    return columns | {
        "cost": RNG.gamma(0.5, 1_000.0, people),
        "practice": RNG.integers(0, 500, people),
    }


def _run(units: int, replications: int) -> fh.Simulation:
    lists = pa.table({"practice": np.arange(units), "count": np.full(units, 1)})
    return fh.simulate(lists, COSTS, replications=replications)


def _scaled(people: int) -> pa.Table:
    scale = RNG.uniform(0.5, 2.0, people)
    return pa.table({"practice": np.arange(people) % 500, "scale": scale})


def fit_of_numbers() -> Call:
    persons = _persons(20_000, 0, 500)
    table, need = pa.table(persons), _named(persons, "n")
    return _again(lambda: fh.fit_formula(table, cost="cost", need=need))


def fit_of_flags() -> Call:
    persons = _persons(20_000, 2_500)
    table, flags = pa.table(persons), _named(persons, "f")
    return _again(lambda: fh.fit_formula(table, cost="cost", flags=flags, redundant="drop"))


def _named(persons: dict[str, Any], letter: str) -> list[str]:
    return [name for name in persons if name.startswith(letter)]


def applied() -> Call:
    persons = pa.table(_persons(1_000_000, 20))
    formula = fh.fit_formula(persons.slice(0, 10_000), cost="cost", flags=["f0", "f1"])
    return _again(lambda: (formula.predict(persons), formula.evaluate(persons, cost="cost")))


def _again(call: Call) -> Call:
    def calls() -> None:
        for _ in range(1_000):
            call()

    return calls


def simulated() -> Call:
    people = _scaled(2_000_000)
    return _again(lambda: fh.simulate(people, COSTS, replications=1_000))


def moments() -> Call:
    people = _scaled(3_000_000)
    return _again(lambda: fh.variance(people, COSTS, method="moments", stop_loss=20_000))


def sweep() -> Call:
    people = _scaled(300_000)
    return _again(lambda: fh.stop_loss(people, COSTS, ceilings=[5_000, 20_000, 50_000]))


def moments_of_events() -> Call:
    types = 2_000
    columns = {"rate": np.full(types, 0.01), "family": ["lognormal"] * types}
    columns |= {"mean": np.linspace(100, 9_000, types), "shape": np.linspace(0.5, 2, types)}
    model = fh.CostModel.events(pa.table(columns))
    return _again(lambda: model.moments(20_000))


def observed_costs() -> Call:
    costs = pa.table({"cost": RNG.gamma(0.5, 1_000.0, 10_000_000)})
    return _again(lambda: fh.CostModel.from_costs(costs, cost="cost", tail="gpd"))


def totals() -> Call:
    return _again(_run(100_000, 500).totals)


def size_bands() -> Call:
    return _again(_run(100_000, 200).size_bands)


def summary() -> Call:
    return _again(_run(100_000, 200).summary)


def slow_reader() -> Call:
    schema = pa.schema({"practice": pa.string()})

    def batches() -> Iterator[pa.RecordBatch]:
        time.sleep(60)
        yield pa.record_batch([pa.array(["A"])], schema=schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    return lambda: fh.simulate(reader, COSTS)


def long_table() -> Call:
    rows = 1_000_000
    labels = pa.array(np.arange(rows)).cast(pa.string())
    table = pa.table({"practice": labels, "budget": np.ones(rows)})
    rules = {"budget": ANY_SIZE}
    return _again(lambda: read_table("table", table, labels=["practice"], numbers=rules))


def allocated() -> Call:
    rows = pa.table({"practice": np.arange(3_000_000) % 7_000, "need": np.ones(3_000_000)})
    return _again(lambda: fh.allocate(rows, need="need", total=1e9))


def written() -> Call:
    table = pa.table({"a": RNG.random(5_000_000), "b": ["=x"] * 5_000_000})
    folder = Path(tempfile.mkdtemp())
    endings = ("csv", "parquet", "arrow")
    return _again(lambda: [fh.write(table, folder / f"table.{ending}") for ending in endings])


def exact() -> Call:
    lists = pa.table({"practice": np.arange(20_000), "count": np.arange(20_000) % 9_000 + 500})
    return _again(lambda: fh.variance(lists, COSTS, stop_loss=20_000, practice_sd=0.05))


def long_distribution() -> Call:
    lists = pa.table({"practice": np.arange(2_000), "count": np.arange(2_000) + 500})
    return _again(lambda: fh.distribution(lists, COSTS, points=20_000))


def smallest_pool() -> Call:
    costs = fh.CostModel(
        pa.table({"p_any": [0.3], "family": ["gamma"], "mean": [2e3], "shape": [1.0]})
    )
    terms = {"tolerance": 0.1, "probability": 0.05, "practice_sd": 0.01}
    return _again(lambda: fh.minimum_population(costs, stop_loss=0.1, **terms))


def pools() -> Call:
    n = 6_000
    lists = {"practice": np.arange(n), "icb": np.arange(n) // 150, "count": np.arange(n) + 500}
    table = pa.table(lists)
    terms = {"within": "icb", "tolerance": 0.05, "probability": 0.05, "practice_sd": 0.05}
    return _again(lambda: fh.propose_pools(table, COSTS, **terms))


def outturns() -> Call:
    n, years = 5_000, 8
    lists = pa.table({"practice": np.arange(n), "count": np.full(n, 7_000)})
    budget = np.full(n * years, 7_000 * 600.0)
    observed = {"practice": np.tile(np.arange(n), years), "year": np.repeat(np.arange(years), n)}
    observed |= {"budget": budget, "outturn": budget * (1 + 0.05 * RNG.standard_normal(n * years))}
    return _again(lambda: fh.decompose(pa.table(observed), lists, COSTS, stop_loss=50_000))


def built_in_persons() -> Call:
    return _again(lambda: [None for _ in fh.england.persons(practices=400)])


def named_persons() -> Call:
    n = 8_000_000
    persons = pa.table({"practice": np.arange(n) // 2_000, "person": np.arange(n)})
    return _again(lambda: fh.variance(persons, COSTS, method="moments"))


def long_csv() -> Call:
    path = Path(tempfile.mkdtemp()) / "long.csv"
    fh.write(pa.table({"a": RNG.random(3_000_000), "b": np.arange(3_000_000)}), path)
    return _again(lambda: fh.read(path).read_all())


CALLS: dict[str, Callable[[], Call]] = {
    make.__name__: make
    for make in (
        fit_of_numbers,
        fit_of_flags,
        applied,
        simulated,
        moments,
        sweep,
        moments_of_events,
        observed_costs,
        totals,
        size_bands,
        summary,
        slow_reader,
        long_table,
        allocated,
        written,
        exact,
        long_distribution,
        smallest_pool,
        pools,
        outturns,
        built_in_persons,
        named_persons,
        long_csv,
    )
}

if __name__ == "__main__":
    call = CALLS[sys.argv[1]]()
    print("ready", flush=True)
    try:
        call()
        print("over", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
