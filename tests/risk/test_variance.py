"""Is a unit's exact distribution that of brute force, and do its tables hold together?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import log, sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from exact_oracle import (
    REFERENCE,
    Distribution,
    Events,
    Person,
    Severity,
    convolve,
    extrapolated,
    total,
)
from fundholder import CostModel, StopLoss, cumulative, distribution, variance
from oracle import Contract

QUANTILES = [0.01, 0.5, 0.9, 0.99, 0.995]
THRESHOLDS = [0.05, 0.1, 0.2]
TERMS: dict[str, Any] = {"quantiles": QUANTILES, "thresholds": THRESHOLDS}
# Quantiles are asked within 1e-4 of an SD. A density is at most about 0.4 to an SD, and so are
# probabilities within 1e-4 of what they would be that far along.
WITHIN_SD = 1e-4
WITHIN = 4e-5

LOGNORMAL = CostModel(
    pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_500.0], "shape": [1.6]})
)
CONTRACTS = {
    "£20,000": (20_000, Contract(20_000)),
    "80 %": (StopLoss(8_000, share=0.8), Contract(8_000, 0.8)),
    "a layer": (StopLoss(3_000, limit=9_000), Contract(3_000, 1.0, 9_000)),
    "80 % to 15,000": (StopLoss(4_000, 0.8, 15_000), Contract(4_000, 0.8, 15_000)),
}


def row(population: pa.Table, costs: CostModel, **terms: Any) -> dict[str, Any]:
    return variance(population, costs, **terms).to_pylist()[0]


def unlike(people: int, seed: int) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """People of one practice, each with a probability and a scale of their own."""
    rng = np.random.Generator(np.random.PCG64(seed))
    p, scale = rng.uniform(0.02, 0.7, people), rng.lognormal(0, 0.7, people)
    return pa.table({"practice": ["A"] * people, "p_any": p, "scale": scale}), p, scale


def persons(p: np.ndarray, scale: np.ndarray, family: str, shape: float) -> list[Person]:
    return [Person(a, Severity(family, 2_500 * b, shape)) for a, b in zip(p, scale, strict=True)]


def chances(exact_distribution: Distribution, budget: float) -> np.ndarray:
    over = 1 - exact_distribution.cumulative([budget * (1 + t) for t in THRESHOLDS])
    return np.concatenate(
        [over, exact_distribution.cumulative([budget * (1 - t) for t in THRESHOLDS])]
    )


def agrees(
    unit: dict[str, Any], exact_distribution: Callable[[float], Distribution], step: float
) -> None:
    """Whether quantiles and probabilities are those of the oracle's distribution."""
    exact_distribution = cache(exact_distribution)
    sd = exact_distribution(step / 2).sd
    expected, moved = extrapolated(
        lambda known: known.quantile(QUANTILES), exact_distribution, step
    )
    assert moved.max() < WITHIN_SD * sd  # What is left is a hundredth of that (test_exact_oracle).
    quantiles = [unit[f"q{p}"] for p in QUANTILES]
    assert np.abs(quantiles - expected).max() < WITHIN_SD * sd
    expected, _ = extrapolated(
        lambda known: chances(known, unit["budget"]), exact_distribution, step
    )
    names = [f"p_{side}_{t}" for side in ("over", "under") for t in THRESHOLDS]
    assert np.abs([unit[name] for name in names] - expected).max() < WITHIN
    for t in THRESHOLDS:
        outside = unit[f"p_over_{t}"] + unit[f"p_under_{t}"]
        assert unit[f"p_outside_{t}"] == pytest.approx(outside, abs=1e-12)


# ---- Is it the right distribution? ---------------------------------------------------------------
@pytest.mark.parametrize("people", sorted(REFERENCE))
def test_quantiles_are_those_of_the_reference(costs: CostModel, people: int) -> None:
    population = pa.table({"practice": ["A"], "count": [people]})
    unit = row(population, costs, stop_loss=20_000)
    for probability, expected in zip([0.5, 0.9, 0.99, 0.995], REFERENCE[people], strict=True):
        assert unit[f"q{probability}"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_300_unlike_people_have_the_distribution_of_brute_force(contract: str) -> None:
    population, p, scale = unlike(300, 7)
    people = persons(p, scale, "lognormal", 1.6)
    stop_loss, terms = CONTRACTS[contract]
    # Above the quantiles and thresholds that are asked for.
    top = 500_000 if terms.limit == np.inf else 1_000_000

    def exact_distribution(step: float) -> Distribution:
        return total(people, terms, step=step, top=top)

    agrees(row(population, LOGNORMAL, stop_loss=stop_loss, **TERMS), exact_distribution, 50)


@pytest.mark.parametrize(
    ("family", "shape"), [("gamma", 0.5), ("weibull", 0.7), ("pareto", 4.5), ("lognormal", 1.2)]
)
def test_every_family_without_a_ceiling_has_the_distribution_of_brute_force(
    family: str, shape: float
) -> None:
    population, p, scale = unlike(100, 8)
    people = persons(p, scale, family, shape)
    model = CostModel(
        pa.table({"p_any": [0.3], "family": [family], "mean": [2_500.0], "shape": [shape]})
    )

    def exact_distribution(step: float) -> Distribution:
        return total(people, Contract(), step=step, top=500_000)

    agrees(row(population, model, **TERMS), exact_distribution, 50)


def test_observed_costs_have_the_distribution_of_brute_force() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    cost, weight = rng.lognormal(7, 1.5, 2_000), rng.uniform(0.5, 2, 2_000)
    cost[:700] = 0
    costs = CostModel.from_costs(pa.table({"cost": cost, "w": weight}), cost="cost", weight="w")
    any_cost = cost > 0
    values = cost[any_cost], weight[any_cost]
    p = weight[any_cost].sum() / weight.sum()
    scales = np.geomspace(0.5, 2, 30)
    population = pa.table({"practice": ["A"] * 30, "count": [20] * 30, "scale": scales})
    people = [
        Person(p, Severity("empirical", 0.0, (values[0] * scale, values[1])), 20)
        for scale in scales
    ]

    def exact_distribution(step: float) -> Distribution:
        return total(people, Contract(12_000), step=step, top=1_500_000)

    agrees(row(population, costs, stop_loss=12_000, **TERMS), exact_distribution, 50)


@pytest.mark.parametrize("contract", ["none", "£20,000", "80 % to 15,000"])
def test_events_have_the_distribution_of_brute_force(contract: str) -> None:
    rates, means = [0.4, 0.02], [900.0, 9_000.0]
    model = CostModel.events(
        pa.table({"rate": rates, "family": ["gamma"] * 2, "mean": means, "shape": [0.7, 1.5]})
    )
    # 300 people as they are, and 200 with a probability of any event and a scale of their own.
    population = pa.table(
        {
            "practice": ["A", "A"],
            "count": [300, 200],
            "p_any": pa.array([None, 0.5], pa.float64()),
            "scale": [1.0, 1.7],
        }
    )
    own = log(2) / sum(rates)
    people = [
        Events(
            tuple(rate * many for rate in rates),
            tuple(Severity("gamma", m * scale, a) for m, a in zip(means, [0.7, 1.5], strict=True)),
            count,
        )
        for many, scale, count in ((1.0, 1.0, 300), (own, 1.7, 200))
    ]
    stop_loss, terms = (None, Contract()) if contract == "none" else CONTRACTS[contract]

    def exact_distribution(step: float) -> Distribution:
        return total(people, terms, step=step, top=1_000_000)

    agrees(row(population, model, stop_loss=stop_loss, **TERMS), exact_distribution, 50)


def test_fixed_prices_are_a_binomial() -> None:
    model = CostModel(
        pa.table({"p_any": [0.3], "family": ["fixed"], "mean": [100.0], "shape": [None]})
    )
    exact_distribution = stats.binom(60, 0.3)
    terms = {"thresholds": [0.125], "quantiles": [0.2, 0.5, 0.9, 0.99]}
    unit = row(pa.table({"practice": ["A"], "count": [60]}), model, **terms)
    # The budget is £1,800; beyond it by 12.5 % are more than £2,025 and less than £1,575.
    assert unit["p_over_0.125"] == pytest.approx(exact_distribution.sf(20), abs=1e-6)
    assert unit["p_under_0.125"] == pytest.approx(exact_distribution.cdf(15), abs=1e-6)
    for p in terms["quantiles"]:
        assert unit[f"q{p}"] == pytest.approx(100 * exact_distribution.ppf(p), abs=0.01)


# ---- Effects of a practice's year and the nation's --------------------------------------------
GROUPS = [(0.2, 1.0, 150), (0.5, 0.6, 100), (0.35, 2.2, 60)]


def grouped(practice: str) -> tuple[pa.Table, list[Person]]:
    p, scale, count = (list(values) for values in zip(*GROUPS, strict=True))
    table = pa.table({"practice": [practice] * 3, "p_any": p, "scale": scale, "count": count})
    return table, [Person(a, Severity("lognormal", 2_500 * b, 1.6), n) for a, b, n in GROUPS]


@pytest.mark.parametrize(("practice_sd", "national_sd"), [(0.08, 0.0), (0.0, 0.2), (0.1, 0.15)])
@pytest.mark.parametrize("contract", ["£20,000", "80 % to 15,000"])
def test_effects_come_before_the_contract(
    practice_sd: float, national_sd: float, contract: str
) -> None:
    population, people = grouped("A")
    stop_loss, terms = CONTRACTS[contract]
    # A product of two lognormal effects of mean 1 is one.
    effect_sd = sqrt((1 + practice_sd**2) * (1 + national_sd**2) - 1)

    def exact_distribution(step: float) -> Distribution:
        return total(people, terms, step=step, top=1_000_000, effect_sd=effect_sd)

    effects = {"practice_sd": practice_sd, "national_sd": national_sd}
    agrees(
        row(population, LOGNORMAL, stop_loss=stop_loss, **effects, **TERMS), exact_distribution, 100
    )


def test_practices_of_a_pool_have_effects_of_their_own() -> None:
    tables = [grouped(name)[0] for name in ("A", "B", "C")]
    population = pa.concat_tables(tables).append_column("icb", pa.array(["X"] * 9))
    _, people = grouped("A")

    def exact_distribution(step: float) -> Distribution:
        one = total(people, Contract(20_000), step=step, top=1_200_000, effect_sd=0.15).mass
        return Distribution(step, convolve(convolve(one, one, one.size), one, one.size))

    terms = {"by": "icb", "stop_loss": 20_000, "practice_sd": 0.15}
    agrees(row(population, LOGNORMAL, **terms, **TERMS), exact_distribution, 100)


def test_chance_and_systematic_variances_add_up() -> None:
    population, _ = grouped("A")
    terms: dict[str, Any] = {"stop_loss": 20_000, "method": "moments"}
    without = row(population, LOGNORMAL, **terms)
    with_effect = row(population, LOGNORMAL, practice_sd=0.1, **terms)
    assert without["systematic_sd"] == 0 and without["chance_sd"] == without["sd"]
    assert with_effect["chance_sd"] == pytest.approx(without["sd"], rel=1e-12)
    together = with_effect["chance_sd"] ** 2 + with_effect["systematic_sd"] ** 2
    assert together == pytest.approx(with_effect["sd"] ** 2, rel=1e-12)


# ---- Does the distribution have the moments of the other lane? -----------------------------------
def distribution_of(table: pa.Table) -> tuple[float, float]:
    """Mean and SD of a distribution given by steps."""
    cost, probability = (table[name].to_numpy() for name in ("cost", "probability"))
    mean = cost @ probability
    return mean, sqrt((cost - mean) ** 2 @ probability)


@pytest.mark.parametrize("of", ["net", "gross"])
def test_7000_unlike_people_have_their_moments(of: Any) -> None:
    population, _, _ = unlike(7_000, 9)
    gamma = CostModel(
        pa.table({"p_any": [0.3], "family": ["gamma"], "mean": [2_500.0], "shape": [0.5]})
    )
    # Gross costs without a heavy tail, so that all of the distribution lies within a window.
    model = LOGNORMAL if of == "net" else gamma
    moments = row(population, model, stop_loss=20_000, method="moments", of=of)
    mean, sd = distribution_of(distribution(population, model, stop_loss=20_000, of=of))
    assert mean == pytest.approx(moments["expected"], rel=1e-9)
    assert sd == pytest.approx(moments["sd"], rel=1e-6)


def test_moments_are_those_of_people_added_up() -> None:
    population, p, scale = unlike(7_000, 9)
    unit = row(population, LOGNORMAL, method="moments")
    mean = 2_500 * p * scale
    variances = p * (2_500 * scale) ** 2 * np.exp(1.6**2) - mean**2
    assert unit["people"] == 7_000
    # People who are nearly alike share a distribution that keeps their mean and their variance.
    assert unit["expected"] == pytest.approx(mean.sum(), rel=1e-9)
    assert unit["sd"] == pytest.approx(sqrt(variances.sum()), rel=1e-9)
    assert unit["cv"] == pytest.approx(unit["sd"] / unit["expected"], rel=1e-12)
    assert unit["q0.5"] is None and unit["p_outside_0.1"] is None


# ---- Do the tables hold together? -------------------------------------------------------------
def test_gross_is_net_and_ceded(banded: CostModel, people: pa.Table) -> None:
    terms: dict[str, Any] = {"stop_loss": StopLoss(5_000, 0.8, 20_000), "method": "moments"}
    gross, net, ceded = (
        variance(people, banded, of=of, **terms)["expected"].to_numpy()
        for of in ("gross", "net", "ceded")
    )
    assert gross == pytest.approx(net + ceded, rel=1e-12)


def test_what_is_ceded_has_the_distribution_of_brute_force() -> None:
    population, p, scale = unlike(300, 7)
    people = persons(p, scale, "lognormal", 1.6)
    unit = row(population, LOGNORMAL, stop_loss=StopLoss(5_000, limit=20_000), of="ceded", **TERMS)

    def exact_distribution(step: float) -> Distribution:
        x, mass = step * np.arange(20_001), np.ones(1)
        for person in people:
            mean = person.severity.limited_mean
            # E[min(ceded, x)], and its second difference: mass at the points of a grid.
            limited = mean(np.minimum(5_000 + x, 25_000)) - mean(np.array([5_000.0]))
            one = -np.diff(np.concatenate([[-step], limited]), 2) / step * person.p_any
            one[0] += 1 - person.p_any
            mass = convolve(mass, np.trim_zeros(one, "b"), x.size)
        return Distribution(step, mass)

    agrees(unit, exact_distribution, 25)


def test_other_budgets_move_the_thresholds() -> None:
    population, _, _ = unlike(300, 7)
    unit = row(
        population,
        LOGNORMAL,
        stop_loss=20_000,
        budgets=pa.table({"practice": ["A"], "budget": [260_000.0]}),
        **TERMS,
    )
    at = [260_000 * (1 + sign * t) for sign in (1, -1) for t in THRESHOLDS]
    table = pa.table({"practice": ["A"] * 6, "cost": at})
    known = cumulative(population, LOGNORMAL, at=table, stop_loss=20_000)["cumulative"].to_numpy()
    assert unit["budget"] == 260_000
    over, under = ([unit[f"p_{side}_{t}"] for t in THRESHOLDS] for side in ("over", "under"))
    # Continuous distributions: nothing lies at the threshold itself.
    assert over == pytest.approx(1 - known[:3], abs=1e-9)
    assert under == pytest.approx(known[3:], abs=1e-9)


def test_quantiles_distribution_and_cumulative_are_one_distribution(
    banded: CostModel, people: pa.Table
) -> None:
    terms: dict[str, Any] = {"by": "icb", "stop_loss": 15_000, "practice_sd": 0.05}
    rows = variance(people, banded, quantiles=QUANTILES, **terms).to_pylist()
    at = pa.table(
        {
            "icb": [unit["icb"] for p in QUANTILES for unit in rows],
            "cost": [unit[f"q{p}"] for p in QUANTILES for unit in rows],
        }
    )
    table = cumulative(people, banded, at=at, **terms)
    assert table["icb"].to_pylist() == at["icb"].to_pylist()
    computed = table["cumulative"].to_numpy().reshape(len(QUANTILES), len(rows))
    expected = np.repeat(QUANTILES, len(rows)).reshape(computed.shape)
    assert computed == pytest.approx(expected, abs=1e-6)

    curves = distribution(people, banded, points=500, **terms)
    assert curves.num_rows >= 500 * len(rows)
    for unit in rows:
        exact_distribution = curves.filter(pc.equal(curves["icb"], unit["icb"]))
        cost, probability, below = (
            exact_distribution[name].to_numpy() for name in exact_distribution.column_names[1:]
        )
        assert np.ptp(np.diff(cost)) < 1e-6 * (cost[1] - cost[0])
        assert probability.sum() == pytest.approx(1, abs=1e-9)
        assert probability.min() >= 0 and np.diff(below).min() >= 0
        # A line between points 1/20 of an SD apart is good to (1/20)^2 / 8 times the slope of
        # the density, 0.25 at most.
        for p in QUANTILES:
            assert np.interp(unit[f"q{p}"], cost, below) == pytest.approx(p, abs=1e-4)
    one = distribution(people, banded, units=["ICB1"], points=500, **terms)
    assert set(one["icb"].to_pylist()) == {"ICB1"}
    assert one.equals(curves.filter(pc.equal(curves["icb"], "ICB1")).combine_chunks())


def test_rows_in_any_order_and_groups_are_the_same_distribution(banded: CostModel) -> None:
    groups = pa.table(
        {
            "practice": ["B", "A", "A"],
            "band": ["old", "young", "old"],
            "count": [300, 200, 150],
            "scale": [1.0, 2.0, 0.5],
        }
    )
    rows = groups.take(np.repeat([2, 0, 1], [150, 300, 200])).drop_columns("count")
    one, other = (variance(table, banded, stop_loss=9_000).to_pylist() for table in (groups, rows))
    assert [unit.pop("practice") for unit in one] == ["A", "B"]
    for a, b in zip(one, other, strict=True):
        # Sums in another order.
        assert a == pytest.approx({name: b[name] for name in a}, rel=1e-9)


def test_several_levels_are_a_table_each(banded: CostModel, people: pa.Table) -> None:
    both = variance(people, banded, by=["practice", "icb"], stop_loss=9_000)
    assert list(both) == ["practice", "icb"]
    for level, table in both.items():
        alone = variance(people, banded, by=level, stop_loss=9_000)
        assert table.column_names == alone.column_names
        for a, b in zip(table.to_pylist(), alone.to_pylist(), strict=True):
            assert a.pop(level) == b.pop(level)
            assert a == pytest.approx(b, rel=1e-9)


def test_a_practice_without_people_or_cost_has_no_figures_that_are_not_defined(
    costs: CostModel,
) -> None:
    population = pa.table(
        {"practice": ["empty", "free", "full"], "count": [0, 5, 900], "scale": [1.0, 0.0, 1.0]}
    )
    for method in ("exact", "moments"):
        rows = variance(population, costs, method=method).to_pylist()
        for unit in rows[:2]:
            assert unit["expected"] == unit["sd"] == 0
            assert unit["cv"] is None and unit["skewness"] is None
        assert not any(value != value for unit in rows for value in unit.values())


@pytest.mark.parametrize("people", [1, 2, 10])
def test_a_handful_of_people_is_mostly_no_cost_at_all(costs: CostModel, people: int) -> None:
    population = pa.table({"practice": ["A"], "count": [people]})
    person = Person(0.3, Severity("lognormal", 800 / 0.3, 1.6), people)

    def exact_distribution(step: float) -> Distribution:
        return total([person], Contract(20_000), step=step, top=100_000)

    unit = row(population, costs, stop_loss=20_000, quantiles=[0.6, 0.9, 0.98])
    # An atom stands at 0. Where the distribution is smooth, within 1e-4 of an SD.
    expected, _ = extrapolated(lambda known: known.quantile([0.9, 0.98]), exact_distribution, 2)
    if people == 1:
        assert unit["q0.6"] == 0
    assert abs(unit["q0.9"] - expected[0]) < WITHIN_SD * unit["sd"]
    if people > 2:  # Below, the atom at the ceiling.
        assert abs(unit["q0.98"] - expected[1]) < WITHIN_SD * unit["sd"]
    assert unit["p_under_0.2"] >= 0.7**people - 1e-9


def test_a_heavy_tail_without_a_ceiling_is_right_or_rejected() -> None:
    # alpha of 2.05: the variance is finite, and nearly all of it lies beyond any window.
    model = CostModel(
        pa.table({"p_any": [0.3], "family": ["pareto"], "mean": [2_500.0], "shape": [2.05]})
    )
    person = Person(0.3, Severity("pareto", 2_500.0, 2.05), 1_000)

    def exact_distribution(step: float) -> Distribution:
        return total([person], Contract(), step=step, top=4_000_000)

    unit = row(pa.table({"practice": ["A"], "count": [1_000]}), model, **TERMS)
    expected, _ = extrapolated(lambda known: known.quantile(QUANTILES), exact_distribution, 100)
    assert [unit[f"q{p}"] for p in QUANTILES] == pytest.approx(expected, rel=1e-5)


def test_a_unit_called_null_is_not_the_one_without_a_name(costs: CostModel) -> None:
    people = pa.table({"practice": ["a", "b"], "pcn": ["null", None], "count": [10, 1_000]})
    named = pa.table({"practice": ["a"], "pcn": ["null"], "count": [10]})
    at = pa.table({"pcn": ["null"], "cost": [8_000.0]})
    alone = cumulative(named, costs, by="pcn", at=at)
    assert cumulative(people, costs, by="pcn", at=at).equals(alone)
    only = distribution(people, costs, by="pcn", units=["null"])
    assert only.equals(distribution(named, costs, by="pcn"))
    nameless = cumulative(people, costs, by="pcn", at=at.set_column(0, "pcn", pa.nulls(1)))
    assert nameless["pcn"].to_pylist() == [None]
    assert nameless["cumulative"][0].as_py() < alone["cumulative"][0].as_py()
