"""The figures of people who carry diagnoses, each with its source.

Dixon et al.: A person based formula for allocating commissioning funds to general practices in
England, BMJ 2011;343:d6608. As in ``_figures.py``, each number says what it is: *published*,
*fitted* (by tools/calibrate_morbidity.py) or *assumed*.
"""

from __future__ import annotations

from math import exp
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from . import _figures as figures

_STANDARD: Final = NormalDist()

# ---- 38 groups by age and sex -----------------------------------------------------------------
FIVE_YEARS: Final = (*(f"{low}-{low + 4}" for low in range(0, 90, 5)), "90+")
AGE_SEX: Final = tuple(f"{sex} {age}" for sex in figures.SEXES for age in FIVE_YEARS)
#: Usual residents of England at these ages, Census 2011 (ONS), quoted from memory; each run of
#: them adds up to the age of ``_figures.py`` it is in, and together to the published 53,012,456.
RESIDENTS: Final[FloatArray] = np.array(
    [3318449, 2972632, 3080929, 3340265, 3595321, 3650881, 3509221, 3549116, 3885934, 3879815]
    + [3400095, 2996992, 3172277, 2508154, 2044129, 1669345, 1258773, 776311, 403817],
    float,
)
#: Which of the 7 ages each of the 19 lies in.
AGE_OF: Final[IntArray] = np.repeat(np.arange(7), [1, 2, 6, 4, 2, 2, 2])
#: Assumed: the years at which a cost per head of an age, and of five years, is placed.
_MIDDLE: Final = np.array([2, 9.5, 30, 55, 70, 80, 89])
_MIDDLE_OF_FIVE: Final = np.array([*range(2, 92, 5), 92.0])


def by_five_years(per_head: FloatArray) -> FloatArray:
    """A figure of the 14 bands at the 38 groups, (38,), with the mean of each band kept.

    Assumed: between the middles of ages its logarithm is a straight line.
    """
    result = []
    for sex in per_head.reshape(2, 7):
        curve = np.exp(np.interp(_MIDDLE_OF_FIVE, _MIDDLE, np.log(sex)))
        mean = np.bincount(AGE_OF, RESIDENTS * curve) / np.bincount(AGE_OF, RESIDENTS)
        result.append(curve * (sex / mean)[AGE_OF])
    return np.concatenate(result)


# ---- What hospital care costs -----------------------------------------------------------------
#: Fitted: the part of what is not inpatient care that counts as hospital care (outpatients), so
#: that age and sex explain what they explained of hospital cost in Dixon et al.
OUTPATIENT_SHARE: Final = 0.1162
#: Assumed: the share of expected cost that follows diagnoses; the rest depends on age and sex.
DIAGNOSED_SHARE: Final = 0.6
#: Fitted: next year's cost of a block whose relative cost is 1, in national means per head.
COST_OF_DIAGNOSIS: Final = 1.1338
#: Assumed: costs are lognormal given any, but that scores above this count as this, some 75 times
#: the mean; without a bound, a few people of five million move the R2 of a model by 0.01.
LARGEST_SCORE: Final = 4.0
#: Fitted: SD of log cost given any, this year and next, to the published CV.
SIGMA_THIS: Final = 1.247
SIGMA_NEXT: Final = 1.281
#: Use next year rises with the expected cost x (national mean = 1) as x^power / (x^power + half).
#: Assumed: the power; above 1 it hardly moves the concentration. Fitted: half, to 33.2 % users.
USE_NEXT_POWER: Final = 1.2
USE_NEXT_HALF: Final = 0.944
#: Fitted to the correlation of a person's cost with next year's; published: 0.35-0.40 (US MEPS).
NOISE_CORRELATION: Final = 0.495

# ---- How practices differ beyond age, sex and deprivation -------------------------------------
# Fitted to the nested models below: SDs between practices.
#: Of the logarithm of how often diagnoses are recorded at a given age, sex and deprivation.
MORBIDITY_SD: Final = 0.1132
#: Of cost, by area, by the ten variables of the parsimonious model, by the other 188, unexplained.
AREA_SD: Final = 0.0637
PARSIMONIOUS_SD: Final = 0.0397
OTHERS_SD: Final = 0.0410
UNEXPLAINED_SD: Final = 0.0472

#: Published: primary care trusts in 2010; also the dummies of Dixon et al.
AREAS: Final = 152


class Variable(NamedTuple):
    """A need or supply variable of practices: a standard score."""

    name: str
    #: Sign of its coefficient in the parsimonious model, 0 if it is not in it.
    sign: int = 0
    #: Assumed: correlation with deprivation, and with the share of young adults.
    deprivation: float = 0.0
    young: float = 0.0


# Published (Dixon et al., Table 2): the variables of the parsimonious model and the signs of their
# coefficients. Privately funded care was recorded by person there, and is a practice's share here.
# Published too: 135 and 63 variables in the full model; the others have no names here.
NEED: Final = (
    Variable("need_social_housing", 1, 0.30, 0.0),
    Variable("need_disability_allowance", 1, 0.30, -0.1),
    Variable("need_no_qualifications", 1, 0.30, -0.15),
    Variable("need_mature_city_professionals", -1, -0.15, 0.1),
    Variable("need_students", -1, 0.0, 0.3),
    Variable("need_private_patients", -1, -0.2, 0.0),
    Variable("need_asthma", 1, 0.1, 0.0),
    *(Variable(f"need_{i:03}") for i in range(8, 136)),
)
SUPPLY: Final = (
    Variable("supply_stroke_care", -1),
    Variable("supply_mri_access", 1),
    Variable("supply_catchment", -1),
    *(Variable(f"supply_{i:02}") for i in range(4, 64)),
)
#: Assumed: the share of a variable's variance that lies between areas.
NEED_BETWEEN_AREAS: Final = 0.3
SUPPLY_BETWEEN_AREAS: Final = 0.5


def hospital_cost() -> FloatArray:
    """£ per head of hospital care at the 38 groups, 2011/12 prices."""
    inpatient = figures.INPATIENT_PER_HEAD
    return by_five_years(inpatient + OUTPATIENT_SHARE * (figures.COST_PER_HEAD - inpatient))


def use_this_year(year: int) -> FloatArray:
    """Probability of any hospital cost at the 38 groups: the distribution of ``costs``."""
    inpatient = by_five_years(figures.INPATIENT_PER_HEAD)
    use: FloatArray = figures.USE_AT_1000[year] * (inpatient / 1000) ** figures.USE_POWER
    return use


def noise(score: FloatArray, sigma: float) -> FloatArray:
    """Factors of cost, of mean 1, at standard normal scores."""
    top = LARGEST_SCORE
    # E exp(sigma min(Z, top)) of a standard normal Z.
    below, above = _STANDARD.cdf(top - sigma), _STANDARD.cdf(-top)
    mean = exp(sigma**2 / 2) * below + exp(sigma * top) * above
    factor: FloatArray = np.exp(sigma * np.minimum(score, top)) / mean
    return factor


def use_next_year(expected: FloatArray) -> FloatArray:
    """Probability of any hospital cost next year of people of an expected cost."""
    power = expected**USE_NEXT_POWER
    use: FloatArray = power / (power + USE_NEXT_HALF)
    return use
