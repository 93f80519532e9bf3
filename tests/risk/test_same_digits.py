"""Is the result the same to the last bit, however the work and the table are cut?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from arrow_types import STRING_VIEWS
from fundholder import CostModel, Simulation, _engine, simulate

TERMS: dict[str, Any] = {
    "replications": 37,
    "seed": 5,
    "stop_loss": 4_000,
    "practice_sd": 0.1,
    "national_sd": 0.02,
}


def totals(population: object, costs: CostModel, **other: Any) -> pa.Table:
    return simulate(population, costs, **(TERMS | other)).totals()


def same(one: pa.Table, other: pa.Table) -> bool:
    """Equal draws; names of practices may be of another type."""
    return all(one[name].equals(other[name]) for name in ("people", "gross", "net"))


def digest(run: Simulation) -> str:
    return run.metadata["fundholder.population_digest"]


@pytest.fixture(scope="module")
def alone(people: pa.Table, banded: CostModel) -> pa.Table:
    return totals(people, banded, threads=1)


@pytest.fixture(scope="module")
def groups() -> pa.Table:
    """Groups without identities; one practice large enough to be cut among threads."""
    rng = np.random.Generator(np.random.PCG64(3))
    return pa.table(
        {
            "practice": [f"P{i}" for i in rng.integers(0, 5, 300)] + ["large"],
            "band": ["young", "old"] * 150 + ["old"],
            "count": [*rng.integers(0, 60, 300), 70_000],
            "scale": [*rng.uniform(0.5, 2.0, 300), 1.0],
        }
    )


# ---- However the work is cut ------------------------------------------------------------------
@pytest.mark.parametrize("threads", [2, 7])
def test_any_number_of_threads_gives_the_same_digits(
    people: pa.Table, banded: CostModel, alone: pa.Table, threads: int
) -> None:
    assert totals(people, banded, threads=threads).equals(alone)


@pytest.mark.parametrize("threads", [2, 7])
def test_any_number_of_threads_gives_large_groups_the_same_digits(
    groups: pa.Table, banded: CostModel, threads: int
) -> None:
    one = totals(groups, banded, threads=1)
    assert totals(groups, banded, threads=threads).equals(one)


@pytest.mark.parametrize("processor", _engine.processors())
def test_every_processor_gives_the_same_digits(
    people: pa.Table,
    groups: pa.Table,
    banded: CostModel,
    alone: pa.Table,
    monkeypatch: pytest.MonkeyPatch,
    processor: str,
) -> None:
    by_default = totals(groups, banded)
    monkeypatch.setenv("FUNDHOLDER_PROCESSOR", processor)
    assert totals(people, banded).equals(alone)
    assert totals(groups, banded).equals(by_default)


def test_processors_agree_on_every_family(monkeypatch: pytest.MonkeyPatch) -> None:
    families = ["lognormal", "gamma", "weibull", "pareto", "fixed"]
    shapes = pa.array([1.6, 0.4, 0.6, 1.5, None], pa.float64())
    severity = {"family": families, "mean": [3_000.0] * 5, "shape": shapes, "band": families}
    population = pa.table({"practice": families, "band": families, "count": [900] * 5})
    models = [
        CostModel(pa.table({"p_any": [0.3] * 5, **severity})),
        CostModel.events(pa.table({"rate": [0.3] * 5, **severity})),
    ]
    seen = np.random.Generator(np.random.PCG64(2)).lognormal(7, 1.5, 5_000)
    years = pa.table({"cost": np.concatenate([seen, np.zeros(5_000)]), "band": families * 2_000})
    for tail in (None, "gpd"):
        models.append(CostModel.from_costs(years, cost="cost", band="band", tail=tail))
    tables = []
    for processor in _engine.processors():
        monkeypatch.setenv("FUNDHOLDER_PROCESSOR", processor)
        tables.append([totals(population, model) for model in models])
    first, *others = tables
    assert all(a.equals(b) for other in others for a, b in zip(first, other, strict=True))


def test_more_replications_begin_with_the_same_years(groups: pa.Table, banded: CostModel) -> None:
    few = np.array(totals(groups, banded)["net"].to_pylist())
    # Across the 4,096 replications that are drawn at a time.
    many = np.array(totals(groups, banded, replications=4_100)["net"].to_pylist())
    assert np.array_equal(many[:, :37], few)


# ---- However the table is cut -----------------------------------------------------------------
def test_rows_in_another_order_give_the_same_digits(
    people: pa.Table, banded: CostModel, alone: pa.Table
) -> None:
    order = np.random.Generator(np.random.PCG64(1)).permutation(people.num_rows)
    run = simulate(people.take(order), banded, **TERMS)
    assert run.totals().equals(alone)
    assert digest(run) == digest(simulate(people, banded, **TERMS))


@pytest.mark.parametrize("rows", [1, 7, 1_000, 10**6])
@pytest.mark.parametrize("identity", [True, False])
def test_batches_of_any_size_give_the_same_digits(
    people: pa.Table, banded: CostModel, rows: int, identity: bool
) -> None:
    table = people if identity else people.drop_columns("person")
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=rows))
    chunks = pa.Table.from_batches(table.to_batches(max_chunksize=rows))
    expected = totals(table, banded)
    assert totals(stream, banded).equals(expected)
    assert totals(chunks, banded).equals(expected)


def test_practices_in_two_runs_have_the_digits_of_one(
    people: pa.Table, banded: CostModel, alone: pa.Table
) -> None:
    early = np.array(people["practice"].to_pylist()) < "P3"
    halves = [totals(people.filter(pa.array(x)), banded) for x in (early, ~early)]
    assert pa.concat_tables(halves).combine_chunks().equals(alone.combine_chunks())


def test_units_do_not_change_the_draws(people: pa.Table, banded: CostModel) -> None:
    both = simulate(people, banded, by=["icb", "practice"], **TERMS)
    assert both.totals("icb").equals(totals(people, banded, by="icb"))


def test_one_person_alone_is_that_person(people: pa.Table, banded: CostModel) -> None:
    # The year of a practice is the sum of the years of its people, each simulated alone.
    practice = people.filter(pa.array([p == "P1" for p in people["practice"].to_pylist()]))
    few = practice.slice(0, 12)
    net = np.array(totals(few, banded)["net"][0].as_py())
    parts = [totals(few.slice(i, 1), banded)["net"][0].as_py() for i in range(12)]
    # Money is in hundredths of a penny; in those, all numbers are whole.
    assert np.array_equal(np.rint(net * 1e4), np.rint(np.sum(parts, axis=0) * 1e4))


# ---- However names are written ----------------------------------------------------------------
@pytest.mark.parametrize(
    "data_type",
    [
        pa.large_string(),
        *STRING_VIEWS,
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_text_of_any_type_gives_the_same_digits(
    people: pa.Table, banded: CostModel, alone: pa.Table, data_type: pa.DataType
) -> None:
    for name in ("practice", "band"):
        i = people.column_names.index(name)
        column = people[name].combine_chunks()
        if pa.types.is_dictionary(data_type):
            column = column.cast(data_type.value_type).dictionary_encode().cast(data_type)
        else:
            column = column.cast(data_type)
        people = people.set_column(i, name, column)
    assert totals(people, banded).equals(alone)


@pytest.mark.parametrize(
    "data_type", [pa.int64(), pa.uint8(), pa.dictionary(pa.int8(), pa.int32())]
)
def test_a_number_and_its_digits_are_one_practice(costs: CostModel, data_type: pa.DataType) -> None:
    numbers = pa.array([17, 3, 17, 40])
    if pa.types.is_dictionary(data_type):
        column = numbers.cast(data_type.value_type).dictionary_encode()
    else:
        column = numbers.cast(data_type)
    as_numbers = totals(pa.table({"practice": column}), costs)
    as_text = totals(pa.table({"practice": ["17", "3", "17", "40"]}), costs)
    assert as_numbers["practice"].to_pylist() == [3, 17, 40]
    assert as_text["practice"].to_pylist() == ["17", "3", "40"]
    assert same(as_numbers.take([1, 0, 2]), as_text)


@pytest.mark.parametrize("person", [17, -4, 2**62])
def test_a_number_and_its_digits_are_one_person(costs: CostModel, person: int) -> None:
    runs = [
        totals(pa.table({"practice": ["A"] * 2, "person": pa.array(ids)}), costs, replications=500)
        for ids in ([person, 5], [str(person), "5"])
    ]
    assert runs[0].equals(runs[1])


# ---- And what must differ, differs ------------------------------------------------------------
def test_other_seeds_people_and_practices_have_other_draws(costs: CostModel) -> None:
    def gross(practice: str = "A", person: int = 1, seed: int = 5) -> list[float]:
        table = pa.table({"practice": [practice], "person": [person], "p_any": [1.0]})
        return totals(table, costs, seed=seed)["gross"][0].as_py()

    samples = [gross(), gross("B"), gross(person=2), gross(seed=6), gross(seed=2**64 - 1)]
    assert len({value for years in samples for value in years}) == 5 * 37


def test_the_digest_sees_every_change(people: pa.Table, banded: CostModel) -> None:
    def changed(name: str, values: list) -> pa.Table:
        return people.set_column(people.column_names.index(name), name, [values])

    columns = {name: people[name].to_pylist() for name in people.column_names}
    tables = [
        people,
        people.slice(1),
        changed("scale", [columns["scale"][0] * (1 + 2**-52), *columns["scale"][1:]]),
        changed("practice", ["P9", *columns["practice"][1:]]),
        changed("person", [10**6, *columns["person"][1:]]),
        changed("p_any", [0.123, *columns["p_any"][1:]]),
        changed(
            "band", [{"old": "young", "young": "old"}[columns["band"][0]], *columns["band"][1:]]
        ),
        people.append_column("count", pa.array([2] + [1] * (people.num_rows - 1))),
    ]
    digests = {digest(simulate(table, banded, replications=1)) for table in tables}
    assert len(digests) == len(tables)
