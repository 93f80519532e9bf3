"""Do budgets follow need, and do they add up to the penny, whatever the rows look like?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fundholder import InputError, InputTypeError, allocate
from fundholder._tables.largest_remainder import largest_remainder
from rejections import rejection, says

NAN, INF = math.nan, math.inf
LISTS = pa.table(
    {
        "practice": ["C", "A", "B"],
        "people": [8_000, 5_000, 7_000],
        "weighted": [7_000.0, 6_000.0, 7_000.0],
        "mff": [1.1, 1.0, 1.0],
    }
)


def pence(table: pa.Table, column: str = "budget") -> list[int]:
    """Budgets as whole pence; each must be the float nearest to them."""
    budgets = table[column].to_pylist()
    rounded = [round(budget * 100) for budget in budgets]
    assert [p / 100 for p in rounded] == budgets
    return rounded


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    return table.take(np.random.Generator(np.random.PCG64(seed)).permutation(table.num_rows))


# ---- Do budgets add up? -------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(40))
def test_budgets_add_up_to_the_penny(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    units = int(rng.integers(1, 200))
    need = np.exp(rng.normal(0, 10, units)) * (rng.random(units) < 0.8)
    need[0] = 1.0
    total = int(10 ** rng.uniform(0, 15))  # pence
    lists = pa.table({"practice": rng.permutation(units), "people": need + 1, "need": need})
    result = allocate(lists, need="need", total=total / 100)
    assert sum(pence(result)) == total
    assert result["practice"].to_pylist() == list(range(units))
    # Each has its exact quota, rounded down or up.
    order = np.argsort(lists["practice"].to_numpy())
    exact = [Fraction(float(n)) for n in need[order]]
    for budget, quota in zip(pence(result), exact, strict=True):
        assert abs(budget - total * quota / sum(exact)) < 1


def test_the_largest_remainders_have_the_pennies() -> None:
    """Quotas 3.9, 3.2, 2.9: one more for the first and the third."""
    assert largest_remainder(10, [39.0, 32.0, 29.0]) == [4, 3, 3]
    # Of equals, the first; a need of 0 has nothing.
    assert largest_remainder(2, [1.0, 1.0, 1.0, 0.0]) == [1, 1, 0, 0]


def test_a_pot_of_nothing_gives_budgets_of_nothing() -> None:
    result = allocate(LISTS, need="weighted", total=0)
    assert result["budget"].to_pylist() == [0.0, 0.0, 0.0]


def test_equal_units_share_pennies_by_name() -> None:
    lists = pa.table({"practice": ["B", "C", "A"], "people": [1, 1, 1], "need": [1.0, 1.0, 1.0]})
    assert pence(allocate(lists, need="need", total=0.02)) == [1, 1, 0]


# ---- Do they follow need? -----------------------------------------------------------------------
def test_budgets_are_those_computed_by_hand() -> None:
    """Needs 6,000, 7,000 and 7,000 * 1.1 = 7,700 of 20,700."""
    result = allocate(LISTS, need="weighted", total=2_070, index="mff")
    assert result["practice"].to_pylist() == ["A", "B", "C"]
    assert result["budget"].to_pylist() == [600.0, 700.0, 770.0]
    assert result["people"].to_pylist() == [5_000, 7_000, 8_000]
    assert result["need"].to_pylist() == [6_000.0, 7_000.0, 7_000.0]
    assert result["budget_per_head"].to_pylist() == [0.12, 0.1, 0.09625]
    # All have a need of one a head.
    assert result["need_index"].to_pylist() == pytest.approx([1.2, 1.0, 0.875], rel=1e-15)
    # 1.1 relative to 20,700 / 20,000, by need.
    assert result["cost_index"][2].as_py() == pytest.approx(1.1 / 1.035, rel=1e-15)


def test_components_are_those_computed_by_hand() -> None:
    result = allocate(
        LISTS,
        need={"hospital": "weighted", "drugs": "people"},
        total={"hospital": 2_070, "drugs": 100},
        index={"hospital": "mff"},
    )
    assert result["budget_hospital"].to_pylist() == [600.0, 700.0, 770.0]
    assert result["budget_drugs"].to_pylist() == [25.0, 35.0, 40.0]
    assert result["budget"].to_pylist() == [625.0, 735.0, 810.0]
    # Share of money to share of people: (625 / 2170) / (5 / 20).
    assert result["need_index"][0].as_py() == pytest.approx(2_500 / 2_170, rel=1e-15)
    assert "cost_index_hospital" in result.column_names
    assert "cost_index_drugs" not in result.column_names


@pytest.mark.parametrize("seed", range(10))
def test_components_add_up(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    lists = pa.table(
        {
            "practice": [f"P{i}" for i in range(50)],
            "people": rng.integers(1, 9_000, 50),
            **{c: rng.random(50) for c in "abc"},
        }
    )
    totals = dict(zip("abc", (rng.integers(0, 10**9, 3) / 100).tolist(), strict=True))
    result = allocate(lists, need={c: c for c in "abc"}, total=totals)
    parts = [pence(result, f"budget_{c}") for c in "abc"]
    assert [sum(part) for part in parts] == [round(100 * totals[c]) for c in "abc"]
    assert pence(result) == [sum(unit) for unit in zip(*parts, strict=True)]


def test_persons_groups_and_units_agree() -> None:
    persons = pa.table(
        {"practice": ["A"] * 3 + ["B"] * 2, "need": [2.0, 2.0, 5.0, -1.0, 4.0], "mff": [1.1] * 5}
    )
    groups = pa.table(
        {
            "practice": ["A", "A", "B", "B"],
            "count": [2, 1, 1, 1],
            "need": [2.0, 5.0, -1.0, 4.0],
            "mff": [1.1] * 4,
        }
    )
    units = pa.table(
        {"practice": ["A", "B"], "people": [3, 2], "need": [9.0, 3.0], "mff": [1.1] * 2}
    )
    results = [allocate(t, need="need", total=12, index="mff") for t in (persons, groups, units)]
    assert results[0]["budget"].to_pylist() == [9.0, 3.0]
    for name in ("people", "need", "budget", "budget_per_head"):
        assert results[0][name].equals(results[1][name])
        assert results[0][name].equals(results[2][name])


def test_an_empty_list_has_nothing() -> None:
    lists = pa.table({"practice": ["A", "B"], "people": [0, 10], "need": [0.0, 10.0]})
    first = allocate(lists, need="need", total=5).to_pylist()[0]
    assert first == {
        "practice": "A",
        "people": 0,
        "need": 0.0,
        "need_index": None,
        "share": 0.0,
        "budget": 0.0,
        "budget_per_head": None,
    }


def test_excluded_units_take_no_part() -> None:
    """Not even with a need that would be rejected."""
    lists = pa.table({"practice": ["A", "B", "C"], "people": [1, 1, 1], "need": [1.0, 3.0, -1.0]})
    result = allocate(lists, need="need", total=4, exclude=["C"])
    assert result["practice"].to_pylist() == ["A", "B"]
    assert result["budget"].to_pylist() == [1.0, 3.0]
    assert result["need_index"].to_pylist() == [0.5, 1.5]


def test_national_weighted_populations_share_out_the_national_pot(real: Path) -> None:
    """Targets are in proportion to WP_Overall, so sharing their sum out gives them again."""
    file = real / "allocation" / "gp_wp_target_2018-19_formula.csv.gz"
    rows = pd.read_csv(file).rename(columns={"GP_pop": "people"})
    targets = rows["Target_inc_remote_£k"] * 1_000
    total = round(targets.sum(), 2)
    result = allocate(rows, need="WP_Overall", total=total, by="Practice").to_pandas()
    assert sum(round(100 * b) for b in result.budget) == round(100 * total)
    order = rows.Practice.argsort()
    # A penny of rounding, and 4e-16 of the largest target of £98m.
    assert np.abs(result.budget.to_numpy() - targets[order].to_numpy()).max() < 0.011
    index = rows.Need_index[order].to_numpy()
    assert np.abs(result.need_index.to_numpy() / index - 1).max() < 1e-12


# ---- Does the form of the table matter? ---------------------------------------------------------
@pytest.fixture(scope="module")
def persons() -> pa.Table:
    """4,000 people; needs of many sizes, some negative, so that naive sums depend on the order."""
    rng = np.random.Generator(np.random.PCG64(2))
    need = np.exp(rng.normal(0, 6, 4_000)) * np.where(rng.random(4_000) < 0.1, -0.01, 1.0)
    practice = [f"P{i}" for i in rng.integers(0, 9, 4_000)]
    return pa.table({"practice": practice, "need": need, "mff": rng.uniform(0.9, 1.2, 4_000)})


FORMS: dict[str, Callable[[pa.Table], Any]] = {
    "another order": lambda table: shuffled(table, 4),
    "many batches": lambda table: pa.Table.from_batches(table.to_batches(max_chunksize=7)),
    "a reader": lambda table: shuffled(table, 5).to_reader(max_chunksize=333),
    "pandas": lambda table: table.to_pandas(),
    "polars": lambda table: pl.from_arrow(shuffled(table, 6)),
    "dictionary": lambda table: table.set_column(0, "practice", table[0].dictionary_encode()),
    "duckdb": lambda table: duckdb.connect().from_arrow(table),
}


@pytest.mark.parametrize("form", FORMS)
def test_any_form_of_a_table_gives_the_same_digits(persons: pa.Table, form: str) -> None:
    kw: dict[str, Any] = {"need": "need", "total": 123_456.78, "index": "mff"}
    expected = allocate(persons, **kw)
    assert allocate(FORMS[form](persons), **kw).equals(expected)


@pytest.mark.parametrize("seed", range(5))
def test_sums_are_those_of_rational_arithmetic(seed: int) -> None:
    """Of units and persons of many sizes, to 2**-66 of the largest person's need."""
    rng = np.random.Generator(np.random.PCG64(seed))
    unit = rng.integers(0, 30, 5_000)
    scale = 2.0 ** rng.integers(-30, 40, 30)
    value = rng.normal(size=5_000) * 2.0 ** rng.integers(-60, 5, 5_000) * scale[unit]
    # What a unit needs is not negative.
    signs = [1.0 if sum(map(Fraction, value[unit == u].tolist())) > 0 else -1.0 for u in range(30)]
    need = value * np.array(signs)[unit]
    table = pa.table({"practice": unit, "need": need})
    result = allocate(table.to_reader(max_chunksize=700), need="need", total=1)
    assert result["practice"].to_pylist() == list(range(30))
    largest = Fraction(float(abs(need).max()))
    for u, total in enumerate(result["need"].to_pylist()):
        rows = need[unit == u].tolist()
        exact = sum(map(Fraction, rows))
        # What is cut off of each row, and the rounding of the sum.
        slack = len(rows) * largest / 2**66 + Fraction(math.ulp(total))
        assert abs(Fraction(total) - exact) <= slack


def test_ten_tenths_are_one() -> None:
    """The float nearest to ten times 0.1 is 1; added one by one they are less."""
    rows = pa.table({"practice": ["A"] * 10 + ["B"], "need": [0.1] * 10 + [1.0]})
    assert sum([0.1] * 10) < 1.0
    result = allocate(rows, need="need", total=0.03)
    assert result["need"].to_pylist() == [1.0, 1.0]
    # Equal needs: the odd penny goes to the first by name.
    assert pence(result) == [2, 1]


@pytest.mark.parametrize("data_type", [pa.int64(), pa.uint16(), pa.uint64()])
def test_numbers_of_units_are_sorted_as_numbers(data_type: pa.DataType) -> None:
    units = pa.array([10, 9, 100, 10], data_type)
    rows = pa.table({"practice": units, "need": [1.0, 1.0, 1.0, 1.0]})
    for table in (rows, rows.set_column(0, "practice", units.dictionary_encode())):
        result = allocate(table, need="need", total=3, exclude=[100])
        assert result["practice"].to_pylist() == [9, 10]
        assert result["people"].to_pylist() == [1, 2]


def test_a_result_says_what_it_was_made_from() -> None:
    metadata = allocate(LISTS, need="weighted", total=7.5, index="mff").schema.metadata
    told = {k.decode().removeprefix("fundholder."): v.decode() for k, v in metadata.items()}
    assert told.pop("version")
    assert told == {
        "by": "practice",
        "need": "weighted",
        "index": "mff",
        "total": "7.50",
        "excluded": "none",
        "rows": "3",
    }


def test_decimals_are_numbers() -> None:
    """What duckdb makes of sums of integers."""
    lists = pa.table({"practice": ["A"], "people": [Decimal(3)], "need": [Decimal("1.5")]})
    assert allocate(lists, need="need", total=1)["budget_per_head"].to_pylist() == [1 / 3]


# ---- What is rejected? ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"practice": None}, ["column 'practice' is missing", "has people, weighted, mff"]),
        ({"practice": ["A", None, "B"]}, ["column 'practice', row 1: null", "an integer"]),
        ({"weighted": None}, ["column 'weighted' is missing"]),
        ({"weighted": [1.0, NAN, INF]}, ["'weighted', row 1: NaN", "'weighted', row 2: inf"]),
        ({"weighted": [1.0, None, 2.0]}, ["'weighted', row 1: null", "finite"]),
        ({"weighted": [0.0, 0.0, 0.0]}, ["column 'weighted': all need is 0"]),
        ({"weighted": [1.0, -2.0, 2.0]}, ["practice 'A'", "adds up to -2", "0 or more"]),
        ({"people": [0, 1, 1]}, ["practice 'C'", "7000 without people"]),
        ({"people": [-1, 1, 1]}, ["'people', row 0: -1", "0 or more"]),
        ({"mff": [0.0, 1.0, -1.0]}, ["'mff', row 0: 0", "'mff', row 2: -1", "above 0"]),
        ({"count": [1, 1, 1]}, ["'people'", "'count'", "one of them"]),
    ],
)
def test_tables_are_rejected_by_column_and_row(
    columns: dict[str, list | None], texts: list[str]
) -> None:
    merged = LISTS.to_pydict() | columns
    table = pa.table({name: values for name, values in merged.items() if values is not None})
    error = rejection(allocate, table, need="weighted", total=1, index="mff")
    assert isinstance(error, InputError)
    says(error, *texts)


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        (
            {"practice": [1.0, 2.0, 3.0]},
            ["column 'practice' is double", "a dictionary of strings or an integer"],
        ),
        ({"weighted": ["1", "2", "3"]}, ["column 'weighted' is string, row 0: '1'", "a number"]),
        ({"mff": [True, True, False]}, ["column 'mff' is bool", "a number"]),
    ],
)
def test_columns_of_a_wrong_type_are_rejected(columns: dict[str, list], texts: list[str]) -> None:
    table = pa.table(LISTS.to_pydict() | columns)
    error = rejection(allocate, table, need="weighted", total=1, index="mff")
    assert isinstance(error, InputTypeError)
    says(error, *texts)


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"total": -1}, ["total is -1", "at least 0"]),
        ({"total": NAN}, ["total is nan"]),
        ({"total": INF}, ["total is inf"]),
        ({"total": 1e15}, ["total is 1000000000000000.0", "below 1e+13"]),
        ({"total": 1.005}, ["total is 1.005", "whole number of pence"]),
        ({"total": "1"}, ["total is '1' (str)"]),
        ({"by": "need"}, ["by is 'need'", "none of the columns"]),
        ({"by": ["practice"]}, ["by is ['practice']", "name of a column"]),
        ({"need": 3}, ["need is 3 (int)"]),
        ({"need": {}}, ["need is {}", "not empty"]),
        ({"need": {"a": "weighted"}}, ["total is 1", "a dict {component: £}"]),
        ({"need": {"a": "weighted"}, "total": {"b": 1}}, ["total is", "components a"]),
        (
            {"need": {"a": "weighted"}, "total": {"a": -1}, "index": {"b": "mff"}},
            ["total['a'] is -1", "index is 'b'", "2 problems"],
        ),
        (
            {"need": {"index": "weighted"}, "total": {"index": 1}},
            ["need is 'index'", "'need_index' for something else"],
        ),
        ({"index": 3}, ["index is 3"]),
        ({"index": ["mff", "mff"]}, ["index is", "different"]),
        ({"exclude": "A"}, ["exclude is 'A'", "a list of names"]),
        ({"exclude": ["Z", 7]}, ["exclude: 'Z'", "exclude: 7", "must be in column 'practice'"]),
        ({"exclude": ["A", "B", "C"]}, ["exclude leaves no unit"]),
        ({"total": -1, "by": "need", "exclude": 3}, ["3 problems"]),
    ],
)
def test_arguments_are_rejected_by_name(arguments: dict[str, Any], texts: list[str]) -> None:
    says(rejection(allocate, LISTS, **{"need": "weighted", "total": 1, **arguments}), *texts)


def test_what_is_no_table_or_has_no_row() -> None:
    says(rejection(allocate, {"practice": ["A"]}, need="n", total=1), "dict", "__arrow_c_stream__")
    says(rejection(allocate, LISTS.slice(0, 0), need="weighted", total=1), "is empty")
    reader = LISTS.to_reader()
    reader.read_all()
    says(rejection(allocate, reader, need="weighted", total=1), "is empty")


def test_names_that_a_dictionary_calls_null() -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["A", None]))
    error = rejection(allocate, LISTS.set_column(0, "practice", names), need="weighted", total=1)
    says(error, "2 problems", "'practice', row 1: null", "'practice', row 2: null")


def test_numbers_of_units_past_64_bits_are_their_digits() -> None:
    names = pa.array([1, 2**64 - 1, 2**63], pa.uint64())
    result = allocate(LISTS.set_column(0, "practice", names), need="weighted", total=1)
    assert result["practice"].to_pylist() == ["1", str(2**64 - 1), str(2**63)]


def test_problems_of_a_reader_are_those_of_its_table() -> None:
    """Each row is counted from the first of all, also where only the last ones are wrong."""
    table = pa.table({"practice": ["A"] * 9 + [None], "need": [1.0] * 8 + [NAN, INF]})
    for reader in (table, table.to_reader(max_chunksize=4)):
        error = rejection(allocate, reader, need="need", total=1)
        says(error, "3 problems", "'need', row 8: NaN", "'need', row 9: inf", "'practice', row 9")
        assert error.__context__ is None


def test_a_reader_that_breaks_off_is_rejected() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield LISTS.to_batches()[0]
        raise OSError("the network is gone")

    reader = pa.RecordBatchReader.from_batches(LISTS.schema, batches())
    error = rejection(allocate, reader, need="weighted", total=1)
    says(error, "persons_or_units cannot be read", "the network is gone")


def test_every_problem_is_counted_and_a_thousand_are_listed() -> None:
    table = pa.table({"practice": ["A"] * 1_500, "need": [NAN] * 1_500})
    error = rejection(allocate, table.to_reader(max_chunksize=100), need="need", total=1)
    assert len(error.problems) == 1_000 and error.more == 500
    says(error, "1500 problems", "row 19")


def test_a_float_sum_of_pounds_is_a_whole_number_of_pence() -> None:
    """0.1 + 0.2 is no float of 30 pence; one of £10bn is up to 1e-6 from its pence."""
    assert sum(pence(allocate(LISTS, need="weighted", total=0.1 + 0.2))) == 30
    assert sum(pence(allocate(LISTS, need="weighted", total=9_999_999_999.99))) == 999_999_999_999


def test_a_practice_with_its_people_is_unique() -> None:
    """Twice, it would be paid twice; a PCN may have many practices."""
    units = pa.table(
        {
            "practice": ["A", "B", "A"],
            "pcn": ["X", "X", "Y"],
            "people": [10, 20, 10],
            "need": [1.0, 2.0, 1.0],
        }
    )
    with pytest.raises(InputError, match="'A' is a duplicate, in 2 rows: must be unique"):
        allocate(units, need="need", total=100)
    assert allocate(units, need="need", total=100, by="pcn")["budget"].to_pylist() == [75.0, 25.0]
