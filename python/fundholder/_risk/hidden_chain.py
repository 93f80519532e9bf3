"""A hidden Markov chain of health with classes of rank, and the scaling that keeps its margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._tables.arrays import FloatArray

EXACT = 1e-13
"""Of a margin, in absolute size: sixteen numbers below 1 are added up to this."""


LEAST_DENSITY = 200.0
"""In a class of a state, one over the least share of a uniform density."""


@dataclass(frozen=True)
class Chain:
    """States with their shares, transitions and densities, which are constant within a class."""

    states: tuple[str, ...]
    shares: FloatArray
    transitions: FloatArray
    classes: FloatArray
    class_shares: FloatArray

    def __post_init__(self) -> None:
        for array in (self.shares, self.transitions, self.classes, self.class_shares):
            array.flags.writeable = False

    @property
    def starts(self) -> FloatArray:
        """Lower ends of the classes of rank."""
        return np.concatenate([[0.0], self.classes[:-1]])

    @property
    def widths(self) -> FloatArray:
        """The share of ranks in each class."""
        return self.classes - self.starts

    def joint(self, lag: int) -> FloatArray:
        """The joint shares of the classes of two years, ``lag`` apart."""
        moves = np.linalg.matrix_power(self.transitions, lag)
        states: FloatArray = self.class_shares.T @ (self.shares[:, None] * moves)
        return states @ self.class_shares

    def class_means(self, values: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
        """Means of centred values by class of rank, and the variance of the values."""
        order = np.argsort(values, kind="stable")
        values, weights = values[order], weights[order] / weights.sum()
        values = values - values @ weights
        ranks = np.concatenate([[0.0], np.cumsum(weights)])
        sums = np.concatenate([[0.0], np.cumsum(values * weights)])
        at_ends = np.interp([0.0, *self.classes], ranks, sums)
        return np.diff(at_ends) / self.widths, float(values**2 @ weights)

    def engine_form(
        self,
    ) -> tuple[list[float], list[list[float]], list[float], list[list[float]]]:
        """Shares, transitions, upper ends of classes and class shares, as lists of floats."""
        # The engine inverts densities of a state in a class from a 255th of a uniform one on.
        least = np.where(self.class_shares > 0, self.widths / LEAST_DENSITY, 0.0)
        joint = np.maximum(self.class_shares, least) * self.shares[:, None]
        fitted = scaled(joint, self.shares, self.widths)
        joint = joint if fitted is None else fitted
        densities = joint / joint.sum(axis=1, keepdims=True)
        shares, transitions = self.shares.tolist(), self.transitions.tolist()
        return shares, transitions, self.classes.tolist(), densities.tolist()


def scaled(
    joint: FloatArray, rows: FloatArray, columns: FloatArray, most: int = 20_000
) -> FloatArray | None:
    """The joint shares with these margins that are nearest to ``joint``.

    Iterative proportional fitting (Deming and Stephan 1940; Sinkhorn 1964). ``None`` where zeros
    leave no such joint shares, or are too near to it for ``most`` steps.
    """
    with np.errstate(all="ignore"):
        for _ in range(most):
            joint = joint * (columns / joint.sum(axis=0))
            joint = joint * (rows / joint.sum(axis=1))[:, None]
            if np.abs(joint.sum(axis=0) - columns).max() <= EXACT:
                return joint
    return None
