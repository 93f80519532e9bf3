"""Does memory stay where it is while people stream through?"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from commands import printed
from fundholder import CostModel, InputError, simulate
from fundholder._tables.memory import _left, free_memory

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


# ---- More than there is -----------------------------------------------------------------------
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("effects", "bytes_of_a_year"), [(0.0, 16), (0.1, 24)])
def test_totals_larger_than_memory_are_rejected(
    costs: CostModel,
    monkeypatch: pytest.MonkeyPatch,
    streamed: bool,
    effects: float,
    bytes_of_a_year: int,
) -> None:
    free = 3 * bytes_of_a_year * 50
    monkeypatch.setattr("fundholder._risk.simulate.free_memory", lambda: free)
    people = pa.table({"practice": ["A", "B"], "icb": ["X", "X"]})

    def run(replications: int) -> object:
        rows = people.to_reader() if streamed else people
        levels = ["practice", "icb"]
        return simulate(rows, costs, replications=replications, by=levels, practice_sd=effects)

    run(50)
    with pytest.raises(
        InputError, match=r"totals of 3 units need .* must be at most 50 "
    ) as caught:
        run(51)
    (problem,) = caught.value.problems
    assert (problem.code, problem.column, problem.value) == ("too_large", "replications", 51)
    assert problem.allowed == "at most 50"


def test_a_billion_years_of_england_are_rejected_before_they_are_drawn(costs: CostModel) -> None:
    practices = pa.table({"practice": list(range(6_300)), "count": [9_000] * 6_300})
    began = time.monotonic()
    with pytest.raises(InputError, match=r"units need 100800\.0 GB, and .* GB of memory are free"):
        simulate(practices, costs, replications=10**9)
    # Drawing so many years takes days.
    assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform != "linux", reason="the figures of Linux")
def test_free_memory_is_that_of_the_machine_or_less() -> None:
    free = free_memory()
    assert free is not None
    assert 2**20 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_group_of_processes_with_less_memory_is_minded(tmp_path: Path) -> None:
    group = tmp_path / "ours"
    group.mkdir()
    (tmp_path / "memory.max").write_text("max\n")
    for name, text in (("max", "1000\n"), ("current", "700\n"), ("stat", "inactive_file 200\n")):
        (group / f"memory.{name}").write_text(text)
    assert list(_left(tmp_path, "/ours", "memory.max", "memory.current")) == [500]
