"""How near predictions come to costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._arguments import Arguments
from ._persons import is_whole, open_once, warn_of_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


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
        ``group``, ``level``, ``people``, ``actual``, ``predicted`` (£ a head) and ``ratio``
        (predicted / actual; null where the actual cost is 0): by decile of predicted cost (level
        1 to 10), by every category and flag, and by the groups asked for.
    units
        ``<by>``, ``people``, ``actual`` and ``predicted`` (£ a head) of each unit.
    """

    measures: dict[str, float | None]
    ratios: pa.Table
    units: pa.Table

    def __getitem__(self, name: str) -> float | None:
        return self.measures[name]


def evaluate(
    formula: _engine.Formula,
    arguments: Arguments,
    persons: Any,
    cost: str,
    by: str,
    weight: str | None,
    groups: Sequence[str],
    codes: Any,
    neutral: bool,
) -> Evaluation:
    """``Formula.evaluate``, its persons and codes checked."""
    for name, value in (("cost", cost), ("by", by), ("weight", weight)):
        if not isinstance(value, str) and not (name == "weight" and value is None):
            arguments.refuse_type(name, value, "the name of a column")
    further = list(groups) if isinstance(groups, str | bytes) is False else [groups]
    further = arguments.names("groups", further) if further else []
    for name in {by, *further} & {"actual", "predicted", "weight", "decile"}:
        arguments.refuse("by or groups", name, "a column of another name")
    arguments.check()
    carried = list(dict.fromkeys([by, *further]))
    table, ratios, unknown = formula.compare(
        open_once(persons),
        cost=cost,
        weight=weight,
        carried=carried,
        neutral=neutral,
        codes=codes,
        whole=is_whole(persons),
    )
    warn_of_codes(unknown)
    table = _amounts(table)
    found = [_deciles(table)]
    groups_of = [name for name in further if name not in ratios["group"].to_pylist()]
    found += [_grouped(table, name) for name in groups_of]
    found.append(ratios)
    everyone = _engine.add_up(table, by=None, columns=AMOUNTS, whole=True, name="persons")
    total = {name: everyone[name][0].as_py() for name in AMOUNTS}
    units = _engine.add_up(table, by=by, columns=AMOUNTS, whole=True, name="persons")
    if not total["weight"] > 0:
        arguments.refuse("weight", total["weight"], "above 0 for someone")
        arguments.check()
    measures = _measures(table, total, by)
    measures |= _of_units(units, total, by)
    per_head = [pc.divide(units[f"weighted_{k}"], units["weight"]) for k in ("actual", "predicted")]
    shown = pa.table([units[by], units["rows"], *per_head], [by, "people", "actual", "predicted"])
    return Evaluation(measures, _ratio(pa.concat_tables(found)), shown)


AMOUNTS = ["weight", "weighted_actual", "weighted_predicted"]


def _amounts(table: pa.Table) -> pa.Table:
    weight = table["weight"]
    for name in ("actual", "predicted"):
        table = table.append_column(f"weighted_{name}", pc.multiply(table[name], weight))
    return table


def _deciles(table: pa.Table) -> pa.Table:
    predicted, weight = table["predicted"].to_numpy(), table["weight"].to_numpy()
    # Ties in the order of their weights, so that the order of persons does not matter.
    order = np.lexsort((weight, predicted))
    upto = np.cumsum(weight[order])
    at = np.searchsorted(upto, upto[-1] * np.arange(1, 10) / 10)
    edges = predicted[order][at]
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
    def divide(above: Any, below: Any) -> Any:
        kept = pc.if_else(pc.equal(below, 0.0), pa.scalar(None, pa.float64()), below)
        return pc.divide(above, kept)

    actual, predicted = (
        divide(sums["actual"], sums["weight"]),
        divide(sums["predicted"], sums["weight"]),
    )
    return pa.table(
        {
            "group": sums["group"],
            "level": sums["level"],
            "people": sums["people"],
            "actual": actual,
            "predicted": predicted,
            "ratio": divide(predicted, actual),
        }
    )


def _measures(table: pa.Table, total: dict[str, float], by: str) -> dict[str, float | None]:
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


def _sums(*columns: Numbers) -> list[float]:
    """Sums that do not depend on the order of rows."""
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table(dict(zip(names, columns, strict=True)))
    sums = _engine.add_up(table, by=None, columns=names, whole=True, name="persons")
    return [sums[name][0].as_py() for name in names]
