"""One pass with services and six person terms beside one with a ceiling, and what four levels bear.

    python benches/services.py [years]

CPU-seconds, in one process, one after the other and again.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from fundholder import Contract, CostModel, StopLoss, england, levels_bear, simulate
from real_england import lists

HOSPITAL = ["elective", "outpatient"]
SERVICES = england.service_shares()["service"].to_pylist()
TERMS = {
    "fundholding 1991": StopLoss(5_000, services=[*HOSPITAL, "community"]),
    "fundholding 1994": StopLoss(6_000, services=HOSPITAL),
    "hospital": StopLoss(10_000, services=["emergency", "elective"]),
    "all but specialised": StopLoss(20_000, services=SERVICES[:-1]),
    "all": StopLoss(20_000),
    "all, high": StopLoss(30_000),
}
LEVELS = {
    "practice": ["primary care", "prescribing", "community", "a&e"],
    "pcn": ["outpatient", "mental health"],
    "icb": ["emergency", "elective", "maternity"],
    "nation": ["specialised"],
}


def cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    people, costs = lists()
    people = people.append_column("nation", pa.array(["England"] * len(people)))
    mixed = CostModel(england.costs(), england.services())
    by = ["practice", "pcn", "icb"]
    contracts = {name: Contract([term]) for name, term in TERMS.items()}
    for _ in range(2):
        one = cpu_seconds(
            lambda: simulate(people, costs, by=by, stop_loss=20_000, replications=years)
        )
        six = cpu_seconds(
            lambda: simulate(people, mixed, by=by, contract=contracts, replications=years)
        )
        print(f"{years} years: one ceiling {one:.1f}, services and six terms {six:.1f} CPU-s, "
              f"{six / one:.2f} times")  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"largest memory {memory:.2f} GB")
    holder = StopLoss(1_000, services=["prescribing"], to="nation")
    for contract in (None, holder):
        took = cpu_seconds(lambda c=contract: levels_bear(people, mixed, LEVELS, contract=c))
        print(f"what four levels bear, {'gross' if contract is None else 'net'}: {took:.1f} CPU-s")


if __name__ == "__main__":
    main()
