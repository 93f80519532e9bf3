"""Is the expected cost right where years do not tell it, and is no error claimed that is none?"""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

from fundholder import CostModel, InputError, StopLoss, simulate, variance

PARETO = {"p_any": [1.0], "family": ["pareto"], "mean": [1_000.0]}
ONE = pa.table({"practice": ["A"], "count": [1_000]})
NOT_DEFINED = ("expected_se", "sd", "sd_se", "cv", "cv_se", "skewness", "skewness_se")


@pytest.mark.parametrize("shape", [1.05, 1.5, 2.0])
@pytest.mark.parametrize(
    "effects", [{}, {"practice_sd": 0.1}, {"practice_sd": 0.1, "national_sd": 0.05}]
)
def test_the_expected_cost_without_variance_is_the_known_one(
    shape: float, effects: dict[str, float]
) -> None:
    """1,000 people at £1,000: effects have mean 1. To what quadrature leaves of the effects."""
    costs = CostModel(pa.table(PARETO | {"shape": [shape]}))
    run = simulate(ONE, costs, replications=200, seed=1, **effects)
    for summary in (run.summary(), pickle.loads(pickle.dumps(run)).summary()):
        row = summary.to_pylist()[0]
        assert row["expected"] == pytest.approx(1_000_000, rel=1e-9)
        assert row["budget"] == row["expected"]
        assert [row[name] for name in NOT_DEFINED] == [None] * len(NOT_DEFINED)
        assert row["chance_sd"] is None and row["systematic_sd"] is None
        assert row["q0.5"] > 0 and row["q0.5_se"] > 0


def test_only_units_and_bases_without_variance_are_affected() -> None:
    """A ceiling bounds what is kept, not what is ceded; practice B has nobody of the heavy band.

    E[(X - c)+] of a Pareto of mean m and alpha a, whose least cost is k = m (a - 1) / a, is
    k^a c^(1 - a) / (a - 1).
    """
    table = {"band": ["heavy", "light"], "p_any": [1.0, 1.0], "family": ["pareto", "gamma"]}
    costs = CostModel(pa.table(table | {"mean": [1_000.0] * 2, "shape": [1.5, 0.5]}))
    people = pa.table({"practice": ["A", "B"], "band": ["heavy", "light"], "count": [100, 100]})
    run = simulate(people, costs, replications=400, seed=3, stop_loss=10_000)
    gross, net, ceded = (run.summary(of=of).to_pylist() for of in ("gross", "net", "ceded"))
    least = 1_000 / 3
    excess = least**1.5 * 10_000**-0.5 / 0.5
    assert gross[0]["expected"] == pytest.approx(100_000, rel=1e-12)
    assert ceded[0]["expected"] == pytest.approx(100 * excess, rel=1e-9)
    assert gross[0]["sd"] is None and ceded[0]["sd"] is None
    # Within 5 standard errors: chance of 6e-7.
    assert abs(net[0]["expected"] - 100 * (1_000 - excess)) < 5 * net[0]["expected_se"]
    for rows in (gross, net):
        assert abs(rows[1]["expected"] - 100_000) < 5 * rows[1]["expected_se"]
        assert rows[1]["sd"] > 0


def test_a_limit_or_a_share_leaves_the_net_cost_without_variance() -> None:
    costs = CostModel(pa.table(PARETO | {"shape": [1.5]}))
    for contract in (StopLoss(10_000, share=0.8), StopLoss(10_000, limit=50_000)):
        row = simulate(ONE, costs, replications=50, stop_loss=contract).summary().to_pylist()[0]
        assert row["sd"] is None and row["expected_se"] is None
        with pytest.raises(InputError, match="variance"):
            variance(ONE, costs, stop_loss=contract, method="moments")


def test_bands_of_size_with_a_unit_without_variance_have_no_mean_cv() -> None:
    costs = CostModel(pa.table(PARETO | {"shape": [1.5]}))
    run = simulate(ONE, costs, replications=50, stop_loss=10_000)
    (row,) = run.size_bands(edges=[]).to_pylist()
    assert row["cv_gross"] is None and row["cv"] > 0
    assert row["ceded_share"] > 0 and row["ceded_share_se"] is None


def test_a_variance_that_is_just_there_is_estimated() -> None:
    costs = CostModel(pa.table(PARETO | {"shape": [2.1]}))
    row = simulate(ONE, costs, replications=50).summary().to_pylist()[0]
    assert row["sd"] > 0 and row["sd_se"] > 0 and row["expected_se"] > 0


# ---- Money that is rounded away ----------------------------------------------------------------
@pytest.mark.parametrize("mean", [2_000e-9, 0.0099])
def test_costs_in_billions_are_not_simulated_to_nothing(mean: float) -> None:
    costs = CostModel(pa.table({"p_any": [0.3], "family": ["fixed"], "mean": [mean]}))
    with pytest.raises(InputError, match="hundredths of a penny") as raised:
        simulate(ONE, costs, replications=2)
    assert raised.value.problems[0].column == "mean"
    assert variance(ONE, costs, method="moments")["expected"][0].as_py() == pytest.approx(
        300 * mean, rel=1e-12
    )


def test_a_penny_is_simulated() -> None:
    costs = CostModel(pa.table({"p_any": [1.0], "family": ["fixed"], "mean": [0.01]}))
    row = simulate(ONE, costs, replications=2).summary().to_pylist()[0]
    assert row["expected"] == 10.0
