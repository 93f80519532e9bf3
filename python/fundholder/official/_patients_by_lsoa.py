"""Patients Registered at a GP Practice: where they live."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ._age_columns import SEXES, sex_of
from ._cells import Cells, described
from ._columns import NOTHING, Column, layout
from ._patients import DATE, PUBLICATION
from ._read import read_source

PRACTICE = Column("practice", ("PRACTICE_CODE", "CODE"))
LSOA = Column("lsoa", ("LSOA_CODE",), nothing=(*NOTHING, "NO2011", "NO2021"))
SEX = Column("sex", ("SEX",), required=False)
COUNT = Column("count", ("NUMBER_OF_PATIENTS", "ALL_PATIENTS"))


def read_patients_by_lsoa(path: str | Path, *, sheet: str | None = None) -> pa.Table:
    """People of each practice by the small area in which they live.

    Parameters
    ----------
    path
        "gp-reg-pat-prac-lsoa-all", "-male" or "-female" of a quarter, as .csv, .csv.gz or .xlsx.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``lsoa`` (null where no area is known: NO2011, NO2021), ``sex`` ("female",
        "male", "all") and ``count``, with ``date`` where the file has it; in the order of the
        practices' codes and areas.

    Raises
    ------
    InputError
        Columns that are missing, a practice, area and sex twice, people that are no whole number
        of at least 0, days that differ: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gp-reg-pat-prac-lsoa-all.csv")
    ...     _ = file.write_text("PRACTICE_CODE,LSOA_CODE,SEX,NUMBER_OF_PATIENTS\\n"
    ...                         "A81001,E01012187,ALL,12\\nA81001,NO2011,ALL,3\\n")
    ...     read_patients_by_lsoa(file).select(["lsoa", "count"]).to_pylist()
    [{'lsoa': 'E01012187', 'count': 12}, {'lsoa': None, 'count': 3}]
    """
    columns = (PRACTICE, LSOA, SEX, DATE, COUNT)
    source = read_source(path, [layout(columns)], sheet)
    cells = Cells(source, columns)
    practice, lsoa = cells.code(PRACTICE), cells.code(LSOA, needed=False)
    sex = pa.repeat("all", source.rows)
    if cells.has(SEX):
        numbers, wrong = cells.each(SEX, sex_of)
        cells.reject(SEX, wrong, "FEMALE, MALE or ALL")
        sex = pa.array([None if n is None else SEXES[n] for n in numbers], pa.string())
    cells.unique_together(LSOA, [practice, lsoa, sex], [PRACTICE])
    arrays = {"practice": practice, "lsoa": lsoa, "sex": sex, "count": cells.count(COUNT)}
    if cells.has(DATE):
        arrays["date"] = cells.date(DATE)
        cells.one_value(DATE, arrays["date"])
    table = cells.table(arrays).sort_by(
        [(name, "ascending") for name in ("practice", "lsoa", "sex")]
    )
    return described(table, PUBLICATION, [source])
