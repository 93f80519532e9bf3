"""Are tables of every kind read alike, and readers of batches that fail rejected?"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fundholder import CostModel, FundholderError, InputError, simulate


@pytest.fixture(scope="module")
def expected(people: pa.Table, banded: CostModel) -> pa.Table:
    return totals(people, banded)


def totals(population: object, costs: CostModel) -> pa.Table:
    return simulate(population, costs, replications=11, seed=1, stop_loss=4_000).totals()


# ---- Tables of other libraries ----------------------------------------------------------------
def test_a_reader_of_batches_is_read(
    people: pa.Table, banded: CostModel, expected: pa.Table
) -> None:
    assert totals(people.to_reader(max_chunksize=100), banded).equals(expected)


def test_a_record_batch_is_read(people: pa.Table, banded: CostModel, expected: pa.Table) -> None:
    assert totals(people.combine_chunks().to_batches()[0], banded).equals(expected)


def test_a_frame_of_polars_is_read(people: pa.Table, banded: CostModel, expected: pa.Table) -> None:
    frame = pl.DataFrame(people.to_pydict())
    assert totals(frame, banded).equals(expected)
    categories = frame.with_columns(pl.col("practice", "band").cast(pl.Categorical))
    assert totals(categories, banded).equals(expected)


def test_a_relation_of_duckdb_is_read(
    people: pa.Table, banded: CostModel, expected: pa.Table
) -> None:
    with duckdb.connect() as connection:
        connection.register("people", people)
        relation = connection.sql("select * from people order by person")
        assert totals(relation, banded).equals(expected)


def test_a_frame_of_pandas_is_read(people: pa.Table, banded: CostModel, expected: pa.Table) -> None:
    frame = people.to_pandas()
    assert totals(frame, banded).equals(expected)
    # An index that is not 0, 1, 2, ... travels as a column of its own and is ignored.
    assert totals(frame.sort_values("scale").astype({"band": "category"}), banded).equals(expected)
    assert isinstance(frame, pd.DataFrame)


def test_costs_and_budgets_from_other_libraries_are_read(
    people: pa.Table, banded: CostModel
) -> None:
    model = CostModel(pl.DataFrame(banded.table.to_pydict()))
    assert model.table.equals(banded.table)
    assert CostModel(banded.table.to_pandas()).table.equals(banded.table)
    run = simulate(people, banded, replications=3)
    budgets = pa.table({"practice": [f"P{i}" for i in range(7)], "budget": [1e6] * 7})
    expected = run.summary(budgets=budgets)
    assert run.summary(budgets=budgets.to_pandas()).equals(expected)
    assert run.summary(budgets=pl.DataFrame(budgets.to_pydict())).equals(expected)


def test_columns_that_are_not_asked_for_are_ignored(costs: CostModel) -> None:
    plain = pa.table({"practice": ["A", "B"]})
    note = pa.array([{"any": [1]}, None], pa.struct({"any": pa.list_(pa.int64())}))
    extra = plain.append_column("note", note).append_column("band", [["x", None]])
    assert totals(extra, costs).equals(totals(plain, costs))


def test_numbers_of_any_type_are_read(costs: CostModel) -> None:
    plain = pa.table({"practice": ["A", "B"], "count": [3, 5], "scale": [0.5, 2.0]})
    for count in (pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(22, 1)):
        for scale in (pa.float32(), pa.decimal128(22, 1)):
            schema = pa.schema({"practice": pa.string(), "count": count, "scale": scale})
            assert totals(plain.cast(schema), costs).equals(totals(plain, costs))
    half = plain.set_column(2, "scale", pa.array(np.array([0.5, 2.0], np.float16)))
    assert totals(half, costs).equals(totals(plain, costs))


# ---- Readers ----------------------------------------------------------------------------------
def failing(batches: int, error: Exception | None = None) -> pa.RecordBatchReader:
    schema = pa.schema({"practice": pa.string(), "scale": pa.float64()})

    def stream() -> Iterator[pa.RecordBatch]:
        for _ in range(batches):
            yield pa.RecordBatch.from_pydict({"practice": ["A"] * 10, "scale": [1.0] * 10})
        if error is not None:
            raise error

    return pa.RecordBatchReader.from_batches(schema, stream())


@pytest.mark.parametrize("batches", [0, 3])
def test_a_reader_that_fails_midway_is_rejected(costs: CostModel, batches: int) -> None:
    with pytest.raises(FundholderError, match=r"population cannot be read.*the network is gone"):
        simulate(failing(batches, OSError("the network is gone")), costs, replications=5)


def test_a_reader_of_nothing_is_rejected(costs: CostModel) -> None:
    with pytest.raises(InputError, match="population is empty"):
        simulate(failing(0), costs, replications=5)


def test_a_reader_names_the_row_of_the_whole_stream(costs: CostModel) -> None:
    table = pa.table({"practice": ["A"] * 25, "scale": [1.0] * 23 + [-1.0, 1.0]})
    with pytest.raises(InputError, match="column 'scale', row 23: -1"):
        simulate(table.to_reader(max_chunksize=10), costs, replications=5)


def test_a_reader_without_the_columns_is_rejected_before_it_is_read(costs: CostModel) -> None:
    reader = failing(0, AssertionError("was read"))
    with pytest.raises(InputError, match="column 'region' is missing"):
        simulate(reader, costs, by="region")


def test_a_batch_with_other_columns_is_rejected(costs: CostModel) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"practice": ["A"], "scale": [1.0]})
        yield pa.RecordBatch.from_pydict({"other": [1]})

    schema = pa.schema({"practice": pa.string(), "scale": pa.float64()})
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(FundholderError, match="population cannot be read.*other columns"):
        simulate(reader, costs, replications=2)


# ---- Columns that are not read ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "meant"),
    [("Count", "count"), ("people", "count"), ("List size", "count"), ("P-any", "p_any")],
)
def test_a_column_that_seems_to_be_meant_is_said(costs: CostModel, name: str, meant: str) -> None:
    people = pa.table({"practice": ["A"], name: [0.5]})
    with pytest.warns(UserWarning, match=f"'{name}' of the population is ignored: is it '{meant}'"):
        simulate(people, costs, replications=2)
