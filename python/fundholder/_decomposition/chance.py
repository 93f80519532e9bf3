"""Limits that chance keeps to, alone and with systematic variation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._risk.agreement import Agreement
from .._risk.cost_model import CostModel
from .._tables.arrays import FloatArray
from .._tables.checked import numbers
from .._tables.provenance import traced
from .._tables.unit_tables import nullable

MOST_EFFECT_SD = 0.5
"""Of a systematic effect for which the exact distribution is computed."""
BESIDE = 1e-7
"""Step to either side of a ratio: a cost that has a probability of its own then counts towards both
tails, whatever the rounding of the ratio."""


def chance_limits(
    people: _engine.People,
    valuation: _engine.Valuation,
    by: str,
    ratio: FloatArray,
    limits: Sequence[tuple[str, float]],
    factor: float,
) -> dict[str, Any]:
    """The p value of each ratio in the exact distribution of chance, and the limits of chance.

    Deviations of chance from 1 are ``factor`` times those of the distribution.
    """
    tails = [((1 - limit) / 2, (1 + limit) / 2) for _, limit in limits]
    quantiles = [(str(q), q) for low_and_high in tails for q in low_and_high]
    exact = traced(people.variance(0, valuation, [], None, [], quantiles, exact=True))
    expected = numbers(exact, "expected")
    columns: dict[str, Any] = {}
    by_costs = 1 + (ratio - 1) / factor
    twice = pa.chunked_array(exact[by].chunks * 2)
    beside = np.maximum(np.concatenate([by_costs + BESIDE, by_costs - BESIDE]), 0)
    at = pa.table({by: twice, "cost": beside * np.tile(expected, 2)})
    below = numbers(traced(people.cumulative(0, valuation, at)), "cumulative")
    at_most, less = below.reshape(2, -1)
    less = np.where(by_costs > 0, less, 0.0)
    at_most = np.where(by_costs < 0, 0.0, at_most)
    columns["p_value"] = np.clip(2 * np.minimum(at_most, 1 - less), 0, 1)
    for (text, _), (low, high) in zip(limits, tails, strict=True):
        ends = (numbers(exact, f"q{q}") / expected for q in (low, high))
        lower, upper = (np.maximum(1 + factor * (end - 1), 0) for end in ends)
        columns[f"lower_{text}"], columns[f"upper_{text}"] = lower, upper
        columns[f"outside_{text}"] = (ratio < lower) | (ratio > upper)
    return columns


def limits_with_systematic(
    people: _engine.People,
    costs: CostModel,
    agreement: Agreement,
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
        valuation = replace(agreement, national_sd=math.sqrt(float(variance))).valuation(costs)
        exact = traced(people.variance(0, valuation, [], None, [], quantiles, exact=True))
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
