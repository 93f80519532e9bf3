"""Every person of England as a row of a Parquet file: time and peak memory of a national run.

Writes the built-in population person by person (about 64 million rows, 0.6 GB) to a temporary file,
then simulates it in a process of its own, which reads the file in batches.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from fundholder import CostModel, england, read, simulate


def main() -> None:
    """Write the file, then run this script again on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--simulate", type=Path, help="a file that is there already")
    options = parser.parse_args()
    if options.simulate:
        national_run(options.simulate, options.replications)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        write_people(path)
        command = [sys.executable, __file__, "--simulate", str(path)]
        subprocess.run([*command, "--replications", str(options.replications)], check=True)


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
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
    )


if __name__ == "__main__":
    main()
