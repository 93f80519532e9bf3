"""The exact distribution of every practice, PCN, ICB and region of England: time and memory.

    python benches/national_exact.py

The real lists where they are beside the project, the built-in ones otherwise; gross, and net of a
ceiling of £20,000 a person; three thresholds and four quantiles of every unit.
"""

from __future__ import annotations

import time

import fundholder
from own_process import peak_megabytes
from real_england import lists

CEILING = 20_000.0
LEVELS = ["practice", "pcn", "icb", "region"]


def main() -> None:
    """Print CPU seconds of both runs together, and the peak of memory."""
    population, costs = lists()
    before = peak_megabytes()
    wall, processor = time.perf_counter(), time.process_time()
    gross = fundholder.variance(population, costs, by=LEVELS)
    net = fundholder.variance(population, costs, by=LEVELS, stop_loss=CEILING)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    units = {level: table.num_rows for level, table in net.items()}
    print(f"Units: {', '.join(f'{count:,} by {level}' for level, count in units.items())}.")
    print(
        f"Gross and net of £{CEILING:,.0f}: {processor:.2f} CPU-seconds, {wall:.2f} s; "
        f"peak memory {peak_megabytes():,.0f} MB, {before:,.0f} MB of it before."
    )
    for name, tables in (("gross", gross), ("net", net)):
        for level, table in tables.items():
            share = table["p_outside_0.1"].drop_null().to_numpy().mean()
            print(f"{name:>6} {level:>9}: {share:7.2%} of years outside ±10 %, mean over units")


if __name__ == "__main__":
    main()
