"""The decomposition of outturns: its tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pyarrow as pa

from .._tables.arrays import FloatArray
from .ratio_panel import RatioPanel
from .variance_components import Components, Interval

COUNTS = ("units", "years")
SUMMARY = pa.schema(
    (name, pa.int64() if name in COUNTS else pa.float64())
    for name in (
        *COUNTS,
        "bias",
        "bias_se",
        *(
            f"{part}_sd{end}"
            for part in ("systematic", "persistent", "yearly")
            for end in ("", "_low", "_high")
        ),
        "p_value",
        "chance_cv",
        "chance_share",
        "chance_factor",
        "person_cv",
        "k_people",
    )
)


@dataclass(frozen=True, repr=False)
class Decomposition:
    """Tables of ``units`` and ``years``, and a ``summary`` of one row; made by ``decompose``."""

    units: pa.Table
    years: pa.Table
    summary: pa.Table

    def __repr__(self) -> str:
        summary = self.summary.to_pylist()[0]
        years = "1 year" if summary["years"] == 1 else f"{summary['years']} years"
        return (
            f"<fundholder.Decomposition of {summary['units']} units in {years}: "
            f"systematic SD {summary['systematic_sd']:.1%}, "
            f"{summary['systematic_sd_low']:.1%} to {summary['systematic_sd_high']:.1%}>"
        )


def summary_table(
    panel: RatioPanel,
    size: FloatArray,
    parts: Components,
    bias: tuple[float, float],
    chance_factor: float,
) -> pa.Table:
    """The summary of a panel whose units have people of this ``size`` in each year, or in all."""
    weights = panel.seen * size
    person = float((weights * panel.chance * size).sum() / weights.sum())
    persistent = (parts.persistent or parts.total).estimate
    chance = panel.mean_chance.mean()
    summary = {
        "units": panel.seen.shape[0],
        "years": panel.seen.shape[1],
        "bias": bias[0],
        "bias_se": bias[1],
        **_sd_columns("systematic_sd", parts.total),
        **_sd_columns("persistent_sd", parts.persistent),
        **_sd_columns("yearly_sd", parts.yearly),
        "p_value": parts.total.p_at_zero,
        "chance_cv": math.sqrt(chance),
        "chance_share": chance / (chance + parts.total.estimate),
        "chance_factor": chance_factor,
        "person_cv": math.sqrt(person),
        "k_people": person / persistent if persistent > 0 else None,
    }
    return pa.Table.from_pylist([summary], SUMMARY)


def _sd_columns(name: str, variance: Interval | None) -> dict[str, float | None]:
    """An SD and its limits, from those of a variance."""
    names = name, f"{name}_low", f"{name}_high"
    if variance is None:
        return dict.fromkeys(names)
    variances = variance.estimate, variance.low, variance.high
    return dict(zip(names, map(math.sqrt, variances), strict=True))
