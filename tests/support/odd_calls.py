"""A call of each public function that works, and values that none of its arguments is meant for."""

from __future__ import annotations

import atexit
import datetime
import decimal
import fractions
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import fundholder as fh

COSTS = fh.CostModel(
    pa.table({"p_any": [0.3], "family": ["gamma"], "mean": [2_000.0], "shape": [1.0]})
)
LISTS = pa.table({"practice": ["A", "B", "C"], "count": [300, 400, 500], "icb": ["X", "X", "Y"]})
BUDGETS = pa.table({"practice": ["A", "B", "C"], "budget": [180e3, 240e3, 300e3]})
OBSERVED = BUDGETS.append_column("outturn", pa.array([170e3, 260e3, 310e3]))
PERSONS = pa.table(
    {
        "practice": [f"P{i % 4}" for i in range(80)],
        "person": list(range(80)),
        "band": ["young" if i % 3 else "old" for i in range(80)],
        "ill": [i % 5 == 0 for i in range(80)],
        "spent": [float(100 + 7 * i % 90 + 200 * (i % 5 == 0)) for i in range(80)],
    }
)
UNITS = pa.table(
    {
        "practice": ["A", "B", "C"],
        "people": [300.0, 400.0, 500.0],
        "acute": [310.0, 380.0, 510.0],
        "drugs": [290.0, 410.0, 500.0],
        "mff": [1.0, 1.1, 0.95],
        "money": [180.0, 240.0, 300.0],
        "fair": [190.0, 230.0, 300.0],
        "need": [1.0, 2.0, 3.0],
        "icb": ["X", "X", "Y"],
    }
)
AT = pa.table({"practice": ["A", "B"], "cost": [170e3, 250e3]})
FORMULA = fh.fit_formula(PERSONS, cost="spent", categories=["band"], flags=["ill"])
RUN = fh.simulate(LISTS, COSTS, replications=3)

FOLDER = Path(tempfile.mkdtemp(prefix="odd-inputs-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
AGES = pa.table({"practice": ["A"], "sex": ["male"], "age_from": [0], "age_to": [4], "count": [3]})

CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "variance": (
        fh.variance,
        {
            "population": LISTS,
            "costs": COSTS,
            "by": "practice",
            "budgets": BUDGETS,
            "stop_loss": 5_000.0,
            "practice_sd": 0.1,
            "national_sd": 0.05,
            "thresholds": [0.1],
            "quantiles": [0.9],
            "method": "moments",
            "of": "gross",
            "threads": 1,
        },
    ),
    "simulate": (
        fh.simulate,
        {
            "population": LISTS,
            "costs": COSTS,
            "replications": 3,
            "seed": 1,
            "by": "practice",
            "stop_loss": 5_000.0,
            "practice_sd": 0.1,
            "national_sd": 0.05,
            "threads": 1,
            "progress": False,
        },
    ),
    "summary": (
        RUN.summary,
        {
            "by": "practice",
            "budgets": BUDGETS,
            "thresholds": [0.1],
            "quantiles": [0.5],
            "of": "net",
        },
    ),
    "totals": (RUN.totals, {"by": "practice"}),
    "run_size_bands": (RUN.size_bands, {"by": "practice", "edges": [350], "thresholds": [0.1]}),
    "distribution": (
        fh.distribution,
        {
            "population": LISTS,
            "costs": COSTS,
            "by": "practice",
            "units": ["A"],
            "points": 50,
            "stop_loss": 5_000.0,
            "practice_sd": 0.1,
            "national_sd": 0.05,
            "of": "net",
            "threads": 1,
        },
    ),
    "cumulative": (
        fh.cumulative,
        {"population": LISTS, "costs": COSTS, "at": AT, "by": "practice", "stop_loss": 5_000.0},
    ),
    "stop_loss": (
        fh.stop_loss,
        {
            "population": LISTS,
            "costs": COSTS,
            "ceilings": [5_000.0, None],
            "by": "practice",
            "practice_sd": 0.1,
            "thresholds": [0.1],
        },
    ),
    "size_bands": (
        fh.size_bands,
        {"table": fh.stop_loss(LISTS, COSTS, ceilings=[5_000.0]), "edges": [350]},
    ),
    "pooling": (
        fh.pooling,
        {
            "population": LISTS,
            "costs": COSTS,
            "pool": "icb",
            "stop_loss": 5_000.0,
            "by": "practice",
        },
    ),
    "minimum_population": (
        fh.minimum_population,
        {
            "costs": COSTS,
            "tolerance": 0.1,
            "probability": 0.05,
            "population": LISTS,
            "stop_loss": 5_000.0,
        },
    ),
    "propose_pools": (
        fh.propose_pools,
        {
            "population": LISTS,
            "costs": COSTS,
            "tolerance": 0.5,
            "probability": 0.5,
            "within": "icb",
            "by": "practice",
            "stop_loss": 5_000.0,
        },
    ),
    "decompose": (
        fh.decompose,
        {
            "observed": OBSERVED,
            "population": LISTS,
            "costs": COSTS,
            "by": "practice",
            "stop_loss": 50_000.0,
            "limits": [0.95],
            "confidence": 0.9,
        },
    ),
    "CostModel": (fh.CostModel, {"table": COSTS.table}),
    "events": (
        fh.CostModel.events,
        {"table": pa.table({"rate": [0.5], "family": ["gamma"], "mean": [900.0], "shape": [1.0]})},
    ),
    "from_costs": (
        fh.CostModel.from_costs,
        {"table": PERSONS, "cost": "spent", "band": "band", "weight": None, "tail": None},
    ),
    "moments": (COSTS.moments, {"stop_loss": 5_000.0}),
    "StopLoss": (fh.StopLoss, {"ceiling": 5_000.0, "share": 0.8, "limit": 1e4}),
    "ceded": (fh.StopLoss(5_000.0).ceded, {"cost": 6_000.0}),
    "fit_formula": (
        fh.fit_formula,
        {
            "persons": PERSONS,
            "cost": "spent",
            "categories": ["band"],
            "flags": ["ill"],
            "need": (),
            "supply": (),
            "area": None,
            "weight": None,
            "cluster": "practice",
        },
    ),
    "predict": (FORMULA.predict, {"persons": PERSONS, "neutral": True}),
    "evaluate": (
        FORMULA.evaluate,
        {"persons": PERSONS, "cost": "spent", "by": "practice", "groups": ["band"]},
    ),
    "validate_formula": (
        fh.validate_formula,
        {
            "persons": PERSONS,
            "cost": "spent",
            "by": "practice",
            "other_practices": 0.3,
            "other_people": 0.5,
            "seed": 3,
            "categories": ["band"],
        },
    ),
    "allocate": (
        fh.allocate,
        {
            "persons_or_units": UNITS,
            "need": "need",
            "total": 1_000.0,
            "by": "practice",
            "index": "mff",
        },
    ),
    "weighted_capitation": (
        fh.weighted_capitation,
        {
            "units": UNITS,
            "components": {"acute": 0.8, "drugs": 0.2},
            "cost_index": ["mff"],
            "pot": 1_000.0,
            "by": "practice",
            "also": ["icb"],
            "normalise": True,
        },
    ),
    "pace_of_change": (
        fh.pace_of_change,
        {
            "units": UNITS,
            "baseline": "money",
            "target": "fair",
            "rule": fh.Convergence(),
            "growth": 0.05,
            "rounding": 0.01,
            "by": "practice",
        },
    ),
    "years_to_target": (
        fh.years_to_target,
        {
            "units": UNITS,
            "baseline": "money",
            "target": "fair",
            "rule": fh.Convergence(),
            "growth": 0.05,
            "within": 0.01,
            "years": 5,
            "by": "practice",
        },
    ),
    "Formula": (fh.Formula, {"terms": FORMULA.coefficients, "covariance": FORMULA.covariance}),
    "write_workbook": (
        fh.write_workbook,
        {
            "tables": {"Units": UNITS},
            "path": FOLDER / "units.xlsx",
            "about": {"Units": "of three practices"},
            "formats": {"need": "number"},
        },
    ),
    "write": (fh.write, {"table": UNITS, "path": FOLDER / "units.csv"}),
    "write_parquet": (fh.write, {"table": UNITS, "path": FOLDER / "units.parquet"}),
    "read": (fh.read, {"path": fh.write(UNITS, FOLDER / "read.csv") or FOLDER / "read.csv"}),
    "cv_by_population": (
        fh.plots.cv_by_population,
        {"table": fh.stop_loss(LISTS, COSTS, ceilings=[5_000.0])},
    ),
    "quantiles_by_population": (
        fh.plots.quantiles_by_population,
        {"table": fh.variance(LISTS, COSTS)},
    ),
    "funnel": (fh.plots.funnel, {"units": fh.decompose(OBSERVED, LISTS, COSTS).units}),
    "from_age_sex": (fh.england.from_age_sex, {"table": AGES}),
    "icd10_blocks": (fh.icd10_blocks, {"codes": ["A00", "E10"]}),
    "Convergence": (fh.Convergence, {"rate": 0.2, "cap": 0.005, "rate_below": 0.1}),
    "Floor": (fh.Floor, {"under": 0.05}),
    "persons": (
        fh.england.persons,
        {"practices": 3, "share": 0.01, "seed": 1},
    ),
    "population": (fh.england.population, {"year": 2025, "seed": 0}),
}

NUMBERS: list[Any] = [
    float("nan"),
    float("inf"),
    -1.0,
    1e300,
    5e-324,
    10**400,
    "5",
    True,
    None,
    1j,
    b"5",
    [0.1],
    np.array(0.1),
    np.array([0.1]),
    np.float16(0.5),
    np.int64(3),
    decimal.Decimal("0.1"),
    fractions.Fraction(1, 10),
    datetime.date(2026, 4, 1),
    object(),
]
NAMES: list[Any] = [
    "",
    "missing",
    "\0",
    "\ud800",
    "x" * 70_000,
    b"practice",
    3,
    None,
    ["practice", "practice"],
    ["practice"],
    ("practice",),
    pd.Index(["practice"]),
    np.array("practice"),
    np.str_("practice"),
    {"practice": 1},
    object(),
]
PATHS: list[Any] = [
    FOLDER,
    FOLDER / "units.txt",
    FOLDER / "nowhere" / "units.csv",
    FOLDER / f"{'x' * 300}.csv",
    FOLDER / "units\0.csv",
    "\ud800.csv",
]
TABLES: list[Any] = [
    None,
    3,
    "population.csv",
    {"practice": ["A"]},
    [{"practice": "A"}],
    pa.chunked_array([["A"]]),
    pa.array(["A"]),
    pd.Series(["A"]),
    pl.Series(["A"]),
    pd.DataFrame(),
    pa.table({}),
    pa.table({"practice": pa.array([], pa.string())}),
    pa.schema([]),
    Path("population.csv"),
    object(),
]


def _as(data_type: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda array: array.cast(data_type)


def _view(array: pa.Array) -> pa.Array:
    return array.cast(pa.string_view()) if hasattr(pa, "string_view") else array


COLUMNS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "null": lambda array: pa.nulls(len(array)),
    "nulls": lambda array: pa.nulls(len(array), array.type),
    "large_string": lambda array: array.cast(pa.string()).cast(pa.large_string()),
    "view": lambda array: _view(array.cast(pa.string())),
    "dictionary": lambda array: array.dictionary_encode(),
    "dictionary of views": lambda array: pa.DictionaryArray.from_arrays(
        array.dictionary_encode().indices,
        _view(array.dictionary_encode().dictionary.cast(pa.string())),
    ),
    "binary": lambda array: array.cast(pa.string()).cast(pa.binary()),
    "list": lambda array: pa.array([[value] for value in array.to_pylist()]),
    "struct": lambda array: pa.array([{"x": value} for value in array.to_pylist()]),
    "decimal": lambda array: pa.array([decimal.Decimal(1)] * len(array)),
    "bool": lambda array: pa.array([True] * len(array)),
    "date": lambda array: pa.array([datetime.date(2026, 4, 1)] * len(array)),
    "duration": lambda array: pa.array([datetime.timedelta(1)] * len(array)),
    "half": lambda array: pa.array([np.float16(0.5)] * len(array), pa.float16()),
    "uint64": lambda array: pa.array([2**64 - 1 - i for i in range(len(array))], pa.uint64()),
    "negative": lambda array: pa.array([-1.0] * len(array)),
    "nan": lambda array: pa.array([float("nan")] * len(array)),
    "infinite": lambda array: pa.array([float("inf")] * len(array)),
    "1e300": lambda array: pa.array([1e300] * len(array)),
    "5e-324": lambda array: pa.array([5e-324] * len(array)),
    "run-end": lambda array: pa.RunEndEncodedArray.from_arrays(
        pa.array(range(1, len(array) + 1), pa.int32()), array
    ),
}


#: Arguments that are lists, or columns that may be left out.
NAMED = ("area", "weight", "cluster", "band", "tail")


def odd_values(name: str, value: Any) -> Mapping[str, Any]:
    """Values that the argument of this name and right value is not meant for."""
    if isinstance(value, pa.Table):
        return _numbered("table", TABLES) | odd_tables(value)
    if isinstance(value, str) or name in NAMED:
        return _numbered("name", NAMES)
    if isinstance(value, Path):
        return _numbered("path", [*PATHS, *NAMES, *NUMBERS])
    if isinstance(value, bool | int | float):
        return _numbered("number", NUMBERS)
    if isinstance(value, dict):
        return _numbered("items", [dict.fromkeys(value, odd) for odd in NUMBERS]) | _numbered(
            "table", TABLES
        )
    if isinstance(value, list | tuple):
        odd = NUMBERS if value and isinstance(value[0], int | float) else NAMES
        return _numbered("items", [[item] for item in odd]) | _numbered("list", odd)
    return _numbered("table", TABLES)


def _numbered(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    return {f"{kind} {i}: {repr(value)[:20]}": value for i, value in enumerate(values)}


def odd_tables(table: pa.Table) -> dict[str, Any]:
    """The table with each column in turn of another type, left out, or there twice."""
    odd: dict[str, Any] = {}
    for i, name in enumerate(table.column_names):
        array = table[name].combine_chunks()
        odd[f"without {name}"] = table.remove_column(i)
        odd[f"{name} twice"] = table.append_column(name, table[name])
        for kind, made in COLUMNS.items():
            try:
                column = made(array)
            except (pa.ArrowException, NotImplementedError, TypeError):
                continue
            odd[f"{name} as {kind}"] = table.set_column(i, name, column)
    odd["in empty chunks"] = pa.concat_tables([table.slice(0, 0), table, table.slice(0, 0)])
    odd["of no rows"] = table.slice(0, 0)
    categories = pl.from_arrow(table.to_batches()).with_columns(
        pl.col(pl.String).cast(pl.Categorical)
    )
    odd["of Polars categories"] = categories
    return odd
