"""Does a wrong outturn move nothing that is robust, and is it named?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from fundholder import CostModel, Decomposition, InputTypeError, decompose, variance
from fundholder._decomposition.ratio_panel import RatioPanel
from fundholder._decomposition.robust import KEPT, winsorised
from fundholder._decomposition.variance_components import components

COSTS = CostModel(
    pa.table({"p_any": [0.3], "family": ["gamma"], "mean": [2_000.0], "shape": [0.5]})
)


class Practices:
    """200 practices with a systematic SD of 5 % in one year."""

    def __init__(self, seed: int = 2, systematic: float = 0.05) -> None:
        rng = np.random.default_rng(seed)
        count = rng.integers(3_000, 15_000, 200)
        self.names = [f"P{i:03d}" for i in range(200)]
        self.lists = pa.table({"practice": self.names, "count": count})
        cv = variance(self.lists, COSTS, method="moments")["cv"].to_numpy()
        chance = 1 + cv * rng.standard_normal(200)
        self.ratio = chance * np.exp(systematic * rng.standard_normal(200))
        self.budget = count * 600.0

    def decompose(self, wrong: dict[int, float] | None = None, **options: Any) -> Decomposition:
        ratio = self.ratio.copy()
        for row, factor in (wrong or {}).items():
            ratio[row] *= factor
        observed = {"practice": self.names, "budget": self.budget, "outturn": self.budget * ratio}
        return decompose(pa.table(observed), self.lists, COSTS, **options)


@pytest.fixture(scope="module")
def practices() -> Practices:
    return Practices()


def spread(result: Decomposition) -> list[float]:
    row = result.summary.to_pylist()[0]
    return [row[f"systematic_sd{end}"] for end in ("", "_low", "_high")]


# ---- An outturn with an extra digit --------------------------------------------------------------
@pytest.mark.parametrize("factor", [10.0, 100.0, 0.1, 0.0])
def test_a_wrong_outturn_moves_next_to_nothing_that_is_robust(
    practices: Practices, factor: float
) -> None:
    """The bound lets one of 200 add 4 / 200 to the variance of all: 1 % of an SD, and of a mean."""
    right, wrong = practices.decompose(robust=True), practices.decompose({7: factor}, robust=True)
    for before, after in zip(spread(right), spread(wrong), strict=True):
        assert after == pytest.approx(before, rel=0.03)
    bias = [result.summary["bias"][0].as_py() for result in (right, wrong)]
    assert bias[1] == pytest.approx(bias[0], abs=0.002)
    low, high = 0.045, 0.06
    assert low - 0.005 < spread(wrong)[1] < 0.05 < spread(wrong)[2] < high + 0.005


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_without_robust_it_carries_the_estimate_and_is_named(
    practices: Practices, factor: float
) -> None:
    with pytest.warns(UserWarning, match=r"'P007' \(ratio .*robust=True") as told:
        result = practices.decompose({7: factor})
    assert len(told) == 1
    suspects = result.units.filter(result.units["suspect"])["practice"].to_pylist()
    assert suspects == ["P007"]
    assert spread(result)[0] > 0.06


def test_many_wrong_outturns_are_named_in_one_line(practices: Practices) -> None:
    with pytest.warns(UserWarning, match=r"'P004' .* and 3 more are beyond") as told:
        practices.decompose(dict.fromkeys(range(8), 10.0))
    assert len(told) == 1


def test_a_suspect_of_one_year_of_several_is_named(practices: Practices) -> None:
    rng = np.random.default_rng(5)
    tables = []
    for year in (2020, 2021, 2022):
        ratio = practices.ratio * (1 + 0.01 * rng.standard_normal(200))
        if year == 2021:
            ratio[11] *= 10
        columns = {"practice": practices.names, "year": [year] * 200, "budget": practices.budget}
        tables.append(pa.table(columns | {"outturn": practices.budget * ratio}))
    observed = pa.concat_tables(tables)
    with pytest.warns(UserWarning, match=r"outturns of 'P011' \(ratio"):
        decompose(observed, practices.lists, COSTS)
    row = decompose(observed, practices.lists, COSTS, robust=True).summary.to_pylist()[0]
    assert 0.04 < row["systematic_sd"] < 0.065


# ---- Right data ----------------------------------------------------------------------------------
def panel(rng: np.random.Generator, units: int, years: int, parts: tuple[float, float]) -> Any:
    persistent, yearly = parts
    chance = 0.0025 * rng.uniform(0.5, 2, (units, 1))
    ratio = 1 + np.sqrt(persistent) * rng.standard_normal((units, 1))
    ratio = ratio + np.sqrt(yearly) * rng.standard_normal((units, years))
    ratio += np.sqrt(chance) * rng.standard_normal((units, years))
    return RatioPanel(ratio, np.ones((units, years), bool), chance, np.zeros((units, 1)))


@pytest.mark.parametrize(
    ("units", "years", "parts"),
    [(100, 1, (0.0025, 0.0)), (40, 3, (0.0016, 0.0009)), (60, 1, (0.01, 0.0))],
)
def test_estimates_of_right_data_are_not_moved(
    units: int, years: int, parts: tuple[float, float]
) -> None:
    """100 panels: the mean within 4 of its standard errors; 95 % intervals cover 86 or more times.

    Of 100 true intervals fewer than 86 cover with probability 1e-4. Persistent variation, whose
    means over years are of winsorised ratios, within 10 % as well.
    """
    rng = np.random.default_rng(units)
    totals, covered, persistent = [], 0, []
    for _ in range(100):
        result = components(winsorised(panel(rng, units, years, parts)).panel, 0.95)
        totals.append(result.total.estimate)
        covered += result.total.low <= sum(parts) <= result.total.high
        persistent.append((result.persistent or result.total).estimate)
    error = np.std(totals) / 10
    assert abs(np.mean(totals) - sum(parts)) < 4 * error
    assert np.mean(persistent) == pytest.approx(parts[0], rel=0.1, abs=4 * np.std(persistent) / 10)
    assert covered >= 86


def test_right_data_have_no_suspects() -> None:
    """Of 40 tables each has one with probability 0.01 at most: 4 or more in 1 of 1,000 cases."""
    false_alarms = 0
    for seed in range(40):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            result = Practices(seed, systematic=0.05 * (seed % 3)).decompose()
        false_alarms += any(result.units["suspect"].to_pylist())
    assert false_alarms < 4


def test_few_people_with_skewed_costs_are_no_suspects() -> None:
    """Their ratios are often 5 SDs above the mean by chance alone."""
    heavy = {"p_any": [0.05], "family": ["lognormal"], "mean": [5_000.0], "shape": [1.8]}
    costs = CostModel(pa.table(heavy))
    lists = pa.table({"practice": [f"P{i}" for i in range(100)], "count": [200] * 100})
    rng = np.random.default_rng(3)
    users = rng.binomial(200, 0.05, 100)
    draws = [rng.lognormal(np.log(5_000) - 1.8**2 / 2, 1.8, n).sum() for n in users]
    budget = [200 * 250.0] * 100
    observed = pa.table({"practice": lists["practice"], "budget": budget, "outturn": draws})
    units = decompose(observed, lists, costs).units
    assert units["ratio"].to_numpy().max() > 4
    assert not any(units["suspect"].to_pylist())


def test_the_variance_that_winsorising_keeps() -> None:
    """Against numpy's normal numbers: 4 million have an SD of 0.001 of their mean square."""
    z = np.random.default_rng(1).standard_normal(4_000_000)
    assert np.mean(np.clip(z, -2, 2) ** 2) == pytest.approx(KEPT, abs=0.003)


# ---- Limits of chance and systematic variation ---------------------------------------------------
def test_limits_with_systematic_variation_hold_their_share(practices: Practices) -> None:
    """Of 200, 10 are expected outside of 95 %: 0 to 20 in all but 1 of 500 cases."""
    result = practices.decompose(systematic_limits=True).units
    assert 0 < sum(result["outside_with_systematic_0.95"].to_pylist()) <= 20
    assert sum(result["outside_0.95"].to_pylist()) > 40
    for end, within in (("lower", np.less), ("upper", np.greater)):
        both = result[f"{end}_with_systematic_0.95"].to_numpy()
        assert within(both, result[f"{end}_0.95"].to_numpy()).all()


def test_limits_with_a_small_systematic_variation_are_those_of_chance() -> None:
    """Without systematic variation the effect has an SD of 0."""
    data = Practices(seed=4, systematic=0.0)
    result = data.decompose(systematic_limits=True)
    if result.summary["systematic_sd"][0].as_py() == 0:
        assert result.units["upper_with_systematic_0.95"] == result.units["upper_0.95"]


def test_a_systematic_variation_beyond_the_exact_lane_has_no_limits() -> None:
    result = Practices(seed=5, systematic=0.9).decompose(systematic_limits=True, robust=True)
    assert result.summary["systematic_sd"][0].as_py() > 0.5
    assert result.units["outside_with_systematic_0.95"].null_count == 200


# ---- Arguments -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["robust", "systematic_limits"])
def test_flags_are_true_or_false(practices: Practices, name: str) -> None:
    with pytest.raises(InputTypeError, match=f"{name} is 'yes'"):
        practices.decompose(**{name: "yes"})


def test_confidence_and_by_of_other_types_are_understood(practices: Practices) -> None:
    expected = practices.decompose(confidence=0.5).summary
    assert practices.decompose(confidence=np.float64(0.5)).summary.equals(expected)
    half = practices.decompose(confidence=np.float16(0.5)).summary
    assert half.equals(expected)
    assert practices.decompose(confidence=0.5, by=["practice"]).summary.equals(expected)


@pytest.mark.skipif(not hasattr(pa, "string_view"), reason="this pyarrow has no views of text")
@pytest.mark.parametrize("kind", ["string", "categories"])
def test_several_years_of_polars_categories_are_those_of_text(kind: str) -> None:
    seen = {"practice": ["A", "B"] * 2, "year": [1, 1, 2, 2], "budget": [15e3] * 4}
    observed = pa.table(seen | {"outturn": [15e3, 14e3, 16e3, 13e3]})
    names = pl.Series(["A", "B"], dtype=pl.String if kind == "string" else pl.Categorical)
    lists = pl.DataFrame({"practice": names, "count": [500, 500]})
    assert decompose(observed, lists, COSTS).units["years"].to_pylist() == [2, 2]
