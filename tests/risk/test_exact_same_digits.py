"""Are exact results the same to the last bit for any order of rows, any batches and any threads?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fundholder import CostModel, variance

TERMS = {"stop_loss": 20_000, "practice_sd": 0.05, "thresholds": [0.1]}


def test_the_order_of_rows_and_their_batches_do_not_matter(
    banded: CostModel, people: pa.Table
) -> None:
    table = variance(people, banded, by="icb", **TERMS)
    order = np.random.Generator(np.random.PCG64(5)).permutation(people.num_rows)
    shuffled = people.take(order)
    batches = pa.Table.from_batches(shuffled.to_batches(max_chunksize=97))
    assert variance(batches, banded, by="icb", **TERMS).equals(table)


def test_people_apart_are_people_together(banded: CostModel, people: pa.Table) -> None:
    table = variance(people, banded, **TERMS)
    for practice in table["practice"].to_pylist():
        alone = variance(people.filter(pc.equal(people["practice"], practice)), banded, **TERMS)
        together = table.filter(pc.equal(table["practice"], practice))
        moments = ["expected", "sd", "skewness", "chance_sd"]
        assert alone.select(moments).equals(together.select(moments))
        # Frequencies are shared with units of like width, and cut by the largest of them.
        for name in ("p_over_0.1", "q0.5", "q0.99"):
            got, want = alone[name][0].as_py(), together[name][0].as_py()
            assert abs(got - want) <= 1e-9 * max(1.0, abs(want)), name


def test_the_number_of_threads_does_not_matter(costs: CostModel) -> None:
    lists = pa.table({"practice": list(range(40)), "count": [50 + 400 * i for i in range(40)]})
    one, three, seven = (
        variance(lists, costs, stop_loss=20_000, practice_sd=0.05, threads=threads)
        for threads in (1, 3, 7)
    )
    assert one.equals(three) and one.equals(seven)
