"""Is what cannot be answered rejected: before any work, by name, with what is allowed?"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from fundholder import (
    CostModel,
    InputError,
    InputTypeError,
    StopLoss,
    cumulative,
    distribution,
    minimum_population,
    stop_loss,
    variance,
)
from rejections import REPORTED, rejection, says

NAN = math.nan
PEOPLE = pa.table({"practice": ["A", "B"], "count": [500, 600]})
POOL: dict[str, Any] = {"tolerance": 0.1, "probability": 0.05}


# ---- Arguments that several functions have ----------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        *REPORTED,
        ({"quantiles": [1.0]}, ["quantiles is 1.0", "between 0 and 1"]),
        ({"quantiles": [0.0]}, ["quantiles is 0.0"]),
        ({"practice_sd": -0.1}, ["practice_sd is -0.1", "at least 0"]),
        ({"national_sd": NAN}, ["national_sd is nan"]),
        ({"stop_loss": -1}, ["stop_loss is -1", "0 or more"]),
        (
            {"method": "bootstrap"},
            ["method is 'bootstrap'", "'exact'", "'moments'", "'simulation'"],
        ),
        ({"by": []}, ["by is []"]),
        ({"by": "ward"}, ["column 'ward' is missing", "the table has"]),
    ],
)
@pytest.mark.parametrize("method", ["exact", "moments"])
def test_arguments_of_variance_are_rejected_by_name(
    costs: CostModel, method: str, arguments: dict[str, Any], texts: list[str]
) -> None:
    error = rejection(variance, PEOPLE, costs, **({"method": method} | arguments))
    assert isinstance(error, InputError)
    says(error, *texts)


@pytest.mark.parametrize("call", [variance, distribution])
@pytest.mark.parametrize(
    ("population", "texts"),
    [
        ({"practice": ["A"], "scale": [-1.0]}, ["column 'scale', row 0: -1"]),
        ({"practice": ["A"], "p_any": [NAN]}, ["column 'p_any', row 0: NaN"]),
        ({"practice": ["A", None]}, ["column 'practice', row 1: null"]),
        ({"practice": ["A"], "count": [1.5]}, ["column 'count', row 0: 1.5"]),
        ({"scale": [1.0]}, ["column 'practice' is missing"]),
        ({"practice": pa.array([], pa.string())}, ["population is empty"]),
    ],
)
def test_populations_are_rejected_by_column_and_row(
    costs: CostModel, call: Any, population: dict, texts: list[str]
) -> None:
    says(rejection(call, pa.table(population), costs), *texts)


@pytest.mark.parametrize("call", [variance, distribution])
def test_what_is_not_a_table_or_a_model(costs: CostModel, call: Any) -> None:
    assert isinstance(rejection(call, {"practice": ["A"]}, costs), InputTypeError)
    says(rejection(call, PEOPLE, {"p_any": 1}), "costs is", "a CostModel")


# ---- Budgets ----------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["exact", "moments"])
@pytest.mark.parametrize(
    ("budgets", "texts"),
    [
        ({"budget": [1.0]}, ["column 'practice' is missing"]),
        ({"practice": ["A", "B"]}, ["column 'budget' is missing"]),
        ({"practice": ["A"], "budget": [1.0]}, ["no budget for 'B'"]),
        (
            {"practice": ["A", "B", "A"], "budget": [1.0, 2.0, 3.0]},
            ["row 2: 'A' is a duplicate of row 0"],
        ),
        (
            {"practice": ["A", "B"], "budget": [-1.0, NAN]},
            ["'budget', row 0: -1", "'budget', row 1: NaN"],
        ),
        ({"practice": ["A", "B"], "budget": [1.0, None]}, ["'budget', row 1: null"]),
        ({"practice": ["A", "B"], "budget": ["1", "2"]}, ["'budget' is string, row 0: '1'"]),
    ],
)
def test_budgets_are_rejected_by_column_and_row(
    costs: CostModel, method: str, budgets: dict[str, list], texts: list[str]
) -> None:
    says(rejection(variance, PEOPLE, costs, budgets=pa.table(budgets), method=method), *texts)


def test_every_unit_without_a_budget_is_named(costs: CostModel) -> None:
    three = pa.table({"practice": ["A", "B", "C"]})
    error = rejection(
        variance, three, costs, budgets=pa.table({"practice": ["B"], "budget": [1.0]})
    )
    says(error, "2 problems", "'A'", "'C'")


def test_budgets_that_are_no_table(costs: CostModel) -> None:
    says(rejection(variance, PEOPLE, costs, budgets=3), "budgets", "int", "__arrow_c_stream__")


# ---- Distributions ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"points": 0}, ["points is 0"]),
        ({"points": 1.5}, ["points is 1.5"]),
        ({"units": ["A", "Z"]}, ["'Z'"]),
        ({"of": "all"}, ["of is 'all'"]),
    ],
)
def test_arguments_of_distribution_are_rejected_by_name(
    costs: CostModel, arguments: dict[str, Any], texts: list[str]
) -> None:
    says(rejection(distribution, PEOPLE, costs, **arguments), *texts)


@pytest.mark.parametrize(
    ("at", "texts"),
    [
        ({"cost": [1.0]}, ["column 'practice' is missing"]),
        ({"practice": ["A"]}, ["column 'cost' is missing"]),
        ({"practice": ["A", "Z"], "cost": [1.0, 1.0]}, ["'practice', row 1: 'Z'"]),
        ({"practice": ["A", "A"], "cost": [NAN, None]}, ["row 0: NaN", "row 1: null"]),
    ],
)
def test_costs_at_which_to_look_are_rejected_by_column_and_row(
    costs: CostModel, at: dict[str, list], texts: list[str]
) -> None:
    says(rejection(cumulative, PEOPLE, costs, at=pa.table(at)), *texts)


# ---- Ceilings ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ceilings", "texts"),
    [
        ([], ["ceilings is []"]),
        ([20_000, 5_000, 20_000.0], ["ceilings is", "20000", "different"]),
        ([None, None], ["ceilings is None", "different"]),
        ([-1], ["ceilings is -1"]),
        ([NAN], ["ceilings is nan"]),
        ([math.inf], ["ceilings is inf"]),
        (["20000"], ["ceilings is '20000'"]),
        (20_000, ["ceilings is 20000"]),
    ],
)
def test_ceilings_are_rejected_by_value(costs: CostModel, ceilings: Any, texts: list[str]) -> None:
    says(rejection(stop_loss, PEOPLE, costs, ceilings=ceilings), *texts)


def test_thresholds_of_a_sweep_are_rejected_by_value(costs: CostModel) -> None:
    says(rejection(stop_loss, PEOPLE, costs, ceilings=[1], thresholds=[1.5]), "thresholds is 1.5")


# ---- Pools ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"tolerance": 0}, ["tolerance is 0", "between 0 and 1"]),
        ({"tolerance": 1}, ["tolerance is 1"]),
        ({"tolerance": -0.1}, ["tolerance is -0.1"]),
        ({"tolerance": NAN}, ["tolerance is nan"]),
        ({"probability": 0}, ["probability is 0", "between 0 and 1"]),
        ({"probability": 1.0}, ["probability is 1.0"]),
        ({"probability": "5 %"}, ["probability is '5 %'"]),
        ({"tolerance": 0, "probability": 1}, ["2 problems"]),
        ({"practice_sd": -1}, ["practice_sd is -1"]),
        ({"population": 3}, ["population is 3", "__arrow_c_stream__"]),
    ],
)
def test_arguments_of_minimum_population_are_rejected_by_name(
    costs: CostModel, arguments: dict[str, Any], texts: list[str]
) -> None:
    says(rejection(minimum_population, costs, **(POOL | arguments)), *texts)


def test_a_pool_of_several_bands_needs_their_mix(banded: CostModel) -> None:
    says(rejection(minimum_population, banded, **POOL), "population")


# ---- Variances that do not exist --------------------------------------------------------------
@pytest.mark.parametrize("alpha", [1.5, 2.0])
def test_an_infinite_variance_is_rejected(alpha: float) -> None:
    columns = {"p_any": [0.3], "family": ["pareto"], "mean": [900.0], "shape": [alpha]}
    model = CostModel(pa.table(columns))
    for method in ("exact", "moments"):
        says(rejection(variance, PEOPLE, model, method=method), "variance", "alpha")
        # What is kept above the ceiling has no variance either.
        shared = StopLoss(5_000, share=0.5)
        says(rejection(variance, PEOPLE, model, method=method, stop_loss=shared), "variance")
        limited = StopLoss(5_000, limit=50_000)
        says(rejection(variance, PEOPLE, model, method=method, stop_loss=limited), "variance")
        assert variance(PEOPLE, model, method=method, stop_loss=5_000)["sd"][0].as_py() > 0
        of_gross = {"method": method, "stop_loss": 5_000, "of": "gross"}
        says(rejection(variance, PEOPLE, model, **of_gross), "variance")
    says(rejection(stop_loss, PEOPLE, model, ceilings=[5_000, None]), "variance")
