"""Quantiles of people who count by their weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def quantiles(values: Numbers, weight: Numbers, parts: int) -> Numbers:
    """The ``parts - 1`` values that cut people, from the lowest, into parts of equal weight."""
    # Ties in the order of their weights, so that the order of people does not matter.
    order = np.lexsort((weight, values))
    upto = np.cumsum(weight[order])
    at = np.searchsorted(upto, upto[-1] * np.arange(1, parts) / parts)
    found: Numbers = values[order][np.minimum(at, len(order) - 1)]
    return found
