"""Need of every practice from a file of people with 200 columns, and the memory of a long fit.

    python benches/national_need.py --millions 2

First people are written to Parquet (2 age-sex columns, 188 diagnosis flags, five need and three
supply variables, person and practice), and a formula is fitted to some of them. Then, in turns, the
file is merely read, and read with ``Formula.need`` on top: what is beyond reading is the formula.
Last a formula is fitted to 1 and to 20 million people who stream from a reader (one batch again and
again), in processes of their own that read the stream alone before they fit: what the peak of
memory rises by is the fit's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fundholder
from fundholder import fit_formula
from own_process import alone, peak_megabytes

BATCH, MILLION = 1 << 16, 1_000_000
FLAGS = [f"d{i:03d}" for i in range(188)]
NEED, SUPPLY = [f"need{i}" for i in range(5)], [f"supply{i}" for i in range(3)]
ROLES: dict[str, Any] = {
    "cost": "cost",
    "categories": ["age", "sex"],
    "flags": FLAGS,
    "need": NEED,
    "supply": SUPPLY,
}


def main() -> None:
    """Print the time of need beside that of reading, and the memory of two fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        need_beside_reading(Path(folder) / "people.parquet", options.millions, options.rounds)
        batch = Path(folder) / "batch.arrow"
        fundholder.write(pa.table(people(BATCH, 0)), batch)
        for millions in (1, 20):
            alone(memory_of_a_fit, batch, millions)


def people(rows: int, seed: int) -> pa.RecordBatch:
    """People of practices of about 6,000; four diagnoses each."""
    rng = np.random.default_rng(seed)
    share = np.geomspace(0.001, 0.1, len(FLAGS))
    age = pa.array([f"{i:02d}" for i in range(0, 95, 5)])
    columns: dict[str, Any] = {
        "person": np.arange(rows) + seed * BATCH,
        "practice": (np.arange(rows) + seed * BATCH) // 6_000,
        "age": pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 19, rows, np.int32)), age),
        "sex": pa.array(rng.choice(["F", "M"], rows)).dictionary_encode(),
        **{name: rng.random(rows) < p for name, p in zip(FLAGS, share, strict=True)},
        **{name: rng.gamma(4, 5, rows) for name in NEED + SUPPLY},
        "cost": rng.lognormal(6, 1.6, rows),
    }
    return pa.record_batch(columns)


def need_beside_reading(path: Path, millions: float, rounds: int) -> None:
    """CPU and wall seconds of both, in turns."""
    first = people(BATCH, 0)
    formula = fit_formula(first, **ROLES)
    batches = round(millions * MILLION / BATCH)
    with pq.ParquetWriter(path, first.drop_columns("cost").schema) as writer:
        for seed in range(batches):
            writer.write_batch(people(BATCH, seed).drop_columns("cost"))

    def merely_read() -> None:
        for _ in fundholder.read(path):
            pass

    merely_read()
    seconds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, run in (
            ("reading", merely_read),
            ("reading and need", lambda: formula.need(fundholder.read(path))),
        ):
            seconds.setdefault(name, []).append(timed(run))
    rows = batches * BATCH
    print(
        f"fundholder {fundholder.__version__}, pyarrow {pa.__version__}; {rows:,} people, "
        f"{first.num_columns - 1} columns, {path.stat().st_size / 2**20:,.0f} MB of Parquet; "
        f"median of {rounds} rounds.\n\n"
        "| | CPU-seconds | CPU µs a person | wall seconds |\n|---|---:|---:|---:|"
    )
    for name, times in seconds.items():
        cpu, wall = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {cpu:.2f} | {cpu / rows * 1e6:.3f} | {wall:.2f} |")
    ratios = [
        [b / a for a, b in zip(one, two, strict=True)]
        for one, two in zip(*seconds.values(), strict=True)
    ]
    cpu, wall = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"\nReading and need / reading: {cpu:.2f} in CPU-seconds, {wall:.2f} in wall time.")


def memory_of_a_fit(batch: Path, millions: int) -> None:
    """The peak of this process by reading alone, and what a fit adds to it."""
    one = pa.table(fundholder.read(batch)).combine_chunks().to_batches()[0]
    batches = -(-millions * MILLION // BATCH)

    def reader() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(one.schema, repeat(one, batches))

    read = sum(batch.num_rows for batch in reader())
    before = peak_megabytes()
    cpu, wall = timed(lambda: fit_formula(reader, **ROLES))
    print(
        f"A fit to {read:,} people: {peak_megabytes() - before:,.0f} MB above the {before:,.0f} MB "
        f"of reading alone; {cpu:.1f} CPU-seconds, {wall:.1f} s."
    )


def timed(run: Callable[[], Any]) -> tuple[float, float]:
    """Processor time, all threads together, and wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    main()
