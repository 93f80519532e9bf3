"""Is everything that is not allowed rejected: by name, with what is allowed, all at once?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    CostModel,
    FundholderError,
    InputError,
    InputTypeError,
    StopLoss,
    cumulative,
    simulate,
    variance,
)
from rejections import REPORTED, rejection, says

NAN, INF = math.nan, math.inf
SEVERITY: dict[str, list] = {"p_any": [0.3], "family": ["gamma"], "mean": [100.0], "shape": [2.0]}
EVENTS: dict[str, list] = {"rate": [0.3], "family": ["gamma"], "mean": [100.0], "shape": [2.0]}
PEOPLE = {"practice": ["A", "B"]}


# ---- Populations ------------------------------------------------------------------------------
@pytest.mark.parametrize("reader", [False, True])
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"practice": None}, ["column 'practice' is missing", "the table has"]),
        ({"practice": ["A", None]}, ["column 'practice', row 1: null", "a string or an integer"]),
        ({"practice": [1.0, 2.0]}, ["column 'practice' is double", "an integer"]),
        ({"band": None}, ["column 'band' is missing"]),
        ({"band": ["young", "ancient"]}, ["column 'band', row 1: 'ancient'", "young, old"]),
        ({"band": [None, "old"]}, ["column 'band', row 0: null"]),
        ({"band": [0.5, 1.5]}, ["column 'band' is double"]),
        ({"scale": [1.0, NAN]}, ["column 'scale', row 1: NaN", "finite number, 0 or more"]),
        ({"scale": [INF, 1.0]}, ["column 'scale', row 0: inf", "finite"]),
        ({"scale": [1.0, -0.5]}, ["column 'scale', row 1: -0.5", "0 or more"]),
        ({"scale": [1.0, None]}, ["column 'scale', row 1: null"]),
        ({"scale": ["1", "2"]}, ["column 'scale' is ", "a number"]),
        ({"scale": [True, False]}, ["column 'scale' is bool", "a number"]),
        ({"p_any": [0.5, 1.2]}, ["column 'p_any', row 1: 1.2", "from 0 to 1"]),
        ({"p_any": [-0.1, NAN]}, ["'p_any', row 0: -0.1", "'p_any', row 1: NaN"]),
        ({"count": [1, -1]}, ["column 'count', row 1: -1", "whole number"]),
        ({"count": [1.0, 2.5]}, ["column 'count', row 1: 2.5", "whole number"]),
        ({"count": [1, None]}, ["column 'count', row 1: null"]),
        ({"count": [1, 2**62]}, ["column 'count', row 1:", "4294967295"]),
        ({"person": [1, None]}, ["column 'person', row 1: null"]),
        ({"person": [1.0, 2.0]}, ["column 'person' is double", "an integer or a string"]),
    ],
)
def test_populations_are_rejected_by_column_and_row(
    banded: CostModel, columns: dict[str, list | None], texts: list[str], reader: bool
) -> None:
    merged: dict[str, Any] = {"practice": ["A", "B"], "band": ["young", "old"], **columns}
    table = pa.table({name: values for name, values in merged.items() if values is not None})
    error = rejection(simulate, table.to_reader() if reader else table, banded)
    says(error, *texts)
    assert len(error.problems) == len([t for t in texts if "column" in t or "row" in t])


def test_all_problems_of_a_table_are_named_at_once(banded: CostModel) -> None:
    table = pa.table(
        {
            "practice": ["A", None, "C"],
            "band": ["young", "old", "ancient"],
            "scale": [NAN, -1.0, 1.0],
            "p_any": [0.1, 0.2, 3.0],
            "count": [1.5, 1.0, -2.0],
            "person": [1, 2, None],
        }
    )
    error = rejection(simulate, table, banded, by=["pcn", "ward"])
    assert len(error.problems) == 10
    says(error, "10 problems", "column 'pcn' is missing", "column 'ward' is missing")


def test_a_column_that_is_missing_is_named_once_however_many_chunks(costs: CostModel) -> None:
    chunks = pa.concat_tables([pa.table({"x": [1]})] * 3)
    assert len(rejection(simulate, chunks, costs).problems) == 1


def test_only_types_wrong_is_a_type_error(banded: CostModel) -> None:
    wrong = pa.table({"practice": [1.0], "band": [True], "scale": ["1"]})
    error = rejection(simulate, wrong, banded)
    assert isinstance(error, InputTypeError) and len(error.problems) == 3


def test_thousands_of_problems_are_counted(costs: CostModel) -> None:
    table = pa.table({"practice": ["A"] * 5_000, "scale": [-1.0] * 5_000})
    says(rejection(simulate, table, costs), "more")


def test_an_empty_population_is_rejected(costs: CostModel) -> None:
    empty = pa.table({"practice": pa.array([], pa.string())})
    says(rejection(simulate, empty, costs), "population is empty", "must have a row")


@pytest.mark.parametrize("population", [None, 3, "people.csv", [1], {"practice": ["A"]}, object()])
def test_what_is_not_a_table(costs: CostModel, population: object) -> None:
    error = rejection(simulate, population, costs)
    assert isinstance(error, InputTypeError)
    says(error, "population is", type(population).__name__, "__arrow_c_stream__")
    says(rejection(CostModel, population), "the cost table is", "__arrow_c_stream__")


def test_a_column_of_numbers_is_not_a_table(costs: CostModel) -> None:
    rejection(simulate, pa.chunked_array([[1, 2]]), costs)
    rejection(simulate, np.ones(3), costs)


@pytest.mark.parametrize("effect", [0.0, 0.5])
@pytest.mark.parametrize("big", [{"scale": [1e9], "count": [1_000]}, {"count": [4e9]}])
def test_totals_that_would_overflow_are_rejected(big: dict[str, list], effect: float) -> None:
    model = CostModel(pa.table(SEVERITY | {"mean": [1e7]}))
    table = pa.table({"practice": ["A"], **big})
    error = rejection(simulate, table, model, replications=3, practice_sd=effect)
    says(error, "£", "totals hold")


# ---- Arguments of simulate --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("argument", "value", "error_type", "texts"),
    [
        ("replications", 0, InputError, ["replications is 0", "whole number from 1"]),
        ("replications", 1.5, InputTypeError, ["replications is 1.5", "whole number"]),
        ("replications", "10", InputTypeError, ["replications is '10'"]),
        ("replications", 2**31, InputError, ["replications is 2147483648"]),
        ("seed", -1, InputError, ["seed is -1", "from 0 to"]),
        ("seed", 2**64, InputError, ["seed is 18446744073709551616"]),
        ("seed", None, InputTypeError, ["seed is None"]),
        ("seed", True, InputError, ["seed is True"]),
        ("threads", 0, InputError, ["threads is 0", "from 1"]),
        ("threads", "all", InputTypeError, ["threads is 'all'"]),
        ("stop_loss", -1, InputError, ["stop_loss is -1", "0 or more"]),
        ("stop_loss", NAN, InputError, ["stop_loss is nan"]),
        ("stop_loss", INF, InputError, ["stop_loss is inf"]),
        ("stop_loss", "20000", InputTypeError, ["stop_loss is '20000'"]),
        pytest.param("stop_loss", 10**400, InputError, ["stop_loss is 1000"], id="10**400"),
        ("stop_loss", np.ones(2), InputTypeError, ["stop_loss is "]),
        ("practice_sd", -0.1, InputError, ["practice_sd is -0.1", "at least 0"]),
        ("practice_sd", NAN, InputError, ["practice_sd is nan"]),
        ("national_sd", 1e9, InputError, ["national_sd is", "below 5"]),
        ("by", [], InputError, ["by is []", "name of a column"]),
        ("by", ["practice", "practice"], InputError, ["by is", "different"]),
        ("by", 3, InputTypeError, ["by is 3"]),
        ("by", [b"practice"], InputTypeError, ["by is"]),
        ("costs", {"p_any": 1}, InputTypeError, ["costs is", "a CostModel"]),
    ],
)
def test_arguments_are_rejected_by_name(
    costs: CostModel, argument: str, value: object, error_type: type, texts: list[str]
) -> None:
    arguments: dict[str, Any] = {"costs": costs, argument: value}
    error = rejection(simulate, pa.table(PEOPLE), **arguments)
    assert isinstance(error, error_type)
    says(error, *texts)


def test_all_arguments_are_named_at_once(costs: CostModel) -> None:
    error = rejection(
        simulate, pa.table(PEOPLE), costs, replications=0, seed=-1, threads=0, practice_sd=NAN
    )
    says(error, "4 problems", "replications", "seed", "threads", "practice_sd")


def test_levels_that_do_not_exist(costs: CostModel) -> None:
    error = rejection(simulate, pa.table(PEOPLE), costs, by=["pcn", "ward"])
    says(error, "column 'pcn' is missing", "column 'ward' is missing", "the table has practice")


@pytest.mark.parametrize("level", ["people", "gross", "net", "expected"])
def test_a_level_named_like_a_result_does_not_hide_it(costs: CostModel, level: str) -> None:
    table = pa.table({"practice": ["A"], level: ["x"]})
    try:
        run = simulate(table, costs, by=level, replications=2)
    except FundholderError as error:
        says(error, level)
    else:
        for result in (run.totals(), run.summary()):
            assert len(set(result.column_names)) == len(result.column_names)


def test_an_unknown_processor_is_rejected(
    costs: CostModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDHOLDER_PROCESSOR", "abacus")
    says(
        rejection(simulate, pa.table(PEOPLE), costs), "FUNDHOLDER_PROCESSOR is 'abacus'", "baseline"
    )


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ((-1,), ["ceiling is -1"]),
        ((1_000, 1.2), ["share is 1.2", "from 0 to 1"]),
        ((1_000, 1.0, -5), ["limit is -5"]),
        ((NAN, -1, "x"), ["3 problems", "ceiling", "share", "limit"]),
    ],
)
def test_contracts_are_rejected_by_term(arguments: tuple, texts: list[str]) -> None:
    says(rejection(StopLoss, *arguments), *texts)


# ---- Cost models ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"p_any": [1.2]}, ["column 'p_any', row 0: 1.2", "from 0 to 1"]),
        ({"p_any": [NAN]}, ["column 'p_any', row 0: NaN"]),
        ({"p_any": [None]}, ["column 'p_any'"]),
        ({"p_any": None}, ["column 'p_any' is missing", "the table has family, mean, shape"]),
        ({"family": ["normal"]}, ["column 'family', row 0", '"normal"', "lognormal", "empirical"]),
        ({"family": [3]}, ["column 'family', row 0", "lognormal"]),
        ({"mean": [0.0]}, ["column 'mean', row 0: 0", "above 0"]),
        ({"mean": [-5.0]}, ["column 'mean', row 0: -5"]),
        ({"mean": [INF]}, ["column 'mean', row 0: inf", "finite"]),
        ({"mean": [None]}, ["column 'mean'"]),
        ({"mean": ["100"]}, ["column 'mean' is string, row 0: '100'", "a number"]),
        ({"family": ["lognormal"], "shape": [-1.0]}, ["column 'shape', row 0", "-1", "sigma"]),
        ({"family": ["lognormal"], "shape": [NAN]}, ["column 'shape', row 0", "NaN"]),
        ({"family": ["pareto"], "shape": [1.0]}, ["column 'shape', row 0", "alpha", "above 1"]),
        ({"shape": [0.0]}, ["column 'shape', row 0", "alpha"]),
        ({"shape": [None]}, ["column 'shape'"]),
        ({"shape": None}, ["shape"]),
        ({"family": ["fixed"]}, ["column 'shape', row 0", "fixed", "2"]),
    ],
)
def test_cost_models_are_rejected_by_column_and_row(
    columns: dict[str, list | None], texts: list[str]
) -> None:
    merged = {
        name: values for name, values in {**SEVERITY, **columns}.items() if values is not None
    }
    says(rejection(CostModel, pa.table(merged)), *texts)
    if "p_any" not in columns:
        merged["rate"] = [0.3]
        says(rejection(CostModel.events, pa.table(merged)), *texts)


def test_a_band_twice_is_named_with_all_other_problems() -> None:
    twice = {name: values * 3 for name, values in SEVERITY.items()}
    twice |= {"band": ["a", "b", "a"], "mean": [100.0, 0.0, 100.0], "p_any": [0.1, 0.2, -1.0]}
    error = rejection(CostModel, pa.table(twice))
    assert len(error.problems) == 3
    says(
        error,
        "column 'band', row 2: 'a' is a duplicate of row 0",
        "'mean', row 1: 0",
        "'p_any', row 2: -1",
    )


@pytest.mark.parametrize("extra", [{}, {"rate": [0.1, 0.2]}])
def test_two_rows_without_bands_are_rejected(extra: dict[str, list]) -> None:
    two = {name: values * 2 for name, values in SEVERITY.items()}
    says(rejection(CostModel, pa.table({**two, **extra})), "band")


def test_an_empty_cost_model_is_rejected() -> None:
    for distribution, make in ((SEVERITY, CostModel), (EVENTS, CostModel.events)):
        says(rejection(make, pa.table(distribution).slice(0, 0)), "empty", "must have a row")


def test_a_variance_that_does_not_exist() -> None:
    model = CostModel(pa.table(SEVERITY | {"family": ["pareto"], "shape": [2.0]}))
    says(rejection(model.moments), "variance", "alpha")
    assert model.moments(5_000)["sd"][0].as_py() > 0


def test_too_many_events_are_rejected() -> None:
    says(rejection(CostModel.events, pa.table(EVENTS | {"rate": [501.0]})), "rate", "501", "500")
    says(rejection(CostModel.events, pa.table(EVENTS | {"rate": [-1.0]})), "'rate', row 0: -1")


def test_nobody_is_certain_of_a_poisson_event() -> None:
    model = CostModel.events(pa.table(EVENTS))
    table = pa.table({"practice": ["A"], "p_any": [1.0]})
    says(rejection(simulate, table, model), "'p_any', row 0: 1", "below 1")


# ---- Summaries --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        *REPORTED,
        ({"thresholds": 0.1}, ["thresholds is 0.1", "a sequence"]),
        ({"thresholds": ["0.1"]}, ["thresholds is '0.1'"]),
        ({"quantiles": [1.5]}, ["quantiles is 1.5"]),
        ({"by": "icb"}, ["by is 'icb'", "practice"]),
        ({"by": 3}, ["by is 3", "practice"]),
        ({"budgets": 3}, ["budgets is int", "__arrow_c_stream__"]),
        ({"budgets": {"budget": [1.0]}}, ["column 'practice' is missing", "budgets has budget"]),
        ({"budgets": {"practice": ["A"]}}, ["column 'budget' is missing"]),
        ({"budgets": {"practice": ["A"], "budget": [1.0]}}, ["no budget for 'B'"]),
        (
            {"budgets": {"practice": ["A", "B", "closed"], "budget": [1.0, 2.0, 3.0]}},
            ["'closed' has a budget and no people"],
        ),
        (
            {"budgets": {"practice": ["A", "B", "A"], "budget": [1.0, 2.0, 3.0]}},
            ["column 'practice', row 2: 'A' is a duplicate of row 0"],
        ),
        (
            {"budgets": {"practice": ["A", "B"], "budget": [-1.0, NAN]}},
            ["'budget', row 0: -1", "'budget', row 1: NaN"],
        ),
        ({"budgets": {"practice": ["A", "B"], "budget": [1.0, None]}}, ["'budget', row 1: null"]),
        (
            {"budgets": {"practice": ["A", "B"], "budget": ["1", "2"]}},
            ["'budget' is string, row 0: '1'"],
        ),
    ],
)
def test_arguments_of_a_summary_are_rejected_by_name(
    costs: CostModel, arguments: dict[str, Any], texts: list[str]
) -> None:
    if isinstance(arguments.get("budgets"), dict):
        arguments = {"budgets": pa.table(arguments["budgets"])}
    run = simulate(pa.table(PEOPLE), costs, replications=2)
    says(rejection(run.summary, **arguments), *texts)


def test_every_unit_without_a_budget_is_named(costs: CostModel) -> None:
    run = simulate(pa.table({"practice": ["A", "B", "C"]}), costs, replications=2)
    error = rejection(run.summary, budgets=pa.table({"practice": ["B"], "budget": [1.0]}))
    says(error, "2 problems", "'A'", "'C'")


def test_a_unit_called_null_is_not_the_unit_without_a_name(costs: CostModel) -> None:
    population = pa.table({"practice": ["A", "B"], "icb": ["null", None]})
    run = simulate(population, costs, by="icb", replications=2)
    budgets = pa.table({"icb": [None, "null"], "budget": [700.0, 800.0]})
    rows = {row["icb"]: row["budget"] for row in run.summary(budgets=budgets).to_pylist()}
    assert rows == {"null": 800.0, None: 700.0}
    # Nor in what a result can be traced to, and in exact results.
    other = population.set_column(1, "icb", pa.array([None, "null"]))
    again = simulate(other, costs, by="icb", replications=2)
    key = "fundholder.population_digest"
    assert run.metadata[key] != again.metadata[key]
    at = pa.table({"icb": ["null", None], "cost": [900.0, 0.0]})
    below = cumulative(population, costs, by="icb", at=at)["cumulative"].to_pylist()
    assert below[0] > below[1] > 0


def test_a_level_must_be_named_where_there_are_several(costs: CostModel) -> None:
    population = pa.table({"practice": ["A"], "icb": ["X"]})
    run = simulate(population, costs, by=["practice", "icb"], replications=2)
    for call in (run.totals, run.summary, run.size_bands):
        says(rejection(call), "practice, icb")


@pytest.mark.parametrize("edges", [[5, 2], [3, 3], [1], [2.5], ["2"]])
def test_edges_of_size_bands_are_rejected_by_value(costs: CostModel, edges: list) -> None:
    run = simulate(pa.table(PEOPLE), costs, replications=2)
    says(rejection(run.size_bands, edges=edges), "edges is")


def test_a_person_of_a_practice_who_comes_twice() -> None:
    # The same person in another practice is another one: identities are those within a practice.
    twice = pa.table({"practice": ["A", "A", "B", "A"], "person": ["x", "y", "x", "x"]})
    one_band = {"p_any": [0.3], "family": ["fixed"], "mean": [100.0], "shape": [None]}
    costs = CostModel(pa.table(one_band, schema=None))
    assert simulate(twice.slice(0, 3), costs, replications=1).totals().num_rows == 2
    chunks = pa.Table.from_batches(twice.to_batches(max_chunksize=1))
    for population in (twice, chunks, twice.to_reader(max_chunksize=2)):
        error = rejection(simulate, population, costs)
        assert str(rejection(variance, chunks, costs, method="moments")) == str(error)
        assert "column 'person', row 3" in str(error)
        assert "the person of this practice is a duplicate of row 0" in str(error)
