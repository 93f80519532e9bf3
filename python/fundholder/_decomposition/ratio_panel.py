"""Ratios of outturn to budget by unit and year: means, and squared deviations from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray
from .squared_deviations import SquaredDeviations


@dataclass(frozen=True)
class RatioPanel:
    """Ratios of units (rows) in years (columns), with what is known of their chance.

    ``ratio`` is 0 where not ``seen``; ``chance`` and ``fourth`` are the variance and the fourth
    cumulant of the chance in one year's ratio.
    """

    ratio: FloatArray
    seen: NDArray[np.bool_]
    chance: FloatArray
    fourth: FloatArray

    @property
    def years(self) -> FloatArray:
        """Years of each unit."""
        return np.asarray(self.seen.sum(axis=1), dtype=np.float64)

    def weights(self, systematic: float) -> FloatArray:
        """Weights of the ratios of a year, which add up to 1."""
        weights = self.seen / (systematic + self.chance)[:, None]
        return np.asarray(weights / weights.sum(axis=0))

    def means(self, systematic: float) -> FloatArray:
        """The mean ratio of each year."""
        return np.asarray((self.weights(systematic) * self.ratio).sum(axis=0))

    def relative(self, systematic: float) -> FloatArray:
        """Each ratio relative to the mean of its year, less 1; 0 where not seen."""
        return np.where(self.seen, self.ratio / self.means(systematic) - 1, 0.0)

    def bias(self, persistent: float, yearly: float) -> tuple[float, float]:
        """The mean ratio over units and years, and its standard error."""
        precision = self.seen / (persistent + yearly + self.chance)[:, None]
        share = precision / precision.sum()
        mean = float((share * self.ratio).sum())
        variance = persistent * share.sum(axis=1) ** 2
        variance += (yearly + self.chance) * (share**2).sum(axis=1)
        return mean, mean * math.sqrt(variance.sum())

    def between(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared mean deviation of each unit over its years."""
        n, within = self.years, yearly + self.chance
        deviation = self.relative(persistent + yearly).sum(axis=1) / n
        weights, shared = self._shared(persistent, yearly)
        own = self.seen / n[:, None]
        around_truth = persistent + within / n
        expected = around_truth - 2 * persistent * (own * weights).sum(axis=1)
        expected -= 2 * within * (own**2 * weights).sum(axis=1)
        expected += np.einsum("it,ts,is->i", own, shared, own)
        variances = 2 * around_truth**2 + self.fourth / n**3
        return SquaredDeviations(deviation**2, expected, around_truth, variances, np.ones_like(n))

    def within(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared deviations of each unit's years from their mean, added up."""
        n, within = self.years, yearly + self.chance
        relative = self.relative(persistent + yearly)
        mean = relative.sum(axis=1) / n
        squares = (self.seen * (relative - mean[:, None]) ** 2).sum(axis=1)
        weights, shared = self._shared(persistent, yearly)
        own = self.seen / n[:, None]
        around_truth = (n - 1) * within
        expected = around_truth * (1 - 2 * weights.sum(axis=1) / n)
        expected += self.seen @ shared.diagonal() - np.einsum("it,ts,is->i", own, shared, self.seen)
        # A unit with one year has no such square, and no weight.
        variances = 2 * np.maximum(n - 1, 1) * within**2 + self.fourth * (n - 1) ** 2 / n
        return SquaredDeviations(squares, expected, around_truth, variances, n - 1)

    def total(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared deviations of each unit's years from the mean of all units, added up."""
        n, ratio_variance = self.years, persistent + yearly + self.chance
        within, between = self.within(persistent, yearly), self.between(persistent, yearly)
        squares = within.squares + n * between.squares
        expected = within.expected + n * between.expected
        variances = n * (2 * ratio_variance**2 + self.fourth) + 2 * n * (n - 1) * persistent**2
        return SquaredDeviations(squares, expected, n * ratio_variance, variances, n)

    def _shared(self, persistent: float, yearly: float) -> tuple[FloatArray, FloatArray]:
        """Weights of the units in each year's mean, and the covariance of these means."""
        weights = self.weights(persistent + yearly)
        own = ((yearly + self.chance)[:, None] * weights**2).sum(axis=0)
        return weights, persistent * weights.T @ weights + np.diag(own)
