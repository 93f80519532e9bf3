"""Deprivation of practices, and the age and sex of their people."""

from __future__ import annotations

from math import sqrt

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from .._tables.largest_remainder import largest_remainder
from . import _figures as figures
from ._lists import Areas
from ._numbers import (
    draw_normal,
    normal_cdf,
    normal_score,
    systematic_round,
    weighted_normal_score,
)


def draw_deprivation(people: IntArray, areas: Areas, rng: np.random.Generator) -> FloatArray:
    """Deprivation of each practice as a list-weighted normal score, high = deprived."""
    raw = _draw_nested(areas, figures.DEPRIVATION_LEVELS, rng)
    return weighted_normal_score(raw, people.astype(float))


def draw_bands(
    people: IntArray,
    deprivation: FloatArray,
    areas: Areas,
    year: int,
    rng: np.random.Generator,
) -> IntArray:
    """People by practice and band, (practices, 14); rows add up to the lists."""
    weight = people.astype(float)
    score = weighted_normal_score(_draw_nested(areas, figures.AGE_LEVELS, rng), weight)
    probability, value = np.array(figures.YOUNG_ADULTS_SCORE).T
    young = np.interp(score, normal_score(probability), value)
    children = draw_normal(rng, len(people))
    tilt = np.exp(
        np.outer(deprivation, figures.AGE_GRADIENT_ON_DEPRIVATION)
        + np.outer(young, figures.YOUNG_ADULTS)
        + np.outer(children, figures.FEW_CHILDREN)
    )
    shares = _rake(tilt, weight, figures.band_shares(year))
    rows = zip(people.tolist(), shares.tolist(), strict=True)
    return np.array([largest_remainder(total, row) for total, row in rows])


def draw_quintiles(bands: IntArray, deprivation: FloatArray, rng: np.random.Generator) -> IntArray:
    """Split bands over quintiles, (practices, 14, 5), most deprived first.

    A person's neighbourhood is the practice's deprivation plus their own normal spread, cut at the
    national fifths; the mix is the same at every age of a practice.
    """
    fifths = normal_score(np.array([0.2, 0.4, 0.6, 0.8]))
    between = sqrt(figures.DEPRIVATION_BETWEEN)
    within = sqrt(1 - figures.DEPRIVATION_BETWEEN)
    below = normal_cdf((fifths - between * deprivation[:, None]) / within)
    affluent_first = np.diff(below, axis=1, prepend=0.0, append=1.0)
    quota = bands[:, :, None] * affluent_first[:, None, ::-1]
    start = rng.random(bands.shape)
    return systematic_round(quota, bands, start)


def _draw_nested(
    areas: Areas, variance: tuple[float, float, float], rng: np.random.Generator
) -> FloatArray:
    """Normal effects of ICBs, PCNs and practices, added up."""
    icb, pcn, practice = (sqrt(v) for v in variance)
    effect: FloatArray = (
        icb * draw_normal(rng, int(areas.icb[-1]) + 1)[areas.icb]
        + pcn * draw_normal(rng, int(areas.pcn[-1]) + 1)[areas.pcn]
        + practice * draw_normal(rng, len(areas.icb))
    )
    return effect


def _rake(tilt: FloatArray, weight: FloatArray, national: FloatArray) -> FloatArray:
    """Band shares of each practice, tilted, whose weighted mean is the national share."""
    share = tilt * national
    # Each round divides the error by about 25: twelve reach the last digit of a float.
    for _ in range(12):
        share /= share.sum(axis=1, keepdims=True)
        share *= national * weight.sum() / (weight @ share)
    share /= share.sum(axis=1, keepdims=True)
    return share
