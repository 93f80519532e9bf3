"""The synthetic population of England."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from . import _figures as figures
from ._age_and_deprivation import draw_bands, draw_deprivation, draw_quintiles
from ._checks import check_integer, check_year
from ._columns import band_columns, coded
from ._costs import quintile_scale
from ._lists import draw_areas, list_sizes
from ._numbers import draw_order
from ._people import people as expand


@overload
def population(*, year: int = ..., seed: int = ..., rows: Literal["groups"] = ...) -> pa.Table: ...
@overload
def population(
    *, year: int = ..., seed: int = ..., rows: Literal["people"]
) -> pa.RecordBatchReader: ...
def population(
    *, year: int = 2025, seed: int = 0, rows: str = "groups"
) -> pa.Table | pa.RecordBatchReader:
    """Everyone registered with a practice in England: synthetic, built from published figures.

    No row is a real practice or person. What follows the figures, whatever the seed:

    - **List sizes.** 2010: 8,582 practices, the published 2007 list (mean 6,422, SD 3,965, P10
      2,238, median 5,590, P90 11,784). 2025: 6,348 practices (mean 10,058, SD 6,998, P5 2,760,
      median 8,646, P95 21,318, P99 35,227, largest 99,211). The quantiles are reproduced, not
      sampled; the seed only decides which practice has which size.
    - **Areas.** 7 regions, 42 ICBs of 0.5-3.2 million and, in 2025, 1,256 PCNs. 2010 uses today's
      regions and ICBs, so that the two years compare.
    - **Age and sex.** National shares of 14 bands: registered patients of 2023 (NHS Digital) for
      2025, the Census of 2011 (ONS) for 2010. Practices differ as they did in 2023: university
      practices, old and young places, deprived practices younger.
    - **Deprivation.** A fifth of people in each quintile. ``scale`` follows the published cost per
      head by quintile (University of York, CHE Research Paper 147): 1,917, 1,778, 1,709, 1,637 and
      1,526 against 1,713, times one constant so that the mean cost stays that of the bands. It
      applies at every age; since deprived people are younger, cost per head by quintile *before*
      adjusting for age differs less than the published figures.

    Parameters
    ----------
    year
        2010 or 2025.
    seed
        A whole number of at least 0. The same seed gives the same table.
    rows
        "groups": one row per practice, band and quintile with anyone in it. "people": one row per
        person, streamed in batches of about a million; see :func:`people`.

    Returns
    -------
    pyarrow.Table or pyarrow.RecordBatchReader
        ``practice``, ``pcn`` (2025 only), ``icb``, ``region``, ``sex``, ``age``, ``band``
        (dictionary-encoded strings), ``imd_quintile`` (int8, 1 = most deprived), ``count`` (int64
        people) or, for people, ``person`` (int64), and ``scale`` (float64, cost relative to the
        band's mean).

    Raises
    ------
    InputError
        Another year, a seed that is not a whole number of at least 0, other rows: all at once.

    Examples
    --------
    >>> import pyarrow.compute as pc
    >>> from fundholder import england
    >>> groups = england.population(year=2025, seed=1)
    >>> len(groups["practice"].unique())
    6348
    >>> pc.sum(groups["count"]).as_py() // 1_000_000
    63
    """
    arguments = Arguments()
    check_year(arguments, year)
    check_integer(arguments, "seed", seed, 0)
    if rows not in ("groups", "people"):
        arguments.reject("rows", rows, '"groups" or "people"')
    arguments.check()
    groups = _groups(year, seed)
    return groups if rows == "groups" else expand(groups)


def _groups(year: int, seed: int) -> pa.Table:
    rng = np.random.Generator(np.random.PCG64(seed))
    sizes = list_sizes(figures.LIST_SIZES[year])
    lists = sizes[draw_order(rng, len(sizes))]
    areas = draw_areas(lists, rng)
    deprivation = draw_deprivation(lists, areas, rng)
    bands = draw_bands(lists, deprivation, areas, year, rng)
    count = draw_quintiles(bands, deprivation, rng)
    scale = quintile_scale(count.sum(axis=0).astype(float))

    practice, band, quintile = np.nonzero(count)
    columns = {"practice": coded(practice, [f"P{i + 1:05d}" for i in range(len(lists))])}
    if year == 2025:
        pcns = [f"PCN{i + 1:04d}" for i in range(figures.PCNS)]
        columns["pcn"] = coded(areas.pcn[practice], pcns)
    columns["icb"] = coded(areas.icb[practice], [f"ICB{i + 1:02d}" for i in range(42)])
    columns["region"] = coded(areas.region[practice], [f"R{i + 1}" for i in range(7)])
    columns |= band_columns(band)
    columns["imd_quintile"] = pa.array(quintile + 1, pa.int8())
    columns["count"] = pa.array(count[practice, band, quintile])
    columns["scale"] = pa.array(scale[quintile])
    return pa.table(columns)
