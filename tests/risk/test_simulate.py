"""Do simulated years follow the closed forms, and are results shaped as promised?

Comparisons are with fixed seeds at 4 standard errors: a right engine fails one with probability
6e-5, and these seeds have been seen not to.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest

from fundholder import CostModel, Simulation, StopLoss, simulate

# engine.md: p 0.3, lognormal sigma 1.6, £800 a head, capped at £20,000; accurate to 2e-9.
REFERENCE = {
    7_000: {0.5: 4_617_652, 0.9: 4_871_376, 0.99: 5_083_679, 0.995: 5_135_092},
    100_000: {0.5: 65_996_633, 0.9: 66_945_322, 0.99: 67_724_250, 0.995: 67_910_975},
}
ESTIMATES = [
    "expected", "sd", "cv", "skewness", "chance_sd", "systematic_sd",
    "p_over_0.05", "p_under_0.05", "p_outside_0.05",
    "p_over_0.1", "p_under_0.1", "p_outside_0.1",
    "p_over_0.2", "p_under_0.2", "p_outside_0.2",
    "q0.5", "q0.9", "q0.99", "q0.995",
]  # fmt: skip
SE = 4.0


def lists(**columns: list) -> pa.Table:
    return pa.table(columns)


def years(table: pa.Table, name: str, row: int = 0) -> np.ndarray:
    return np.array(table[name][row].as_py())


def within(row: dict[str, float], name: str, expected: float) -> bool:
    return abs(row[name] - expected) <= SE * row[f"{name}_se"]


@pytest.fixture(scope="module", params=sorted(REFERENCE))
def reference(request: pytest.FixtureRequest, costs: CostModel) -> tuple[int, Simulation]:
    people = request.param
    replications = {7_000: 20_000, 100_000: 2_000}[people]
    population = lists(practice=["A"], count=[people])
    return people, simulate(population, costs, replications=replications, seed=20, stop_loss=20_000)


# ---- Is it the right distribution? ---------------------------------------------------------------
def test_quantiles_are_those_of_the_exact_distribution(reference: tuple[int, Simulation]) -> None:
    people, run = reference
    row = run.summary().to_pylist()[0]
    for probability, expected in REFERENCE[people].items():
        assert within(row, f"q{probability}", expected), probability


@pytest.mark.parametrize("of", ["gross", "net"])
def test_moments_are_those_of_independent_people(
    reference: tuple[int, Simulation], costs: CostModel, of: Literal["gross", "net"]
) -> None:
    people, run = reference
    row = run.summary(of=of).to_pylist()[0]
    one = costs.moments(20_000 if of == "net" else None).to_pylist()[0]
    assert within(row, "expected", people * one["mean"])
    assert within(row, "sd", math.sqrt(people) * one["sd"])
    assert within(row, "cv", one["cv"] / math.sqrt(people))
    # Gross skewness rests on single people: its estimate is itself far from normal.
    if of == "net":
        assert within(row, "skewness", one["skewness"] / math.sqrt(people))


LAYER = StopLoss(8_000, share=0.8, limit=30_000)


@pytest.mark.parametrize(
    ("family", "shape", "contract"),
    [
        ("lognormal", 1.2, LAYER),
        ("gamma", 0.5, LAYER),
        ("weibull", 0.7, LAYER),
        ("fixed", None, LAYER),
        # An SD has a standard error where fourth moments exist.
        ("pareto", 6.0, LAYER),
        ("pareto", 1.5, StopLoss(8_000)),
    ],
)
def test_each_family_has_its_moments_under_a_contract(
    family: str, shape: float | None, contract: StopLoss
) -> None:
    columns = {"p_any": [0.4], "family": [family], "mean": [5_000.0]}
    model = CostModel(pa.table(columns | {"shape": pa.array([shape], pa.float64())}))
    run = simulate(
        lists(practice=["A"], count=[400]), model, replications=4_000, seed=3, stop_loss=contract
    )
    one = model.moments(contract).to_pylist()[0]
    row = run.summary().to_pylist()[0]
    assert within(row, "expected", 400 * one["mean"])
    assert within(row, "sd", 20 * one["sd"])


def test_events_have_their_moments_under_a_contract() -> None:
    model = CostModel.events(
        pa.table(
            {
                "rate": [0.3, 0.05, 0.02],
                "family": ["gamma", "lognormal", "fixed"],
                "mean": [900.0, 9_000.0, 30_000.0],
                "shape": [0.7, 1.3, None],
            }
        )
    )
    population = lists(practice=["A"], count=[2_000])
    run = simulate(population, model, replications=4_000, seed=4, stop_loss=20_000)
    for summary, ceiling in ((run.summary(of="gross"), None), (run.summary(), 20_000)):
        one = model.moments(ceiling).to_pylist()[0]
        row = summary.to_pylist()[0]
        assert within(row, "expected", 2_000 * one["mean"]), ceiling
        assert within(row, "sd", math.sqrt(2_000) * one["sd"]), ceiling


def test_unlike_people_add_up(banded: CostModel, people: pa.Table) -> None:
    # Means and variances of each row by hand: scale times a two-part cost with its own p_any.
    by_band = {row["band"]: row for row in banded.table.to_pylist()}
    square = {"young": math.exp(1.6**2), "old": 1 + 1 / 0.5}  # E[X^2] / E[X]^2
    mean = variance = 0.0
    for row in people.to_pylist():
        band = by_band[row["band"]]
        p = band["p_any"] if row["p_any"] is None else row["p_any"]
        x = row["scale"] * band["mean"]
        mean += p * x
        variance += p * x**2 * square[row["band"]] - (p * x) ** 2
    in_one_nation = people.append_column("nation", pa.array(["England"] * people.num_rows))
    run = simulate(in_one_nation, banded, replications=4_000, seed=5, by="nation")
    row = run.summary().to_pylist()[0]
    assert within(row, "expected", mean)
    assert within(row, "sd", math.sqrt(variance))


def test_a_group_is_as_many_people(costs: CostModel) -> None:
    group = simulate(lists(practice=["A"], count=[900]), costs, replications=4_000, seed=6)
    rows = simulate(lists(practice=["A"] * 900), costs, replications=4_000, seed=7)
    one, other = (run.summary().to_pylist()[0] for run in (group, rows))
    assert one["people"] == other["people"] == 900
    for name in ("expected", "sd", "q0.5", "q0.9"):
        error = math.hypot(one[f"{name}_se"], other[f"{name}_se"])
        assert abs(one[name] - other[name]) < SE * error, name


def test_standard_errors_are_the_spread_over_seeds(costs: CostModel) -> None:
    population = lists(practice=["A"], count=[300])
    # A budget from elsewhere: errors take it as fixed.
    budget = lists(practice=["A"], budget=[300 * costs.moments(20_000)["mean"][0].as_py()])
    rows = [
        simulate(population, costs, replications=400, seed=seed, stop_loss=20_000)
        .summary(budgets=budget, thresholds=[0.2], quantiles=[0.5, 0.9])
        .to_pylist()[0]
        for seed in range(200)
    ]
    for name in ("expected", "sd", "cv", "skewness", "p_over_0.2", "q0.5", "q0.9"):
        spread = np.std([row[name] for row in rows], ddof=1)
        stated = np.sqrt(np.mean([row[f"{name}_se"] ** 2 for row in rows]))
        # An SD from 200 runs is good to 1 / sqrt(400) = 5 %, so 4 standard errors are 20 %.
        assert stated == pytest.approx(spread, rel=0.2), name


# ---- Is chance kept apart from systematic variation? ------------------------------------------
def test_variances_of_chance_and_effects_add_up(costs: CostModel) -> None:
    population = lists(practice=["small", "big"], count=[500, 50_000])
    run = simulate(population, costs, replications=2_000, seed=8, practice_sd=0.08)
    rows = {row["practice"]: row for row in run.summary().to_pylist()}
    for row in rows.values():
        together = row["chance_sd"] ** 2 + row["systematic_sd"] ** 2
        assert together == pytest.approx(row["sd"] ** 2, rel=1e-9)
        one = costs.moments().to_pylist()[0]
        assert within(row, "chance_sd", math.sqrt(row["people"]) * one["sd"])
    assert within(rows["big"], "systematic_sd", 0.08 * 50_000 * 800)


def test_a_national_effect_moves_everyone_at_once(costs: CostModel) -> None:
    population = lists(practice=["A", "B"], count=[50_000, 50_000])
    terms: dict[str, Any] = {"replications": 800, "seed": 9}
    both = [
        simulate(population, costs, **terms, national_sd=0.1).totals(),
        simulate(population, costs, **terms, practice_sd=0.1).totals(),
    ]
    national, own = (np.corrcoef(years(t, "net", 0), years(t, "net", 1))[0, 1] for t in both)
    # Chance has a CV of 2.9 %: the correlation is 0.01 / (0.01 + 0.00084) = 0.92, and 0 apart.
    assert national == pytest.approx(0.92, abs=0.03)
    assert abs(own) < SE / math.sqrt(800)


def test_effects_come_before_the_contract(costs: CostModel) -> None:
    population = lists(practice=["A"], count=[2_000])
    contract: dict[str, Any] = {"replications": 500, "seed": 2, "stop_loss": 3_000}
    without = simulate(population, costs, **contract).totals()
    run = simulate(population, costs, national_sd=0.5, **contract)
    effect = years(run.totals(), "gross") / years(without, "gross")
    net = years(run.totals(), "net") / years(without, "net")
    up, down = effect > 1.2, effect < 0.8
    assert up.sum() > 20 and down.sum() > 20
    # A ceiling that stays where it is dampens what comes before it.
    assert np.all(net[up] < effect[up]) and np.all(net[down] > effect[down])
    # And chance is what the same seed gives without the effect.
    row = run.summary().to_pylist()[0]
    assert row["chance_sd"] == pytest.approx(np.std(years(without, "net"), ddof=1), rel=1e-12)


def test_without_effects_all_is_chance(costs: CostModel) -> None:
    run = simulate(lists(practice=["A"], count=[500]), costs, replications=50)
    row = run.summary().to_pylist()[0]
    assert row["chance_sd"] == row["sd"] and row["systematic_sd"] == 0


# ---- Are results shaped as promised? ----------------------------------------------------------
def test_totals_have_a_row_for_each_unit(banded: CostModel, people: pa.Table) -> None:
    totals = simulate(people, banded, replications=9, stop_loss=4_000).totals()
    assert totals.column_names == ["practice", "people", "gross", "net"]
    for name in ("gross", "net"):
        data_type = totals.schema.field(name).type
        assert pa.types.is_fixed_size_list(data_type)
        assert data_type.list_size == 9 and data_type.value_type == pa.float64()
    gross, net = (np.array(totals[name].to_pylist()) for name in ("gross", "net"))
    assert np.all(gross >= net) and np.all(net >= 0) and np.any(gross > net)
    assert totals["practice"].to_pylist() == sorted(set(people["practice"].to_pylist()))
    assert sum(totals["people"].to_pylist()) == people.num_rows


def test_totals_without_a_contract_are_all_net(costs: CostModel) -> None:
    totals = simulate(lists(practice=["A"], count=[99]), costs, replications=9).totals()
    assert totals["gross"].to_pylist() == totals["net"].to_pylist()


def test_a_summary_has_the_columns_asked_for(costs: CostModel) -> None:
    run = simulate(lists(practice=["A"], count=[99]), costs, replications=9)
    names = ["practice", "people"]
    for name in ESTIMATES:
        names += [name, f"{name}_se"] + (["budget"] if name == "expected" else [])
    assert run.summary().column_names == names
    few = run.summary(thresholds=[0.025], quantiles=[]).column_names
    assert few[-6:] == [
        f"p_{w}_0.025{e}" for w in ("over", "under", "outside") for e in ("", "_se")
    ]
    assert "q0.5" not in few


@pytest.mark.parametrize("of", ["net", "gross", "ceded"])
def test_a_summary_is_numpys_of_the_totals(
    banded: CostModel, people: pa.Table, of: Literal["net", "gross", "ceded"]
) -> None:
    run = simulate(people, banded, replications=301, seed=2, stop_loss=4_000, practice_sd=0.1)
    totals, summary = run.totals(), run.summary(of=of)
    assert ("chance_sd" in summary.column_names) == (of == "net")
    for i, row in enumerate(summary.to_pylist()):
        gross, net = years(totals, "gross", i), years(totals, "net", i)
        x = {"net": net, "gross": gross, "ceded": gross - net}[of]
        mean, sd = x.mean(), x.std(ddof=1)
        expected = {"expected": mean, "expected_se": sd / math.sqrt(301), "sd": sd, "cv": sd / mean}
        expected |= {"budget": mean, "skewness": np.mean((x - mean) ** 3) / sd**3}
        for t in (0.05, 0.1, 0.2):
            expected[f"p_over_{t}"] = np.mean(x > mean * (1 + t))
            expected[f"p_under_{t}"] = np.mean(x < mean * (1 - t))
            expected[f"p_outside_{t}"] = np.mean(abs(x - mean) > mean * t)
        for q in (0.5, 0.9, 0.99, 0.995):
            expected[f"q{q}"] = np.quantile(x, q)
        # Sums of 301 doubles, and gross - net of doubles for what is ceded.
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_budgets_may_be_given_in_any_order(costs: CostModel) -> None:
    run = simulate(lists(practice=["A", "B"], count=[500, 900]), costs, replications=400)
    budgets = lists(practice=["B", "A"], budget=[700_000, 450_000], note=["x", None])
    for row, budget in zip(run.summary(budgets=budgets).to_pylist(), [450e3, 700e3], strict=True):
        x = years(run.totals(), "net", "AB".index(row["practice"]))
        assert row["budget"] == budget
        assert row["p_over_0.1"] == np.mean(x > budget * 1.1)
        assert row["p_under_0.1"] == np.mean(x < budget * 0.9)
        # Shares of 400 years, added as doubles.
        both = row["p_over_0.1"] + row["p_under_0.1"]
        assert row["p_outside_0.1"] == pytest.approx(both, rel=1e-14)


def test_several_levels_with_nulls_in_one_add_up(costs: CostModel) -> None:
    population = lists(
        practice=["A", "B", "C", "D"],
        count=[10, 20, 30, 40],
        icb=["X", None, "Y", None],
        region=[2, 1, 1, 2],
    )
    run = simulate(population, costs, replications=5, by=["practice", "icb", "region"])
    assert run.levels == ["practice", "icb", "region"]
    practices, icbs, regions = (run.totals(level) for level in run.levels)
    assert icbs["icb"].to_pylist() == ["X", "Y", None]
    assert icbs["people"].to_pylist() == [10, 30, 60]
    assert regions["region"].to_pylist() == [1, 2] and regions["people"].to_pylist() == [50, 50]
    own = np.array(practices["gross"].to_pylist())
    # Units of money are hundredths of a penny; £ have 15 digits.
    assert years(icbs, "gross", 2) == pytest.approx(own[1] + own[3], rel=1e-14)
    assert years(regions, "gross", 0) == pytest.approx(own[1] + own[2], rel=1e-14)


def test_size_bands_of_three_practices_are_means_of_their_units(costs: CostModel) -> None:
    population = lists(practice=["A", "B", "C", "nobody"], count=[100, 900, 1_000, 0])
    run = simulate(population, costs, replications=200, stop_loss=5_000)
    bands = run.size_bands(edges=[1_000, 5_000], thresholds=[0.1]).to_pylist()
    assert [b["people_from"] for b in bands] == [1, 1_000, 5_000]
    assert [b["people_below"] for b in bands] == [1_000, 5_000, None]
    assert [b["units"] for b in bands] == [2, 1, 0]
    assert [b["people"] for b in bands] == [1_000, 1_000, 0]
    gross, net = (np.array(run.totals()[name].to_pylist()) for name in ("gross", "net"))
    for ending, x in (("_gross", gross), ("", net)):
        mean = x.mean(axis=1, keepdims=True)
        cv = x.std(axis=1, ddof=1)[:2] / mean[:2, 0]
        assert bands[0][f"cv{ending}"] == pytest.approx(cv.mean(), rel=1e-9)
        outside = np.mean(abs(x - mean)[:2] > 0.1 * mean[:2])
        assert bands[0][f"p_outside_0.1{ending}"] == pytest.approx(outside, rel=1e-12)
    ceded = 1 - net[:2].sum() / gross[:2].sum()
    assert bands[0]["ceded_share"] == pytest.approx(ceded, rel=1e-9)
    assert all(bands[2][name] is None for name in ("cv", "p_outside_0.1", "ceded_share"))


# ---- Is what is not defined null, and nothing NaN? --------------------------------------------
def assert_no_nan(table: pa.Table) -> None:
    for name in table.column_names:
        column = table[name].combine_chunks()
        column = column.flatten() if pa.types.is_fixed_size_list(column.type) else column
        if pa.types.is_floating(column.type):
            assert np.isfinite(column.drop_null().to_numpy()).all(), name


def test_one_replication_has_no_spread(costs: CostModel) -> None:
    run = simulate(lists(practice=["A"], count=[50]), costs, replications=1, stop_loss=9_000)
    row = run.summary().to_pylist()[0]
    for name in ("sd", "cv", "skewness", "chance_sd", "systematic_sd"):
        assert row[name] is None and row[f"{name}_se"] is None, name
    assert row["expected_se"] is None and row["q0.5_se"] is None
    assert row["q0.5"] == row["q0.99"] == row["expected"]
    assert run.size_bands()["cv"][0].as_py() is None
    assert run.size_bands()["ceded_share_se"][0].as_py() is None


@pytest.mark.parametrize("replications", [1, 2, 30])
@pytest.mark.parametrize("effect", [0.0, 0.2])
def test_nothing_is_ever_nan(costs: CostModel, replications: int, effect: float) -> None:
    population = lists(
        practice=["nobody", "free", "never", "one", "many"],
        count=[0, 10, 10, 1, 200],
        scale=[1.0, 0.0, 1.0, 1.0, 2.0],
        p_any=[0.5, 0.5, 0.0, 1.0, None],
    )
    run = simulate(
        population, costs, replications=replications, stop_loss=5_000, practice_sd=effect
    )
    for table in (run.totals(), run.size_bands(), *(run.summary(of=x) for x in ("net", "ceded"))):
        assert_no_nan(table)
    rows = {row["practice"]: row for row in run.summary().to_pylist()}
    for name in ("nobody", "free", "never"):
        row = rows[name]
        assert row["expected"] == 0 and row["q0.99"] == 0
        assert row["cv"] is None and row["skewness"] is None
        assert row["p_outside_0.1"] == 0
        assert row["sd"] == (None if replications == 1 else 0)


def test_a_ceiling_of_nothing_leaves_nothing(costs: CostModel) -> None:
    run = simulate(lists(practice=["A"], count=[50]), costs, replications=20, stop_loss=0)
    assert set(years(run.totals(), "net")) == {0.0}
    assert run.summary()["cv"].to_pylist() == [None]
    assert_no_nan(run.summary())
