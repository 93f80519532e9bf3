"""A population in a Parquet file, read in batches, so that it need not fit in memory.

    python examples/larger_than_memory.py
    python examples/larger_than_memory.py --people 20000000 --replications 100

Writes a file of invented people to a temporary folder, one row each, a batch at a time; then reads
and simulates it, again a batch at a time. Memory grows with practices times replications, and not
with people.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fundholder as fh

BATCH = 100_000
SCHEMA = pa.schema(
    {
        "practice": pa.int32(),
        "person": pa.int64(),  # an identity: the result does not depend on the order of the rows
        "p_any": pa.float64(),
        "scale": pa.float64(),
    }
)


def batches(people: int, practices: int) -> Iterator[pa.RecordBatch]:
    """People of unlike need, some of whom will cost far more than others."""
    rng = np.random.default_rng(0)
    for first in range(0, people, BATCH):
        person = np.arange(first, min(first + BATCH, people))
        columns = [
            pa.array(person % practices, pa.int32()),
            pa.array(person),
            pa.array(rng.uniform(0.1, 0.5, person.size)),
            pa.array(rng.gamma(2.0, 0.5, person.size)),
        ]
        yield pa.record_batch(columns, schema=SCHEMA)


def main() -> None:
    """Write the file, simulate it, print the national result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--practices", type=int, default=100)
    parser.add_argument("--replications", type=int, default=100)
    options = parser.parse_args()
    costs = fh.CostModel(
        pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_500.0], "shape": [1.6]})
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        with pq.ParquetWriter(path, SCHEMA) as file:
            for batch in batches(options.people, options.practices):
                file.write_batch(batch)
        # A reader, not a table: read once, checked batch by batch. Anything with
        # __arrow_c_stream__ and no length will do.
        reader = fh.read(path)
        run = fh.simulate(reader, costs, replications=options.replications, stop_loss=20_000)
    for band in run.size_bands().to_pylist():
        if band["units"]:
            print(
                f"{band['units']:,} practices, {band['people']:,} people: mean CV "
                f"{band['cv_gross']:.2%} ± {band['cv_gross_se']:.2%} gross, "
                f"{band['cv']:.2%} ± {band['cv_se']:.2%} net of a ceiling of £20,000"
            )


if __name__ == "__main__":
    main()
