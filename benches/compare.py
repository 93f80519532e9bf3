"""Fundholder beside numpy, numba, scipy and aggregate: the same people, in one run of one process.

First simulation: every contender simulates the same practice, of people with their own probability
of any cost and their own mean cost, lognormal severities, a ceiling of £20,000 a person, gross and
net totals of every year. Contenders take turns, so that a machine whose speed drifts treats all
alike; times are those of the processor (``time.process_time``), on one thread, and the medians of
the rounds. Then distributions without simulation (``compare_exact``).
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pyarrow as pa

import fundholder
from compare_exact import compare_exact
from fundholder import CostModel, _engine
from peers import Totals, expected_totals, numba_loop, numba_passes, numpy_plain, numpy_tuned

SIGMA = 1.6
CEILING = 20_000.0
MEAN = 2_500.0


def main() -> None:
    """Print the comparisons, and how time grows with threads, people and replications."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--replications", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()

    rng = np.random.default_rng(1)
    p = rng.uniform(0.2, 0.4, options.people)
    scale = 800 / (MEAN * p) * rng.uniform(0.8, 1.2, options.people)
    draws = options.people * options.replications
    print(
        f"fundholder {fundholder.__version__}, numpy {np.__version__}, numba {version('numba')}, "
        f"Python {platform.python_version()}, {platform.machine()}; "
        f"{options.people:,} people, {options.replications:,} replications, "
        f"median of {options.rounds} rounds.\n"
    )
    compare(p, scale, options.replications, options.rounds)
    print()
    growth(p, scale, draws, options.replications, options.rounds)
    print()
    compare_exact(options.rounds)


def compare(p: np.ndarray, scale: np.ndarray, replications: int, rounds: int) -> None:
    """One table: every contender, checked against the exact means, then timed in turn."""
    draws = p.size * replications

    def rival(function: Callable[..., Totals]) -> Callable[[int], Totals]:
        return lambda seed: function(p, MEAN * scale, SIGMA, CEILING, replications, seed)

    contenders: dict[str, Callable[[int], Totals]] = {
        "numpy, chunked": rival(numpy_plain),
        "numpy, bytes and float32": rival(numpy_tuned),
        "numba, one loop": rival(numba_loop),
        "numba, vectorised passes": rival(numba_passes),
    }
    table = people_table(p, scale)
    for level in _engine.processors():
        contenders[f"fundholder, {level}"] = lambda seed, level=level: engine(
            table, replications, seed, level
        )

    exact = expected_totals(p, MEAN * scale, SIGMA, CEILING)
    for name, run in contenders.items():
        for totals, mean, basis in zip(run(0), exact, ("gross", "net"), strict=True):
            error = totals.std(ddof=1) / math.sqrt(replications)
            if abs(totals.mean() - mean) > 5 * error:
                raise SystemExit(f"{name}: mean {basis} cost is wrong: {totals.mean()}, not {mean}")

    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for seed in range(1, rounds + 1):
        for name, run in contenders.items():
            seconds[name].append(cpu_seconds(run, seed))

    print("| | ns per person-draw | million draws per CPU-second | numpy, chunked / this |")
    print("|---|---:|---:|---:|")
    first = seconds["numpy, chunked"]
    for name, times in seconds.items():
        nanoseconds = statistics.median(times) / draws * 1e9
        ratio = statistics.median(a / b for a, b in zip(first, times, strict=True))
        print(f"| {name} | {nanoseconds:.2f} | {1e3 / nanoseconds:,.0f} | {ratio:.1f} |")
    best = next(name for name in seconds if name.startswith("fundholder"))
    for name, times in seconds.items():
        if not name.startswith("fundholder"):
            rounds_of_both = zip(times, seconds[best], strict=True)
            ratio = statistics.median(a / b for a, b in rounds_of_both)
            print(f"\n{name} / {best}: {ratio:.1f}", end="")
    print()


def growth(p: np.ndarray, scale: np.ndarray, draws: int, replications: int, rounds: int) -> None:
    """How wall time grows with threads, people and replications."""
    settings = {
        "as above, 1 thread": (1, 1, 1),
        "2 threads": (1, 1, 2),
        "2 x people": (2, 1, 1),
        "4 x people": (4, 1, 1),
        "2 x replications": (1, 2, 1),
        "4 x replications": (1, 4, 1),
    }
    model = cost_model()
    tables = {n: people_table(np.tile(p, n), np.tile(scale, n)) for n in (1, 2, 4)}
    seconds: dict[str, list[float]] = {name: [] for name in settings}
    for seed in range(1, rounds + 1):
        for name, (people, years, threads) in settings.items():
            start = time.perf_counter()
            fundholder.simulate(
                tables[people],
                model,
                replications=replications * years,
                seed=seed,
                stop_loss=CEILING,
                threads=threads,
            )
            seconds[name].append(time.perf_counter() - start)
    print("| | wall seconds | ns per person-draw | time / one thread's |")
    print("|---|---:|---:|---:|")
    one = seconds["as above, 1 thread"]
    for name, (people, years, _) in settings.items():
        wall = statistics.median(seconds[name])
        ratio = statistics.median(a / b for a, b in zip(seconds[name], one, strict=True))
        nanoseconds = wall / (draws * people * years) * 1e9
        print(f"| {name} | {wall:.3f} | {nanoseconds:.2f} | {ratio:.2f} |")


def cost_model() -> CostModel:
    """One band; people bring their own probability and scale."""
    return CostModel(
        pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [MEAN], "shape": [SIGMA]})
    )


def people_table(p: np.ndarray, scale: np.ndarray) -> pa.Table:
    """One row per person of one practice."""
    practice = pa.array(["A"]).dictionary_encode().take(pa.array(np.zeros(p.size, np.int64)))
    return pa.table({"practice": practice, "p_any": p, "scale": scale})


def engine(table: pa.Table, replications: int, seed: int, level: str) -> Totals:
    """Gross and net totals by fundholder, with the instructions of one processor level."""
    os.environ["FUNDHOLDER_PROCESSOR"] = level
    run = fundholder.simulate(
        table, cost_model(), replications=replications, seed=seed, stop_loss=CEILING, threads=1
    )
    totals = run.totals()
    del os.environ["FUNDHOLDER_PROCESSOR"]
    return tuple(totals[name].combine_chunks().flatten().to_numpy() for name in ("gross", "net"))


def cpu_seconds(run: Callable[[int], Totals], seed: int) -> float:
    """Processor time of one run, all threads together."""
    start = time.process_time()
    run(seed)
    return time.process_time() - start


if __name__ == "__main__":
    main()
