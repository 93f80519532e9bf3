"""Are distributions of observed costs the observations, with and without a fitted tail?"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from fundholder import CostModel, FundholderError, simulate

FLAT = {"cost": [0.0, 0.0, 100.0, 300.0, 300.0], "w": [2.0, 1.0, 1.0, 3.0, 1.0]}


@pytest.fixture(scope="module")
def meps(real: Path) -> pa.Table:
    """The US person-years of 2014."""
    return pyarrow.csv.read_csv(real / "person" / "meps_2014.csv.gz")


def moments_of(model: CostModel, ceiling: float | None = None) -> dict[str, float]:
    return model.moments(ceiling).to_pylist()[0]


def skewed(n: int, band: str = "all") -> pa.Table:
    """Person-years of which two in three have a lognormal cost."""
    rng = np.random.Generator(np.random.PCG64(5))
    cost = np.where(rng.random(n) < 2 / 3, rng.lognormal(6, 1.5, n), 0)
    return pa.table({"cost": cost, "w": rng.uniform(0.5, 2, n), "band": [band] * n})


# ---- MEPS 2014: AHRQ public-use file, weighted; figures from the data's README ----------------
def test_meps_has_its_published_level_and_spread(meps: pa.Table) -> None:
    model = CostModel.from_costs(meps, cost="totexp", weight="perwtf")
    moments = moments_of(model)
    assert f"{moments['mean']:.0f}" == "4708"
    assert f"{moments['cv']:.2f}" == "2.92"
    assert f"{1 - model.table['p_any'][0].as_py():.3f}" == "0.149"


@pytest.mark.parametrize("ceiling", [None, 5_000, 20_000, 100_000])
def test_meps_moments_are_numpys(meps: pa.Table, ceiling: float | None) -> None:
    model = CostModel.from_costs(meps, cost="totexp", weight="perwtf")
    cost = np.minimum(meps["totexp"].to_numpy(), np.inf if ceiling is None else ceiling)
    weight = meps["perwtf"].to_numpy()
    mean = np.average(cost, weights=weight)
    sd = np.sqrt(np.average((cost - mean) ** 2, weights=weight))
    moments = moments_of(model, ceiling)
    # Sums of 35,000 terms: rounding is below 1e-12.
    assert moments["mean"] == pytest.approx(mean, rel=1e-9)
    assert moments["sd"] == pytest.approx(sd, rel=1e-9)


def test_meps_with_a_tail_keeps_the_mean(meps: pa.Table) -> None:
    plain = CostModel.from_costs(meps, cost="totexp", weight="perwtf")
    tail = CostModel.from_costs(meps, cost="totexp", weight="perwtf", tail="gpd")
    # The fit keeps the mean excess that was observed.
    assert moments_of(tail)["mean"] == pytest.approx(moments_of(plain)["mean"], rel=1e-9)
    # Below the threshold nothing is fitted.
    threshold = tail.table["tail_threshold"][0].as_py()
    for name in ("mean", "sd"):
        capped = moments_of(tail, threshold / 2)[name]
        assert capped == pytest.approx(moments_of(plain, threshold / 2)[name], rel=1e-9)


def test_meps_by_band_of_age_has_the_moments_of_each(meps: pa.Table) -> None:
    age = meps["agex"].to_numpy()
    band = np.where(age < 45, "to 44", np.where(age < 65, "45-64", "65+"))
    table = meps.append_column("band", pa.array(band))
    model = CostModel.from_costs(table, cost="totexp", band="band", weight="perwtf")
    rows = {row["band"]: row for row in model.moments().to_pylist()}
    assert set(rows) == {"to 44", "45-64", "65+"}
    for name, row in rows.items():
        inside = band == name
        cost, weight = table["totexp"].to_numpy()[inside], table["perwtf"].to_numpy()[inside]
        assert row["mean"] == pytest.approx(np.average(cost, weights=weight), rel=1e-9)


# ---- Small cases by hand ----------------------------------------------------------------------
def test_five_person_years_have_their_mean() -> None:
    weighted = CostModel.from_costs(pa.table(FLAT), cost="cost", weight="w")
    assert moments_of(weighted)["mean"] == pytest.approx((100 + 3 * 300 + 300) / 8)
    assert weighted.table["p_any"][0].as_py() == pytest.approx(5 / 8)
    alike = CostModel.from_costs(pa.table(FLAT), cost="cost")
    assert moments_of(alike)["mean"] == pytest.approx(700 / 5)
    assert moments_of(alike, 200)["mean"] == pytest.approx(500 / 5)


def test_the_order_of_the_rows_does_not_matter() -> None:
    table = skewed(5_000)
    order = np.random.Generator(np.random.PCG64(1)).permutation(5_000)
    tails: tuple[Literal["gpd"] | None, ...] = (None, "gpd")
    for tail in tails:
        models = [
            CostModel.from_costs(t, cost="cost", weight="w", tail=tail)
            for t in (table, table.take(order))
        ]
        assert models[0].table.equals(models[1].table)


@pytest.mark.parametrize("tail", [None, "gpd"])
def test_the_table_of_observed_costs_reads_back(tail: Literal["gpd"] | None) -> None:
    table = pa.concat_tables([skewed(3_000, "b"), skewed(4_000, "a")])
    made = CostModel.from_costs(table, cost="cost", band="band", weight="w", tail=tail)
    again = CostModel(made.table)
    assert set(made.table["family"].to_pylist()) == {"empirical"}
    assert again.table.equals(made.table)
    assert again.moments(9_000).equals(made.moments(9_000))


# ---- Are they what is simulated? --------------------------------------------------------------
@pytest.mark.parametrize("tail", [None, "gpd"])
@pytest.mark.parametrize("ceiling", [4_000, 20_000])
def test_simulated_years_have_the_moments(tail: Literal["gpd"] | None, ceiling: int) -> None:
    model = CostModel.from_costs(skewed(4_000), cost="cost", weight="w", tail=tail)
    population = pa.table({"practice": ["A"], "count": [500]})
    run = simulate(population, model, replications=4_000, seed=12, stop_loss=ceiling)
    row, one = run.summary().to_pylist()[0], moments_of(model, ceiling)
    # 4 standard errors: a right engine fails one with probability 6e-5, and this seed does not.
    assert abs(row["expected"] - 500 * one["mean"]) < 4 * row["expected_se"]
    assert abs(row["sd"] - math.sqrt(500) * one["sd"]) < 4 * row["sd_se"]


def test_only_observed_costs_are_drawn_without_a_tail() -> None:
    table = pa.table(FLAT)
    model = CostModel.from_costs(table, cost="cost", weight="w")
    run = simulate(pa.table({"practice": ["A"], "scale": [2.0]}), model, replications=2_000)
    gross = np.array(run.totals()["gross"][0].as_py())
    assert set(gross) == {0.0, 200.0, 600.0}
    # Weights 3, 1 and 4 of 8; a share of 2,000 years has an SD of 0.011 at most.
    for value, share in ((0.0, 3 / 8), (200.0, 1 / 8), (600.0, 4 / 8)):
        assert np.mean(gross == value) == pytest.approx(share, abs=4 * 0.0112)


# ---- Rejections ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "arguments", "says"),
    [
        ({"cost": [1.0, -2.0]}, {}, ["'cost', row 1: -2"]),
        ({"cost": [float("nan"), 2.0]}, {}, ["'cost', row 0: NaN"]),
        ({"cost": [None, float("inf")]}, {}, ["'cost', row 0: null", "'cost', row 1: inf"]),
        ({"cost": [0.0, 0.0]}, {}, ["at least one"]),
        ({"cost": [1.0]}, {"tail": "gpd"}, ["50 records"]),
        ({"cost": [1.0], "w": [-1.0]}, {"weight": "w"}, ["'w', row 0: -1"]),
        ({"cost": [1.0], "w": [0.0]}, {"weight": "w"}, ["at least one"]),
        ({"cost": ["x"]}, {}, ["'cost' is string, row 0: 'x'", "a number"]),
        ({"spent": [1.0]}, {"weight": "w"}, ["'cost' is missing", "'w' is missing"]),
        ({"cost": [1.0]}, {"tail": "normal"}, ["tail is 'normal'", "'gpd' or None"]),
        ({"cost": [1.0]}, {"weight": 3}, ["weight is 3", "name of a column"]),
        ({"cost": pa.array([], pa.float64())}, {}, ["empty"]),
    ],
)
def test_bad_observations_are_rejected(
    columns: dict, arguments: dict[str, Any], says: list[str]
) -> None:
    with pytest.raises(FundholderError) as rejection:
        CostModel.from_costs(pa.table(columns), cost="cost", **arguments)
    assert all(text in str(rejection.value) for text in says)


def test_a_rare_cost_among_very_many_observed_ones_has_the_distribution_of_the_model() -> None:
    # With 100,000 values and a cost in one year of fifty, 32 random bits are too few for both.
    values = np.random.default_rng(5).lognormal(7.0, 1.5, 100_000)
    weights = np.append(np.ones(100_000), 49 * 100_000.0)
    table = pa.table({"cost": np.append(values, 0.0), "weight": weights})
    for tail in ("gpd", None):
        costs = CostModel.from_costs(table, cost="cost", weight="weight", tail=tail)
        distribution = costs.moments(stop_loss=1_000_000).to_pylist()[0]
        practice = pa.table({"practice": ["A"], "count": [20_000]})
        run = simulate(practice, costs, replications=1_500, seed=11, stop_loss=1_000_000)
        summary = run.summary().to_pylist()[0]
        # Four standard errors: 6e-5 of failing by chance for each.
        assert abs(summary["expected"] - 20_000 * distribution["mean"]) < 4 * summary["expected_se"]
        assert abs(summary["sd"] - 20_000**0.5 * distribution["sd"]) < 4 * summary["sd_se"]


# ---- A record with an extra digit ----------------------------------------------------------------
def test_a_record_that_carries_the_variance_is_named() -> None:
    spent = [float(100 + i % 40) for i in range(200)]
    spent[123] *= 1_000
    years = pa.table({"spent": spent, "group": ["a", "b"] * 100})
    with pytest.warns(UserWarning, match="'spent', row 123: 103000 carries") as told:
        CostModel.from_costs(years, cost="spent", band="group")
    assert len(told) == 1 and "band 'b'" in str(told[0].message)


def test_heavy_tails_and_few_records_are_taken_without_a_word() -> None:
    rng = np.random.default_rng(1)
    for spent in (rng.lognormal(0, 1.6, 5_000), [0.0, 1.0, 1e6], rng.pareto(2.5, 5_000)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            CostModel.from_costs(pa.table({"spent": spent}), cost="spent")
