"""How near predictions come to costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import InputError
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .persons import is_whole, open_once, warn_of_codes
from .weighted_quantiles import quantiles


@dataclass(frozen=True)
class Evaluation:
    """Predicted beside actual cost.

    Attributes
    ----------
    measures
        ``people``; ``r2_person`` (1 - sum w (y - f)² / sum w (y - mean)²), ``r2_<by>`` (the same of
        units' actual and predicted cost per head, each unit with the weight of its people),
        ``mean_absolute_error`` and ``mean_absolute_error_<by>`` (£ a head), ``mean_actual`` and
        ``mean_predicted`` (£). An R² is negative where the mean would be nearer, and none where
        all costs are alike.
    ratios
        ``group``, ``level``, ``people``, ``actual`` and ``predicted`` (£ a head; null where all
        weights are 0) and ``ratio`` (predicted / actual; null where the actual cost is 0, or null):
        by decile of predicted cost (level 1 to 10), by every category and flag, and by the groups
        asked for.
    units
        ``<by>``, ``people``, ``actual`` and ``predicted`` (£ a head; null where all weights are 0)
        of each unit.
    """

    measures: dict[str, float | None]
    ratios: pa.Table
    units: pa.Table

    def __getitem__(self, name: str) -> float | None:
        return self.measures[name]


TAKEN = (
    *("rows", "people", "weight", "actual", "predicted", "decile", "code", "person"),
    *("weighted_actual", "weighted_predicted"),
)
"""Names that the results, or the sums on the way to them, have for something else."""


def check_evaluation(
    arguments: Arguments, cost: Any, by: Any, weight: Any, groups: Any
) -> list[str]:
    """Raise unless these are columns that persons can be evaluated by; give the groups."""
    arguments.column("cost", cost)
    by = arguments.column("by", by)
    arguments.column("weight", weight, optional=True)
    if isinstance(groups, Iterable) and not isinstance(groups, str | bytes):
        groups = list(groups)
    further = [] if groups == [] else arguments.names("groups", groups)
    for argument, names in (("by", [by]), ("groups", dict.fromkeys(further))):
        for name in names:
            if name in TAKEN:
                arguments.reject(argument, name, "a column of another name: the results use it")
    arguments.check()
    return further


def evaluate(
    formula: _engine.Formula,
    persons: Any,
    cost: str,
    by: str,
    weight: str | None,
    groups: list[str],
    codes: Any,
    neutral: bool,
) -> Evaluation:
    """``Formula.evaluate``, its arguments checked."""
    table, ratios, unknown = formula.compare(
        open_once(persons),
        cost=cost,
        weight=weight,
        carried=list(dict.fromkeys([by, *groups])),
        neutral=neutral,
        codes=codes,
        whole=is_whole(persons),
    )
    warn_of_codes(unknown)
    table = _amounts(table)
    everyone = _engine.add_up(table, by=None, columns=AMOUNTS, whole=True, name="persons")
    total = {name: everyone[name][0].as_py() for name in AMOUNTS}
    if not total["weight"] > 0:
        raise InputError([f"column '{weight}' is 0 for everyone: must be above 0 for someone"])
    known = set(ratios["group"].to_pylist())
    found = [_deciles(table), *(_grouped(table, name) for name in groups if name not in known)]
    found.append(ratios)
    units = _engine.add_up(table, by=by, columns=AMOUNTS, whole=True, name="persons")
    measures = _measures(table, total) | _of_units(units, total, by)
    per_head = [_divide(units[f"weighted_{k}"], units["weight"]) for k in ("actual", "predicted")]
    shown = pa.table([units[by], units["rows"], *per_head], [by, "people", "actual", "predicted"])
    return Evaluation(measures, _ratio(pa.concat_tables(found)), shown)


AMOUNTS = ["weight", "weighted_actual", "weighted_predicted"]


def _amounts(table: pa.Table) -> pa.Table:
    weight = table["weight"]
    for name in ("actual", "predicted"):
        table = table.append_column(f"weighted_{name}", pc.multiply(table[name], weight))
    return table


def _deciles(table: pa.Table) -> pa.Table:
    predicted = table["predicted"].to_numpy()
    edges = quantiles(predicted, table["weight"].to_numpy(), 10)
    decile = pa.array(1 + np.searchsorted(edges, predicted, side="left"), pa.int64())
    return _grouped(table.append_column("decile", decile), "decile")


def _grouped(table: pa.Table, name: str) -> pa.Table:
    sums = _engine.add_up(table, by=name, columns=AMOUNTS, whole=True, name="persons")
    level = sums[name].cast(pa.string())
    group = pa.array([name] * sums.num_rows, pa.string())
    return pa.table(
        [group, level, sums["rows"], *(sums[column] for column in AMOUNTS)],
        ["group", "level", "people", "weight", "actual", "predicted"],
    )


def _ratio(sums: pa.Table) -> pa.Table:
    actual, predicted = (_divide(sums[name], sums["weight"]) for name in ("actual", "predicted"))
    return pa.table(
        {
            "group": sums["group"],
            "level": sums["level"],
            "people": sums["people"],
            "actual": actual,
            "predicted": predicted,
            "ratio": _divide(predicted, actual),
        }
    )


def _divide(above: pa.ChunkedArray, below: pa.ChunkedArray) -> pa.ChunkedArray:
    """The quotient; null where it is not finite."""
    quotient = pc.divide(above, below)
    return pc.if_else(pc.is_finite(quotient), quotient, pa.scalar(None, pa.float64()))


def _measures(table: pa.Table, total: dict[str, float]) -> dict[str, float | None]:
    actual, predicted = table["actual"].to_numpy(), table["predicted"].to_numpy()
    weight = table["weight"].to_numpy()
    mean = total["weighted_actual"] / total["weight"]
    error = actual - predicted
    residual, spread, absolute = _sums(
        weight * error * error, weight * (actual - mean) ** 2, weight * np.abs(error)
    )
    return {
        "people": float(table.num_rows),
        "r2_person": 1 - residual / spread if spread > 0 else None,
        "mean_absolute_error": absolute / total["weight"],
        "mean_actual": mean,
        "mean_predicted": total["weighted_predicted"] / total["weight"],
    }


def _of_units(units: pa.Table, total: dict[str, float], by: str) -> dict[str, float | None]:
    weight = units["weight"].to_numpy()
    held = weight > 0
    weight = weight[held]
    actual = units["weighted_actual"].to_numpy()[held] / weight
    predicted = units["weighted_predicted"].to_numpy()[held] / weight
    mean = total["weighted_actual"] / total["weight"]
    error = actual - predicted
    residual, spread, absolute = _sums(
        weight * error * error, weight * (actual - mean) ** 2, weight * np.abs(error)
    )
    return {
        f"r2_{by}": 1 - residual / spread if spread > 0 and len(weight) > 1 else None,
        f"mean_absolute_error_{by}": absolute / total["weight"],
    }


def _sums(*columns: FloatArray) -> list[float]:
    """Sums that do not depend on the order of rows."""
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table(dict(zip(names, columns, strict=True)))
    sums = _engine.add_up(table, by=None, columns=names, whole=True, name="persons")
    return [sums[name][0].as_py() for name in names]
