"""Does the synthetic England have the published shape, and are bad tables rejected?"""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from fundholder import england
from fundholder._errors import FundholderError, InputError, InputTypeError, Problem

REAL = "shared/real/practice/age_sex_imd_2023.csv.gz"
YEARS = (2010, 2025)
AGES = ("0to4", "5to14", "15to44", "45to64", "65to74", "75to84", "85plus")


@pytest.fixture(scope="module", params=YEARS)
def year(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def groups(year: int) -> pa.Table:
    return england.population(year=year, seed=7)


def total_by(table: pa.Table, column: str) -> dict[object, int]:
    sums = table.group_by(column).aggregate([("count", "sum")])
    return dict(zip(sums[column].to_pylist(), sums["count_sum"].to_pylist(), strict=True))


def list_sizes(table: pa.Table) -> np.ndarray:
    return np.array(list(total_by(table, "practice").values()))


def cells(table: pa.Table, year: int) -> tuple[np.ndarray, ...]:
    """People, p_any, mean given use and sigma by band and quintile, worked out row by row here."""
    table = table.set_column(table.column_names.index("band"), "band", table["band"].cast("string"))
    cell = table.group_by(["band", "scale"]).aggregate([("count", "sum")])
    cost = {row["band"]: row for row in england.costs(year=year).to_pylist()}
    bands = [cost[b] for b in cell["band"].to_pylist()]
    p_any, mean, sigma = (np.array([b[n] for b in bands]) for n in ("p_any", "mean", "shape"))
    return cell["count_sum"].to_numpy(), p_any, mean * cell["scale"].to_numpy(), sigma


# ---- Are the lists those published? -----------------------------------------------------------
def test_list_sizes_have_the_published_quantiles(groups: pa.Table, year: int) -> None:
    published = {
        2010: {0.10: 2_238, 0.50: 5_590, 0.90: 11_784},
        2025: {0.05: 2_760, 0.50: 8_646, 0.95: 21_318, 0.99: 35_227, 1.0: 99_211},
    }[year]
    sizes = list_sizes(groups)
    for probability, size in published.items():
        assert np.quantile(sizes, probability) == pytest.approx(size, rel=0.003)


def test_list_sizes_have_the_published_number_mean_and_sd(groups: pa.Table, year: int) -> None:
    practices, mean, sd = {2010: (8_582, 6_422, 3_965), 2025: (6_348, 10_058, 6_998)}[year]
    sizes = list_sizes(groups)
    assert len(sizes) == practices
    assert sizes.mean() == pytest.approx(mean, rel=0.005)
    assert sizes.std() == pytest.approx(sd, rel=0.01)


def test_the_seed_moves_sizes_between_practices_and_no_more(groups: pa.Table, year: int) -> None:
    other = england.population(year=year, seed=8)
    assert not other.equals(groups)
    assert np.array_equal(np.sort(list_sizes(other)), np.sort(list_sizes(groups)))


def test_the_same_seed_gives_the_same_table(groups: pa.Table, year: int) -> None:
    assert england.population(year=year, seed=7).equals(groups)


# ---- Do areas nest, and have their sizes? -----------------------------------------------------
def test_icbs_and_regions_are_as_many_and_as_large_as_published(groups: pa.Table) -> None:
    icbs = total_by(groups, "icb")
    assert len(icbs) == 42
    assert min(icbs.values()) >= 500_000 and max(icbs.values()) <= 3_200_000
    assert len(total_by(groups, "region")) == 7


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pcns_are_all_there_and_sensible(seed: int) -> None:
    groups = england.population(year=2025, seed=seed)
    sizes = np.array(list(total_by(groups, "pcn").values()))
    assert len(sizes) == 1_256
    # Published mean 48,964; ours is all registered people over all PCNs.
    assert sizes.mean() == pytest.approx(48_964, rel=0.05)
    assert np.mean((sizes >= 20_000) & (sizes <= 100_000)) > 0.95


@pytest.mark.parametrize(
    ("inner", "outer"), [("practice", "pcn"), ("pcn", "icb"), ("icb", "region")]
)
def test_every_area_lies_in_one_larger_area(inner: str, outer: str) -> None:
    groups = england.population(year=2025, seed=7)
    nested = groups.group_by([inner, outer]).aggregate([])
    assert nested.num_rows == len(groups[inner].unique())


def test_2010_has_no_pcns() -> None:
    assert "pcn" not in england.population(year=2010).column_names


# ---- Are the people those published? ----------------------------------------------------------
def test_national_age_and_sex_are_those_published(groups: pa.Table, year: int) -> None:
    counted = total_by(groups, "band")
    people = sum(counted.values())
    share = {band: count / people for band, count in counted.items()}
    published = {
        2010: {"male 0-4": 0.0321, "female 85+": 0.01505, "female 45-64": 0.1283},
        2025: {"male 0-4": 1535036 / 62084204, "female 85+": 894079 / 62084204},
    }[year]
    assert len(share) == 14
    for band, expected in published.items():
        assert share[band] == pytest.approx(expected, rel=0.003)


def test_band_is_sex_and_age(groups: pa.Table) -> None:
    joined = pc.binary_join_element_wise(
        groups["sex"].cast("string"), groups["age"].cast("string"), " "
    )
    assert joined.equals(groups["band"].cast("string"))


def test_each_quintile_has_a_fifth_of_people(groups: pa.Table) -> None:
    quintiles = total_by(groups, "imd_quintile")
    assert sorted(quintiles) == [1, 2, 3, 4, 5]
    people = sum(quintiles.values())
    for count in quintiles.values():
        assert count / people == pytest.approx(0.2, abs=0.001)


def test_practices_differ_in_age_and_deprivation_as_real_ones_do(groups: pa.Table) -> None:
    practice = np.unique(groups["practice"].to_pylist(), return_inverse=True)[1]
    count = groups["count"].to_numpy()
    people = np.bincount(practice, count)

    def share(mask: np.ndarray) -> np.ndarray:
        return np.bincount(practice, count * mask) / people

    young = share(np.array(groups["age"].to_pylist()) == "15-44")
    old = share(np.isin(groups["age"].to_pylist(), ["65-74", "75-84", "85+"]))
    deprived = share(groups["imd_quintile"].to_numpy() == 1)
    # Observed in 2023: P99 of 15-44 is 74 %, P1-P99 of 65+ 3-35 %.
    assert np.quantile(young, 0.99) == pytest.approx(0.74, abs=0.05)
    assert np.quantile(old, [0.01, 0.99]) == pytest.approx([0.03, 0.33], abs=0.03)
    assert np.quantile(deprived, 0.95) > 0.6 and np.quantile(deprived, 0.05) < 0.02
    assert np.corrcoef(old, deprived)[0, 1] < -0.2


def test_there_are_only_rows_with_people(groups: pa.Table) -> None:
    assert pc.min(groups["count"]).as_py() >= 1
    assert all(column.null_count == 0 for column in groups.columns)


# ---- Do costs have the published level and spread? --------------------------------------------
def test_mean_cost_is_the_published_cost_in_prices_of_the_year(groups: pa.Table, year: int) -> None:
    count, p_any, mean, _ = cells(groups, year)
    deflator = {2010: 68.8561, 2025: 103.2388}[year] / 70.3261
    per_head = (count * p_any * mean).sum() / count.sum()
    # The published £1,713 rests on the people of 2011/12; those of 2025 are older (+1.4 %).
    assert per_head == pytest.approx(1713 * deflator, rel=0.015)


def test_deprivation_leaves_the_mean_alone_and_has_the_published_ratios(groups: pa.Table) -> None:
    published = np.array([1917, 1778, 1709, 1637, 1526]) / 1713
    by_quintile = groups.group_by(["imd_quintile", "scale"]).aggregate([])
    assert by_quintile.num_rows == 5
    scale = by_quintile.sort_by("imd_quintile")["scale"].to_numpy()
    assert scale / scale[2] == pytest.approx(published / published[2])


def test_users_and_concentration_are_those_of_hospital_spending(
    groups: pa.Table, year: int
) -> None:
    count, p_any, mean, sigma = cells(groups, year)
    users = count / count.sum() * p_any
    mu = np.log(mean) - sigma**2 / 2
    normal = NormalDist()
    above = np.vectorize(lambda x: normal.cdf(-x))

    def top(people: float) -> float:
        low, high = 0.0, 25.0
        for _ in range(60):
            middle = (low + high) / 2
            more = (users * above((middle - mu) / sigma)).sum() > people
            low, high = (middle, high) if more else (low, middle)
        beyond = users * mean * above((low - mu) / sigma - sigma)
        return float(beyond.sum() / (users * mean).sum())

    assert users.sum() == pytest.approx(0.332, abs=0.001)
    assert top(0.01) == pytest.approx(0.32, abs=0.005)
    assert top(0.01 * users.sum()) == pytest.approx(0.18, abs=0.005)
    second = (users * mean**2 * np.exp(sigma**2)).sum()
    assert np.sqrt(second / (users * mean).sum() ** 2 - 1) == pytest.approx(4.59, abs=0.02)


def test_cells_differ_about_as_much_as_published(groups: pa.Table, year: int) -> None:
    count, p_any, mean, _ = cells(groups, year)
    cost = p_any * mean
    average = np.average(cost, weights=count)
    cv = np.sqrt(np.average((cost / average - 1) ** 2, weights=count))
    # Published 0.63; ours is 0.60 (2010) and 0.61 (2025), the gap is not explained.
    assert cv == pytest.approx(0.63, abs=0.04)


def test_costs_are_a_cost_model_table(year: int) -> None:
    table = england.costs(year=year)
    assert table.column_names == ["band", "p_any", "family", "mean", "shape"]
    assert table.num_rows == 14
    assert set(table["family"].to_pylist()) == {"lognormal"}
    assert pc.min(table["p_any"]).as_py() > 0 and pc.max(table["p_any"]).as_py() < 1


# ---- Are people the groups, row by row? -------------------------------------------------------
def test_people_stream_holds_everyone_in_shared_dictionaries() -> None:
    groups = england.population(year=2025, seed=3)
    practices = np.zeros(6_348, np.int64)
    scale = 0.0
    dictionary = groups["practice"].chunk(0).dictionary
    with england.population(year=2025, seed=3, rows="people") as reader:
        assert reader.schema.names == [
            "person" if name == "count" else name for name in groups.column_names
        ]
        for batch in reader:
            assert batch.num_rows <= 1_000_000
            assert batch["practice"].dictionary.equals(dictionary)
            practices += np.bincount(batch["practice"].indices, minlength=6_348)
            scale += pc.sum(batch["scale"]).as_py()
    codes = groups["practice"].chunk(0).indices.to_numpy()
    assert np.array_equal(practices, np.bincount(codes, groups["count"].to_numpy()))
    assert scale == pytest.approx(pc.sum(pc.multiply(groups["scale"], groups["count"])).as_py())


@pytest.mark.parametrize("batch_rows", [1, 4, 100])
def test_people_are_numbered_within_their_practice(batch_rows: int) -> None:
    groups = pa.table(
        {
            "practice": pa.chunked_array([["A", "B"], ["C", "A", "B"]]).dictionary_encode(),
            "note": ["x", None, "never", "z", "w"],
            "count": [2, 1, 0, 3, 2],
        }
    )
    people = england.people(groups, batch_rows=batch_rows).read_all()
    assert people["practice"].to_pylist() == ["A", "A", "B", "A", "A", "A", "B", "B"]
    assert people["person"].to_pylist() == [0, 1, 0, 2, 3, 4, 1, 2]
    assert people["note"].to_pylist() == ["x", "x", None, "z", "z", "z", "w", "w"]


def test_people_of_nobody_is_an_empty_stream_with_columns() -> None:
    people = england.people(pa.table({"practice": ["A"], "count": [0]})).read_all()
    assert people.num_rows == 0 and people.column_names == ["practice", "person"]
    none = pa.table({"practice": pa.array([], "string"), "count": pa.array([], "int64")})
    assert england.people(none).read_all().num_rows == 0


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ({"practice": ["A"]}, "column 'count' is missing"),
        ({"practice": ["A", None], "count": [1, 1]}, "column 'practice', row 1: null"),
        ({"practice": ["A", "B"], "count": [1, -2]}, "column 'count', row 1: -2"),
        ({"practice": ["A", "B"], "count": [None, 2]}, "column 'count', row 0: null"),
        ({"practice": ["A"], "count": [1.5]}, "column 'count', row 0: 1.5: must be a whole number"),
        ({"practice": ["A"], "count": [2**62]}, "from 0 to 1,000,000,000"),
    ],
)
def test_people_rejects_groups_it_cannot_count(groups: dict[str, list], says: str) -> None:
    with pytest.raises(InputError, match=says):
        england.people(pa.table(groups))


# ---- Are bad arguments rejected with a clear error? --------------------------------------------
@pytest.mark.parametrize("year", [2011, "2025", None, True])
def test_a_year_without_figures_is_rejected(year: object) -> None:
    for function in (england.population, england.costs):
        with pytest.raises(InputError, match="year is .*must be 2010 or 2025"):
            function(year=year)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_a_seed_that_is_no_whole_number_is_rejected(seed: object) -> None:
    with pytest.raises(InputError, match="seed is .*whole number of at least 0"):
        england.population(seed=seed)


def test_other_rows_are_rejected() -> None:
    with pytest.raises(InputError, match='"groups" or "people"'):
        england.population(rows="persons")


# ---- from_age_sex -----------------------------------------------------------------------------
def practices(**changed: list) -> pa.Table:
    """Three practices of 1,400, 0 and 2,800 people; columns changed, added or (None) removed."""
    columns: dict[str, list] = {
        "practice_code": ["A", "B", "C"],
        "pcn_code": ["U1", "NULL", ""],
        "imd_2019": [40.0, None, 10.0],
    }
    columns |= {f"{s}_patients_{a}": [100, 0, 200] for s in ("male", "female") for a in AGES}
    columns |= changed
    return pa.table({name: values for name, values in columns.items() if values is not None})


def test_every_practice_appears_with_its_people() -> None:
    table = england.from_age_sex(practices())
    assert total_by(table, "practice") == {"A": 1400, "B": 0, "C": 2800}
    assert table.num_rows == 14 + 1 + 14
    assert total_by(table, "pcn") == {"U1": 1400, None: 2800}
    assert "icb" not in table.column_names


def test_columns_are_those_of_the_population() -> None:
    full = practices(icb_code=["X"] * 3, region_code=["Y"] * 3)
    expected = england.population(year=2025).schema
    assert england.from_age_sex(full).schema.equals(expected)


def test_people_in_each_band_are_those_of_the_column() -> None:
    table = england.from_age_sex(practices(male_patients_85plus=[7, 0, 5]))
    assert total_by(table, "band")["male 85+"] == 12


def test_the_deprived_practice_is_quintile_1_and_costs_more() -> None:
    rows = england.from_age_sex(practices()).to_pylist()
    by_practice = {row["practice"]: row for row in rows}
    assert by_practice["A"]["imd_quintile"] == 1 and by_practice["C"]["imd_quintile"] == 4
    assert by_practice["A"]["scale"] / by_practice["C"]["scale"] == pytest.approx(1917 / 1637)
    assert by_practice["B"]["imd_quintile"] is None and by_practice["B"]["scale"] == 1


def test_scale_leaves_the_mean_cost_alone() -> None:
    table = england.from_age_sex(practices())
    scale = pc.sum(pc.multiply(table["scale"], table["count"])).as_py()
    assert scale == pytest.approx(4200)  # every practice here has the same mix of bands


def test_without_imd_every_scale_is_1() -> None:
    table = england.from_age_sex(practices(imd_2019=None))
    assert "imd_quintile" not in table.column_names
    assert set(table["scale"].to_pylist()) == {1.0}


def test_imd_as_text_is_read() -> None:
    as_text = practices(imd_2019=["40.0", "NULL", "10.0"])
    assert england.from_age_sex(as_text).equals(england.from_age_sex(practices()))


def test_practices_may_all_be_empty() -> None:
    nobody = {f"{s}_patients_{a}": [0, 0, 0] for s in ("male", "female") for a in AGES}
    assert england.from_age_sex(practices(**nobody)).num_rows == 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"male_patients_0to4": None}, "column 'male_patients_0to4' is missing"),
        ({"male_patients_0to4": [1, -2, 3]}, "column 'male_patients_0to4', row 1: -2: must be"),
        ({"male_patients_0to4": [1, 2, 0.5]}, "column 'male_patients_0to4', row 2: 0.5: must be"),
        ({"male_patients_0to4": [None, 2, 3]}, "column 'male_patients_0to4', row 0: null: must be"),
        ({"male_patients_0to4": [1.0, 2.0, float("inf")]}, "row 2: inf: must be a whole number"),
        ({"total_male": [700, 1, 1400]}, "column 'total_male', row 1: 1: must be 0"),
        ({"total_patients": [1400, 0, 2801]}, "column 'total_patients', row 2: 2801: must be 2800"),
        (
            {"practice_code": ["A", "B", "A"]},
            "row 2: 'A' with other values is a duplicate of row 0: must be unique",
        ),
        ({"practice_code": ["A", None, "C"]}, "column 'practice_code', row 1: null"),
        ({"imd_2019": [40.0, -1.0, 10.0]}, "column 'imd_2019', row 1: -1.0: must be a score"),
        ({"imd_2019": ["40", "x", "10"]}, "column 'imd_2019', row 1: 'x': must be a score"),
    ],
)
def test_bad_tables_are_rejected(changed: dict[str, list], says: str) -> None:
    with pytest.raises(InputError) as rejection:
        england.from_age_sex(practices(**changed))
    assert says in str(rejection.value)
    assert len(rejection.value.problems) == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"male_patients_0to4": ["1", "2", "3"]}, "'male_patients_0to4' is .*: must be a number"),
        ({"practice_code": [1.0, 2.0, 3.0]}, "column 'practice_code' is .*: must be a string"),
        ({"imd_2019": [True, False, True]}, "column 'imd_2019' is .*: must be a number"),
    ],
)
def test_columns_of_another_type_are_rejected(changed: dict[str, list], says: str) -> None:
    with pytest.raises(InputTypeError, match=says) as rejection:
        england.from_age_sex(practices(**changed))
    assert [problem.code for problem in rejection.value.problems] == ["wrong_type"]


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as rejection:
        england.from_age_sex(
            practices(
                practice_code=["A", "A", None],
                male_patients_0to4=[-1, 2, None],
                total_female=[1, 0, 1400],
                female_patients_85plus=None,
            )
        )
    # Two cells, a missing column, a repeated and a missing code; total_female cannot be checked.
    listed = [(problem.code, problem.column, problem.row) for problem in rejection.value.problems]
    assert listed == [
        ("missing_column", "female_patients_85plus", None),
        ("not_allowed", "male_patients_0to4", 0),
        ("null", "male_patients_0to4", 2),
        ("duplicate", "practice_code", 1),
        ("null", "practice_code", 2),
    ]


def test_no_rows_are_rejected() -> None:
    with pytest.raises(InputError, match="at least one practice"):
        england.from_age_sex(practices().slice(0, 0))


def test_rows_that_repeat_another_are_left_out_with_a_warning() -> None:
    twice = pa.concat_tables([practices(), practices().slice(0, 1)])
    with pytest.warns(UserWarning, match="1 rows repeat an earlier one and were left out.*A"):
        once = england.from_age_sex(twice)
    assert once.equals(england.from_age_sex(practices()))
    with pytest.raises(InputError, match="row 2: 'A' with other values is a duplicate of row 0"):
        england.from_age_sex(practices(practice_code=["A", "B", "A"]))


def test_a_long_list_of_problems_is_cut_but_kept() -> None:
    error = InputError([Problem(f"problem {i}", code="null", row=i) for i in range(25)])
    assert str(error).splitlines()[-2:] == ["- problem 19", "- and 5 more"]
    assert len(error.problems) == 25
    assert isinstance(error, ValueError) and isinstance(error, FundholderError)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


@pytest.mark.parametrize("function", [england.from_age_sex, england.people])
def test_what_is_no_table_is_rejected(function: Callable[[object], object]) -> None:
    with pytest.raises(InputTypeError, match="is int: must be an Arrow table"):
        function(3)
    twice = pa.Table.from_arrays([pa.array(["A"]), pa.array(["B"])], names=["practice", "practice"])
    with pytest.raises(InputError, match="column 'practice' is there 2 times: must be unique"):
        function(twice)


# ---- Does it read the real thing? -------------------------------------------------------------
@pytest.fixture(scope="module")
def real() -> pa.Table:
    for parent in Path(__file__).resolve().parents:
        if (parent / REAL).exists():
            with gzip.open(parent / REAL) as file:
                return pyarrow.csv.read_csv(file)
    pytest.skip(f"{REAL} is not beside the project")


def test_the_real_practices_of_2023_keep_their_people(real: pa.Table) -> None:
    # 6,321 rows and 62,084,204 people, less eight rows that the file holds twice (89,477 people).
    with pytest.warns(UserWarning, match="8 rows repeat an earlier one"):
        table = england.from_age_sex(real)
    assert len(table["practice"].unique()) == 6_313
    assert pc.sum(table["count"]).as_py() == 61_994_727
    by_quintile = total_by(table, "imd_quintile")
    without = by_quintile.pop(None)
    assert without < 100_000
    for count in by_quintile.values():
        assert count / 61_994_727 == pytest.approx(0.2, abs=0.002)
    assert sum(batch.num_rows for batch in england.people(table)) == 61_994_727
