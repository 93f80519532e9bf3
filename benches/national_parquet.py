"""Every person of England as a row of a Parquet file: time and peak memory of a national run.

Writes the built-in population person by person (about 64 million rows, 0.6 GB) to a temporary file,
then simulates it in a process of its own, which reads the file in batches.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from fundholder import CostModel, england, read, simulate
from own_process import alone, peak_megabytes


def main() -> None:
    """Write the file, then simulate it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=100)
    replications = parser.parse_args().replications
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        write_people(path)
        alone(national_run, path, replications)


def write_people(path: Path) -> None:
    """One row per person, batch by batch."""
    people = england.population(year=2025, rows="people")
    with pq.ParquetWriter(path, people.schema) as writer:
        for batch in people:
            writer.write_batch(batch)


def national_run(path: Path, replications: int) -> None:
    """Simulate the file and print rows, seconds and peak memory of this process."""
    start, processor = time.perf_counter(), time.process_time()
    run = simulate(
        read(path),
        CostModel(england.costs(year=2025)),
        replications=replications,
        by=["practice", "icb", "region"],
        stop_loss=20_000,
    )
    print(
        f"{int(run.metadata['fundholder.population_rows']):,} people, {replications} replications: "
        f"{time.perf_counter() - start:.1f} s, {time.process_time() - processor:.1f} CPU-s, "
        f"peak {peak_megabytes() / 2**10:.2f} GiB"
    )


if __name__ == "__main__":
    main()
