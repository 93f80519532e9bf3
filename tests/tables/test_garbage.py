"""Do tables of random columns work or get rejected, and never anything else?"""

from __future__ import annotations

import datetime
import math
import random

import pyarrow as pa
import pytest

from finite import finite
from fundholder import CostModel, FundholderError, simulate

CELLS: dict[pa.DataType, list] = {
    pa.string(): ["A", "", "17", "young", "null", "NaN", "é" * 3, "gamma", "fixed", "lognormal"],
    pa.int64(): [0, 1, -1, 3, 17, 2**31, 2**62, -(2**63)],
    pa.int8(): [0, 1, -1, 100],
    pa.uint64(): [0, 2, 2**64 - 1],
    pa.float64(): [0.0, 0.3, 1.0, 1.2, -1.0, 2.5, 1e-300, 1e300, math.nan, math.inf, -math.inf],
    pa.float32(): [0.0, 0.5, 2.0],
    pa.bool_(): [True, False],
    pa.date32(): [datetime.date(2026, 4, 1)],
    pa.timestamp("us"): [datetime.datetime(2026, 4, 1)],
    pa.binary(): [b"A", b"\xff"],
    pa.list_(pa.float64()): [[1.0], [], [None]],
    pa.decimal128(9, 2): [0, 1, 5],
    pa.null(): [None],
}
GOOD: dict[str, tuple[pa.DataType, list]] = {
    "practice": (pa.string(), ["A", "B"]),
    "band": (pa.string(), ["young", "old"]),
    "count": (pa.int64(), [0, 1, 5]),
    "scale": (pa.float64(), [0.0, 1.0, 2.0]),
    "p_any": (pa.float64(), [0.0, 0.5, 1.0]),
    "person": (pa.int64(), list(range(50))),
    "rate": (pa.float64(), [0.0, 0.5, 3.0]),
    "family": (pa.string(), ["gamma", "weibull", "lognormal", "pareto"]),
    "mean": (pa.float64(), [1.0, 500.0]),
    "shape": (pa.float64(), [1.5, 3.0]),
}
COLUMNS = {
    "population": ("practice", "band", "count", "scale", "p_any", "person"),
    "costs": ("band", "p_any", "family", "mean", "shape"),
    "events": ("band", "rate", "family", "mean", "shape"),
}


def column(rng: random.Random, name: str, rows: int) -> pa.Array:
    data_type, cells = GOOD[name]
    if rng.random() < 0.2:
        data_type = rng.choice(list(CELLS))
        cells = CELLS[data_type]
    nulls = rng.choice([0.0, 0.0, 0.0, 0.2])
    array = pa.array(
        [None if rng.random() < nulls else rng.choice(cells) for _ in range(rows)], data_type
    )
    if rng.random() < 0.1 and not pa.types.is_nested(data_type):
        array = array.dictionary_encode()
    return array


def garbage(rng: random.Random, table_name: str) -> pa.Table:
    rows = rng.choice([0, 1, 1, 2, 5])
    names = [name for name in COLUMNS[table_name] if rng.random() < 0.9]
    table = pa.table({name: column(rng, name, rows) for name in names})
    if rows > 1 and rng.random() < 0.3:
        table = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    return table


@pytest.mark.parametrize("seed", range(8))
def test_garbage_works_or_is_rejected(banded: CostModel, seed: int) -> None:
    rng = random.Random(seed)
    worked = rejected = named = 0
    for _ in range(250):
        table_name = rng.choice(list(COLUMNS))
        table = garbage(rng, table_name)
        # Anything but these two outcomes, a panic of the engine included, fails the test.
        try:
            if table_name == "population":
                given = table.to_reader() if rng.random() < 0.5 else table
                by = rng.choice(["practice", "band", ["practice", "count"]])
                contract = rng.choice([None, 0, 500])
                effect = rng.choice([0.0, 0.3])
                run = simulate(
                    given, banded, replications=3, by=by, stop_loss=contract, practice_sd=effect
                )
                results = [
                    r for level in run.levels for r in (run.totals(level), run.summary(level))
                ]
            else:
                model = CostModel(table) if table_name == "costs" else CostModel.events(table)
                results = [model.table, model.moments(rng.choice([None, 100, 5_000]))]
        except FundholderError as error:
            rejected += 1
            named += isinstance(error, ValueError | TypeError) and bool(error.problems)
        else:
            assert all(finite(result) for result in results), table
            worked += 1
    assert named == rejected
    # Both outcomes must be common for this to try anything.
    assert worked > 15 and rejected > 50
