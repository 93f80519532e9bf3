"""The published figures the synthetic England is built from, each with its source.

Three kinds of number stand here, and each says which it is: *published* (copied from a source),
*observed* (computed from a public file named beside it) and *fitted* or *assumed* (ours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .._tables.arrays import FloatArray

SEXES: Final = ("female", "male")
AGES: Final = ("0-4", "5-14", "15-44", "45-64", "65-74", "75-84", "85+")
#: The cost model's 14 bands, in the order of every array below.
BANDS: Final = tuple(f"{sex} {age}" for sex in SEXES for age in AGES)
YEARS: Final = (2010, 2025)

# ---- What people cost -------------------------------------------------------------------------
# Published: £ per head, all NHS care, England 2011/12; Asaria, Doran and Cookson, University of
# York, CHE Research Paper 147. Total, and the inpatient part of it.
COST_PER_HEAD: Final[FloatArray] = np.array(
    [1054, 735, 1677, 1863, 2861, 3954, 4871, 1240, 798, 812, 1578, 3083, 4567, 5724], float
)
INPATIENT_PER_HEAD: Final[FloatArray] = np.array(
    [254, 119, 411, 464, 915, 1531, 2561, 323, 138, 187, 476, 1136, 1904, 2990], float
)
COST_ALL_AGES: Final = 1713.0
#: Published, same source: £ per head by deprivation quintile, most to least deprived.
COST_BY_QUINTILE: Final[FloatArray] = np.array([1917, 1778, 1709, 1637, 1526], float)

#: Published: GDP deflator, financial years, 2024-25 = 100 (HM Treasury / OBR; 2025-26 forecast).
DEFLATOR_2011_12: Final = 70.3261
DEFLATOR: Final = {2010: 68.8561, 2025: 103.2388}

# Published: hospital spending in England, Institute for Fiscal Studies, W15/21.
TOP_1_PERCENT_OF_PEOPLE: Final = 0.32
TOP_1_PERCENT_OF_USERS: Final = 0.18
#: Derived: the share of people with any cost that makes both shares hold in a two-part lognormal.
USERS: Final = 0.332
#: Assumed: use rises with the band's inpatient cost to this power. At 0.4 seven men of 85+ in ten
#: and a fifth of schoolchildren use a hospital in a year; powers from 0 to 1 meet the published
#: shares equally well, so they cannot choose between them.
USE_POWER: Final = 0.4
#: Fitted (tools/calibrate_england.py): p_any of a band whose inpatient cost is £1,000 a head,
#: and the lognormal sigma common to all bands.
USE_AT_1000: Final = {2010: 0.46781, 2025: 0.46344}
SIGMA: Final = {2010: 1.3890, 2025: 1.3883}

# ---- Who they are -----------------------------------------------------------------------------
# Published: patients registered at a GP practice, 2023, NHS Digital; sums to 62,084,204.
_REGISTERED_2023: Final = np.array(
    [1460425, 3521149, 12399573, 7663225, 2903794, 2110372, 894079]
    + [1535036, 3696932, 12847698, 7973485, 2737285, 1786895, 554256],
    float,
)
# Usual residents of England by age, Census 2011 (ONS), quoted from memory; they sum to the
# published 53,012,456, which is the check they have had.
_CENSUS_2011: Final = np.array(
    [3318449, 6053561, 21530738, 13449179, 4552283, 2928118, 1180128], float
)
# Approximate, from memory: the share of males at each age, to about half a percentage point;
# together they give the published 26.07 million males.
_CENSUS_2011_MALE: Final = np.array([0.512, 0.512, 0.500, 0.4944, 0.480, 0.440, 0.324])


def band_shares(year: int) -> FloatArray:
    """National share of each of the 14 bands, summing to 1."""
    if year == 2010:
        males = _CENSUS_2011 * _CENSUS_2011_MALE
        people = np.concatenate([_CENSUS_2011 - males, males])
    else:
        people = _REGISTERED_2023
    shares: FloatArray = people / people.sum()
    return shares


# ---- Practices --------------------------------------------------------------------------------
@dataclass(frozen=True)
class ListSizes:
    """Quantiles of list size; ``None`` stands for the smallest and the largest practice."""

    practices: int
    mean: float
    sd: float
    knots: tuple[tuple[float | None, float], ...]


LIST_SIZES: Final = {
    # Published for 2007: P10, median, P90, mean, SD, practices. Fitted so that mean and SD hold:
    # P75 and P99. Assumed: smallest and largest.
    2010: ListSizes(
        practices=8_582,
        mean=6_422,
        sd=3_965,
        knots=(
            (None, 400),
            (0.10, 2_238),
            (0.50, 5_590),
            (0.75, 8_541.52),
            (0.90, 11_784),
            (0.99, 18_914.37),
            (None, 40_000),
        ),
    ),
    # Published for 2025/26: P5, median, P95, P99, largest, mean, SD, practices. Observed in NHS
    # England's GP weighted populations 2025/26: P1, P25, P75, P99.9. Fitted so that mean and SD
    # hold: P85 and P99.5. Assumed: smallest.
    2025: ListSizes(
        practices=6_348,
        mean=10_058,
        sd=6_998,
        knots=(
            (None, 60),
            (0.01, 449),
            (0.05, 2_760),
            (0.25, 5_658),
            (0.50, 8_646),
            (0.75, 12_581),
            (0.85, 15_918.09),
            (0.95, 21_318),
            (0.99, 35_227),
            (0.995, 46_778.97),
            (0.999, 61_883),
            (None, 99_211),
        ),
    ),
}

# ---- Areas ------------------------------------------------------------------------------------
#: Published for 2025: primary care networks.
PCNS: Final = 1_256
#: Observed: registered patients of the 42 ICBs in 2023, thousands, by region. The smallest three
#: are raised and the largest two trimmed so that both years stay within 0.5-3.2 million.
ICB_THOUSANDS: Final = (
    (1744, 1778, 2056, 2413, 2830),
    (590, 600, 683, 826, 978, 1073, 1300),
    (797, 1132, 1840, 1928, 1963, 1974),
    (590, 807, 823, 849, 1074, 1121, 1185, 1195, 1262, 1284, 1596),
    (968, 1026, 1050, 1082, 1262, 1595),
    (1834, 2745, 3080),
    (1493, 1789, 2623, 3050),
)

# ---- How practices differ ---------------------------------------------------------------------
# Observed in the practices of 2023 with over 1,000 patients (NHS Digital's counts by age and sex,
# IMD 2019), list-weighted.
#: Share of the variance between practices that lies between ICBs, between PCNs within an ICB, and
#: between practices within a PCN.
DEPRIVATION_LEVELS: Final = (0.28, 0.50, 0.22)
AGE_LEVELS: Final = (0.17, 0.47, 0.36)
#: Variance of IMD between practices over its variance between small areas (11.0^2 observed
#: over 15.3^2, the latter from memory): the rest is the mix of people within a practice.
DEPRIVATION_BETWEEN: Final = 0.51
#: Change of a band's log share per SD of deprivation: deprived practices are younger.
AGE_GRADIENT_ON_DEPRIVATION: Final[FloatArray] = np.array(
    [0.074, 0.038, 0.070, -0.079, -0.145, -0.235, -0.255]
    + [0.073, 0.037, 0.094, -0.037, -0.120, -0.238, -0.269]
)
#: First two principal components of what remains of the log shares (78 % and 13 % of variance):
#: young adults against everyone else, and old people against children.
YOUNG_ADULTS: Final[FloatArray] = np.array(
    [-0.140, -0.230, 0.175, -0.318, -0.537, -0.646, -0.667]
    + [-0.155, -0.229, 0.194, -0.247, -0.508, -0.636, -0.651]
)
FEW_CHILDREN: Final[FloatArray] = np.array(
    [-0.266, -0.268, -0.057, -0.068, 0.055, 0.128, 0.123]
    + [-0.278, -0.266, -0.053, -0.090, 0.064, 0.160, 0.131]
)
#: Quantiles of the first component's score: the long right tail is university practices.
YOUNG_ADULTS_SCORE: Final = (
    (0.001, -1.39),
    (0.01, -1.13),
    (0.05, -0.89),
    (0.10, -0.76),
    (0.25, -0.55),
    (0.50, -0.24),
    (0.75, 0.19),
    (0.90, 0.71),
    (0.95, 1.14),
    (0.99, 2.57),
    (0.999, 7.06),
)
