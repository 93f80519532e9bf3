"""Chance alone: its variance in each ratio, and the limits that it keeps to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import Problem
from .._risk.population import read_valuation
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.checked import numbers
from .._tables.columns import plain_column
from .._tables.problems import Problems
from .._tables.provenance import traced
from .._tables.unit_tables import nullable
from .panel import Outturns, unit_keys
from .ratio_panel import RatioPanel

MOST_EFFECT_SD = 0.5
"""Of a systematic effect for which the exact distribution is computed."""
BESIDE = 1e-7
"""Step to either side of a ratio: a cost that has a probability of its own then counts towards both
tails, whatever the rounding of the ratio."""


def ratio_panel(outturns: Outturns, chance: pa.Table, by: str) -> RatioPanel:
    """Observed ratios with the chance of each, which must have a variance and fourth moment."""
    cv, kurtosis = numbers(chance, "cv"), numbers(chance, "kurtosis")
    allowed = (
        "a variance above 0 and a finite fourth moment (without people, it has no variance; with a"
        " heavy tail that no ceiling bounds, it may have no fourth moment)"
    )
    problems = Problems()
    for label, sd, fourth in zip(chance[by].to_pylist(), cv, kurtosis, strict=True):
        if not (sd > 0 and math.isfinite(fourth)):
            text = f"unit {label!r}: its chance must have {allowed}"
            problems.add(
                Problem(text, code="not_computable", column=by, value=label, allowed=allowed)
            )
    problems.check()
    return RatioPanel(outturns.ratio, outturns.seen, cv**2, kurtosis * cv**4)


def people_of_all_years(
    population: pa.Table, by: str, labels: pa.ChunkedArray, years: FloatArray
) -> pa.Table:
    """The population counted once for each year in which the unit was seen."""
    times = dict(zip(unit_keys(labels), years.tolist(), strict=True))
    column = plain_column(population[by])
    units = column.cast(pa.string()).combine_chunks().dictionary_encode()
    # The last stands for the unit named null.
    years_of_label = np.array(
        [times.get(key, 0.0) for key in [*units.dictionary.to_pylist(), None]]
    )
    seen = years_of_label[units.indices.fill_null(len(units.dictionary)).to_numpy()]
    names = population.column_names
    if "count" not in names:
        return population.append_column("count", pa.array(seen))
    count = pc.multiply(population["count"].cast(pa.float64()), pa.array(seen))
    return population.set_column(names.index("count"), "count", count)


def chance_limits(
    people: _engine.People,
    valuation: _engine.Valuation,
    by: str,
    ratio: FloatArray,
    limits: Sequence[tuple[str, float]],
) -> dict[str, Any]:
    """The p value of each ratio in the exact distribution of chance, and the limits of chance."""
    tails = [((1 - limit) / 2, (1 + limit) / 2) for _, limit in limits]
    quantiles = [(str(q), q) for low_and_high in tails for q in low_and_high]
    exact = traced(people.variance(0, valuation, None, [], quantiles, exact=True))
    expected = numbers(exact, "expected")
    columns: dict[str, Any] = {}
    twice = pa.chunked_array(exact[by].chunks * 2)
    beside = np.concatenate([ratio + BESIDE, np.maximum(ratio - BESIDE, 0)])
    at = pa.table({by: twice, "cost": beside * np.tile(expected, 2)})
    below = numbers(traced(people.cumulative(0, valuation, at)), "cumulative")
    at_most, less = below.reshape(2, -1)
    less = np.where(ratio > 0, less, 0.0)
    columns["p_value"] = np.clip(2 * np.minimum(at_most, 1 - less), 0, 1)
    for (text, _), (low, high) in zip(limits, tails, strict=True):
        lower = columns[f"lower_{text}"] = numbers(exact, f"q{low}") / expected
        upper = columns[f"upper_{text}"] = numbers(exact, f"q{high}") / expected
        columns[f"outside_{text}"] = (ratio < lower) | (ratio > upper)
    return columns


def limits_with_systematic(
    people: _engine.People,
    stop_loss: Any,
    by: str,
    ratio: FloatArray,
    limits: Sequence[tuple[str, float]],
    variances: FloatArray,
) -> dict[str, Any]:
    """The limits of chance and of a systematic effect of these variances together."""
    tails = [((1 - limit) / 2, (1 + limit) / 2) for _, limit in limits]
    quantiles = [(str(q), q) for low_and_high in tails for q in low_and_high]
    ends = {text: np.full(len(ratio), np.nan) for text, _ in quantiles}
    # Units of as many years share an effect; it is everyone's of a unit, whatever the unit is.
    for variance in np.unique(variances[variances <= MOST_EFFECT_SD**2]):
        valuation = read_valuation(
            Arguments(), stop_loss=stop_loss, national_sd=math.sqrt(float(variance))
        )
        exact = traced(people.variance(0, valuation, None, [], quantiles, exact=True))
        here = variances == variance
        for text in ends:
            ends[text][here] = (numbers(exact, f"q{text}") / numbers(exact, "expected"))[here]
    columns: dict[str, Any] = {}
    for (text, _), (low, high) in zip(limits, tails, strict=True):
        lower, upper = nullable(ends[str(low)]), nullable(ends[str(high)])
        columns[f"lower_with_systematic_{text}"] = lower
        columns[f"upper_with_systematic_{text}"] = upper
        outside = (ratio < ends[str(low)]) | (ratio > ends[str(high)])
        columns[f"outside_with_systematic_{text}"] = pa.array(
            outside, mask=np.isnan(ends[str(low)])
        )
    return columns
