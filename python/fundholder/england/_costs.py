"""Costs of people by band, and by deprivation within a band."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from . import _figures as figures
from ._checks import check_year


def costs(*, year: int = 2025) -> pa.Table:
    """Cost of a person-year by age-sex band, in £ of the year: the input of ``CostModel``.

    Published levels, fitted spread:

    - The expected cost of a band, ``p_any * mean``, is the published cost per head of all NHS care
      by age and sex (England 2011/12, University of York, CHE Research Paper 147) moved with the
      GDP deflator to 2010-11 or 2025-26 prices. It comes to £1,705 a head in 2011/12 prices over
      the people of 2010, and to £1,737 over the older people of 2025; published, all ages: £1,713.
    - Concentration is that of hospital spending (Institute for Fiscal Studies, W15/21): the
      costliest 1 % of people make 32 % of spending and the costliest 1 % of users 18 %, which a
      two-part lognormal meets with 33.2 % users. Both shares hold over the whole population, bands
      and quintiles mixed. How use differs between bands is assumed: it rises with the 0.4th power
      of the band's inpatient cost per head.

    So hospital concentration stands on the cost level of all care. General practice and drugs reach
    more people and are spread more evenly: for a budget that holds them too, variation is
    overstated.

    Parameters
    ----------
    year
        2010 or 2025.

    Returns
    -------
    pyarrow.Table
        14 rows: ``band`` ("female 0-4" ... "male 85+"), ``p_any`` (probability of any cost in a
        year), ``family`` ("lognormal"), ``mean`` (£ given any cost), ``shape`` (sigma of log cost).

    Raises
    ------
    InputError
        Another year.

    Examples
    --------
    >>> from fundholder import england
    >>> england.costs(year=2025).column_names
    ['band', 'p_any', 'family', 'mean', 'shape']
    """
    arguments = Arguments()
    check_year(arguments, year)
    arguments.check()
    per_head = figures.COST_PER_HEAD * figures.DEFLATOR[year] / figures.DEFLATOR_2011_12
    p_any = figures.USE_AT_1000[year] * (figures.INPATIENT_PER_HEAD / 1000) ** figures.USE_POWER
    return pa.table(
        {
            "band": list(figures.BANDS),
            "p_any": p_any,
            "family": ["lognormal"] * len(p_any),
            "mean": per_head / p_any,
            "shape": np.full(len(p_any), figures.SIGMA[year]),
        }
    )


def quintile_scale(people: FloatArray) -> FloatArray:
    """Cost of each quintile relative to its band, given people by band and quintile, (14, 5).

    The published ratios to the all-ages cost, times the one constant that leaves total cost what
    the bands alone make it.
    """
    ratio = figures.COST_BY_QUINTILE / figures.COST_ALL_AGES
    cost = people * figures.COST_PER_HEAD[:, None]
    if cost.sum() == 0:
        return ratio
    scale: FloatArray = ratio * cost.sum() / (cost @ ratio).sum()
    return scale
