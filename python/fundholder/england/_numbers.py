"""Normal scores, seeded draws and rounding that adds up."""

from __future__ import annotations

from math import erf, sqrt
from statistics import NormalDist

import numpy as np

from .._tables.arrays import FloatArray, IntArray

_STANDARD = NormalDist()


def normal_score(probability: FloatArray) -> FloatArray:
    """Standard normal quantiles of probabilities strictly between 0 and 1."""
    flat = [_STANDARD.inv_cdf(p) for p in probability.ravel().tolist()]
    return np.array(flat).reshape(probability.shape)


def normal_cdf(score: FloatArray) -> FloatArray:
    """Standard normal distribution function."""
    flat = [0.5 * (1.0 + erf(x / sqrt(2.0))) for x in score.ravel().tolist()]
    return np.array(flat).reshape(score.shape)


def draw_normal(rng: np.random.Generator, n: int) -> FloatArray:
    """Standard normal draws by inversion: a uniform stream is stable, a sampler may change."""
    # random() may return 0, where the quantile is infinite; half a step up it cannot.
    return normal_score(rng.random(n) * (1 - 2**-53) + 2**-54)


def draw_order(rng: np.random.Generator, n: int) -> IntArray:
    """A random order of n things, from the same stable uniform stream."""
    order: IntArray = np.argsort(rng.random(n), kind="stable").astype(np.int64)
    return order


def weighted_normal_score(value: FloatArray, weight: FloatArray) -> FloatArray:
    """Normal score of each value's weighted mid-rank: exactly standard in the weighted sense."""
    order = np.argsort(value, kind="stable")
    cumulative = np.cumsum(weight[order])
    rank = np.empty_like(cumulative)
    rank[order] = (cumulative - weight[order] / 2) / cumulative[-1]
    return normal_score(rank)


def systematic_round(quota: FloatArray, total: IntArray, start: FloatArray) -> IntArray:
    """Whole numbers along the last axis of quota that add up to total, unbiased cell by cell.

    Cumulated quotas are cut at ``start`` (uniform on [0, 1), one per row), so every cell is its
    quota rounded down or up and equal to it on average. Largest remainders would round cells of
    well under half a person to nobody, everywhere.
    """
    cumulative = np.cumsum(quota, axis=-1)
    cumulative[..., -1] = total  # the sum of the quotas, free of rounding error
    cut = np.floor(cumulative + start[..., None]).astype(np.int64)
    counts: IntArray = np.diff(cut, axis=-1, prepend=0)
    return counts
