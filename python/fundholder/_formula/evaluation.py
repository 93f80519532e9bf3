"""How near predictions come to costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._tables.arguments import Arguments, listed
from .persons import open_once, warn_of_codes


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
    items = listed(groups)
    further = [] if items == [] else arguments.names("groups", groups if items is None else items)
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
    given: dict[str, Any],
) -> Evaluation:
    """``Formula.evaluate``, its arguments checked: the engine adds up, and this divides."""
    sums, ratios, units, unknown = formula.evaluate(
        open_once(persons), cost=cost, weight=weight, by=by, groups=groups, **given
    )
    warn_of_codes(unknown)
    people, per_head = units["people"], [_divide(units[k], units["weight"]) for k in COSTS]
    shown = pa.table([units[by], people, *per_head], [by, "people", *COSTS])
    return Evaluation(_measures(sums, by), _ratios(ratios), shown)


COSTS = ("actual", "predicted")


def _ratios(sums: pa.Table) -> pa.Table:
    actual, predicted = (_divide(sums[name], sums["weight"]) for name in COSTS)
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


def _measures(sums: dict[str, float], by: str) -> dict[str, float | None]:
    weight = sums["weight"]
    of_units = sums["squared_deviation_of_units"] if sums["units"] > 1 else 0.0
    return {
        "people": sums["people"],
        "r2_person": _r2(sums["squared_error"], sums["squared_deviation"]),
        "mean_absolute_error": sums["absolute_error"] / weight,
        "mean_actual": sums["actual"] / weight,
        "mean_predicted": sums["predicted"] / weight,
        f"r2_{by}": _r2(sums["squared_error_of_units"], of_units),
        f"mean_absolute_error_{by}": sums["absolute_error_of_units"] / weight,
    }


def _r2(squared_error: float, squared_deviation: float) -> float | None:
    return 1 - squared_error / squared_deviation if squared_deviation > 0 else None
