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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._tables.arrays import FloatArray
from .false_position import root_of_falling
from .ratio_panel import RatioPanel
from .squared_deviations import SquaredDeviations


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
class Components:
    """Systematic variance of a yearly ratio, and its parts where years tell them apart."""

    total: Interval
    persistent: Interval | None
    yearly: Interval | None


def estimates(panel: RatioPanel) -> tuple[float, float]:
    """Persistent and yearly variance; without two years of any unit, all is persistent."""
    if panel.years.max() == 1:
        return root_of_falling(lambda trial: panel.total(trial, 0.0).excess()), 0.0

    def yearly_beside(persistent: float) -> float:
        return root_of_falling(lambda trial: panel.within(persistent, trial).excess())

    def persistent_beside(yearly: float) -> float:
        return root_of_falling(lambda trial: panel.between(trial, yearly).excess())

    persistent = yearly = 0.0
    for _ in range(50):  # Each hardly moves the other: a few rounds settle them.
        before = persistent, yearly
        yearly = yearly_beside(persistent)
        persistent = persistent_beside(yearly)
        if np.allclose(before, (persistent, yearly), rtol=1e-9, atol=1e-15):
            break
    return persistent, yearly


def components(panel: RatioPanel, confidence: float) -> Components:
    """Estimate the variance components, each with an interval of this confidence."""
    if panel.years.max() == 1:
        return Components(_profile(lambda total: panel.total(total, 0.0), confidence), None, None)
    persistent, yearly = estimates(panel)
    # What belongs to the year is itself estimated, and stands in the expectation of the means.
    yearly_variance = panel.within(persistent, yearly).variance_of_estimate
    # Nothing but persistent variation makes the years of a unit alike: the widest interval.
    share = persistent / (persistent + yearly) if persistent + yearly > 0 else 1.0
    total = _profile(lambda trial: panel.total(share * trial, (1 - share) * trial), confidence)
    return Components(
        total.around(persistent + yearly),
        _profile(
            lambda trial: panel.between(trial, yearly), confidence, yearly_variance, 1 / panel.years
        ),
        _profile(lambda trial: panel.within(persistent, trial), confidence),
    )


def _profile(
    deviations: Callable[[float], SquaredDeviations],
    confidence: float,
    other_variance: float = 0.0,
    other_gradients: FloatArray | float = 0.0,
) -> Interval:
    """The component at which deviations meet their expectation, and where they are no surprise.

    Another component may have a variance, and expectations gradients in it.
    """

    def below(trial: float) -> float:
        at_trial = deviations(trial)
        gradient = float(np.sum(at_trial.weights * other_gradients))
        return at_trial.below(other_variance * gradient**2)

    tail = (1 - confidence) / 2
    low = root_of_falling(lambda trial: below(trial) - (1 - tail))
    high = root_of_falling(lambda trial: below(trial) - tail)
    estimate = root_of_falling(lambda trial: deviations(trial).excess())
    return Interval(estimate, low, high, 1 - below(0.0)).around(estimate)
