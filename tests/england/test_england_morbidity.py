"""Do people with diagnoses follow published figures, and is any part of them the same people?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fundholder import FundholderError, InputError, InputTypeError, england
from fundholder._tables.addresses import below, root, uniform
from fundholder.england._morbidity import cost_distribution
from fundholder.england._person_practices import practices_of

#: Published: CV of hospital cost (IFS W15/21), and Dixon et al.'s people in the estimation.
CV = 4.59
ESTIMATED_ON = 5_206_651
FLAGS = england.NESTED_MODELS[1].flags
NEED, SUPPLY = england.NESTED_MODELS[3].need, england.NESTED_MODELS[3].supply


def part(columns: Iterable[str], **arguments: object) -> pa.Table:
    """Some columns of ``persons``, read batch by batch so that the rest need not stay."""
    names = list(columns)
    batches = [b.select(names) for b in england.persons(**arguments)]
    return pa.Table.from_batches(batches).unify_dictionaries()


def codes_of(table: pa.Table, name: str) -> np.ndarray:
    return table[name].combine_chunks().indices.to_numpy()


@pytest.fixture(scope="module")
def sample() -> pa.Table:
    """A hundredth of everyone: 550,000 people of all practices."""
    names = ["practice", "age_sex", "area", "imd_quintile", "diagnoses"]
    names += ["cost", "expected_next", "cost_next"]
    return part(names, share=0.01, diagnoses="codes")


@pytest.fixture(scope="module")
def practices() -> pa.Table:
    """Need and supply of every practice, from its first person among a fiftieth of all."""
    names = ["practice", "area", *NEED, *SUPPLY]
    batches = []
    for batch in england.persons(share=(0.5, 0.52), diagnoses="codes"):
        code = batch["practice"].indices.to_numpy()
        first = np.flatnonzero(np.diff(code, prepend=-1))
        batches.append(batch.select(names).take(pa.array(first)))
    table = pa.Table.from_batches(batches)
    assert table.num_rows == 8_582
    return table


# ---- Is it the table that it says it is? ------------------------------------------------------
def test_columns_are_those_of_the_full_model() -> None:
    reader = england.persons(practices=1)
    names = reader.schema.names
    assert len(set(names)) == len(names)
    assert [len(FLAGS), len(NEED), len(SUPPLY)] == [157, 135, 63]
    assert set(names) >= {*FLAGS, *NEED, *SUPPLY, "person", "practice", "area", "age_sex"}
    table = reader.read_all()
    assert {table[name].type for name in FLAGS} == {pa.bool_()}
    assert all(table[name].null_count == 0 for name in names)
    for name in ("cost", "expected_next", "cost_next", *NEED, *SUPPLY):
        assert np.isfinite(table[name].to_numpy()).all()
    parsimonious = england.NESTED_MODELS[4]
    assert len(parsimonious.need) == 7 and len(parsimonious.supply) == 3
    assert {*parsimonious.need} < {*NEED} and {*parsimonious.supply} < {*SUPPLY}


def test_everyone_of_the_population_is_there_once() -> None:
    groups = england.population(year=2010, seed=3)
    names = ["P00001", "P00007", "P08582"]
    table = part(["person", "practice", "band", "imd_quintile"], practices=names, seed=3)
    assert table["practice"].unique().to_pylist() == names
    keys = ["practice", "band", "imd_quintile"]
    listed = groups.filter(pc.is_in(groups["practice"].cast("string"), pa.array(names)))
    counted = table.group_by(keys).aggregate([("person", "count")])
    rows, expected = (
        sorted(zip(*(one[column].to_pylist() for column in columns), strict=True))
        for one, columns in ((counted, (*keys, "person_count")), (listed, (*keys, "count")))
    )
    assert rows == expected
    assert pc.count_distinct(table["person"]).as_py() == table.num_rows


def test_batches_hold_enough_people_and_areas_lie_in_icbs() -> None:
    area = np.full(8_582, -1)
    for batch in (batches := list(england.persons(share=0.004, diagnoses="codes"))):
        area[batch["practice"].indices.to_numpy()] = batch["area"].indices.to_numpy()
    assert all(batch.num_rows >= 50_000 for batch in batches[:-1]) and len(batches) > 2
    groups = england.population(year=2010)
    icb = np.full(8_582, -1)
    icb[codes_of(groups, "practice")] = codes_of(groups, "icb")
    known = area >= 0
    assert len(set(area[known])) == 152
    assert len(set(zip(area[known], icb[known], strict=True))) == 152


def test_lists_of_codes_are_the_flags() -> None:
    names = ["person", *FLAGS]
    flags = part(names, practices=2)
    codes = part(["person", "diagnoses"], practices=2, diagnoses="codes")
    parent = pc.list_parent_indices(codes["diagnoses"])
    long = zip(
        codes["person"].take(parent).to_pylist(),
        pc.list_flatten(codes["diagnoses"]).to_pylist(),
        strict=True,
    )
    matrix = np.column_stack([flags[name].to_numpy() for name in FLAGS])
    person = flags["person"].to_numpy()
    expected = [(person[row], FLAGS[column]) for row, column in np.argwhere(matrix).tolist()]
    assert list(long) == expected and len(expected) > 1_000


# ---- Is a part of the people the same people? -------------------------------------------------
def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    table = england.persons(practices=3, seed=5).read_all()
    assert england.persons(practices=3, seed=5).read_all().equals(table)
    assert not england.persons(practices=3, seed=6).read_all().equals(table)


def test_practices_alone_are_as_among_others_in_any_order() -> None:
    several = england.persons(practices=["P04000", "P00009", "P00100"]).read_all()
    for name in ("P00009", "P04000"):
        alone = england.persons(practices=[name]).read_all()
        among = several.filter(pc.equal(several["practice"].cast("string"), name))
        assert among.combine_chunks().equals(alone.combine_chunks())


def test_shares_divide_the_people_into_parts() -> None:
    one_stream = england.persons(practices=4, diagnoses="codes").read_all()
    parts = [
        england.persons(practices=4, diagnoses="codes", share=share).read_all()
        for share in (0.25, (0.25, 0.6), (0.6, 1.0))
    ]
    assert pa.concat_tables(parts).sort_by("person").equals(one_stream.sort_by("person"))
    # A binomial share of some 25,000 people: four SDs.
    slack = 4 * np.sqrt(0.25 * 0.75 * one_stream.num_rows)
    assert parts[0].num_rows == pytest.approx(one_stream.num_rows / 4, abs=slack)


def test_a_number_of_practices_is_spread_over_all_sizes() -> None:
    groups = england.population(year=2010)
    lists = np.bincount(codes_of(groups, "practice"), groups["count"].to_numpy())
    chosen = part(["practice"], practices=100, diagnoses="codes")
    sizes = np.bincount(codes_of(chosen, "practice"))
    sizes = sizes[sizes > 0]
    assert len(sizes) == 100
    # Half of them in each half of sizes; the mean of 100 then has an SD of 4 %.
    assert sizes.mean() == pytest.approx(lists.mean(), rel=0.15)
    assert (sizes > np.median(lists)).sum() == pytest.approx(50, abs=1)


# ---- Is it the published generator, with uniform numbers? -------------------------------------
def test_addresses_are_splitmix64() -> None:
    # First numbers of seed 0 in the reference implementation (Vigna, splitmix64.c).
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert below(np.zeros(1, np.uint64), np.arange(3)).tolist() == published


def test_uniform_numbers_are_uniform_and_independent() -> None:
    people = below(root(2010, 0), np.arange(200_000))
    numbers = np.stack([uniform(people, draw) for draw in range(3)])
    for row in numbers:
        count = np.histogram(row, 100, (0, 1))[0]
        # Chi-square of 99 degrees: 180 has a probability of 1e-6.
        assert ((count - 2_000) ** 2 / 2_000).sum() < 180
    neighbours = np.stack([*numbers, np.roll(numbers[0], 1)])
    # A correlation has SD 1 / sqrt(n): five of them.
    assert np.abs(np.corrcoef(neighbours) - np.eye(4)).max() < 5 / np.sqrt(200_000)


def test_seeds_of_any_length_have_addresses_of_their_own() -> None:
    seeds = [0, 1, 2**32, 2**32 + 1, 2**63 - 1]
    keys = [(a, b) for a in seeds for b in seeds] + [(a,) for a in seeds]
    assert len({int(root(*key)[0]) for key in keys}) == len(keys)


# ---- Do people follow the published figures? --------------------------------------------------
def test_a_third_of_people_have_any_cost_in_either_year(sample: pa.Table) -> None:
    for year in ("cost", "cost_next"):
        users = (sample[year].to_numpy() > 0).mean()
        # Published concentration implies 33.2 %; 0.3 points are five SDs of a share of 550,000.
        assert users == pytest.approx(0.332, abs=0.003)


def test_concentration_is_that_of_hospital_spending(sample: pa.Table) -> None:
    for year in ("cost", "cost_next"):
        cost = np.sort(sample[year].to_numpy())[::-1]
        # IFS: 32 % and 18 %. The costliest few people of a sample move either by half a point.
        assert cost[: len(cost) // 100].sum() / cost.sum() == pytest.approx(0.32, abs=0.015)
        users = cost[cost > 0]
        assert users[: len(users) // 100].sum() / users.sum() == pytest.approx(0.18, abs=0.015)
        # IFS, derived: 4.59. Rare large costs leave an SD of about 0.15 at this size.
        assert cost.std() / cost.mean() == pytest.approx(CV, abs=0.5)


def test_two_years_of_a_person_are_correlated_as_published(sample: pa.Table) -> None:
    two = np.corrcoef(sample["cost"].to_numpy(), sample["cost_next"].to_numpy())[0, 1]
    # US MEPS: 0.35-0.40; rare large costs leave an SD of about 0.02 at this size.
    assert two == pytest.approx(0.375, abs=0.07)


def test_both_years_have_the_same_mean_and_expectation(sample: pa.Table) -> None:
    expected = sample["expected_next"].to_numpy().mean()
    for year in ("cost", "cost_next"):
        # CV / sqrt(n) is 0.6 %: four of them.
        assert sample[year].to_numpy().mean() == pytest.approx(expected, rel=0.025)


def test_cost_by_deprivation_has_the_published_ratios_at_every_age(sample: pa.Table) -> None:
    published = np.array([1917, 1778, 1709, 1637, 1526])
    quintile = sample["imd_quintile"].to_numpy() - 1
    group = codes_of(sample, "age_sex")
    expected = sample["expected_next"].to_numpy()
    people = np.bincount(group * 5 + quintile, minlength=190).reshape(38, 5)
    cost = np.bincount(group * 5 + quintile, expected, 190).reshape(38, 5)
    national = cost.sum(axis=1) / people.sum(axis=1)
    ratio = cost.sum(axis=0) / (people * national[:, None]).sum(axis=0)
    # Expected cost has CV 1.6, so 0.5 % in each quintile; effects of practices add as much.
    assert ratio / ratio[2] == pytest.approx(published / published[2], rel=0.025)


def test_only_people_in_hospital_have_diagnoses_and_only_women_deliver(sample: pa.Table) -> None:
    has = pc.list_value_length(sample["diagnoses"]).to_numpy()
    assert (sample["cost"].to_numpy()[has > 0] > 0).all()
    parent = pc.list_parent_indices(sample["diagnoses"]).to_numpy()
    births = pc.starts_with(pc.list_flatten(sample["diagnoses"]), "O8").to_numpy()
    group = codes_of(sample, "age_sex")[parent[births]]
    assert len(group) > 1_000 and (group < 19).all()


def test_every_diagnosis_is_there_and_none_is_the_rule(sample: pa.Table) -> None:
    counted = pc.value_counts(pc.list_flatten(sample["diagnoses"])).to_pylist()
    assert {entry["values"] for entry in counted} == set(FLAGS)
    assert max(entry["counts"] for entry in counted) < 0.05 * sample.num_rows


@pytest.mark.parametrize("year", [2010, 2025])
def test_no_diagnosis_is_certain_so_that_every_frequency_holds(year: int) -> None:
    drawn = practices_of(year, 0)
    often = drawn.morbidity.max() * drawn.by_quintile.max()
    assert 0 < cost_distribution(year).rate.max() * often < 1
    assert drawn.effect.min() > 0 and cost_distribution(year).undiagnosed.min() > 0


def test_2025_has_its_people_and_prices() -> None:
    old = part(["cost_next", "expected_next"], share=0.002, diagnoses="codes")
    new = part(["cost_next", "expected_next"], share=0.002, diagnoses="codes", year=2025)
    means = [table["expected_next"].to_numpy().mean() for table in (old, new)]
    # Prices rose by the GDP deflator; people are older, which adds a few per cent more.
    assert 1.0 < means[1] / means[0] / (103.2388 / 68.8561) < 1.1


# ---- Do the models explain what they explained in England? ------------------------------------
class Fit:
    """Least squares on expected cost: the limit of an estimation with ever more people.

    Sums and products of the 38 groups and 157 diagnoses are taken once, and every model picks its
    own; need, supply and areas are the same for all people of a practice.
    """

    def __init__(self, sample: pa.Table, practices: pa.Table) -> None:
        self.area = codes_of(practices, "area")
        self.variables = np.column_stack([practices[name].to_numpy() for name in (*NEED, *SUPPLY)])
        self.expected = sample["expected_next"].to_numpy()
        practice = codes_of(sample, "practice")
        person, column = person_columns(sample)
        columns = np.zeros((sample.num_rows, 195), np.float32)
        columns[person, column] = 1
        self.products = (columns.T @ columns).astype(float)
        self.by_person = np.bincount(column, self.expected[person], 195)
        self.sums = np.zeros((8_582, 195))
        np.add.at(self.sums, (practice[person], column), 1)
        self.people = np.bincount(practice, minlength=8_582)
        self.by_practice = np.bincount(practice, self.expected, 8_582)
        self.solved: dict[str, tuple[np.ndarray, np.ndarray, float]] = {}

    def of_practices(self, model: england.NestedModel) -> np.ndarray:
        """(practices, terms): areas but one, need and supply."""
        columns = [np.eye(152)[self.area][:, 1:]] if model.area else [np.zeros((8_582, 0))]
        chosen = [(*NEED, *SUPPLY).index(name) for name in (*model.need, *model.supply)]
        return np.column_stack([*columns, self.variables[:, chosen]])

    def coefficients(self, model: england.NestedModel) -> tuple[np.ndarray, np.ndarray, float]:
        """Of the person's columns, of the practice's, and the mean squared error."""
        if model.name not in self.solved:
            terms, of_practice = 38 + len(model.flags), self.of_practices(model)
            cross = self.sums[:, :terms].T @ of_practice
            within = (of_practice * self.people[:, None]).T @ of_practice
            gram = np.block([[self.products[:terms, :terms], cross], [cross.T, within]])
            right = np.concatenate([self.by_person[:terms], of_practice.T @ self.by_practice])
            coefficients = np.linalg.lstsq(gram, right, rcond=1e-12)[0]
            error = (self.expected @ self.expected - coefficients @ right) / len(self.expected)
            self.solved[model.name] = coefficients[:terms], coefficients[terms:], error
        return self.solved[model.name]


def person_columns(table: pa.Table | pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    """Row and position of each column that is 1: an age-sex group each, and diagnoses."""
    group = table["age_sex"]
    group = group.combine_chunks() if isinstance(group, pa.ChunkedArray) else group
    row = pc.list_parent_indices(table["diagnoses"]).to_numpy()
    flag = pc.index_in(pc.list_flatten(table["diagnoses"]), pa.array(FLAGS)).to_numpy()
    return (
        np.concatenate([np.arange(table.num_rows), row]),
        np.concatenate([group.indices.to_numpy(), 38 + flag]),
    )


@pytest.fixture(scope="module")
def fit(sample: pa.Table, practices: pa.Table) -> Fit:
    return Fit(sample, practices)


@pytest.fixture(scope="module")
def validation() -> dict[str, np.ndarray]:
    """400 practices with everyone on their lists: people, actual cost, sums of persons' columns."""
    total = {name: np.zeros(8_582) for name in ("people", "cost", "chance", "squares")}
    total["sums"] = np.zeros(8_582 * 195)
    for batch in england.persons(practices=400, diagnoses="codes"):
        practice = batch["practice"].indices.to_numpy().astype(np.int64)
        total["people"] += np.bincount(practice, minlength=8_582)
        total["cost"] += np.bincount(practice, batch["cost_next"].to_numpy(), 8_582)
        chance = batch["cost_next"].to_numpy() - batch["expected_next"].to_numpy()
        total["chance"] += np.bincount(practice, chance, 8_582)
        total["squares"] += np.bincount(practice, chance**2, 8_582)
        person, column = person_columns(batch)
        total["sums"] += np.bincount(practice[person] * 195 + column, minlength=8_582 * 195)
    return total


@pytest.mark.parametrize("model", england.NESTED_MODELS, ids=lambda model: model.name)
def test_a_model_explains_people_as_published(model: england.NestedModel, fit: Fit) -> None:
    error = fit.coefficients(model)[2]
    # The spread of cost itself is published, and tested above; what is expected is known exactly
    # here, so that rare large costs do not blur the share that a model explains.
    share = (fit.expected.var() - error) / (CV * fit.expected.mean()) ** 2
    assert share == pytest.approx(model.r2_person, abs=0.01)


@pytest.mark.parametrize("model", england.NESTED_MODELS, ids=lambda model: model.name)
def test_a_model_explains_practices_as_published(
    model: england.NestedModel, fit: Fit, validation: dict[str, np.ndarray]
) -> None:
    of_person, of_practice, _ = fit.coefficients(model)
    held = validation["people"] > 0
    people = validation["people"][held]
    actual = validation["cost"][held] / people
    sums = validation["sums"].reshape(8_582, 195)[held, : len(of_person)]
    predicted = sums @ of_person / people + fit.of_practices(model)[held] @ of_practice
    # Coefficients have no chance in them here. In an estimation with the 5.2 million people of the
    # published one, each of a practice's variables (standard scores, areas) adds this much error.
    blur = len(of_practice) * (CV * fit.expected.mean()) ** 2 * 0.877 / ESTIMATED_ON
    for weight in (np.full(len(people), 1 / len(people)), people / people.sum()):
        spread = (weight * (actual - (weight * actual).sum()) ** 2).sum()
        error = (weight * (actual - predicted) ** 2).sum()
        # 400 practices leave an SD of 0.02 where age and sex alone predict, and less further up.
        assert 1 - (error + blur) / spread == pytest.approx(model.r2_practice, abs=0.05)


def test_chance_is_independent_between_people(validation: dict[str, np.ndarray]) -> None:
    held = validation["people"] > 0
    ratio = validation["chance"][held] ** 2 / validation["squares"][held]
    # The square of a sum of independent parts is that of its parts on average; over 400 practices
    # the mean ratio has an SD of sqrt(2 / 400) = 0.07. A common part would multiply it.
    assert ratio.mean() == pytest.approx(1, abs=0.28)


# ---- Are bad arguments rejected with a clear error? --------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"year": 2011}, InputError, "year is 2011: must be 2010 or 2025"),
        ({"year": True}, InputError, "year is True"),
        ({"seed": -1}, InputError, "seed is -1: must be a whole number from 0"),
        ({"seed": 1.5}, InputTypeError, "seed is 1.5"),
        ({"diagnoses": "long"}, InputError, 'must be "columns" or "codes"'),
        ({"share": 0}, InputError, "share is 0: must be a share above 0"),
        ({"share": float("nan")}, InputError, "share is nan"),
        ({"share": (0.5, 0.5)}, InputError, "two increasing numbers"),
        ({"share": (0.5, 1.5)}, InputError, "share is"),
        ({"share": True}, InputTypeError, "share is True"),
        ({"share": "half"}, InputTypeError, "share is 'half'"),
        ({"share": (0.1, 0.2, 0.3)}, InputTypeError, "share is"),
        ({"practices": 0}, InputError, "practices is 0: must be a whole number from 1 to 8582"),
        ({"practices": 2.5}, InputTypeError, "practices is 2.5"),
        ({"practices": "P00001"}, InputTypeError, "practices is 'P00001'"),
        ({"practices": []}, InputError, "at least one name"),
        ({"practices": ["P00001", "P00001"]}, InputError, "each once"),
        ({"practices": ["X", "P00001", 3]}, InputError, r"practices\[2\] is 3"),
    ],
)
def test_bad_arguments_are_rejected(
    arguments: dict[str, object], error: type[FundholderError], says: str
) -> None:
    with pytest.raises(error, match=says):
        england.persons(**arguments)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InputError) as raised:
        england.persons(year=1999, seed=-1, share=2, diagnoses="none")
    assert len(raised.value.problems) == 4
