"""Brute force: a person's kept cost on a fine grid, and totals of a few people by convolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fundholder import StopLoss

Floats = np.ndarray


@dataclass(frozen=True)
class Cost:
    """One line of a cost model: its rate or probability, and its severity."""

    band: str
    rate: float
    family: str
    mean: float
    shape: float | None

    def survival(self, x: Floats) -> Floats:
        """P(severity > x)."""
        z, shape = np.maximum(x, 0) / self.mean, self.shape or 0.0
        match self.family:
            case "lognormal":
                return special.ndtr(-(np.log(np.maximum(z, 1e-300)) + shape**2 / 2) / shape)
            case "gamma":
                return special.gammaincc(shape, shape * z)
            case "weibull":
                return np.exp(-((z * math.gamma(1 + 1 / shape)) ** shape))
            case "pareto":
                least = (shape - 1) / shape
                return np.where(z < least, 1.0, (least / np.maximum(z, least)) ** shape)
        return (x < self.mean).astype(float)

    def masses(self, step: float, points: int) -> Floats:
        """Probabilities of costs within half a step; the last point holds what lies beyond."""
        edges = np.concatenate([[0.0], (np.arange(points) + 0.5) * step])
        above = self.survival(edges)
        if self.family == "fixed":
            above[0] = 1.0
        masses = above[:-1] - above[1:]
        masses[-1] += above[-1]
        return masses


def kept(contract: StopLoss | None, cost: Floats) -> Floats:
    """What is kept of gross costs."""
    if contract is None:
        return cost
    limit = math.inf if contract.limit is None else contract.limit
    ceded = np.maximum(cost - contract.ceiling, 0) * contract.share
    return cost - np.minimum(ceded, limit)


def year(lines: list[Cost], events: bool, step: float, points: int) -> Floats:
    """Gross cost of one person on the grid; what lies beyond is on its last point."""
    if not events:
        (line,) = lines
        masses = line.rate * line.masses(step, points)
        masses[0] += 1 - line.rate
        return masses
    rate = sum(line.rate for line in lines)
    each = sum(line.rate * line.masses(step, points) for line in lines) / rate
    each[-1] = 0.0
    # Damped, so that what lies beyond the grid does not come back into it.
    damped = np.exp(-20 * np.arange(points) / (2 * points))
    transform = np.fft.rfft(each * damped, 2 * points)
    masses = np.fft.irfft(np.exp(rate * (transform - 1)), 2 * points)[:points] / damped
    masses = np.maximum(masses, 0)
    masses[-1] += max(0.0, 1 - masses.sum())
    return masses


def total(
    lines: list[Cost],
    events: bool,
    contract: StopLoss | None,
    counts: dict[str, int],
    largest: float,
) -> tuple[float, Floats, float]:
    """The total's step and cumulative probabilities, and how far off its points costs may stand.

    ``largest`` is the largest total that matters.
    """
    points, total_points = 1 << 17, 1 << 18
    highest = 1.5 * largest
    if contract is not None and contract.limit is None and contract.share == 1:
        highest = 1.02 * contract.ceiling
    elif contract is not None:
        share = contract.share if contract.limit is None else 0.0
        highest = highest / (1 - share) + contract.ceiling + (contract.limit or 0.0)
    step, total_step = highest / points, 1.2 * largest / total_points
    transform = np.ones(total_points + 1, complex)
    for band, count in counts.items():
        gross = year([line for line in lines if line.band == band], events, step, points)
        position = kept(contract, np.arange(points) * step) / total_step
        below = np.minimum(position.astype(int), total_points - 1)
        masses = np.zeros(total_points)
        np.add.at(masses, below, gross * (1 - (position - below)))
        np.add.at(masses, np.minimum(below + 1, total_points - 1), gross * (position - below))
        transform *= np.fft.rfft(masses, 2 * total_points) ** count
    cumulative = np.cumsum(np.fft.irfft(transform, 2 * total_points))
    return total_step, cumulative, sum(counts.values()) * max(step, total_step)
