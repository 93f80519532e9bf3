"""Has a formula the same digits, however its people are ordered, cut and shared among threads?"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from formula_oracle import ROLES, some_codes, some_people
from fundholder import Formula, _engine, allocate, fit_formula, validate_formula

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weights": {"weight": "weight"},
    "clusters": {"weight": "weight", "cluster": "practice"},
    "nonnegative": {"nonnegative": True},
}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    """Costs and weights over many orders of magnitude, so that every sum depends on its order."""
    table = some_people(3_000, seed=3)
    rng = np.random.Generator(np.random.PCG64(4))
    for name, sigma in (("cost", 3.0), ("weight", 4.0), ("deprivation", 2.0)):
        values = table[name].to_numpy() * rng.lognormal(0, sigma, table.num_rows)
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return table


@pytest.fixture(scope="module")
def codes(people: pa.Table) -> pa.Table:
    return some_codes(people)


def fit(persons: Any, **other: Any) -> Formula:
    return fit_formula(persons, **({"cost": "cost"} | ROLES | other))


def same(one: Formula, other: Formula) -> bool:
    return (
        one.coefficients.equals(other.coefficients)
        and one.covariance.equals(other.covariance)
        and (one.people, one.r2) == (other.people, other.r2)
    )


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    return table.take(np.random.Generator(np.random.PCG64(seed)).permutation(table.num_rows))


def in_batches(table: pa.Table, rows: int) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=rows))


def test_the_case_is_hard(people: pa.Table) -> None:
    """Sums in another order do differ here."""
    cost, other = people["cost"].to_numpy(), shuffled(people, 1)["cost"].to_numpy()
    assert np.cumsum(cost)[-1] != np.cumsum(other)[-1]


# ---- Fits ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_rows_in_another_order_give_the_same_digits(
    people: pa.Table, variant: str, seed: int
) -> None:
    other = VARIANTS[variant]
    assert same(fit(people, **other), fit(shuffled(people, seed), **other))


@pytest.mark.parametrize("rows", [1, 7, 1_000])
@pytest.mark.parametrize("variant", ["plain", "clusters"])
def test_batches_of_any_size_give_the_same_digits(
    people: pa.Table, variant: str, rows: int
) -> None:
    other = VARIANTS[variant]
    of_all = fit(people, **other)
    some = people.slice(0, 300) if rows == 1 else people
    expected = fit(some, **other) if rows == 1 else of_all
    assert same(fit(in_batches(some, rows), **other), expected)
    chunks = pa.Table.from_batches(some.to_batches(max_chunksize=rows))
    assert same(fit(chunks, **other), expected)
    assert same(fit(lambda: in_batches(some, rows), **other), expected)


@pytest.mark.parametrize("threads", [2, 7])
@pytest.mark.parametrize("variant", ["plain", "clusters"])
def test_any_number_of_threads_gives_the_same_digits(
    people: pa.Table, variant: str, threads: int
) -> None:
    other = VARIANTS[variant]
    one = fit(people, threads=1, **other)
    assert same(fit(people, threads=threads, **other), one)
    assert same(fit(lambda: in_batches(people, 100), threads=threads, **other), one)


def everything(threads: int) -> str:
    """The bits of a fit by cluster, of needs and of predictions of many parts of a table."""
    people = some_people(40_000, seed=13)
    formula = fit(people, weight="weight", cluster="practice", threads=threads)
    tables = (
        formula.coefficients,
        formula.covariance,
        formula.need(people, threads=threads),
        formula.predict(in_batches(people, 700), threads=threads),
        formula.evaluate(people, cost="cost", threads=threads).ratios,
        formula.cost_model(people, cost="cost", threads=threads).table,
        allocate(people, need="cost", total=1e6, threads=threads),
    )
    text = hashlib.sha256()
    for table in tables:
        for column in table.columns:
            text.update(repr(column.to_pylist()).encode())
    return text.hexdigest()


def test_what_follows_a_fit_has_the_same_digits_on_any_number_of_threads() -> None:
    assert everything(1) == everything(3) == everything(7)


@pytest.mark.parametrize("processor", _engine.processors())
def test_every_processor_gives_the_same_digits(
    people: pa.Table, monkeypatch: pytest.MonkeyPatch, processor: str
) -> None:
    by_default = fit(people, weight="weight")
    monkeypatch.setenv("FUNDHOLDER_PROCESSOR", processor)
    assert same(fit(people, weight="weight"), by_default)


def test_codes_in_another_order_give_the_same_digits(people: pa.Table, codes: pa.Table) -> None:
    one = fit(people, codes=codes)
    assert same(fit(people, codes=shuffled(codes, 5)), one)
    assert same(fit(shuffled(people, 6), codes=shuffled(codes, 5)), one)


def test_batches_with_other_dictionaries_give_the_same_digits(people: pa.Table) -> None:
    """Each batch numbers its levels as they come."""
    batches = []
    for batch in shuffled(people, 7).to_batches(max_chunksize=50):
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name in ("age", "sex", "region", "practice"):
            columns[name] = columns[name].dictionary_encode()
        batches.append(pa.RecordBatch.from_pydict(columns))
    coded = pa.Table.from_batches(batches)
    assert same(fit(coded, cluster="practice"), fit(people, cluster="practice"))


def test_a_number_and_its_digits_are_one_level_of_an_area(people: pa.Table) -> None:
    number = [int(region[1:]) for region in people["region"].to_pylist()]
    i = people.column_names.index("region")
    as_number = fit(people.set_column(i, "region", pa.array(number)))
    as_text = fit(people.set_column(i, "region", pa.array(map(str, number), pa.string())))
    assert same(as_number, as_text)


# ---- What is made with it -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def formula(people: pa.Table, codes: pa.Table) -> Formula:
    return fit(people, codes=codes)


def test_need_has_the_same_digits_in_any_order(
    people: pa.Table, codes: pa.Table, formula: Formula
) -> None:
    expected = formula.need(people, codes=codes)
    other = shuffled(people, 8)
    for given in (other, in_batches(other, 7), other.to_pandas()):
        assert formula.need(given, codes=shuffled(codes, 9)).equals(expected)


def test_predictions_follow_their_rows(people: pa.Table, codes: pa.Table, formula: Formula) -> None:
    order = np.random.Generator(np.random.PCG64(10)).permutation(people.num_rows)
    expected = formula.predict(people, codes=codes).take(order)
    predictions = formula.predict(in_batches(people.take(order), 11), codes=codes)
    assert predictions.combine_chunks().equals(expected.combine_chunks())


def test_evaluations_have_the_same_digits_in_any_order(
    people: pa.Table, codes: pa.Table, formula: Formula
) -> None:
    terms: dict[str, Any] = {"cost": "cost", "weight": "weight", "groups": ["practice"]}
    one = formula.evaluate(people, codes=codes, **terms)
    other = formula.evaluate(in_batches(shuffled(people, 11), 7), codes=codes, **terms)
    assert other.measures == one.measures
    assert other.ratios.equals(one.ratios)


def test_validations_have_the_same_digits_in_any_order(people: pa.Table) -> None:
    one = validate_formula(people, cost="cost", **ROLES)
    other = validate_formula(shuffled(people, 12), cost="cost", **ROLES)
    assert same(other.formula, one.formula)
    for sample in ("estimation", "other_people", "other_practices"):
        a, b = getattr(one, sample), getattr(other, sample)
        assert a.measures == b.measures and a.ratios.equals(b.ratios)


def test_what_must_differ_differs(people: pa.Table) -> None:
    one = fit(people)
    cost = people["cost"].to_numpy().copy()
    cost[np.argmax(cost)] *= 1 + 2**-50
    i = people.column_names.index("cost")
    assert not same(fit(people.set_column(i, "cost", pa.array(cost))), one)
    seeds = [validate_formula(people, cost="cost", seed=s, **ROLES).formula for s in (0, 1)]
    assert not same(*seeds)
