"""Are tables of every kind read alike, and readers of batches that fail rejected?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fundholder import CostModel, FundholderError, InputError, allocate, simulate, variance


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
    [("People", "count"), ("P-any", "p_any"), ("scael", "scale"), ("Person", "person")],
)
def test_a_column_that_seems_to_be_meant_is_said(costs: CostModel, name: str, meant: str) -> None:
    named = {} if meant == "person" else {"person": [1]}
    people = pa.table({"practice": ["A"], name: [1.0]} | named)
    with pytest.warns(UserWarning, match=f"'{name}' of the population is ignored: is it '{meant}'"):
        simulate(people, costs, replications=2)


@pytest.mark.parametrize(
    "name",
    ["people", "Patients", "NUMBER_OF_PATIENTS", "List size", " count", "counts", "cuont", "pop"],
)
@pytest.mark.parametrize("method", ["exact", "moments", "simulation"])
def test_sizes_in_a_column_of_another_name_are_not_single_persons(
    costs: CostModel, name: str, method: Any
) -> None:
    lists = pa.table({"practice": ["A"], name: [4_100]})
    for table in (lists, lists.to_reader()):
        with pytest.raises(InputError, match="'count'") as raised:
            variance(table, costs, method=method, replications=2)
        assert [(p.code, p.column) for p in raised.value.problems] == [("missing_column", name)]


@pytest.mark.parametrize("name", ["county", "region", "scale_of_need", "imd", "people_at_risk"])
def test_other_columns_are_carried_without_a_word(costs: CostModel, name: str) -> None:
    """Text of a name that is one slip from one that is read, and numbers of other names."""
    value = "Kent" if name in ("county", "region") else 3.0
    people = pa.table({"practice": ["A"], name: [value]})
    assert variance(people, costs, method="moments")["people"].to_pylist() == [1]


# ---- Organisations that are written in two ways --------------------------------------------------
VARIANTS = ["A81001", "a81001", "A81001 ", " A81001"]


@pytest.mark.parametrize("other", VARIANTS[1:])
@pytest.mark.parametrize("method", ["moments", "simulation"])
def test_one_practice_that_is_written_in_two_ways_is_rejected(
    costs: CostModel, other: str, method: Any
) -> None:
    for names in ([VARIANTS[0], "B", other], [other, "B", VARIANTS[0]]):
        people = pa.table({"practice": names, "count": [10, 10, 10]})
        with pytest.raises(InputError, match="case or space") as raised:
            variance(people, costs, method=method, replications=2)
        (problem,) = raised.value.problems
        assert (problem.code, problem.row, problem.value) == ("duplicate", 2, names[2])


def test_levels_and_budgets_that_are_written_in_two_ways_are_rejected(costs: CostModel) -> None:
    people = pa.table({"practice": ["A", "B"], "region": ["north", "North"], "count": [9, 9]})
    with pytest.raises(InputError, match="'North'.*like 'north'"):
        variance(people, costs, by="region", method="moments")
    budgets = pa.table({"practice": ["A", "a", "B"], "budget": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="'a'.*like 'A'"):
        variance(people, costs, budgets=budgets, method="moments")


def test_persons_bands_and_codes_may_differ_by_case_alone() -> None:
    """Pseudonyms do, and a band is what the modeller calls it."""
    table = {"band": ["m", "M"], "p_any": [0.1, 0.2], "family": ["fixed"] * 2, "mean": [1.0] * 2}
    model = CostModel(pa.table(table))
    people = {"practice": ["A"] * 3, "band": ["m", "M", "M"], "person": ["x", "X", "x "]}
    assert variance(pa.table(people), model, method="moments")["people"].to_pylist() == [3]


# ---- People who come twice -----------------------------------------------------------------------
@pytest.mark.parametrize("rows", [[3], [1, 2], [1, 1, 1]])
@pytest.mark.parametrize("kind", ["table", "reader"])
@pytest.mark.parametrize("method", ["exact", "moments", "simulation"])
def test_a_person_who_comes_twice_is_rejected_whatever_the_chunks(
    costs: CostModel, rows: list[int], kind: str, method: Any
) -> None:
    people = pa.table({"practice": ["A"] * 3, "person": [7, 8, 7]})
    starts = [sum(rows[:i]) for i in range(len(rows))]
    cut = pa.concat_tables([people.slice(at, n) for at, n in zip(starts, rows, strict=True)])
    with pytest.raises(InputError, match="row 2.*duplicate of row 0"):
        variance(cut if kind == "table" else cut.to_reader(), costs, method=method, replications=2)


@pytest.mark.parametrize("kind", ["table", "reader"])
@pytest.mark.parametrize("method", ["moments", "simulation"])
def test_a_person_who_comes_twice_is_rejected_however_far_apart(
    costs: CostModel, kind: str, method: Any
) -> None:
    """About a million rows are drawn together."""
    n = 2_500_000
    people = pa.table({"practice": pa.repeat("A", n), "person": [*range(n - 1), 5]})
    with pytest.raises(InputError, match=f"row {n - 1}.*duplicate of row 5"):
        variance(
            people if kind == "table" else people.to_reader(), costs, method=method, replications=2
        )


def test_a_person_who_comes_twice_has_no_need_twice() -> None:
    persons = {"practice": ["A", "A", "B"], "person": [1, 1, 1], "need": [1.0, 1.0, 1.0]}
    with pytest.raises(InputError, match="row 1.*duplicate of row 0"):
        allocate(pa.table(persons), need="need", total=100)
    once = allocate(pa.table(persons).slice(1), need="need", total=100)
    assert once["budget"].to_pylist() == [50.0, 50.0]
