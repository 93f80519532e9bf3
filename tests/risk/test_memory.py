"""Does memory stay where it is while people stream through?"""

from __future__ import annotations

import sys

import pytest

from commands import printed

STREAM = """
import numpy as np
import pyarrow as pa
from fundholder import CostModel, simulate

distribution = {"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]}
costs = CostModel(pa.table(distribution))
ROWS = 100_000
schema = pa.schema({"practice": pa.string(), "person": pa.int64(), "scale": pa.float64()})

def batches(number):
    for i in range(number):
        practice = pa.array([f"P{i}"] * ROWS)
        person = pa.array(np.arange(ROWS))
        yield pa.record_batch([practice, person, pa.array(np.ones(ROWS))], schema=schema)

def run(number):
    reader = pa.RecordBatchReader.from_batches(schema, batches(number))
    assert simulate(reader, costs, replications=4).totals().num_rows == number
    return peak()

print(run(1), run(50))
"""

FIT = """
import numpy as np
import pyarrow as pa
from fundholder import fit_formula

ROWS, FLAGS = 100_000, [f"d{i}" for i in range(60)]
rng = np.random.default_rng(1)
columns = {name: rng.random(ROWS) < 0.05 for name in FLAGS}
columns |= {"age": rng.integers(0, 38, ROWS), "income": rng.random(ROWS)}
columns["cost"] = rng.gamma(0.5, 1_000.0, ROWS)
one = pa.RecordBatch.from_pydict({name: pa.array(column) for name, column in columns.items()})

def run(number):
    reader = pa.RecordBatchReader.from_batches(one.schema, (one for _ in range(number)))
    formula = fit_formula(reader, cost="cost", categories="age", flags=FLAGS, need="income")
    assert formula.people == number * ROWS
    return peak()

print(run(1), run(30))
"""

# The peak of this process alone: that of getrusage begins at its parent's.
PEAK = """
def peak():
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024
"""

# 5 million rows are held 2 ** 20 at a time: 80 MB of columns, a plan of them, and what the
# allocators of two languages keep for later. All rows at once would be 400 MB and more.
MEGABYTES = 300


# 3 million people are 50 MB of flags and 70 MB of numbers; a fit keeps sums alone, and batches on
# their way to and from a temporary file.
MEGABYTES_OF_A_FIT = 60


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/status is there on Linux alone")
@pytest.mark.parametrize(("work", "most"), [(STREAM, MEGABYTES), (FIT, MEGABYTES_OF_A_FIT)])
def test_people_stream_through_little_memory(work: str, most: int) -> None:
    before, peak = map(int, printed("-c", PEAK + work).split())
    assert peak - before < most
