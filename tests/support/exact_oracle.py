"""The distribution of a sum of unlike people by brute force, written apart from the engine.

A person's year lies on a grid of points 0, h, 2h, ...: what falls between two points is split
between them so that the mean is kept (Gerber 1982). The year's distribution comes from limited
means, in closed form; distributions are then added up one convolution after another, cut off at a
top. A sum below the top never has a part above it, so cutting costs nothing, and since convolutions
are padded with zeros, nothing wraps around either: everything below the top is exact for the grid,
however heavy the tail. What the grid adds to the variance is of order h^2, and Richardson's
extrapolation takes it out again. A yearly effect is a sum over its values, one distribution for
each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, inf, isfinite, log, sqrt

import numpy as np
from scipy import fft, special

from oracle import Contract

# Quantiles 0.5, 0.9, 0.99 and 0.995 (£) by number of people: p 0.3, lognormal sigma 1.6, £800 a
# head, capped at £20,000. Rounded to £1 and good to 2e-9; from a probe apart from this project.
REFERENCE = {
    7_000: [4_617_652, 4_871_376, 5_083_679, 5_135_092],
    100_000: [65_996_633, 66_945_322, 67_724_250, 67_910_975],
}


@dataclass(frozen=True)
class Severity:
    """A cost that is above 0; ``shape`` holds values and weights where the family is empirical."""

    family: str
    mean: float
    shape: float | tuple[np.ndarray, np.ndarray] | None = None

    def limited_mean(self, x: np.ndarray) -> np.ndarray:
        """E[min(X, x)] for x of 0 or more, infinity included."""
        m, s = self.mean, self.shape
        if isinstance(s, tuple):
            values, weights = s
            shares = weights / weights.sum()
            order = np.argsort(values)
            below = np.concatenate([[0.0], np.cumsum((values * shares)[order])])
            above = np.append(np.cumsum(shares[order][::-1])[::-1], 0.0)
            n = np.searchsorted(values[order], x, side="right")
            return below[n] + np.where(np.isfinite(x), x, 0.0) * above[n]
        if self.family == "fixed":
            return np.minimum(x, m)
        assert s is not None
        inside = np.where(x > 0, np.where(np.isfinite(x), x, 1.0), 1.0)
        if self.family == "lognormal":
            z = np.log(inside / m) / s
            limited_mean = m * special.ndtr(z - s / 2) + inside * special.ndtr(-z - s / 2)
        elif self.family == "gamma":
            y = inside * s / m
            limited_mean = m * special.gammainc(s + 1, y) + inside * special.gammaincc(s, y)
        elif self.family == "weibull":
            y = (inside / m * special.gamma(1 + 1 / s)) ** s
            limited_mean = m * special.gammainc(1 + 1 / s, y) + inside * np.exp(-y)
        else:
            assert self.family == "pareto"
            least = m * (s - 1) / s
            beyond = least + (m - least) * (1 - (least / np.maximum(inside, least)) ** (s - 1))
            limited_mean = np.where(inside < least, inside, beyond)
        return np.where(x > 0, np.where(np.isfinite(x), limited_mean, m), 0.0)


@dataclass(frozen=True)
class Person:
    """``count`` people alike: a cost with probability ``p_any``."""

    p_any: float
    severity: Severity
    count: int = 1

    def times(self, factor: float) -> Person:
        """The same person where every cost is ``factor`` times as high."""
        severity = _times(self.severity, factor)
        return replace(self, severity=severity)

    def year(self, contract: Contract, step: float, points: int) -> np.ndarray:
        """Mass of one net year at each point of the grid."""
        mass = self.p_any * _spread(self.severity, contract, step, points)
        mass[0] += 1 - self.p_any
        return mass


@dataclass(frozen=True)
class Events:
    """``count`` people alike: Poisson numbers of events of several types, by rate."""

    rates: tuple[float, ...]
    severities: tuple[Severity, ...]
    count: int = 1

    def times(self, factor: float) -> Events:
        severities = tuple(_times(severity, factor) for severity in self.severities)
        return replace(self, severities=severities)

    def year(self, contract: Contract, step: float, points: int) -> np.ndarray:
        """Mass of one net year: the gross year on the grid, then the contract."""
        gross_limit = _gross_of_net(contract, np.array([points * step]))[0]
        # Above a ceiling without an end, all years are alike.
        gross = ceil((gross_limit if isfinite(gross_limit) else contract.ceiling) / step) + 1
        rate = sum(self.rates)
        one = sum(
            r / rate * _spread(severity, Contract(), step, gross)
            for r, severity in zip(self.rates, self.severities, strict=True)
        )
        number, term, year = exp(-rate), np.ones(1), np.zeros(gross)
        for n in range(1, ceil(rate + 12 * sqrt(rate)) + 40):
            year[: term.size] += number * term
            term, number = convolve(term, one, gross), number * rate / n
        net = contract.net(np.arange(gross) * step) / step
        if not isfinite(gross_limit):
            net, year = np.append(net, contract.ceiling / step), np.append(year, 1 - year.sum())
        low = np.floor(net).astype(int)
        mass = np.zeros(points + 2)
        inside = low < points
        np.add.at(mass, low[inside], (year * (1 - net + low))[inside])
        np.add.at(mass, low[inside] + 1, (year * (net - low))[inside])
        return mass[:points]


@dataclass(frozen=True)
class Distribution:
    """Masses of a total at 0, step, 2 step, ...; of totals beyond the last, none."""

    step: float
    mass: np.ndarray

    @property
    def mean(self) -> float:
        return self.step * float(self.mass @ np.arange(self.mass.size))

    @property
    def sd(self) -> float:
        x = self.step * np.arange(self.mass.size) - self.mean
        return sqrt(float(self.mass @ x**2))

    def cumulative(self, cost: Sequence[float] | np.ndarray) -> np.ndarray:
        """P(total <= cost): a point's mass stands for the step around it."""
        return np.interp(cost, self._edges(), np.cumsum(self.mass))

    def quantile(self, probability: Sequence[float] | np.ndarray) -> np.ndarray:
        upwards = np.maximum.accumulate(np.cumsum(self.mass))
        return np.interp(probability, upwards, self._edges())

    def _edges(self) -> np.ndarray:
        return self.step * (np.arange(self.mass.size) + 0.5)


def total(
    people: Iterable[Person | Events],
    contract: Contract,
    *,
    step: float,
    top: float,
    effect_sd: float = 0.0,
) -> Distribution:
    """The distribution of everyone's net cost together, up to ``top``.

    ``effect_sd`` is the SD of a lognormal effect of mean 1 on every cost before the contract.
    """
    people, points = list(people), ceil(top / step) + 1
    tau = sqrt(log(1 + effect_sd**2))
    # The trapezoidal rule on a normal density: its error falls like exp(-2 pi^2 v / spacing^2),
    # where v is the variance of chance over that of everything; 1e-13 for v = 0.1.
    nodes = np.arange(-7.5, 7.6, 0.25) if effect_sd else np.zeros(1)
    weights = np.exp(-(nodes**2) / 2)
    mass = np.zeros(points)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        factor = exp(tau * node - tau**2 / 2)
        distributions = [
            _power(one.times(factor).year(contract, step, points), one.count, points)
            for one in people
        ]
        while len(distributions) > 1:
            added = [
                convolve(*neighbours, points)
                for neighbours in zip(distributions[::2], distributions[1::2], strict=False)
            ]
            distributions = added + distributions[2 * len(added) :]
        mass[: distributions[0].size] += weight * distributions[0]
    return Distribution(step, mass)


def extrapolated(
    statistic: Callable[[Distribution], np.ndarray | float],
    distribution: Callable[[float], Distribution],
    step: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The answer on grids of ``step`` and half of it, extrapolated; and how far that moved it.

    The move is what the finer grid was wrong by, and overstates the error of what is returned.
    """
    coarse, fine = (np.asarray(statistic(distribution(h))) for h in (step, step / 2))
    return fine + (fine - coarse) / 3, np.abs(fine - coarse) / 3


def convolve(a: np.ndarray, b: np.ndarray, points: int) -> np.ndarray:
    """The distribution of a sum, up to so many points."""
    size = a.size + b.size - 1
    length = fft.next_fast_len(size, real=True)
    both = fft.rfft(a, length) * fft.rfft(b, length)
    return fft.irfft(both, length)[: min(size, points)]


def _power(mass: np.ndarray, count: int, points: int) -> np.ndarray:
    """The distribution of ``count`` people with this distribution, by squaring."""
    mass = mass[: np.flatnonzero(mass)[-1] + 1]
    pool = np.ones(1)
    while count:
        if count % 2:
            pool = convolve(pool, mass, points)
        count //= 2
        if count:
            mass = convolve(mass, mass, points)
    return pool


def _spread(severity: Severity, contract: Contract, step: float, points: int) -> np.ndarray:
    """Mass of a net cost at each point: the second difference of its limited mean."""
    edges = step * np.arange(points + 1)
    gross = _gross_of_net(contract, edges)
    mean = severity.limited_mean
    kept = mean(gross)
    if isfinite(contract.ceiling):
        kept = kept - contract.share * (
            mean(np.minimum(gross, contract.full())) - mean(np.minimum(gross, contract.ceiling))
        )
    limited = np.concatenate([[-step], kept])
    return -np.diff(limited, 2) / step


def _gross_of_net(contract: Contract, net: np.ndarray) -> np.ndarray:
    """The largest gross cost of which no more than ``net`` is kept."""
    if not isfinite(contract.ceiling):
        return net
    with np.errstate(divide="ignore", invalid="ignore"):
        within = contract.ceiling + (net - contract.ceiling) / (1 - contract.share)
    within = np.where(np.isnan(within), inf, within)
    above = np.minimum(within, np.maximum(contract.full(), net + contract.limit))
    return np.where(net < contract.ceiling, net, above)


def _times(severity: Severity, factor: float) -> Severity:
    shape = severity.shape
    if isinstance(shape, tuple):
        shape = (shape[0] * factor, shape[1])
    return replace(severity, mean=severity.mean * factor, shape=shape)
