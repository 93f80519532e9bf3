"""Rivals in Python for the whole distribution of a practice's cost, without simulation.

A practice holds ``counts[k]`` people of each risk class ``k``. A person of the class has a cost of
the year with probability ``p[k]``, lognormal with mean ``mean[k]`` and log-scale SD ``sigma[k]``,
of which what lies below the ceiling is kept. Asked for are the chances of landing beyond the
thresholds around the expected total, and the quantiles.

* :class:`ScipyLoop` is characteristic functions as a good practitioner writes them: each class's
  distribution is discretised and transformed once for all practices; a practice is a sum of
  logarithms, one inverse transform, and a cumulative sum. It comes with severities rounded to the
  grid, as most write it, and with severities spread over two points so that means are kept (Gerber
  1982), which allows a grid three times as coarse.
* :func:`aggregate_quantiles` is the package ``aggregate`` (Mildenhall): a binomial number of
  limited lognormal claims. It has no distribution for people who are not alike: their claims are
  mixed, and their number is binomial with the average probability.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, special

F64 = npt.NDArray[np.float64]

THRESHOLDS = np.array([0.05, 0.10, 0.20])
QUANTILES = np.array([0.5, 0.9, 0.99, 0.995])

__all__ = ["QUANTILES", "THRESHOLDS", "Classes", "Grid", "ScipyLoop", "aggregate_quantiles"]


@dataclass(frozen=True)
class Classes:
    """Risk classes: probability of any cost, mean given one (£), sigma."""

    p: F64
    mean: F64
    sigma: F64

    def distributions(self) -> list[tuple[float, float, float]]:
        """One tuple for each class."""
        return list(zip(self.p.tolist(), self.mean.tolist(), self.sigma.tolist(), strict=True))

    def moments(self, ceiling: float) -> tuple[F64, F64]:
        """Mean and variance of one person-year kept, by class."""
        limit = np.log(ceiling / self.mean)
        first = self.mean * special.ndtr(limit / self.sigma - self.sigma / 2)
        square = self.mean**2 * np.exp(self.sigma**2)
        second = square * special.ndtr(limit / self.sigma - 1.5 * self.sigma)
        if ceiling < math.inf:
            above = special.ndtr(-limit / self.sigma - self.sigma / 2)
            first, second = first + ceiling * above, second + ceiling**2 * above
        return self.p * first, self.p * second - (self.p * first) ** 2


@dataclass(frozen=True)
class Grid:
    """Totals 0, ``step``, ... (£); a cost above ``largest`` is beyond all that is asked."""

    step: float
    points: int
    largest: float = math.inf


class ScipyLoop:
    """The exact distribution of one practice after another."""

    def __init__(
        self, classes: Classes, ceiling: float, grid: Grid, keep_means: bool = True
    ) -> None:
        self.grid = grid
        self.expected, _ = classes.moments(ceiling)
        self.log_transforms = np.empty((classes.p.size, grid.points // 2 + 1), complex)
        for k, (p, mean, sigma) in enumerate(classes.distributions()):
            if keep_means:
                mass = _spread(mean, sigma, ceiling, grid)
            else:
                mass = _rounded(mean, sigma, ceiling, grid)
            # Left out, a cost above the largest makes a total beyond all points, and none that
            # wraps around.
            mass[grid.step * np.arange(grid.points) > grid.largest] = 0
            self.log_transforms[k] = np.log1p(p * (fft.rfft(mass) - 1))

    def practice(self, counts: F64) -> tuple[F64, F64, F64]:
        """Chances of landing above and below the thresholds, and quantiles (£)."""
        # A practice's classes stand together: a slice, and real arithmetic, avoid copies. A product
        # by BLAS would keep a second processor busy for next to nothing.
        held = np.flatnonzero(counts)
        rows = slice(held[0], held[-1] + 1)
        logs = np.einsum("k,kf->f", counts[rows], self.log_transforms[rows].view(float))
        transform = np.exp(logs.view(complex))
        cumulative = np.cumsum(fft.irfft(transform, self.grid.points, overwrite_x=True))
        expected = counts @ self.expected
        over = 1 - self._below(cumulative, expected * (1 + THRESHOLDS))
        under = self._below(cumulative, expected * (1 - THRESHOLDS))
        after = np.searchsorted(cumulative, QUANTILES)
        share = (QUANTILES - cumulative[after - 1]) / (cumulative[after] - cumulative[after - 1])
        return over, under, self.grid.step * (after - 0.5 + share)

    def _below(self, cumulative: F64, cost: F64) -> F64:
        """A point's mass stands for the step around it."""
        position = cost / self.grid.step - 0.5
        after = np.clip(position.astype(int) + 1, 1, self.grid.points - 1)
        low, high = cumulative[after - 1], cumulative[after]
        below: F64 = low + (position - after + 1) * (high - low)
        return below


def aggregate_quantiles(classes: Classes, counts: F64, ceiling: float, grid: Grid) -> F64:
    """The quantiles (£) of one practice by ``aggregate``; the points are a power of 2."""
    from aggregate import Aggregate

    held = np.flatnonzero(counts)
    claims = counts[held] * classes.p[held]
    # One class as scalars, several as a mixture of severities.
    several = slice(None) if held.size > 1 else 0
    distribution = Aggregate(
        "practice",
        exp_en=claims[several],
        exp_attachment=0,
        exp_limit=ceiling,
        sev_name="lognorm",
        sev_mean=classes.mean[held][several],
        sev_cv=np.sqrt(np.expm1(classes.sigma[held] ** 2))[several],
        freq_name="binomial",
        freq_a=claims.sum() / counts.sum(),
    )
    distribution.update(log2=round(math.log2(grid.points)), bs=grid.step)
    return np.array([distribution.q(p) for p in QUANTILES])


def _rounded(mean: float, sigma: float, ceiling: float, grid: Grid) -> F64:
    """Mass of a cost at the nearest point."""
    edges = grid.step * (np.arange(grid.points) + 0.5)
    below = special.ndtr(np.log(edges / mean) / sigma + sigma / 2)
    below[edges > ceiling] = 1
    return np.diff(below, prepend=0)


def _spread(mean: float, sigma: float, ceiling: float, grid: Grid) -> F64:
    """Mass of a cost at the points on either side: second differences of the limited mean."""
    x = np.minimum(grid.step * np.arange(1, grid.points + 1), ceiling)
    z = np.log(x / mean) / sigma
    limited = mean * special.ndtr(z - sigma / 2) + x * special.ndtr(-z - sigma / 2)
    return -np.diff(np.concatenate([[-grid.step, 0], limited]), 2) / grid.step
