"""Is observed variation divided rightly into chance and the rest, and is the interval honest?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from scipy import stats

from arrow_types import reads_polars
from fundholder import CostModel, Decomposition, InputTypeError, decompose, simulate, variance
from fundholder._decomposition.ratio_panel import RatioPanel
from fundholder._decomposition.variance_components import Components, components
from fundholder._engine import gamma_p
from rejections import rejection, says

NAMES = [f"P{i:03d}" for i in range(300)]


def lists(units: int, seed: int) -> pa.Table:
    """Practices of 1,500 to 16,000 people."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return pa.table({"practice": NAMES[:units], "count": rng.integers(1_500, 16_000, units)})


def effects(sd: float, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Lognormal effects of mean 1."""
    sigma = math.sqrt(math.log1p(sd**2))
    normal = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    return np.exp(sigma * normal - sigma**2 / 2)


def ratios(population: pa.Table, costs: CostModel, **terms: Any) -> np.ndarray:
    """Simulated outturn over expected cost: practices in rows, years in columns."""
    totals = simulate(population, costs, **terms).totals()
    mean = costs.moments(terms.get("stop_loss"))["mean"][0].as_py()
    return np.array(totals["net"].to_pylist()) / (mean * totals["people"].to_numpy()[:, None])


def observed(ratio: np.ndarray, budget: Any = 1e6) -> pa.Table:
    """The table of these ratios; a year's column where there is more than one."""
    units, years = ratio.shape
    budget = np.broadcast_to(np.asarray(budget, dtype=float), (years, units)).T
    table = pa.table(
        {
            "practice": np.repeat(NAMES[:units], years),
            "year": np.tile(np.arange(2011, 2011 + years), units),
            "budget": budget.ravel(),
            "outturn": (ratio * budget).ravel(),
        }
    )
    return table if years > 1 else table.drop(["year"])


def summary(decomposition: Decomposition) -> dict[str, Any]:
    return decomposition.summary.to_pylist()[0]


def holds(estimates: dict[str, Any], name: str, value: float) -> bool:
    return bool(estimates[f"{name}_low"] <= value <= estimates[f"{name}_high"])


# ---- Does the arithmetic equal the closed forms? ----------------------------------------------
@pytest.mark.parametrize("shape", [0.02, 0.5, 1.0, 3.0, 50.0, 4_000.0])
def test_the_gamma_distribution_is_that_of_scipy(shape: float) -> None:
    for q in (1e-6, 0.025, 0.5, 0.9, 0.999):
        assert gamma_p(shape, stats.gamma.ppf(q, shape)) == pytest.approx(q, rel=1e-9)
    assert gamma_p(shape, 0.0) == 0


def panel(ratio: np.ndarray, chance: float, kurtosis: float = 0.0) -> RatioPanel:
    n = len(ratio)
    return RatioPanel(
        ratio,
        np.ones(ratio.shape, bool),
        np.full((n, 1), chance),
        np.full((n, 1), kurtosis * chance**2),
    )


def test_units_alike_with_normal_chance_have_the_chi_square_interval() -> None:
    # With equal weights the sum is that of a sample variance, and its distribution is exactly
    # chi-square.
    ratio = 1.02 * (1 + 0.1 * np.random.Generator(np.random.PCG64(1)).standard_normal((40, 1)))
    total = components(panel(ratio, 0.05**2), 0.9).total
    squares = ((ratio / ratio.mean() - 1) ** 2).sum()
    expected = [squares / q - 0.05**2 for q in (39, *stats.chi2.ppf([0.95, 0.05], 39))]
    assert [total.estimate, total.low, total.high] == pytest.approx(expected, rel=1e-8)
    assert total.p_at_zero == pytest.approx(stats.chi2.sf(squares / 0.05**2, 39), rel=1e-6)


def test_several_complete_years_have_the_estimates_of_an_analysis_of_variance() -> None:
    n, t, chance = 30, 4, 0.03**2
    rng = np.random.Generator(np.random.PCG64(2))
    ratio = 1 + 0.08 * rng.standard_normal((n, 1)) + 0.06 * rng.standard_normal((n, t))
    ratio *= [[1.1, 0.9, 1.0, 1.3]]
    parts = components(panel(ratio, chance), 0.95)
    relative = ratio / ratio.mean(axis=0)
    means = relative.mean(axis=1, keepdims=True)
    within = ((relative - means) ** 2).sum() / ((n - 1) * (t - 1))
    between = t * ((means - 1) ** 2).sum() / (n - 1)
    assert parts.yearly is not None and parts.persistent is not None
    assert parts.yearly.estimate == pytest.approx(within - chance, rel=1e-6)
    assert parts.persistent.estimate == pytest.approx((between - within) / t, rel=1e-6)
    degrees = (n - 1) * (t - 1)
    limits = [within * degrees / q - chance for q in stats.chi2.ppf([0.975, 0.025], degrees)]
    assert [parts.yearly.low, parts.yearly.high] == pytest.approx(limits, rel=1e-6)


def test_the_published_credibility_is_reproduced() -> None:
    # A CV of 4.3 per person and 7.8 % between practices: K = 3,039, and Z = 0.68 at 6,422 people.
    # Ratios are made so that their sample variance is exactly chance and systematic together.
    people, cv, systematic = 6_422, 4.3, 0.078
    costs = CostModel(
        pa.table(
            {
                "p_any": [0.3],
                "family": ["lognormal"],
                "mean": [1_000.0],
                "shape": [math.sqrt(math.log(0.3 * (1 + cv**2)))],
            }
        )
    )
    ratio = np.random.Generator(np.random.PCG64(3)).standard_normal((50, 1))
    ratio -= ratio.mean()
    ratio *= math.sqrt(systematic**2 + cv**2 / people) / ratio.std(ddof=1)
    population = pa.table({"practice": NAMES[:50], "count": [people] * 50})
    decomposition = decompose(observed(1 + ratio), population, costs)
    total = summary(decomposition)
    assert total["systematic_sd"] == pytest.approx(systematic, rel=1e-9)
    assert total["person_cv"] == pytest.approx(cv, rel=1e-9)
    assert total["k_people"] == pytest.approx(3_039, abs=0.5)
    assert decomposition.units["credibility"][0].as_py() == pytest.approx(0.68, abs=0.005)
    assert total["bias"] == pytest.approx(1, rel=1e-12)
    share = (cv**2 / people) / (cv**2 / people + systematic**2)
    assert total["chance_share"] == pytest.approx(share, rel=1e-9)
    shrunk = 1 + decomposition.units["credibility"].to_numpy() * ratio[:, 0]
    assert decomposition.units["shrunk_ratio"].to_numpy() == pytest.approx(shrunk, rel=1e-9)


# ---- Does the interval hold the truth as often as it says? ------------------------------------
def chance_of(people: np.ndarray, p: float = 0.3, sigma: float = 1.6) -> tuple[Any, Any]:
    """Variance and fourth cumulant of the ratio of people with a two-part lognormal year."""
    raw = [p * math.exp(k * (k - 1) / 2 * sigma**2) / p**k for k in range(5)]
    central = raw[4] - 4 * raw[3] + 6 * raw[2] - 3
    return (raw[2] - 1) / people, (central - 3 * (raw[2] - 1) ** 2) / people**3


@pytest.fixture(scope="module")
def chance_years(costs: CostModel) -> tuple[np.ndarray, np.ndarray]:
    """People of 60 practices, and 600 years of chance alone without a ceiling."""
    population = lists(60, 4)
    return population["count"].to_numpy(), ratios(population, costs, replications=600, seed=4)


def share_held(panels: list[Components], truths: dict[str, float]) -> dict[str, float]:
    """In which share of the data sets the interval holds the truth."""
    return {
        name: float(
            np.mean([getattr(f, name).low <= truth <= getattr(f, name).high for f in panels])
        )
        for name, truth in truths.items()
    }


@pytest.mark.parametrize("systematic", [0.0, 0.03, 0.08])
def test_intervals_of_one_year_hold_the_truth_as_often_as_they_say(
    chance_years: tuple[np.ndarray, np.ndarray], systematic: float
) -> None:
    # 300 data sets: a standard error of 1.3 % at 95 %. Between three below and, because a few heavy
    # squares are less often large than the gamma distribution has it, nearly always.
    people, ratio = chance_years
    chance, fourth = chance_of(people[:, None])
    ratio = ratio[:, :300] * effects(systematic, (60, 300), 5)
    seen = np.ones((60, 1), bool)

    def held(fourth: np.ndarray) -> float:
        years = (RatioPanel(ratio[:, [i]], seen, chance, fourth) for i in range(300))
        return share_held([components(y, 0.95) for y in years], {"total": systematic**2})["total"]

    # At 0, it can only miss on one side.
    assert 0.91 <= held(fourth) <= (0.995 if systematic else 1)
    if systematic == 0.03:
        # Without the kurtosis, the interval is too short by far.
        assert held(0 * fourth) < 0.9


def test_intervals_of_four_years_hold_the_truth_as_often_as_they_say(
    chance_years: tuple[np.ndarray, np.ndarray],
) -> None:
    # 150 data sets: a standard error of 1.8 %. A third of the practices miss years.
    people, ratio = chance_years
    chance, fourth = chance_of(people[:, None])
    ratio = ratio.reshape(60, 150, 4) * effects(0.08, (60, 150, 1), 6)
    ratio = ratio * effects(0.05, (60, 150, 4), 7) * effects(0.05, (1, 150, 4), 8)
    seen = np.ones((60, 4), bool)
    seen[:10, 0] = seen[10:20, 1:3] = False
    sets = [RatioPanel(ratio[:, i] * seen, seen, chance, fourth) for i in range(150)]
    truths = {"persistent": 0.08**2, "yearly": 0.05**2, "total": 0.08**2 + 0.05**2}
    held = share_held([components(panel, 0.95) for panel in sets], truths)
    assert all(0.89 <= share <= 0.995 for share in held.values()), held


def test_the_estimate_is_right_on_average(chance_years: tuple[np.ndarray, np.ndarray]) -> None:
    people, ratio = chance_years
    chance, fourth = chance_of(people[:, None])
    ratio = ratio[:, :300] * effects(0.08, (60, 300), 9)
    seen = np.ones((60, 1), bool)
    estimates = [
        components(RatioPanel(ratio[:, [i]], seen, chance, fourth), 0.5).total.estimate
        for i in range(300)
    ]
    # Three standard errors of the mean.
    assert abs(np.mean(estimates) - 0.08**2) < 3 * np.std(estimates) / math.sqrt(300)


def test_the_chance_of_units_is_that_of_their_people(costs: CostModel) -> None:
    # The estimator, on closed-form moments of chance, must be what decompose does with its own.
    population = lists(40, 20)
    ratio = ratios(population, costs, replications=3, seed=9, practice_sd=0.1)
    chance, fourth = chance_of(population["count"].to_numpy()[:, None])
    parts = components(RatioPanel(ratio, np.ones(ratio.shape, bool), chance, fourth), 0.95)
    total = summary(decompose(observed(ratio), population, costs))
    for name, part in (("systematic", parts.total), ("yearly", parts.yearly)):
        assert part is not None
        for end, value in (("", part.estimate), ("_low", part.low), ("_high", part.high)):
            assert total[f"{name}_sd{end}"] == pytest.approx(math.sqrt(value), rel=1e-6)


# ---- Are known effects found again? -----------------------------------------------------------
def test_the_practice_effect_of_one_simulated_year_is_within_the_interval(costs: CostModel) -> None:
    population = lists(200, 10)
    total = summary(
        decompose(
            observed(ratios(population, costs, replications=1, seed=1, practice_sd=0.08)),
            population,
            costs,
        )
    )
    assert holds(total, "systematic_sd", 0.08)
    assert total["p_value"] < 1e-3
    nothing = [f"{part}_sd{end}" for part in ("persistent", "yearly") for end in ("", "_low")]
    assert [total[name] for name in nothing] == [None] * 4


def test_yearly_effects_are_not_taken_to_persist(costs: CostModel) -> None:
    population = lists(200, 10)
    ratio = ratios(population, costs, replications=4, seed=2, practice_sd=0.08, national_sd=0.1)
    decomposition = decompose(observed(ratio), population, costs)
    total = summary(decomposition)
    assert holds(total, "yearly_sd", 0.08) and holds(total, "persistent_sd", 0.0)
    assert holds(total, "systematic_sd", 0.08)
    assert total["persistent_sd"] < 0.02
    assert max(decomposition.units["credibility"].to_pylist()) < 0.5
    # Each year's national effect is a bias of the year, and no difference between practices.
    assert decomposition.years["bias"].to_numpy() == pytest.approx(ratio.mean(axis=0), rel=0.02)


def test_lasting_effects_persist(costs: CostModel) -> None:
    population = lists(200, 10)
    lasting = effects(0.08, (200,), 11)
    lasting = 1 + (lasting - lasting.mean()) * 0.08 / lasting.std()
    table = population.append_column("scale", pa.array(lasting))
    ratio = ratios(table, costs, replications=4, seed=3)
    decomposition = decompose(observed(ratio), population, costs)
    total = summary(decomposition)
    assert holds(total, "persistent_sd", 0.08) and holds(total, "yearly_sd", 0.0)
    # Shrunk ratios are nearer to the truth than the ratios themselves, and than no difference.
    error = {
        name: np.mean((values / values.mean() - lasting) ** 2)
        for name, values in (
            ("shrunk", decomposition.units["shrunk_ratio"].to_numpy()),
            ("own", decomposition.units["ratio"].to_numpy()),
            ("none", np.ones(200)),
        )
    }
    assert error["shrunk"] < error["own"] < error["none"]


def test_under_a_ceiling_what_remains_of_the_effect(costs: CostModel) -> None:
    population = lists(300, 12)
    ratio = ratios(population, costs, replications=1, seed=4, practice_sd=0.08, stop_loss=20_000)
    total = summary(decompose(observed(ratio), population, costs, stop_loss=20_000))
    distribution = variance(
        population, costs, stop_loss=20_000, practice_sd=0.08, method="moments"
    ).to_pylist()[0]
    assert holds(total, "systematic_sd", distribution["systematic_sd"] / distribution["expected"])
    assert total["systematic_sd_high"] < 0.08


def test_chance_alone_leaves_nothing(costs: CostModel) -> None:
    population = lists(300, 13)
    # Of the seeds from 0, the first whose ratios vary less than chance: the estimate is then 0.
    ratio = ratios(population, costs, replications=8, seed=0)
    years = [summary(decompose(observed(ratio[:, [i]]), population, costs)) for i in range(8)]
    least = max(years, key=lambda year: year["p_value"])
    assert least["systematic_sd"] == least["systematic_sd_low"] == 0
    assert 0 < least["systematic_sd_high"] < 0.03
    assert least["k_people"] is None and least["p_value"] > 0.5


def test_a_common_error_of_budgets_is_bias_and_no_variation(costs: CostModel) -> None:
    population = lists(100, 14)
    ratio = ratios(population, costs, replications=1, seed=5, practice_sd=0.08)
    right, wrong = (decompose(observed(r), population, costs) for r in (ratio, 1.1 * ratio))
    for name in ("systematic_sd", "systematic_sd_low", "systematic_sd_high", "p_value"):
        assert summary(wrong)[name] == pytest.approx(summary(right)[name], rel=1e-6)
    assert summary(wrong)["bias"] == pytest.approx(1.1 * summary(right)["bias"], rel=1e-9)
    assert abs(summary(right)["bias"] - 1) < 3 * summary(right)["bias_se"]


def test_the_persistence_of_people_counts_as_that_of_practices(real: Path) -> None:
    """What the documentation warns of, with the same people of MEPS in two years."""
    years = []
    options = pa.csv.ConvertOptions(include_columns=["dupersid", "totexp"])
    for year in (2013, 2014):
        path = real / "person" / f"meps_{year}.csv.gz"
        table = pa.csv.read_csv(path, convert_options=options)
        years.append(dict(zip(*(table[c].to_pylist() for c in table.column_names), strict=True)))
    both = sorted(years[0].keys() & years[1].keys())
    cost = np.array([[min(year[person], 20_000) for year in years] for person in both], float)
    costs = CostModel.from_costs(pa.table({"cost": cost.ravel()}), cost="cost")

    units, panels, chance = 60, [], 0.0
    rng = np.random.Generator(np.random.PCG64(6))
    for _ in range(20):  # People are put into practices by lot: there is no practice style.
        practice = rng.permutation(len(both)) % units
        people = np.bincount(practice)
        lots = pa.table({"practice": NAMES[:units], "count": people})
        distribution = variance(lots, costs, method="moments")
        square = distribution["cv"].to_numpy()[:, None] ** 2
        outturn = np.stack([np.bincount(practice, cost[:, i]) for i in range(2)], axis=1)
        ratio = outturn / (people[:, None] * cost.mean(axis=0))
        fourth = distribution["kurtosis"].to_numpy()[:, None] * square**2
        panels.append(
            components(RatioPanel(ratio, np.ones(ratio.shape, bool), square, fourth), 0.95)
        )
        chance += square.mean() / 20
    assert np.median([parts.yearly.estimate for parts in panels if parts.yearly]) == 0
    # Years that are alike make the yearly part negative, and so 0: over n years what people keep
    # adds (n - 1) / n of their correlation. The bounds are three standard errors of 20 lots or so.
    correlation = np.corrcoef(cost.T)[0, 1]
    added = np.mean([parts.persistent.estimate for parts in panels if parts.persistent]) / chance
    assert 0.5 < added / (correlation / 2) < 1.3


# ---- Are limits and p values those of the exact distribution? ------------------------------------
def test_limits_are_quantiles_of_the_exact_distribution(costs: CostModel) -> None:
    population = lists(5, 15)
    units = decompose(observed(np.ones((5, 1)) * 1.01), population, costs, limits=[0.9]).units
    exact = variance(population, costs, quantiles=[0.05, 0.95])
    for name, quantile in (("lower_0.9", "q0.05"), ("upper_0.9", "q0.95")):
        expected = exact[quantile].to_numpy() / exact["expected"].to_numpy()
        assert units[name].to_numpy() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("years", [1, 3])
def test_chance_lies_outside_as_often_as_it_says_on_either_side(
    costs: CostModel, years: int
) -> None:
    # 300 practices of 3 data sets; a normal curve would have twice as many above as below.
    population = lists(300, 16)
    ratio = ratios(population, costs, replications=3 * years, seed=7)
    budgets = np.linspace(1e6, 1.5e6, years)[:, None]
    above = below = far = 0
    for i in range(3):
        table = observed(ratio[:, i * years : (i + 1) * years], budgets)
        units = decompose(table, population, costs, limits=[0.8, 0.95]).units
        own = units["ratio"].to_numpy()
        above += int((own > units["upper_0.8"].to_numpy()).sum())
        below += int((own < units["lower_0.8"].to_numpy()).sum())
        far += int(pc.sum(units["outside_0.95"]).as_py())
        p = units["p_value"].to_numpy()
        assert ((p < 0.05) == units["outside_0.95"].to_numpy(zero_copy_only=False)).mean() > 0.99
        assert stats.kstest(p, "uniform").pvalue > 1e-3
    # Binomial distributions of 900: within 3.3 standard errors of 90 and 45.
    assert abs(above - 90) < 30 and abs(below - 90) < 30 and abs(far - 45) < 22


def test_p_values_of_a_cost_with_a_probability_of_its_own_are_two_sided() -> None:
    # 40 people, each £100 with probability 0.2: the number of costs is binomial.
    costs = CostModel(
        pa.table({"p_any": [0.2], "family": ["fixed"], "mean": [100.0], "shape": [None]})
    )
    number = np.arange(0, 30)
    population = pa.table({"practice": NAMES[:30], "count": [40] * 30})
    table = pa.table({"practice": NAMES[:30], "budget": [800.0] * 30, "outturn": 100.0 * number})
    p_values = decompose(table, population, costs).units["p_value"].to_numpy()
    distribution = stats.binom(40, 0.2)
    expected = np.minimum(1, 2 * np.minimum(distribution.cdf(number), distribution.sf(number - 1)))
    assert p_values == pytest.approx(expected, abs=1e-6)


# ---- Does it read what it is given? -----------------------------------------------------------
@pytest.fixture(scope="module")
def sample(costs: CostModel) -> tuple[pa.Table, pa.Table]:
    population = lists(20, 17)
    ratio = ratios(population, costs, replications=3, seed=8, practice_sd=0.1)
    return observed(ratio, [[1e6], [1.2e6], [1.3e6]]), population


@reads_polars
def test_any_form_of_a_table_gives_the_same_result(
    costs: CostModel, sample: tuple[pa.Table, pa.Table]
) -> None:
    table, population = sample
    expected = decompose(table, population, costs)
    coded = population.set_column(0, "practice", population["practice"].dictionary_encode())
    shuffled = table.take(np.random.Generator(np.random.PCG64(9)).permutation(len(table)))
    rows = population.take(np.repeat(np.arange(20), 2))
    halves = (rows["count"].to_numpy() + np.tile([0, 1], 20)) // 2
    halved = rows.set_column(1, "count", pa.array(halves))
    for other in (
        decompose(table, coded, costs),
        decompose(shuffled, population.to_reader(), costs),
        decompose(pl.DataFrame(table.to_pydict()), pl.DataFrame(population.to_pydict()), costs),
        decompose(table.to_pandas(), population.to_pandas(), costs),
        decompose(table, halved, costs),
    ):
        assert other.years.equals(expected.years)
        for name in ("credibility", "p_value", "upper_0.998"):
            ours, theirs = (units[name].to_numpy() for units in (expected.units, other.units))
            assert ours == pytest.approx(theirs, rel=1e-9)


def test_integers_and_their_digits_are_the_same_units(
    costs: CostModel, sample: tuple[pa.Table, pa.Table]
) -> None:
    table, population = sample
    number = pc.cast(pc.utf8_slice_codeunits(table["practice"], 1), pa.int64())
    digits = pc.cast(pc.cast(number, pa.int64()), pa.string())
    numbered = population.set_column(0, "practice", pa.array(range(20)))
    expected = decompose(table, population, costs).units["credibility"]
    for labels in (number, digits):
        units = decompose(table.set_column(0, "practice", labels), numbered, costs).units
        assert units["practice"].to_pylist() == list(range(20))
        assert units["credibility"].equals(expected)


def test_units_may_be_of_other_levels(costs: CostModel) -> None:
    population = lists(4, 18).append_column("pcn", pa.array(["X", "Y", "X", "Y"]))
    table = pa.table({"pcn": ["Y", "X"], "budget": [1e6, 2e6], "outturn": [1e6, 2.2e6]})
    decomposition = decompose(table, population, costs, by="pcn")
    assert decomposition.units["pcn"].to_pylist() == ["X", "Y"]
    assert decomposition.units["ratio"].to_pylist() == pytest.approx([1.1, 1.0])
    assert sum(decomposition.units["people"].to_pylist()) == sum(population["count"].to_pylist())


def test_units_that_miss_years(costs: CostModel, sample: tuple[pa.Table, pa.Table]) -> None:
    table, population = sample
    gone = pc.and_(pc.equal(table["practice"], "P003"), pc.not_equal(table["year"], 2012))
    decomposition = decompose(table.filter(pc.invert(gone)), population, costs)
    row = decomposition.units.to_pylist()[3]
    assert row["years"] == 1 and row["budget"] == 1.2e6
    assert decomposition.years["units"].to_pylist() == [19, 20, 19]
    full = decompose(table, population, costs).units.to_pylist()[3]
    assert row["chance_cv"] == pytest.approx(full["chance_cv"] * math.sqrt(3))
    assert row["upper_0.95"] > full["upper_0.95"]


def test_results_are_traced_and_hold_no_nan(
    costs: CostModel, sample: tuple[pa.Table, pa.Table]
) -> None:
    table, population = sample
    decomposition = decompose(table, population, costs, confidence=0.9, limits=[0.99])
    for result in (decomposition.units, decomposition.years, decomposition.summary):
        assert result.schema.metadata[b"fundholder.confidence"] == b"0.9"
        assert b"fundholder.version" in result.schema.metadata
        for column in result.columns:
            assert column.null_count == 0
            if pa.types.is_floating(column.type):
                assert np.isfinite(column.to_numpy()).all()
    assert "20 units in 3 years" in repr(decomposition)
    assert "outside_0.99" in decomposition.units.column_names


def test_outturns_all_alike_leave_no_variance(costs: CostModel) -> None:
    total = summary(decompose(observed(np.ones((20, 1))), lists(20, 19), costs))
    assert [total[f"systematic_sd{end}"] for end in ("", "_low", "_high")] == [0, 0, 0]
    assert total["p_value"] == 1


# ---- Is the error clear? ----------------------------------------------------------------------
NAN, INF = math.nan, math.inf
TWO_UNITS = {"practice": ["A", "B"], "budget": [1e6, 1e6], "outturn": [1e6, 1.1e6]}
PEOPLE = pa.table({"practice": ["A", "B"], "count": [5_000, 6_000]})


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"practice": None}, ["column 'practice' is missing", "budget, outturn"]),
        ({"budget": None}, ["column 'budget' is missing"]),
        ({"outturn": None, "budget": None}, ["'budget' is missing", "'outturn' is missing"]),
        ({"budget": ["1", "2"]}, ["column 'budget' is string, row 0: '1'", "a number"]),
        (
            {"practice": [1.0, 2.0]},
            ["column 'practice' is double", "a dictionary of strings or an integer"],
        ),
        ({"year": [2011.0, 2011.0]}, ["column 'year' is double"]),
        ({"budget": [0.0, 1e6]}, ["column 'budget', row 0: 0: ", "above 0"]),
        ({"budget": [1e6, -5.0]}, ["column 'budget', row 1: -5: "]),
        ({"budget": [NAN, INF]}, ["'budget', row 0: NaN", "'budget', row 1: inf", "finite"]),
        ({"budget": [None, 1e6]}, ["column 'budget', row 0: null"]),
        ({"outturn": [-1.0, 1e6]}, ["column 'outturn', row 0: -1: ", "0 or more"]),
        ({"outturn": [1e6, NAN]}, ["column 'outturn', row 1: NaN"]),
        ({"outturn": [0.0, 0.0]}, ["column 'outturn': 0 for every unit", "above 0"]),
        (
            {"practice": ["A", "A"]},
            ["row 1: 'A' is a duplicate of row 0", "'B' is missing", "one unit"],
        ),
        ({"practice": ["A", "C"]}, ["row 1: 'C'", "unit of the population", "'B' is missing"]),
        ({"practice": ["A", None]}, ["row 1: null", "unit of the population"]),
        ({"year": [2011, 2012]}, ["one unit in 2011", "one unit in 2012", "2 or more"]),
        ({"year": [2011, None]}, ["column 'year', row 1: null"]),
        (
            {"practice": ["A", "A"], "year": [2011, 2011]},
            ["'A' with year 2011 is a duplicate of row 0"],
        ),
    ],
)
def test_observed_tables_are_rejected_by_column_and_row(
    costs: CostModel, columns: dict[str, list | None], texts: list[str]
) -> None:
    merged = {name: values for name, values in (TWO_UNITS | columns).items() if values is not None}
    says(rejection(decompose, pa.table(merged), PEOPLE, costs), *texts)


def test_all_problems_are_named_at_once(costs: CostModel) -> None:
    wrong = pa.table({"practice": ["A", "C"], "budget": [0.0, 1.0], "outturn": [1.0, NAN]})
    error = rejection(decompose, wrong, PEOPLE, costs)
    assert len(error.problems) == 4


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"by": 3}, ["by is 3", "name of a column"]),
        ({"by": "budget"}, ["by is 'budget'", "same name"]),
        ({"by": "year"}, ["by is 'year'", "same name"]),
        ({"by": ["practice", "icb"]}, ["by is", "one column"]),
        ({"by": "icb"}, ["'icb' is missing"]),
        ({"limits": [0.95, 1.0]}, ["limits is 1.0", "between 0 and 1"]),
        ({"limits": 0.95}, ["limits is 0.95", "sequence"]),
        ({"confidence": 0}, ["confidence is 0", "between 0 and 1"]),
        ({"confidence": 1.0}, ["confidence is 1.0"]),
        ({"confidence": NAN, "limits": [2]}, ["2 problems", "confidence", "limits"]),
        ({"observed": 3}, ["observed is ", "int"]),
        ({"population": None}, ["population is "]),
        ({"costs": "costs"}, ["costs is", "CostModel"]),
        ({"stop_loss": -1}, ["stop_loss is -1"]),
    ],
)
def test_arguments_are_rejected_by_name(
    costs: CostModel, arguments: dict[str, Any], texts: list[str]
) -> None:
    given = {"observed": pa.table(TWO_UNITS), "population": PEOPLE, "costs": costs, **arguments}
    says(rejection(decompose, **given), *texts)


def test_only_types_wrong_is_a_type_error(costs: CostModel) -> None:
    wrong = pa.table({"practice": [1.5, 2.5], "budget": ["a", "b"], "outturn": [1.0, 2.0]})
    error = rejection(decompose, wrong, PEOPLE, costs)
    assert isinstance(error, InputTypeError) and len(error.problems) == 2


def test_chance_without_variance_or_fourth_moment_is_rejected(costs: CostModel) -> None:
    nobody = pa.table({"practice": ["A", "B"], "count": [5_000, 0]})
    says(rejection(decompose, pa.table(TWO_UNITS), nobody, costs), "unit 'B'", "people")
    heavy = {"p_any": [0.3], "family": ["pareto"], "mean": [1_000.0], "shape": [3.0]}
    error = rejection(decompose, pa.table(TWO_UNITS), PEOPLE, CostModel(pa.table(heavy)))
    says(error, "unit 'A'", "unit 'B'", "fourth moment", "ceiling")
    assert len(error.problems) == 2


# ---- Lists of every year, and chance as years have it -------------------------------------------
def dated(population: pa.Table, growth: dict[int, float]) -> pa.Table:
    """The same practices with lists that grow by year."""
    count = population["count"].to_numpy()
    return pa.concat_tables(
        pa.table(
            {
                "practice": population["practice"],
                "year": [year] * len(count),
                "count": np.round(count * factor),
            }
        )
        for year, factor in growth.items()
    )


def test_lists_that_are_alike_in_every_year_change_nothing(costs: CostModel) -> None:
    population = lists(40, 20)
    ratio = ratios(population, costs, replications=3, seed=9, practice_sd=0.1)
    years = observed(ratio)
    growth = dict.fromkeys(dict.fromkeys(years["year"].to_pylist()), 1.0)
    expected = decompose(years, population, costs)
    decomposition = decompose(years, dated(population, growth), costs)
    # The same sums in another order.
    for name, value in summary(decomposition).items():
        assert value == pytest.approx(summary(expected)[name], rel=1e-9), name
    for name in expected.units.column_names[1:]:
        if pa.types.is_floating(expected.units[name].type):
            assert decomposition.units[name].to_numpy() == pytest.approx(
                expected.units[name].to_numpy(), rel=1e-6
            ), name


def test_lists_by_year_have_the_chance_of_each_year(costs: CostModel) -> None:
    """The estimator on closed-form chance of the lists of each year, and people on average."""
    population = lists(40, 20)
    ratio = ratios(population, costs, replications=3, seed=9, practice_sd=0.1)
    years = observed(ratio)
    calendar = list(dict.fromkeys(years["year"].to_pylist()))
    growth = dict(zip(calendar, (0.5, 1.0, 3.0), strict=True))
    count = np.round(population["count"].to_numpy()[:, None] * [list(growth.values())])
    chance, fourth = chance_of(count)
    parts = components(RatioPanel(ratio, np.ones(ratio.shape, bool), chance, fourth), 0.95)
    decomposition = decompose(years, dated(population, growth), costs)
    total = summary(decomposition)
    assert parts.yearly is not None
    for name, part in (("systematic", parts.total), ("yearly", parts.yearly)):
        for end, value in (("", part.estimate), ("_low", part.low), ("_high", part.high)):
            assert total[f"{name}_sd{end}"] == pytest.approx(math.sqrt(value), rel=1e-6)
    assert decomposition.units["people"].to_numpy() == pytest.approx(count.mean(axis=1), rel=1e-12)
    assert decomposition.units["chance_cv"].to_numpy() == pytest.approx(
        np.sqrt(chance.mean(axis=1) / 3), rel=1e-6
    )


def test_intervals_with_lists_of_unlike_years_hold_the_truth(
    chance_years: tuple[np.ndarray, np.ndarray],
) -> None:
    # 150 data sets: a standard error of 1.8 %. Chance is normal, in some years nine times another.
    sizes = np.array([1.0, 3.0, 9.0, 1.0])
    people, _ = chance_years
    chance = chance_of(people[:, None])[0] / sizes
    rng = np.random.Generator(np.random.PCG64(11))
    noise = 1 + np.sqrt(chance)[:, None, :] * rng.standard_normal((60, 150, 4))
    ratio = noise * effects(0.06, (60, 150, 1), 12) * effects(0.04, (60, 150, 4), 13)
    seen = np.ones((60, 4), bool)
    seen[:10, 0] = seen[10:20, 1:3] = False
    sets = [RatioPanel(ratio[:, i] * seen, seen, chance, 0 * chance) for i in range(150)]
    parts = [components(panel, 0.95) for panel in sets]
    truths = {"persistent": 0.06**2, "yearly": 0.04**2, "total": 0.06**2 + 0.04**2}
    held = share_held(parts, truths)
    assert all(0.89 <= share <= 0.995 for share in held.values()), held


def test_chance_of_years_is_that_of_the_ratios(costs: CostModel) -> None:
    """Outturns vary 2.25 times as much between years as chance: 400 degrees of freedom.

    Within 4 standard errors of a variance with the kurtosis of these people.
    """
    population = lists(200, 10)
    ratio = ratios(population, costs, replications=3, seed=21)
    wider = decompose(observed(1 + 1.5 * (ratio - 1)), population, costs, chance="years")
    plain = decompose(observed(ratio), population, costs, chance="years")
    assert summary(plain)["chance_factor"] == pytest.approx(1, abs=4 * math.sqrt(3 / 400))
    assert summary(wider)["chance_factor"] == pytest.approx(
        2.25 * summary(plain)["chance_factor"], rel=0.02
    )
    assert summary(wider)["yearly_sd"] is None
    chance = decompose(observed(ratio), population, costs)
    stretched = (chance.units["upper_0.95"].to_numpy() - 1) * math.sqrt(
        summary(plain)["chance_factor"]
    )
    assert plain.units["upper_0.95"].to_numpy() - 1 == pytest.approx(stretched, rel=1e-9)


def test_lists_and_years_that_do_not_meet_are_rejected(costs: CostModel) -> None:
    population = lists(4, 1)
    ratio = 1 + np.arange(8).reshape(4, 2) / 50
    years = observed(ratio)
    error = rejection(decompose, years, dated(population, {2011: 1.0}), costs)
    says(error, "2012", "missing from population")
    error = rejection(decompose, observed(ratio[:, :1]), dated(population, {2011: 1.0}), costs)
    says(error, "observed has no column 'year'")
    error = rejection(decompose, observed(ratio[:, :1]), population, costs, chance="years")
    says(error, "a unit with two years or more")
    error = rejection(decompose, years, population, costs, chance="data")
    says(error, "'model' or 'years'")
    error = rejection(decompose, years, population, costs, chance="years", systematic_limits=True)
    says(error, "systematic_limits")
