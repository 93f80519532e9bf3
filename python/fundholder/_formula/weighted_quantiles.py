"""Quantiles of people who count by their weights."""

from __future__ import annotations

import numpy as np

from .._tables.arrays import FloatArray


def quantiles(values: FloatArray, weight: FloatArray, parts: int) -> FloatArray:
    """The ``parts - 1`` values that cut people, from the lowest, into parts of equal weight."""
    # Ties in the order of their weights, so that the order of people does not matter.
    order = np.lexsort((weight, values))
    cumulative = np.cumsum(weight[order])
    at = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, parts) / parts)
    cuts: FloatArray = values[order][np.minimum(at, len(order) - 1)]
    return cuts
