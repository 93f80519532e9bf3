"""Are proposed pools large enough, whole, within their parents, and about as many as can be?"""

from __future__ import annotations

import math
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import fundholder
from arrow_types import reads_polars
from fundholder import (
    CostModel,
    FundholderError,
    InputTypeError,
    StopLoss,
    pooling,
    propose_pools,
)
from fundholder._risk import propose_pools as proposing
from fundholder._risk.bin_covering import Parent, most_pools, pool_size
from fundholder._risk.population import read_people

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

TERMS: dict[str, Any] = {"tolerance": 0.1, "probability": 0.05, "stop_loss": 20_000}


@pytest.fixture(scope="module")
def lists() -> pa.Table:
    """60 practices in PCNs of one to six, in three ICBs; a fourth ICB is small."""
    rng = np.random.Generator(np.random.PCG64(5))
    pcn = np.sort(rng.integers(0, 20, 60))
    icb = pcn % 3
    return pa.table(
        {
            "practice": [f"P{i:02d}" for i in rng.permutation(60)] + ["S1", "S2"],
            "pcn": [f"U{i:02d}" for i in pcn] + ["U98", "U99"],
            "icb": [f"Q{i}" for i in icb] + ["Q9", "Q9"],
            "count": np.append(rng.integers(1_000, 9_000, 60), [700, 900]),
            "scale": np.append(rng.uniform(0.5, 2.0, 60), [1.0, 1.0]),
        }
    )


def people_of(lists: pa.Table, seed: int = 3) -> pa.Table:
    """The same lists, with each row cut into two groups, in another order."""
    half = lists["count"].to_numpy() // 2
    position = lists.column_names.index("count")
    parts = [
        lists.set_column(position, "count", pa.array(n))
        for n in (half, lists["count"].to_numpy() - half)
    ]
    both = pa.concat_tables(parts)
    return both.take(np.random.Generator(np.random.PCG64(seed)).permutation(both.num_rows))


def in_pools(population: pa.Table, proposal: pa.Table, by: str = "practice") -> pa.Table:
    """The population with the column ``pool``."""
    pool = dict(zip(proposal[by].to_pylist(), proposal["pool"].to_pylist(), strict=True))
    labels = [pool[label] for label in population[by].to_pylist()]
    return population.append_column("pool", pa.array(labels))


def number_of_pools(proposal: pa.Table) -> int:
    return len(proposal["pool"].unique())


# ---- The search, with a criterion that needs no engine ------------------------------------------
def most_possible(mean: np.ndarray, variance: np.ndarray, enough: float) -> int:
    """The largest number of large enough pools of all blocks, by going through every division."""
    n = len(mean)

    @cache
    def most(blocks: int) -> float:
        if not blocks:
            return 0
        first, best, inside = blocks & -blocks, -math.inf, blocks
        while inside:
            if inside & first:
                own = [i for i in range(n) if inside >> i & 1]
                if pool_size(mean[own].sum(), variance[own].sum()) >= enough:
                    best = max(best, 1 + most(blocks ^ inside))
            inside = (inside - 1) & blocks
        return best

    return int(max(most(2**n - 1), 0))


def search(parent: Parent, enough: float) -> None:
    most_pools([parent], lambda ps: [(enough - p.trial_sizes()).tolist() for p in ps], 0.0)


@pytest.mark.parametrize("unlike", [0.0, 0.3, 0.8])
def test_the_number_of_pools_is_near_the_largest_possible(unlike: float) -> None:
    """3/4 is guaranteed for sizes that add up, when there are many pools (Assmann et al. 1984).

    With few pools a constant comes off, and where blocks are unlike, sizes do not add up. Here none
    is more than one pool short, and of 60 cases one in twenty at most.
    """
    rng = np.random.Generator(np.random.PCG64(17))
    most, packed = [], []
    for _ in range(60):
        mean = rng.uniform(0.1, 1.0, 8)
        variance = mean * np.exp(unlike * rng.standard_normal(8))
        enough = float(mean.sum() / rng.uniform(1.5, 6.0))
        parent = Parent("Q", np.arange(8), mean, variance)
        search(parent, enough)
        most.append(most_possible(mean, variance, enough))
        packed.append(len(parent.outside) if parent.meets else 0)
        pools = parent.pool.tolist()
        assert sorted(set(pools)) == list(range(len(parent.outside)))
    short = np.array(most) - packed
    assert min(most) <= 2 and max(most) >= 5, "the cases are of one kind"
    assert short.min() >= 0, "more than possible: the exhaustive search is wrong"
    assert short.max() <= 1 and short.sum() <= 3


def test_a_block_that_is_large_enough_is_a_pool_of_its_own() -> None:
    mean = np.array([10.0, 1.0, 1.0, 1.0, 12.0])
    parent = Parent("Q", np.arange(5), mean, mean)
    search(parent, 3.0)
    assert parent.meets and parent.pool.tolist() == [0, 1, 1, 1, 2]


def test_a_parent_that_is_too_small_is_one_pool() -> None:
    mean = np.ones(5)
    parent = Parent("Q", np.arange(5), mean, mean)
    search(parent, 6.0)
    assert not parent.meets and parent.pool.tolist() == [0] * 5


# ---- What is proposed, by the engine -------------------------------------------------------------
@pytest.mark.parametrize("boundaries", [None, "pcn"])
@pytest.mark.parametrize("practice_sd", [0.0, 0.05])
def test_every_pool_meets_and_respects_its_borders(
    lists: pa.Table, costs: CostModel, boundaries: str | None, practice_sd: float
) -> None:
    terms = {**TERMS, "practice_sd": practice_sd}
    proposal = propose_pools(lists, costs, within="icb", boundaries=boundaries, **terms)
    assert proposal.column_names[:2] == ["practice", "icb"]
    distributions = fundholder.variance(
        in_pools(lists, proposal),
        costs,
        by="pool",
        thresholds=[0.1],
        stop_loss=20_000,
        practice_sd=practice_sd,
    )
    distribution = {row["pool"]: row for row in distributions.to_pylist()}
    where = {row["practice"]: row for row in lists.to_pylist()}
    pools: dict[str, list[dict[str, Any]]] = {}
    for row in proposal.to_pylist():
        pools.setdefault(row["pool"], []).append(row)
        # The engine judges each pool again, among others: its grids may differ in the last digits.
        assert row["p_outside"] == pytest.approx(
            distribution[row["pool"]]["p_outside_0.1"], abs=1e-7
        )
        assert row["meets"] == (row["p_outside"] <= 0.05)
        assert row["pool_people"] == distribution[row["pool"]]["people"]
        assert row["people"] == where[row["practice"]]["count"]
        assert row["icb"] == where[row["practice"]]["icb"]
        assert row["pool"].startswith(row["icb"] + "-")
    assert all(len({row["icb"] for row in rows}) == 1 for rows in pools.values())
    if boundaries:
        pcn_pools = {(where[row["practice"]]["pcn"], row["pool"]) for row in proposal.to_pylist()}
        assert len(pcn_pools) == len({pcn for pcn, _ in pcn_pools}), "a PCN lies in two pools"
    by_icb = {icb: [r for r in proposal.to_pylist() if r["icb"] == icb] for icb in ("Q0", "Q9")}
    assert all(row["meets"] for row in by_icb["Q0"])
    assert {(row["pool"], row["meets"]) for row in by_icb["Q9"]} == {("Q9-01", False)}


def test_there_are_about_as_many_pools_as_can_be(costs: CostModel) -> None:
    """Of like people, a pool meets from a number of people on: then all divisions can be tried.

    The bound of one pool is that of the search alone, above.
    """
    rng = np.random.Generator(np.random.PCG64(23))
    count = rng.integers(1_500, 12_000, 9)
    lists = pa.table({"practice": [f"P{i}" for i in range(9)], "icb": ["Q"] * 9, "count": count})
    least = fundholder.minimum_population(costs, **TERMS)["people"][0].as_py()
    proposal = propose_pools(lists, costs, within="icb", **TERMS)
    sizes = proposal["pool_people"].to_numpy()
    assert sizes.min() >= least
    size = count.astype(float)
    most = most_possible(size, size, float(least))
    assert most > 1 and number_of_pools(proposal) >= most - 1


def test_a_wider_tolerance_or_a_ceiling_allows_more_pools(
    lists: pa.Table, costs: CostModel
) -> None:
    def pools(**changed: Any) -> int:
        return number_of_pools(propose_pools(lists, costs, within="icb", **{**TERMS, **changed}))

    assert pools(tolerance=0.05) < pools() < pools(tolerance=0.2)
    assert pools(probability=0.01) < pools()
    assert pools(stop_loss=None) < pools()
    assert pools(practice_sd=0.1) < pools()


def test_unsigned_units_are_those_of_signed_ones(lists: pa.Table, costs: CostModel) -> None:
    numbers = pa.array(range(len(lists)))
    column = lists.column_names.index("practice")
    of_type = [
        propose_pools(lists.set_column(column, "practice", units), costs, within="icb", **TERMS)
        for units in (numbers, numbers.cast(pa.uint64()))
    ]
    assert of_type[0].equals(of_type[1])


@reads_polars
def test_the_proposal_does_not_depend_on_how_the_population_is_written(
    lists: pa.Table, costs: CostModel
) -> None:
    def propose(population: Any) -> list[dict[str, Any]]:
        return propose_pools(population, costs, within="icb", boundaries="pcn", **TERMS).to_pylist()

    expected = propose(lists)
    halves = people_of(lists)
    # Cut from a longer table: the dictionary has labels that no row has.
    longer = pa.concat_tables([halves, halves.set_column(0, "practice", halves["pcn"])])
    coded = longer.combine_chunks()
    for i, name in enumerate(("practice", "pcn", "icb")):
        coded = coded.set_column(i, name, coded[name].dictionary_encode())
    coded = coded[: len(halves)]
    assert "U00" in coded["practice"].chunk(0).dictionary.to_pylist()
    frame = pl.from_arrow(halves)
    categories = frame.with_columns(pl.col("practice", "pcn", "icb").cast(pl.Categorical))
    for population in (
        halves,
        halves.to_reader(max_chunksize=7),
        coded,
        halves.to_pandas(),
        frame,
        categories,
    ):
        again = propose(population)
        for row, other in zip(expected, again, strict=True):
            # Sums of many people depend on their order in the last digits.
            assert row.pop("p_outside") == pytest.approx(other.pop("p_outside"), abs=1e-9)
        assert again == expected
        expected = propose(lists)


def test_labels_may_be_integers(lists: pa.Table, costs: CostModel) -> None:
    numbers = [int(label[1:]) for label in lists["icb"].to_pylist()]
    renamed = lists.set_column(2, "icb", pa.array(numbers))
    proposal = propose_pools(renamed, costs, within="icb", **TERMS)
    text = propose_pools(lists, costs, within="icb", **TERMS)
    assert proposal["icb"].type == pa.int64()
    assert ["Q" + label for label in proposal["pool"].to_pylist()] == text["pool"].to_pylist()


def test_units_may_be_of_any_level(lists: pa.Table, costs: CostModel) -> None:
    merged = propose_pools(lists, costs, by="pcn", within="icb", **TERMS)
    blocks = propose_pools(lists, costs, boundaries="pcn", within="icb", **TERMS)
    assert merged["pcn"].to_pylist() == sorted(set(lists["pcn"].to_pylist()))
    pcn = dict(zip(lists["practice"].to_pylist(), lists["pcn"].to_pylist(), strict=True))
    pool = dict(zip(merged["pcn"].to_pylist(), merged["pool"].to_pylist(), strict=True))
    joined = [pool[pcn[practice]] for practice in blocks["practice"].to_pylist()]
    assert joined == blocks["pool"].to_pylist()


def test_who_has_no_parent_stands_alone_and_who_has_no_group_is_free(costs: CostModel) -> None:
    lists = pa.table(
        {
            "practice": ["A", "B", "C", "D", "E", "F"],
            "icb": ["Q", "Q", "Q", None, None, "Z"],
            "pcn": ["U", "U", None, None, None, None],
            "count": [9_000, 9_000, 40_000, 3_000, 40_000, 0],
        }
    )
    proposal = propose_pools(lists, costs, within="icb", boundaries="pcn", **TERMS)
    rows = {row.pop("practice"): row for row in proposal.to_pylist()}
    assert [rows[p]["pool"] for p in "ABCDE"] == [
        "Q-01",
        "Q-01",
        "Q-02",
        "no icb-01",
        "no icb-02",
    ]
    assert [rows[p]["meets"] for p in "ABCDEF"] == [True, True, True, False, True, True]
    assert rows["D"]["icb"] is None
    # Nobody costs nothing, in every year.
    assert rows["F"]["pool_people"] == 0 and rows["F"]["p_outside"] == 0


def test_no_more_than_a_few_calls_of_the_engine_are_made(
    lists: pa.Table, costs: CostModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call for each pool would go through everyone as often as there are pools."""
    rows = []

    def counted(people: pa.Table, *other: Any) -> Any:
        rows.append(len(people))
        return read_people(people, *other)

    monkeypatch.setattr(proposing, "read_people", counted)
    proposal = propose_pools(lists, costs, within="icb", **TERMS)
    # One for the moments; then the search by the normal distribution is at most a few pools off.
    assert len(rows) <= 10 < number_of_pools(proposal)
    assert sum(rows) < 5 * len(lists)


def test_every_real_practice_is_in_one_pool(real: Path) -> None:
    from real_lists import read_lists

    population = read_lists(real / "practice" / "age_sex_imd_2023.csv.gz")
    costs = CostModel(fundholder.england.costs(year=2025))
    proposal = propose_pools(
        population,
        costs,
        within="icb",
        boundaries="pcn",
        tolerance=0.02,
        probability=0.05,
        stop_loss=20_000,
    )
    rows = proposal.to_pylist()
    known = [row for row in rows if row["icb"] is not None]
    assert len(rows) == len(population["practice"].unique())
    assert all(row["meets"] and row["p_outside"] <= 0.05 for row in known)
    parents = population.group_by(["practice", "pcn", "icb"]).aggregate([]).to_pylist()
    where = {row["practice"]: row for row in parents}
    assert all(row["icb"] == where[row["practice"]]["icb"] for row in rows)
    pcn_pools = {(where[r["practice"]]["pcn"], r["pool"]) for r in known}
    assert len(pcn_pools) == len({pcn for pcn, _ in pcn_pools})
    # ICBs of about 1.5 million people can do better than a pool for each.
    assert 42 < len({row["pool"] for row in known}) < len(pcn_pools)


# ---- Rejections ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "texts"),
    [
        ({"tolerance": 0}, ["tolerance is 0", "between 0 and 1"]),
        ({"tolerance": 1.0}, ["tolerance is 1.0"]),
        ({"tolerance": math.nan}, ["tolerance is nan"]),
        ({"tolerance": "5 %"}, ["tolerance is '5 %'"]),
        ({"probability": 0.0}, ["probability is 0.0"]),
        ({"probability": 5}, ["probability is 5"]),
        ({"within": "pool"}, ["within is 'pool'"]),
        ({"within": "practice"}, ["by is 'practice'", "within is 'practice'"]),
        ({"by": ["practice"]}, ["by is ['practice']", "the name of a column"]),
        ({"by": "expected", "within": "icb"}, ["by is 'expected'"]),
        ({"within": 3}, ["within is 3"]),
        ({"within": "ward"}, ["column 'ward' is missing", "pcn, icb, count"]),
        ({"boundaries": "ward", "within": "area"}, ["column 'ward'", "column 'area'"]),
        (
            {"within": "scale"},
            ["column 'scale' is double", "a dictionary of strings or an integer"],
        ),
        ({"practice_sd": -1}, ["practice_sd is -1"]),
        ({"stop_loss": -5.0, "tolerance": 2}, ["stop_loss is -5.0", "tolerance is 2"]),
    ],
)
def test_arguments_are_rejected_by_name(
    lists: pa.Table, costs: CostModel, changed: dict[str, Any], texts: list[str]
) -> None:
    with pytest.raises(FundholderError) as caught:
        propose_pools(lists, costs, **{**TERMS, "within": "icb", **changed})
    assert all(text in str(caught.value) for text in texts), str(caught.value)


@pytest.mark.parametrize("population", [None, 3, "people.csv", {"practice": ["A"]}])
def test_what_is_not_a_table(costs: CostModel, population: object) -> None:
    with pytest.raises(InputTypeError, match="population is"):
        propose_pools(population, costs, within="icb", **TERMS)
    with pytest.raises(InputTypeError, match="population is"):
        pooling(population, costs, pool="icb", stop_loss=20_000)


def test_what_does_not_nest_is_named_all_at_once(costs: CostModel) -> None:
    torn = pa.table(
        {
            "practice": ["A", "A", "B", "B", None, "C", "D"],
            "icb": ["X", "Y", "X", "X", "X", "Y", None],
            "pcn": ["U", "U", "U", "V", "W", "W", "W"],
        }
    )
    with pytest.raises(FundholderError) as caught:
        propose_pools(torn, costs, within="icb", boundaries="pcn", **TERMS)
    assert caught.value.problems == [
        "column 'practice', row 4: null: must be a string or an integer",
        "column 'icb': practice 'A' lies in 'X' and 'Y'; must lie in one",
        "column 'pcn': practice 'B' lies in 'U' and 'V'; must lie in one",
        "column 'icb': pcn 'U' lies in 'X' and 'Y'; must lie in one",
        "column 'icb': pcn 'W' lies in null and 'X' and 'Y'; must lie in one",
    ]


def test_an_empty_population_is_rejected(costs: CostModel) -> None:
    empty = pa.table({"practice": pa.array([], pa.string()), "icb": pa.array([], pa.string())})
    with pytest.raises(FundholderError, match="empty"):
        propose_pools(empty, costs, within="icb", **TERMS)
    nobody = pa.table({"practice": pa.array([None], pa.string()), "icb": ["X"]})
    with pytest.raises(FundholderError, match="row 0: null"):
        propose_pools(nobody, costs, within="icb", **TERMS)


# ---- Pooling a part of cost ----------------------------------------------------------------------
def test_what_stays_and_what_is_pooled_add_up(lists: pa.Table, costs: CostModel) -> None:
    shared = pooling(lists.to_reader(max_chunksize=7), costs, pool="icb", stop_loss=20_000)
    assert list(shared) == ["practice", "icb"]
    gross = fundholder.variance(lists, costs, by="icb", of="gross", method="moments")
    kept = {row["practice"]: row["expected"] for row in shared["practice"].to_pylist()}
    for row, together in zip(shared["icb"].to_pylist(), gross.to_pylist(), strict=True):
        inside = [r["practice"] for r in lists.to_pylist() if r["icb"] == row["icb"]]
        total = sum(kept[practice] for practice in inside) + row["expected"]
        assert total == pytest.approx(together["expected"], rel=1e-9)  # floating-point sums


def test_a_quota_share_leaves_the_same_spread_to_smaller_sums(
    lists: pa.Table, costs: CostModel
) -> None:
    shared = pooling(lists, costs, pool="icb", stop_loss=StopLoss(0, share=0.6))
    alone = fundholder.variance(lists, costs, method="moments")
    for row, gross in zip(shared["practice"].to_pylist(), alone.to_pylist(), strict=True):
        assert row["expected"] == pytest.approx(0.4 * gross["expected"], rel=1e-9)
        assert row["sd"] == pytest.approx(0.4 * gross["sd"], rel=1e-9)
    pooled = fundholder.variance(lists, costs, by="icb", method="moments")
    for row, gross in zip(shared["icb"].to_pylist(), pooled.to_pylist(), strict=True):
        assert row["cv"] == pytest.approx(gross["cv"], rel=1e-9)
        assert row["expected"] == pytest.approx(0.6 * gross["expected"], rel=1e-9)


def test_budgets_are_of_what_stays(lists: pa.Table, costs: CostModel) -> None:
    shared = pooling(lists, costs, pool="icb", stop_loss=20_000)
    names, expected = shared["practice"]["practice"], shared["practice"]["expected"].to_numpy()
    budgets = pa.table({"practice": names, "budget": 0.5 * expected})
    tight = pooling(lists, costs, pool="icb", stop_loss=20_000, budgets=budgets)
    assert np.array_equal(tight["practice"]["budget"].to_numpy(), 0.5 * expected)
    # Half of the expected cost is less than almost any year of a list of 700 people or more.
    assert min(tight["practice"]["p_over_0.05"].to_pylist()) > 0.9
    assert tight["icb"].equals(shared["icb"])


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"stop_loss": None}, "stop_loss is None"),
        ({"pool": "practice"}, "pool is 'practice'"),
        ({"pool": ["icb"]}, "pool is ['icb']"),
        ({"pool": "sd"}, "'sd'"),
        ({"by": ["practice", "pcn"]}, "one column"),
        ({"pool": "ward"}, "column 'ward' is missing"),
    ],
)
def test_pooling_rejects(
    lists: pa.Table, costs: CostModel, changed: dict[str, Any], text: str
) -> None:
    with pytest.raises(FundholderError) as caught:
        pooling(lists, costs, **{"pool": "icb", "stop_loss": 20_000, **changed})
    assert text in str(caught.value)
