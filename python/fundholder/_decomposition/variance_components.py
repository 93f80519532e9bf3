"""Variance components of ratios of outturn to budget whose chance distribution is known.

The ratio of unit i in year t, relative to the mean ratio of the year, is 1 + a_i + b_it + e_it: a
persists (variance ``persistent``), b belongs to the year (``yearly``), and e is chance, whose
variance and fourth cumulant are known for each unit. Units and years are independent.

A component is where a weighted sum of squared deviations meets its expectation. Each square weighs
by the inverse of its own variance, which the known kurtosis gives (quadratic estimating functions:
Crowder 1987). Its interval holds the values at which the sum is no surprise (Q-profile: Viechtbauer
2007), under a gamma distribution with the mean and variance of the sum (Biggerstaff and Tweedie
1997). With chance that is normal and alike in all units, that is the chi-square distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray


@dataclass(frozen=True)
class Interval:
    """A variance component: estimate, limits, and how surprising its sum is at 0."""

    estimate: float
    low: float
    high: float
    p_at_zero: float

    def around(self, estimate: float) -> Interval:
        """With this estimate, and limits on either side of it."""
        low, high = min(self.low, estimate), max(self.high, estimate)
        return Interval(estimate, low, high, self.p_at_zero)


@dataclass(frozen=True)
class Spread:
    """Squares of each unit: value, expectation, variance, and what the component adds to them.

    ``around_truth`` and ``variances`` are those around the true mean of the year; ``expected`` is
    the expectation around the estimated one.
    """

    squares: FloatArray
    expected: FloatArray
    around_truth: FloatArray
    variances: FloatArray
    slopes: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Best weights of an estimate from independent squares."""
        return np.asarray(self.slopes / self.variances)

    @property
    def variance_of_estimate(self) -> float:
        """Variance of the component that solves the weighted sum."""
        return float(1 / (self.weights @ self.slopes))

    def excess(self) -> float:
        """The weighted sum over its expectation, less 1."""
        return float(self.weights @ self.squares / (self.weights @ self.expected)) - 1

    def below(self, spent: float = 0.0) -> float:
        """Probability of a smaller sum, where its expectation has the variance ``spent``."""
        mean = float(self.weights @ self.expected)
        # The estimated mean takes as large a share of the variance as of the expectation: exact
        # for normal squares that are alike, which have a chi-square distribution with as many fewer
        # degrees.
        left = mean / float(self.weights @ self.around_truth)
        shape = mean**2 / (float(self.weights**2 @ self.variances) * left + spent)
        return gamma_below(shape, shape * float(self.weights @ self.squares) / mean)


@dataclass(frozen=True)
class Panel:
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

    def between(self, persistent: float, yearly: float) -> Spread:
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
        return Spread(deviation**2, expected, around_truth, variances, np.ones_like(n))

    def within(self, persistent: float, yearly: float) -> Spread:
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
        return Spread(squares, expected, around_truth, variances, n - 1)

    def total(self, persistent: float, yearly: float) -> Spread:
        """Squared deviations of each unit's years from the mean of everyone, added up."""
        n, one = self.years, persistent + yearly + self.chance
        within, between = self.within(persistent, yearly), self.between(persistent, yearly)
        squares = within.squares + n * between.squares
        expected = within.expected + n * between.expected
        variances = n * (2 * one**2 + self.fourth) + 2 * n * (n - 1) * persistent**2
        return Spread(squares, expected, n * one, variances, n)

    def _shared(self, persistent: float, yearly: float) -> tuple[FloatArray, FloatArray]:
        """Weights of the units in each year's mean, and the covariance of these means."""
        weights = self.weights(persistent + yearly)
        own = ((yearly + self.chance)[:, None] * weights**2).sum(axis=0)
        return weights, persistent * weights.T @ weights + np.diag(own)


@dataclass(frozen=True)
class Components:
    """Systematic variance of a yearly ratio, and its parts where years tell them apart."""

    total: Interval
    persistent: Interval | None
    yearly: Interval | None


def components(panel: Panel, level: float) -> Components:
    """Estimate the variance components, each with an interval of this level."""
    if panel.years.max() == 1:
        return Components(_profile(lambda total: panel.total(total, 0.0), level), None, None)

    def yearly_beside(persistent: float) -> float:
        return _root(lambda trial: panel.within(persistent, trial).excess())

    def persistent_beside(yearly: float) -> float:
        return _root(lambda trial: panel.between(trial, yearly).excess())

    persistent = yearly = 0.0
    for _ in range(50):  # Each hardly moves the other: a few rounds settle them.
        before = persistent, yearly
        yearly = yearly_beside(persistent)
        persistent = persistent_beside(yearly)
        if np.allclose(before, (persistent, yearly), rtol=1e-9, atol=1e-15):
            break
    # What belongs to the year is itself estimated, and stands in the expectation of the means.
    unsure = panel.within(persistent, yearly).variance_of_estimate
    # Nothing but persistent variation makes the years of a unit alike: the widest interval.
    share = persistent / (persistent + yearly) if persistent + yearly > 0 else 1.0
    total = _profile(lambda trial: panel.total(share * trial, (1 - share) * trial), level)
    return Components(
        total.around(persistent + yearly),
        _profile(lambda trial: panel.between(trial, yearly), level, unsure, 1 / panel.years),
        _profile(lambda trial: panel.within(persistent, trial), level),
    )


def _profile(
    spread: Callable[[float], Spread],
    level: float,
    unsure: float = 0.0,
    moves: FloatArray | float = 0.0,
) -> Interval:
    """The component at which the spread meets its expectation, and where it is no surprise.

    ``unsure`` is the variance of another component, which moves the expectations by ``moves``.
    """

    def below(trial: float) -> float:
        found = spread(trial)
        return found.below(unsure * float(np.sum(found.weights * moves)) ** 2)

    tail = (1 - level) / 2
    low = _root(lambda trial: below(trial) - (1 - tail))
    high = _root(lambda trial: below(trial) - tail)
    estimate = _root(lambda trial: spread(trial).excess())
    return Interval(estimate, low, high, 1 - below(0.0)).around(estimate)


def _root(falling: Callable[[float], float]) -> float:
    """Where a function that falls from 0 on becomes negative; 0 where it is from the start.

    By false position with the Illinois rule (Dowell and Jarratt 1971).
    """
    low, above = 0.0, falling(0.0)
    if above <= 0:
        return 0.0
    high = 1e-6
    while (below := falling(high)) > 0:
        low, above, high = high, below, 4 * high
    kept = 0
    while high - low > 1e-12 * high:
        trial = low + (high - low) * above / (above - below)
        value = falling(trial)
        if abs(value) < 1e-12:
            return trial
        if value > 0:
            low, above = trial, value
            below /= 2 if kept > 0 else 1
            kept = 1
        else:
            high, below = trial, value
            above /= 2 if kept < 0 else 1
            kept = -1
    return high


def gamma_below(shape: float, x: float) -> float:
    """P(X <= x) of a gamma distribution of scale 1: the regularised incomplete gamma function.

    Power series below the mean, continued fraction above (Abramowitz and Stegun 1964, 6.5.29 and
    6.5.31, by Lentz's algorithm 1976).
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        n = shape
        while term > 1e-16 * total:
            n += 1
            term *= x / n
            total += term
        return min(1.0, front * total)
    b = x + 1 - shape
    c, d = math.inf, 1 / b
    fraction, step, n = d, 0.0, 0
    while abs(step - 1) > 1e-15:
        n += 1
        a = n * (shape - n)
        b += 2
        d = 1 / (b + a * d)
        c = b + a / c
        step = c * d
        fraction *= step
    return max(0.0, 1 - front * fraction)
