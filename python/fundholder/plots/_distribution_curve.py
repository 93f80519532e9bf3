"""The distribution of one unit's year, as it is read from a table of ``distribution``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._tables.arrays import FloatArray

DISCRETE = 1e-9
"""Steps of ``cumulative`` are then the probabilities of the costs themselves. Where a cost stands
for the step around it, they differ by far more."""


@dataclass(frozen=True)
class DistributionCurve:
    """Costs in ascending order, their probabilities, and the probability of no more than each."""

    cost: FloatArray
    probability: FloatArray
    cumulative: FloatArray

    @property
    def is_discrete(self) -> bool:
        """Whether only the costs themselves are possible, and none between them."""
        steps = np.diff(self.cumulative)
        return bool(np.abs(steps - self.probability[1:]).max() < DISCRETE)

    def below(self, cost: FloatArray) -> FloatArray:
        """The probability of no more than each of these costs."""
        if not self.is_discrete:
            return np.interp(cost, self.cost, self.cumulative, left=0.0, right=1.0)
        rows = np.searchsorted(self.cost, cost, side="right")
        probability: FloatArray = np.append(0.0, self.cumulative)[rows]
        return probability

    def quantile(self, probability: float) -> float:
        """The least cost that is not exceeded with this probability."""
        if not self.is_discrete:
            return float(np.interp(probability, self.cumulative, self.cost))
        row = int(np.searchsorted(self.cumulative, probability - DISCRETE))
        return float(self.cost[min(row, len(self.cost) - 1)])

    def around(self, cost: FloatArray, width: float) -> FloatArray:
        """The probability of the ``width`` around each of these costs."""
        probability: FloatArray = self.below(cost + width / 2) - self.below(cost - width / 2)
        return probability
