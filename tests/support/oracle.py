"""An independent oracle: severities and contracts from their definitions, by quadrature and sums.

Nothing here is taken from the package. The moments of a net cost come from

    E[net^k] = integral of k net(x)^(k - 1) net'(x) P(X > x) dx,

with survival functions of scipy, on panels of Gauss and Legendre's rule in log x between the
corners of the distribution and of the contract. Panels of width 0.25 with 20 nodes integrate these
smooth functions to rounding: widths of 0.5 give the same digits to 1e-12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import exp, gamma, inf, log, sqrt

import numpy as np
from scipy import special, stats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
# Below e^-80 of the mean nothing is left of a third moment, above e^60 nothing of a tail
# with alpha of 4.5: e^(-1.5 * 60) = 1e-39.
BELOW, ABOVE = 80.0, 60.0


@dataclass(frozen=True)
class Contract:
    """Cedes ``share`` of the cost above ``ceiling``, ``limit`` at most."""

    ceiling: float = inf
    share: float = 1.0
    limit: float = inf

    def net(self, x: np.ndarray) -> np.ndarray:
        return x - np.minimum(self.share * np.maximum(x - self.ceiling, 0.0), self.limit)

    def gradient(self, x: float) -> float:
        """What is kept of another £ at ``x``."""
        return 1.0 - self.share if self.ceiling < x < self.full() else 1.0

    def full(self) -> float:
        """The cost at which the limit is reached."""
        return self.ceiling + self.limit / self.share

    def corners(self) -> list[float]:
        return [c for c in (self.ceiling, self.full()) if c < inf]


def survival(family: str, mean: float, shape: float | None) -> Callable[[np.ndarray], np.ndarray]:
    """P(X > x) of the distribution with this mean."""
    if family == "fixed":
        return lambda x: (x < mean).astype(float)
    assert shape is not None
    if family == "lognormal":
        mu = log(mean) - shape**2 / 2
        return lambda x: special.ndtr((mu - np.log(x)) / shape)
    if family == "gamma":
        return lambda x: special.gammaincc(shape, x * shape / mean)
    if family == "weibull":
        scale = mean / gamma(1 + 1 / shape)
        return lambda x: np.exp(-((x / scale) ** shape))
    assert family == "pareto"
    minimum = mean * (shape - 1) / shape
    return lambda x: np.minimum(1.0, (minimum / x) ** shape)


def corner_of_distribution(family: str, mean: float, shape: float | None) -> list[float]:
    if family == "fixed":
        return [mean]
    return [mean * (shape - 1) / shape] if family == "pareto" and shape else []


def raw_moments(
    above: Callable[[np.ndarray], np.ndarray],
    corners: list[float],
    contract: Contract,
    middle: float,
) -> list[float]:
    """E[net^k], k = 1, 2, 3, of a cost X > 0 with this survival function."""
    low, high = log(middle) - BELOW, log(middle) + ABOVE
    edges = sorted({low, high, *(log(c) for c in [*corners, *contract.corners()])})
    moments = np.zeros(3)
    for left, right in pairwise(edges):
        cuts = np.linspace(left, right, max(2, int((right - left) / 0.25) + 2))
        half = np.diff(cuts)[:, None] / 2
        x = np.exp((cuts[:-1, None] + half) + half * NODES)
        weight = half * WEIGHTS * above(x) * x * contract.gradient(exp((left + right) / 2))
        net = contract.net(x)
        moments += [np.sum(k * net ** (k - 1) * weight) for k in (1, 2, 3)]
    return moments.tolist()


def describe(m1: float, m2: float, m3: float) -> dict[str, float]:
    """Mean, SD, CV and skewness from raw moments."""
    sd = sqrt(m2 - m1**2)
    return {
        "mean": m1,
        "sd": sd,
        "cv": sd / m1,
        "skewness": (m3 - 3 * m1 * m2 + 2 * m1**3) / sd**3,
    }


def year(
    p_any: float, family: str, mean: float, shape: float | None, contract: Contract
) -> dict[str, float]:
    """Mean, SD, CV and skewness of one person's net cost of the year."""
    above = survival(family, mean, shape)
    raw = raw_moments(above, corner_of_distribution(family, mean, shape), contract, mean)
    return describe(*(p_any * m for m in raw))


def gamma_events(rate: float, mean: float, shape: float, contract: Contract) -> dict[str, float]:
    """A Poisson number of gamma costs: given n, the year is gamma with n times the shape."""
    moments = np.zeros(3)
    for n in range(1, int(rate + 12 * sqrt(rate) + 40)):
        above = survival("gamma", n * mean, n * shape)
        moments += stats.poisson.pmf(n, rate) * np.array(raw_moments(above, [], contract, n * mean))
    return describe(*moments)


def fixed_events(rates: list[float], costs: list[float], contract: Contract) -> dict[str, float]:
    """Two types of event with fixed prices: every pair of numbers, one by one."""
    n = np.arange(60)
    first, second = (stats.poisson.pmf(n, rate) for rate in rates)
    net = contract.net(np.add.outer(n * costs[0], n * costs[1]))
    joint = np.outer(first, second)
    return describe(*(float(np.sum(joint * net**k)) for k in (1, 2, 3)))
