"""Squared deviations of ratios, added up with weights: estimates, and how surprising they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._engine import gamma_p
from .._tables.arrays import FloatArray


@dataclass(frozen=True)
class SquaredDeviations:
    """Squared deviations of each unit: value, expectation, variance, gradient in the component.

    ``around_truth`` and ``variances`` are those around the true mean of the year; ``expected`` is
    the expectation around the estimated one.
    """

    squares: FloatArray
    expected: FloatArray
    around_truth: FloatArray
    variances: FloatArray
    gradients: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Best weights of an estimate from independent squares."""
        return np.asarray(self.gradients / self.variances)

    @property
    def variance_of_estimate(self) -> float:
        """Variance of the component that solves the weighted sum."""
        return float(1 / (self.weights @ self.gradients))

    def excess(self) -> float:
        """The weighted sum over its expectation, less 1."""
        return float(self.weights @ self.squares / (self.weights @ self.expected)) - 1

    def below(self, variance_of_expectation: float = 0.0) -> float:
        """Probability of a smaller weighted sum, whose expectation may have a variance itself."""
        mean = float(self.weights @ self.expected)
        # The estimated mean takes as large a share of the variance as of the expectation: exact
        # for normal squares that are alike, which have a chi-square distribution with as many fewer
        # degrees.
        left = mean / float(self.weights @ self.around_truth)
        variance = float(self.weights**2 @ self.variances) * left + variance_of_expectation
        shape = mean**2 / variance
        return gamma_p(shape, shape * float(self.weights @ self.squares) / mean)
