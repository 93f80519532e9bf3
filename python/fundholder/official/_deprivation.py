"""The English Indices of Deprivation: by small area, or by practice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._cells import Cells, described
from ._columns import NOTHING, Column, layout
from ._headings import is_called
from ._read import read_source
from ._source import Source

INDICES = "English Indices of Deprivation (Ministry of Housing, Communities and Local Government)"
BY_PRACTICE = "Index of Multiple Deprivation by practice, made from the English Indices"
LONG = "Index of Multiple Deprivation (IMD)"
DECILES = 10

LSOA = Column("lsoa", ("LSOA code (2011)", "LSOA code (2021)"))
AREA_TEXTS = (
    Column("lsoa_name", ("LSOA name (2011)", "LSOA name (2021)"), required=False),
    Column(
        "lad",
        ("Local Authority District code (2019)", "Local Authority District code (2024)"),
        required=False,
    ),
    Column(
        "lad_name",
        ("Local Authority District name (2019)", "Local Authority District name (2024)"),
        required=False,
    ),
)
PRACTICE = Column("practice", ("practice_code",))
PRACTICE_TEXTS = (
    Column("practice_name", ("practice_name",), required=False),
    Column("postcode", ("postcode",), required=False, nothing=(*NOTHING, "Unknown")),
    Column("sub_icb", ("subicb_code", "sub_icb_code", "ccg_code"), required=False),
)
SCORE = Column("imd_score", (f"{LONG} Score", "imd_score"))
FINGERTIPS = (
    Column("practice", ("Area Code",)),
    Column("practice_name", ("Area Name",)),
    Column("type", ("Area Type",)),
    Column("indicator", ("Indicator Name",)),
    Column("time", ("Time period",)),
    Column("imd_score", ("Value",)),
)
INDICATOR = r"^DEPRIVATION SCORE \(IMD \d{4}\)$"
DECILE = Column(
    "imd_decile",
    (f"{LONG} Decile (where 1 is most deprived 10% of LSOAs)", f"{LONG} Decile", "imd_decile"),
    required=False,
)


def read_imd(path: str | Path, *, sheet: str | None = None) -> pa.Table:
    """Scores of the Index of Multiple Deprivation, of small areas or of practices.

    Parameters
    ----------
    path
        "File 7: all IoD scores, ranks, deciles and population denominators" (by LSOA), or a table
        of practices with ``practice_code`` and ``imd_score``, or the indicator "Deprivation score
        (IMD <year>)" of Fingertips (Department of Health and Social Care), of which the rows of GPs
        are read; as .csv, .csv.gz or .xlsx.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``lsoa``, ``lsoa_name``, ``lad``, ``lad_name`` or ``practice``, ``practice_name``,
        ``postcode``, ``sub_icb``; then ``imd_score`` and ``imd_decile`` (1 is the most deprived);
        in the order of the codes. What the file does not have is absent.

    Raises
    ------
    InputError
        Columns that are missing, an area or a practice twice, a score that is no number of at
        least 0, a decile that is none, deciles that are not in the order of the scores: all at
        once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "imd_by_practice.csv")
    ...     _ = file.write_text("practice_code,imd_score,imd_decile\\nA81001,34.6,2\\n")
    ...     read_imd(file).to_pylist()
    [{'practice': 'A81001', 'imd_score': 34.6, 'imd_decile': 2}]
    """
    layouts = [*(layout((unit, SCORE)) for unit in (LSOA, PRACTICE)), layout(FINGERTIPS)]
    source = read_source(path, layouts, sheet)
    if all(any(is_called(h, names) for h in source.headings) for names in layout(FINGERTIPS)):
        return _fingertips(source)
    by_area = any(is_called(heading, LSOA.headings) for heading in source.headings)
    unit, texts = (LSOA, AREA_TEXTS) if by_area else (PRACTICE, PRACTICE_TEXTS)
    cells = Cells(source, (unit, *texts, SCORE, DECILE))
    arrays: dict[str, pa.Array] = {unit.name: cells.code(unit)}
    cells.unique(unit, arrays[unit.name])
    for column in texts:
        if cells.has(column):
            arrays[column.name] = cells.text(column)
    arrays["imd_score"] = cells.number(SCORE)
    if cells.has(DECILE):
        arrays["imd_decile"] = cells.count(DECILE)
        _check_deciles(cells, arrays["imd_score"].to_numpy(), arrays["imd_decile"].to_numpy())
    return described(cells.table(arrays), INDICES if by_area else BY_PRACTICE, [source])


def _fingertips(source: Source) -> pa.Table:
    """Scores of practices from a download of Fingertips, of one indicator and period."""
    practice, name, kind, indicator, time, score = FINGERTIPS
    cells = Cells(source, FINGERTIPS)
    cells.only(kind, "GPS", ".*")
    texts = pc.fill_null(pc.utf8_upper(cells.text(indicator)), "")
    known = pc.match_substring_regex(texts, INDICATOR).to_numpy(zero_copy_only=False)
    cells.reject(indicator, ~known, "'Deprivation score (IMD <year>)' alone")
    cells.one_value(time, cells.text(time))
    code = cells.code(practice)
    cells.unique(practice, code)
    arrays = {
        "practice": code,
        "practice_name": cells.text(name),
        "imd_score": cells.number(score),
    }
    return described(cells.table(arrays), BY_PRACTICE, [source])


def _check_deciles(cells: Cells, score: np.ndarray, decile: np.ndarray) -> None:
    """Deciles are from 1 to 10, and no score is above one of a more deprived decile."""
    cells.reject(DECILE, (decile < 1) | (decile > DECILES), f"a whole number from 1 to {DECILES}")
    if not np.isfinite(score).all():
        return
    lowest = np.inf
    for number in range(1, DECILES + 1):
        inside = decile == number
        allowed = "in a decile in the order of scores, in which 1 is the most deprived"
        cells.reject(DECILE, inside & (score > lowest), allowed, "inconsistent")
        lowest = min([lowest, *score[inside].tolist()])
