"""Have cost models the moments of their severities, and does a table give the same model again?"""

from __future__ import annotations

from math import exp

import pyarrow as pa
import pytest

import oracle
from fundholder import CostModel, StopLoss
from oracle import Contract

# Shapes on both sides of 1, where densities are infinite at 0 and where they are not.
SEVERITIES = [
    ("lognormal", 1.6),
    ("lognormal", 0.3),
    ("gamma", 0.4),
    ("gamma", 3.0),
    ("weibull", 0.6),
    ("weibull", 1.8),
    ("pareto", 4.5),
    ("fixed", None),
]
CONTRACTS = {
    "none": (None, Contract()),
    "5,000": (5_000, Contract(5_000)),
    "20,000": (20_000, Contract(20_000)),
    "100,000": (100_000, Contract(100_000)),
    "80 % to 40,000": (StopLoss(20_000, 0.8, 40_000), Contract(20_000, 0.8, 40_000)),
    "half": (StopLoss(5_000, share=0.5), Contract(5_000, 0.5)),
    "a layer": (StopLoss(3_000, limit=9_000), Contract(3_000, 1.0, 9_000)),
}


def model(p_any: float, family: str, mean: float, shape: float | None) -> CostModel:
    columns = {"p_any": [p_any], "family": [family], "mean": [mean]}
    return CostModel(pa.table(columns | {"shape": pa.array([shape], pa.float64())}))


def first(table: pa.Table) -> dict[str, float]:
    return table.to_pylist()[0]


# ---- Are the moments those of the distribution? --------------------------------------------------
@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize(("family", "shape"), SEVERITIES)
def test_moments_are_those_of_quadrature(family: str, shape: float | None, contract: str) -> None:
    stop_loss, terms = CONTRACTS[contract]
    moments = first(model(0.3, family, 4_000.0, shape).moments(stop_loss))
    expected = oracle.year(0.3, family, 4_000.0, shape, terms)
    # Both sides are special functions good to 1e-13 or so; third moments above a ceiling are
    # differences that lose up to three digits of that.
    for name, value in expected.items():
        assert moments[name] == pytest.approx(value, rel=1e-10), name


def test_skewness_of_a_distribution_without_third_moment_is_null() -> None:
    pareto = model(0.3, "pareto", 4_000.0, 2.5)
    assert first(pareto.moments())["skewness"] is None
    capped = first(pareto.moments(20_000))
    expected = oracle.year(0.3, "pareto", 4_000.0, 2.5, Contract(20_000))
    assert capped["skewness"] == pytest.approx(expected["skewness"], rel=1e-10)


def test_a_cost_that_does_not_vary_has_no_skewness() -> None:
    certain = first(model(1.0, "fixed", 900.0, None).moments())
    assert certain == {
        "band": None,
        "mean": 900.0,
        "sd": 0.0,
        "cv": 0.0,
        "skewness": None,
        "p_any": 1.0,
    }


def test_a_band_that_costs_nothing_has_no_cv() -> None:
    nothing = first(model(0.0, "gamma", 900.0, 2.0).moments())
    assert nothing == {
        "band": None,
        "mean": 0.0,
        "sd": 0.0,
        "cv": None,
        "skewness": None,
        "p_any": 0.0,
    }


# ---- Are the worked cases right, to the digits printed? ---------------------------------------
def test_a_practice_of_7000_has_its_published_cv(costs: CostModel) -> None:
    # engine.md's person-year: £800 a head, three in ten with a cost, sigma 1.6.
    gross, net = first(costs.moments()), first(costs.moments(20_000))
    assert gross["mean"] == pytest.approx(800, rel=1e-14)
    assert f"{100 * gross['cv'] / 7_000**0.5:.3f}" == "7.757"
    assert f"{100 * net['cv'] / 7_000**0.5:.3f}" == "4.223"


def test_hospital_spending_as_a_two_part_lognormal_has_its_published_cv() -> None:
    # IFS W15/21: users 33.2 %, sigma 1.411 fit the published concentration; CV 4.59.
    hospital = model(0.332, "lognormal", 1_000.0, 1.411)
    assert f"{first(hospital.moments())['cv']:.2f}" == "4.59"


# ---- Events -----------------------------------------------------------------------------------
def events(rates: list[float], family: str, means: list[float], shape: float | None) -> CostModel:
    n = len(rates)
    columns = {"rate": rates, "family": [family] * n, "mean": means}
    return CostModel.events(pa.table(columns | {"shape": pa.array([shape] * n, pa.float64())}))


def test_events_without_a_ceiling_have_the_cumulants_of_a_compound_poisson() -> None:
    # rate * E[X^k]; of a lognormal, E[X^k] = mean^k exp(k (k - 1) sigma^2 / 2).
    moments = first(events([0.002, 0.05], "lognormal", [6_000.0, 900.0], 1.1).moments())
    c1, c2, c3 = (
        (0.002 * 6_000**k + 0.05 * 900**k) * exp(k * (k - 1) / 2 * 1.1**2) for k in (1, 2, 3)
    )
    expected = {"mean": c1, "sd": c2**0.5, "cv": c2**0.5 / c1, "skewness": c3 / c2**1.5}
    for name, value in expected.items():
        assert moments[name] == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("contract", [name for name in CONTRACTS if name != "none"])
def test_gamma_events_under_a_contract_have_the_moments_of_the_oracle(contract: str) -> None:
    stop_loss, terms = CONTRACTS[contract]
    moments = first(events([1.7], "gamma", [3_000.0], 0.8).moments(stop_loss))
    # On lattices a cost is shared by two points, a 1,024th of it apart at most: 2e-7 of a square,
    # and some ten times that of a skewness.
    for name, value in oracle.gamma_events(1.7, 3_000.0, 0.8, terms).items():
        assert moments[name] == pytest.approx(value, rel=1e-5), name


@pytest.mark.parametrize("contract", CONTRACTS)
def test_two_fixed_prices_under_a_contract_have_the_moments_of_the_oracle(contract: str) -> None:
    stop_loss, terms = CONTRACTS[contract]
    moments = first(events([0.4, 0.1], "fixed", [2_000.0, 25_000.0], None).moments(stop_loss))
    # Prices that lie between the points of a lattice are shared by two of them, and a contract's
    # corner between points is cut, by a 1,024th of the price at most: the skewness feels it most.
    for name, value in oracle.fixed_events([0.4, 0.1], [2_000.0, 25_000.0], terms).items():
        rel = 5e-5 if name == "skewness" else 1e-5
        assert moments[name] == pytest.approx(value, rel=rel), name


def test_the_ceiling_is_on_the_year_and_not_on_each_event() -> None:
    # Prices of 15,000 never pass a ceiling of 20,000 alone; two in a year do.
    three = events([0.5], "fixed", [15_000.0], None)
    assert first(three.moments(20_000))["mean"] < first(three.moments())["mean"] - 100


# ---- Does the table of a model give the same model? -------------------------------------------
def test_the_table_of_yearly_amounts_reads_back() -> None:
    made = CostModel(
        pa.table(
            {
                "band": [f"b{i}" for i in range(len(SEVERITIES))],
                "p_any": [0.1 * i for i in range(len(SEVERITIES))],
                "family": [family for family, _ in SEVERITIES],
                "mean": [1_000.0 / 3 * (i + 1) for i in range(len(SEVERITIES))],
                "shape": pa.array([shape for _, shape in SEVERITIES], pa.float64()),
                "note": ["extra columns are ignored"] * len(SEVERITIES),
            }
        )
    )
    assert made.table.column_names == ["band", "p_any", "family", "mean", "shape"]
    assert CostModel(made.table).table.equals(made.table)


def test_the_table_of_events_reads_back() -> None:
    made = CostModel.events(
        pa.table(
            {
                "band": ["young", "old", "old"],
                "rate": [0.1, 0.2, 0.03],
                "family": ["fixed", "gamma", "lognormal"],
                "mean": [100.0, 200.0, 20_000.0],
                "shape": [None, 0.5, 1.2],
            }
        )
    )
    assert made.table.column_names == ["band", "rate", "family", "mean", "shape"]
    assert made.table.num_rows == 3
    again = CostModel.events(made.table)
    assert again.table.equals(made.table)
    assert again.moments(5_000).equals(made.moments(5_000))


def test_integers_and_dictionaries_are_as_good_as_text_and_floats() -> None:
    plain = {"band": ["1", "2"], "p_any": [0.0, 1.0], "family": ["gamma", "gamma"]}
    plain |= {"mean": [100.0, 200.0], "shape": [2.0, 3.0]}
    other = pa.table(
        {
            "band": [1, 2],
            "p_any": pa.array([0, 1], pa.int8()),
            "family": pa.array(["gamma", "gamma"]).dictionary_encode(),
            "mean": pa.array([100, 200], pa.int32()),
            "shape": pa.array([2, 3], pa.float32()),
        }
    )
    assert CostModel(other).table.equals(CostModel(pa.table(plain)).table)
