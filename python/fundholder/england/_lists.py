"""List sizes by published quantiles, and the areas that practices belong to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from .._tables.largest_remainder import largest_remainder
from . import _figures as figures
from ._numbers import draw_normal, normal_score

#: Assumed: SD of log PCN size around the mean of its ICB, before practices are cut whole.
_PCN_LOG_SD = 0.30


class Areas(NamedTuple):
    """For each practice the position of its PCN, ICB and region, counted from 0."""

    pcn: IntArray
    icb: IntArray
    region: IntArray


def list_sizes(published: figures.ListSizes) -> IntArray:
    """People on each list, smallest first: the quantiles at (i + 1/2) / n, not a sample.

    Between knots the logarithm of size is linear in the normal score, so each interval of the
    distribution is a piece of a lognormal.
    """
    at = (np.arange(published.practices) + 0.5) / published.practices
    first, *inner, last = published.knots
    probability = np.array([at[0], *(p for p, _ in inner), at[-1]], float)
    size = np.array([first[1], *(s for _, s in inner), last[1]])
    log_size = np.interp(normal_score(at), normal_score(probability), np.log(size))
    sizes: IntArray = np.rint(np.exp(log_size)).astype(np.int64)
    return sizes


def draw_areas(people: IntArray, rng: np.random.Generator) -> Areas:
    """Cut practices, in the order given, into 7 regions, 42 ICBs and 1,256 PCNs.

    people: (practices,) list sizes. An area is a run of neighbours in that order.
    """
    cumulative = np.cumsum(people)
    middle: FloatArray = cumulative - people / 2

    icb_share = np.concatenate([np.array(r, float) for r in figures.ICB_THOUSANDS])
    icb_share /= icb_share.sum()
    icb_start = np.searchsorted(middle, (np.cumsum(icb_share) - icb_share) * cumulative[-1])
    icb_start[0] = 0
    icb = np.repeat(np.arange(len(icb_share)), np.diff(icb_start, append=len(people)))
    icb_people: FloatArray = np.bincount(icb, people).astype(np.float64)

    pcns = np.array(largest_remainder(figures.PCNS, icb_people.tolist()))
    pcn_start = _pcn_starts(middle, icb_start, icb_people, pcns, rng)
    pcn = np.repeat(np.arange(figures.PCNS), np.diff(pcn_start, append=len(people)))

    icb_region = np.repeat(np.arange(7), [len(r) for r in figures.ICB_THOUSANDS])
    return Areas(pcn=pcn, icb=icb, region=icb_region[icb])


def _pcn_starts(
    middle: FloatArray,
    icb_start: IntArray,
    icb_people: FloatArray,
    pcns: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """The first practice of each PCN; every PCN has one."""
    icb = np.repeat(np.arange(len(pcns)), pcns)
    first = np.cumsum(pcns) - pcns
    width = np.exp(_PCN_LOG_SD * draw_normal(rng, len(icb)))
    width *= (icb_people / np.bincount(icb, width))[icb]
    start = np.searchsorted(middle, np.cumsum(width) - width)

    # A practice larger than a whole PCN would leave the next one empty: keep starts at least one
    # practice apart, and inside the ICB.
    position = np.arange(len(icb))
    start = np.maximum(start, icb_start[icb] + position - first[icb])
    start[first] = icb_start
    start = np.minimum(start, len(middle) - len(icb) + position)
    apart = np.minimum.accumulate((start - position)[::-1])[::-1]
    starts: IntArray = apart + position
    return starts
