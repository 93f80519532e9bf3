"""The distribution of one unit's year, as it is read from a table of ``distribution``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._tables.arrays import FloatArray

ON_PRICES = 1e-9
"""Steps of ``cumulative`` are then the probabilities of the costs themselves. Where a cost stands
for the step around it, they differ by far more."""


@dataclass(frozen=True)
class DistributionCurve:
    """Costs in ascending order, their probabilities, and the probability of no more than each."""

    cost: FloatArray
    probability: FloatArray
    cumulative: FloatArray

    @property
    def on_prices(self) -> bool:
        """Whether only the costs themselves are possible, and none between them."""
        steps = np.diff(self.cumulative)
        return bool(np.abs(steps - self.probability[1:]).max() < ON_PRICES)

    def below(self, cost: FloatArray) -> FloatArray:
        """The probability of no more than each of these costs."""
        if not self.on_prices:
            return np.interp(cost, self.cost, self.cumulative, left=0.0, right=1.0)
        found: FloatArray = np.append(0.0, self.cumulative)[
            np.searchsorted(self.cost, cost, side="right")
        ]
        return found

    def quantile(self, probability: float) -> float:
        """The least cost that is not exceeded with this probability."""
        if not self.on_prices:
            return float(np.interp(probability, self.cumulative, self.cost))
        place = int(np.searchsorted(self.cumulative, probability - ON_PRICES))
        return float(self.cost[min(place, len(self.cost) - 1)])

    def around(self, cost: FloatArray, width: float) -> FloatArray:
        """The probability of the ``width`` around each of these costs."""
        found: FloatArray = self.below(cost + width / 2) - self.below(cost - width / 2)
        return found
