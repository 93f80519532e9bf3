"""Diagnoses: how often each group has each, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray, IntArray
from . import _figures as figures
from . import _morbidity_figures as morbid
from ._diagnosis_blocks import DIAGNOSES, FREQUENCY, RELATIVE_COST


@dataclass(frozen=True)
class CostDistribution:
    """Use, diagnoses and costs of groups; in national means of hospital cost per head.

    ``pounds`` is such a mean.
    """

    pounds: float
    #: Expected cost of the 38 groups, and of the 14 bands.
    cost: FloatArray
    cost_of_bands: FloatArray
    #: Probability of any hospital care this year, at the 38 groups.
    use: FloatArray
    #: Expected cost of a person of the 38 groups without diagnoses.
    undiagnosed: FloatArray
    #: Cost that each of the 157 diagnoses adds.
    of_diagnosis: FloatArray
    #: Probability of each diagnosis of those in hospital, (38, 157), at average morbidity.
    rate: NDArray[np.float32]


@cache
def cost_distribution(year: int) -> CostDistribution:
    """The distribution of a year; its mean of 1 is that of the bands of the year."""
    by_band = np.bincount(BAND_OF, SHARE * morbid.hospital_cost()) / np.bincount(BAND_OF, SHARE)
    mean = float((figures.band_shares(year) * by_band).sum())
    cost = morbid.hospital_cost() / mean
    use = morbid.use_this_year(year)
    of_diagnosis = morbid.COST_OF_DIAGNOSIS * RELATIVE_COST
    frequency = FREQUENCY[:, morbid.AGE_OF].reshape(len(cost), len(DIAGNOSES))
    # As many at each age as make diagnoses the same share of expected cost.
    often = morbid.DIAGNOSED_SHARE * cost / (frequency * of_diagnosis).sum(axis=1)
    return CostDistribution(
        pounds=mean * figures.DEFLATOR[year] / figures.DEFLATOR_2011_12,
        cost=cost,
        cost_of_bands=by_band / mean,
        use=use,
        undiagnosed=(1 - morbid.DIAGNOSED_SHARE) * cost,
        of_diagnosis=of_diagnosis,
        rate=(frequency * (often / use)[:, None]).astype(np.float32),
    )


def groups_in_bands() -> FloatArray:
    """Share of each of the 38 groups in its band, the same everywhere."""
    share: FloatArray = SHARE / np.bincount(BAND_OF, SHARE)[BAND_OF]
    return share


def groups_of_people(band: IntArray, uniform: FloatArray) -> IntArray:
    """Groups, of 38, of people of given bands, by a uniform number of each."""
    first, last = _FIRST_GROUP[band], _FIRST_GROUP[band + 1] - 1
    at = _CUMULATIVE[first] + uniform * (_CUMULATIVE[last + 1] - _CUMULATIVE[first])
    # Rounding may put a number just outside of its band.
    group: IntArray = np.clip(np.searchsorted(_CUMULATIVE, at, side="right") - 1, first, last)
    return group


#: Of each group: its band, and its share of England.
BAND_OF: Final[IntArray] = np.concatenate([morbid.AGE_OF, len(figures.AGES) + morbid.AGE_OF])
SHARE: Final[FloatArray] = np.tile(morbid.RESIDENTS, 2) / (2 * morbid.RESIDENTS.sum())
_FIRST_GROUP = np.searchsorted(BAND_OF, np.arange(len(figures.BANDS) + 1))
_CUMULATIVE = np.concatenate([[0.0], np.cumsum(SHARE)])
