"""Years of persons, tied by rank and independent; and all schemes on the real lists of England.

    python benches/schemes.py [replications]

CPU-seconds of one pass over the practices, of years that are independent and that are tied; then
every preset over five years, in seconds of the clock on all processors and the largest memory.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from fundholder import CostModel, compare_schemes, england, persistence_us, schemes, simulate
from real_england import lists

YEARS = 5


def main() -> None:
    """Print the timings."""
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    warnings.simplefilter("ignore")
    population, _ = lists()
    costs = CostModel(england.costs(year=2025), england.services())
    paths = max(4, replications // 10)
    for name, persistence in (("independent", None), ("tied", persistence_us())):
        run = {"years": YEARS, "persistence": persistence, "replications": paths, "seed": 1}
        spent = cpu(lambda run=run: simulate(population, costs, stop_loss=20_000, **run))
        print(f"{paths} paths of {YEARS} years, {name}: {spent:.1f} CPU-s")
    start = time.perf_counter()
    names = schemes()["name"].to_pylist()
    run = {"years": YEARS, "replications": replications, "seed": 1, "practice_sd": 0.05}
    spent = cpu(lambda: compare_schemes(population, costs, names, **run))
    elapsed = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{len(names)} schemes, {replications} paths of {YEARS} years: {elapsed:.0f} s, "
        f"{spent:.0f} CPU-s, {memory:.2f} GB"
    )


def cpu(call: Callable[[], Any]) -> float:
    """CPU-seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
