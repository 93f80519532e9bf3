"""A population from real counts of patients by practice, age and sex."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arrays import FloatArray, IntArray
from .._tables.warning import warn
from ._age_sex_input import PracticeCounts, read_practices
from ._age_sex_rows import by_practice, has_rows_by_age
from ._checks import unambiguous_table
from ._columns import band_columns, coded
from ._costs import quintile_scale
from ._figures import BANDS


def from_age_sex(table: Any) -> pa.Table:
    """The columns of ``population(rows="groups")`` from counts of patients by practice.

    The deprivation quintile is the practice's, cut from list-weighted fifths of the table's IMD
    scores (1 = most deprived), and ``scale`` is the published cost of that quintile (University of
    York, CHE Research Paper 147), times one constant so that the mean cost stays that of the bands.

    Parameters
    ----------
    table
        Any Arrow-compatible table (``__arrow_c_stream__``), one row per practice:

        - ``practice_code``: text or integer, each once;
        - ``male_patients_0to4``, ``_5to14``, ``_15to44``, ``_45to64``, ``_65to74``, ``_75to84``,
          ``_85plus`` and the same for ``female``: whole numbers of at least 0;
        - optionally ``pcn_code``, ``icb_code``, ``region_code`` (text), ``imd_2019`` (score, high =
          deprived): null, empty or "NULL" where unknown;
        - optionally ``total_male``, ``total_female``, ``total_patients``: must add up.

        Or one row per practice, sex and age, as ``official.read_patients_by_age`` gives them:
        ``practice``, ``sex`` ("female", "male"), ``age_from``, ``age_to`` (null: any older) and
        ``count``; optionally ``pcn``, ``icb``, ``region`` and ``imd_score``, the same in all rows
        of a practice. Ages must lie within the bands above.

        Other columns are ignored. A row that repeats an earlier one in every column read is left
        out with a warning, so that its patients do not count twice; rows of one practice that
        differ are rejected.

    Returns
    -------
    pyarrow.Table
        One row per practice and band with anyone in it; a practice with no patients keeps one row
        of count 0, so that it appears. ``pcn``, ``icb``, ``region`` and ``imd_quintile`` are there
        if the table has the column; a practice without IMD has a null quintile and scale 1.

    Raises
    ------
    InputError, InputTypeError
        All problems at once, each with column, row (from 0), value and what is allowed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import england
    >>> ages = ["0to4", "5to14", "15to44", "45to64", "65to74", "75to84", "85plus"]
    >>> counts = {f"{s}_patients_{a}": [100, 0] for s in ("male", "female") for a in ages}
    >>> groups = england.from_age_sex(pa.table({"practice_code": ["A", "B"], **counts}))
    >>> groups.num_rows  # 14 bands of A, and B with nobody
    15
    """
    table = unambiguous_table("table", table)
    if has_rows_by_age(table):
        table = by_practice(table)
    practices = read_practices(table)
    if practices.repeated:
        warn(
            f"{len(practices.repeated)} rows repeat an earlier one and were left out: practices "
            f"{', '.join(practices.repeated)}"
        )
    count = practices.count
    quintile = _quintiles(practices)
    scale = _scales(count, quintile)

    keep = count > 0
    keep[count.sum(axis=1) == 0, 0] = True
    row, band = np.nonzero(keep)
    columns: dict[str, Any] = {"practice": coded(row, practices.code)}
    for name, values in practices.areas.items():
        columns[name] = values.dictionary_encode().take(pa.array(row))
    columns |= band_columns(band)
    if practices.imd is not None:
        known = pa.array(quintile[row], pa.int8(), mask=quintile[row] == 0)
        columns["imd_quintile"] = known
    columns["count"] = pa.array(count[row, band])
    columns["scale"] = pa.array(scale[row])
    return pa.table(columns)


def _quintiles(practices: PracticeCounts) -> IntArray:
    """Quintile of each practice, 0 where IMD is unknown."""
    quintile = np.zeros(len(practices.code), np.int64)
    if practices.imd is None:
        return quintile
    known = np.isfinite(practices.imd)
    people = practices.count.sum(axis=1)[known].astype(float)
    # Practices of equal score share a rank, hence a quintile.
    score, score_index = np.unique(-practices.imd[known], return_inverse=True)
    at_score = np.bincount(score_index, people, minlength=len(score))
    rank = (np.cumsum(at_score) - at_score / 2) / max(at_score.sum(), 1.0)
    quintile[known] = np.minimum(np.floor(5 * rank[score_index]).astype(np.int64), 4) + 1
    return quintile


def _scales(count: IntArray, quintile: IntArray) -> FloatArray:
    """Cost relative to the band's mean for each practice; 1 where the quintile is unknown."""
    by_quintile = np.zeros((len(BANDS), 5))
    for q in range(1, 6):
        by_quintile[:, q - 1] = count[quintile == q].sum(axis=0)
    scale: FloatArray = np.concatenate([[1.0], quintile_scale(by_quintile)])[quintile]
    return scale
