"""Ratios of outturn to budget by unit and year: means, and squared deviations from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray
from .squared_deviations import SquaredDeviations


@dataclass(frozen=True)
class RatioPanel:
    """Ratios of units (rows) in years (columns), with what is known of their chance.

    ``ratio`` is 0 where not ``seen``; ``chance`` and ``fourth`` are the variance and the fourth
    cumulant of the chance in each ratio, in one column where all years of a unit are alike.
    """

    ratio: FloatArray
    seen: NDArray[np.bool_]
    chance: FloatArray
    fourth: FloatArray

    @property
    def years(self) -> FloatArray:
        """Years of each unit."""
        return np.asarray(self.seen.sum(axis=1), dtype=np.float64)

    def total_over_years(self, cells: FloatArray) -> FloatArray:
        """The sum over the years in which each unit was seen."""
        return np.asarray((self.seen * cells).sum(axis=1))

    @property
    def mean_chance(self) -> FloatArray:
        """Chance variance of one year's ratio of each unit, on average over its years."""
        return self.total_over_years(self.chance) / self.years

    def scaled_chance(self, factor: float) -> RatioPanel:
        """The panel with every chance variance multiplied."""
        return replace(self, chance=self.chance * factor, fourth=self.fourth * factor**2)

    def chance_factor(self) -> float:
        """What chance variances are times to be the variation between the years of a unit."""
        return 1 + self.within(0.0, 0.0).excess()

    def weights(self, systematic: float) -> FloatArray:
        """Weights of the ratios of a year, which add up to 1."""
        weights = self.seen / (systematic + self.chance)
        return np.asarray(weights / weights.sum(axis=0))

    def means(self, systematic: float) -> FloatArray:
        """The mean ratio of each year."""
        return np.asarray((self.weights(systematic) * self.ratio).sum(axis=0))

    def relative(self, systematic: float) -> FloatArray:
        """Each ratio relative to the mean of its year, less 1; 0 where not seen."""
        return np.where(self.seen, self.ratio / self.means(systematic) - 1, 0.0)

    def bias(self, persistent: float, yearly: float) -> tuple[float, float]:
        """The mean ratio over units and years, and its standard error."""
        precision = self.seen / (persistent + yearly + self.chance)
        share = precision / precision.sum()
        mean = float((share * self.ratio).sum())
        variance = persistent * share.sum(axis=1) ** 2
        variance += ((yearly + self.chance) * share**2).sum(axis=1)
        return mean, mean * math.sqrt(variance.sum())

    def between(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared mean deviation of each unit over its years."""
        n, within = self.years, yearly + self.chance
        deviation = self.relative(persistent + yearly).sum(axis=1) / n
        weights, shared = self._shared(persistent, yearly)
        own = self.seen / n[:, None]
        around_truth = persistent + self.total_over_years(within) / n**2
        expected = around_truth - 2 * persistent * (own * weights).sum(axis=1)
        expected -= 2 * (within * own**2 * weights).sum(axis=1)
        expected += np.einsum("it,ts,is->i", own, shared, own)
        variances = 2 * around_truth**2 + self.total_over_years(self.fourth) / n**4
        return SquaredDeviations(deviation**2, expected, around_truth, variances, np.ones_like(n))

    def within(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared deviations of each unit's years from their mean, added up."""
        n, within = self.years, yearly + self.chance
        rest = 1 - 1 / n
        relative = self.relative(persistent + yearly)
        mean = relative.sum(axis=1) / n
        squares = (self.seen * (relative - mean[:, None]) ** 2).sum(axis=1)
        weights, shared = self._shared(persistent, yearly)
        own = self.seen / n[:, None]
        variance = self.total_over_years(within)
        around_truth = rest * variance
        expected = around_truth - 2 * rest * self.total_over_years(within * weights)
        expected += self.seen @ shared.diagonal() - np.einsum("it,ts,is->i", own, shared, self.seen)
        # Twice the trace of (P V)^2, where P takes the mean out and V holds the variances.
        squared = self.total_over_years(within**2)
        variances = 2 * ((1 - 2 / n) * squared + (variance / n) ** 2)
        variances += rest**2 * self.total_over_years(self.fourth)
        # A unit with one year has no such square, and no weight.
        variances = np.where(n > 1, variances, 1.0)
        return SquaredDeviations(squares, expected, around_truth, variances, n - 1)

    def total(self, persistent: float, yearly: float) -> SquaredDeviations:
        """Squared deviations of each unit's years from the mean of all units, added up."""
        n, ratio_variance = self.years, persistent + yearly + self.chance
        within, between = self.within(persistent, yearly), self.between(persistent, yearly)
        squares = within.squares + n * between.squares
        expected = within.expected + n * between.expected
        variances = self.total_over_years(2 * ratio_variance**2 + self.fourth)
        variances += 2 * n * (n - 1) * persistent**2
        around_truth = self.total_over_years(ratio_variance)
        return SquaredDeviations(squares, expected, around_truth, variances, n)

    def _shared(self, persistent: float, yearly: float) -> tuple[FloatArray, FloatArray]:
        """Weights of the units in each year's mean, and the covariance of these means."""
        weights = self.weights(persistent + yearly)
        own = ((yearly + self.chance) * weights**2).sum(axis=0)
        return weights, persistent * weights.T @ weights + np.diag(own)
