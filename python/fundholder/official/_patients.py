"""Patients Registered at a GP Practice: list sizes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ._cells import Cells, described
from ._columns import Column, layout
from ._read import read_source

PUBLICATION = "Patients Registered at a GP Practice (NHS England, formerly NHS Digital)"

TYPE = Column("type", ("TYPE", "ORG_TYPE"), required=False)
PRACTICE = Column("practice", ("CODE", "ORG_CODE", "PRACTICE_CODE", "GP_PRACTICE_CODE"))
SUB_ICB = Column(
    "sub_icb",
    ("SUB_ICB_LOCATION_CODE", "SUB_ICB_LOC_CODE", "CCG_CODE"),
    required=False,
)
POSTCODE = Column("postcode", ("POSTCODE", "PRACTICE_POSTCODE"), required=False)
DATE = Column("date", ("EXTRACT_DATE",), required=False)
SEX = Column("sex", ("SEX",))
AGE = Column("age", ("AGE", "AGE_GROUP_5"))
COUNT = Column("count", ("NUMBER_OF_PATIENTS", "TOTAL_ALL", "TOTAL_PATIENTS"))
OTHER_TYPES = "CCG|SUB_ICB_LOC(ATION)?|STP|ICB|PCN|(COMM|NHS)?[ _]?REGION|NHSER|AREA TEAM|AT"
"""Organisations that are no practices."""
OTHER_SEXES = "MALE|FEMALE|INDETERMINATE|UNKNOWN"
OTHER_AGES = r"\d{1,3}(\+|[-_ ]+\d{1,3})?"


def read_patients(path: str | Path, *, sheet: str | None = None) -> pa.Table:
    """List sizes: how many people are registered with each practice.

    Parameters
    ----------
    path
        "gp-reg-pat-prac-all" of a month, as .csv, .csv.gz or .xlsx. Of a file that has rows of
        other kinds too, those of practices (GP), both sexes (ALL) and all ages (ALL) are read.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``count`` (people registered), and where the file has them ``sub_icb``,
        ``postcode`` and ``date`` (of the extract); in the order of the practices' codes. It is a
        population of ``variance``, ``simulate`` and the like.

    Raises
    ------
    InputError
        Columns that are missing, a practice twice, people that are no whole number of at least 0,
        dates that are none or differ, rows of a TYPE, SEX or AGE that is not known: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gp-reg-pat-prac-all.csv")
    ...     _ = file.write_text("EXTRACT_DATE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\\n"
    ...                         "01JAN2021,A81001,ALL,ALL,4100\\n")
    ...     read_patients(file).select(["practice", "count"]).to_pylist()
    [{'practice': 'A81001', 'count': 4100}]
    """
    sex = Column(SEX.name, SEX.headings, required=False)
    age = Column(AGE.name, AGE.headings, required=False)
    columns = (TYPE, PRACTICE, SUB_ICB, POSTCODE, DATE, sex, age, COUNT)
    source = read_source(path, [layout(columns)], sheet)
    cells = Cells(source, columns)
    cells.only(TYPE, "GP", OTHER_TYPES)
    cells.only(sex, "ALL", OTHER_SEXES)
    cells.only(age, "ALL", OTHER_AGES)
    practice = cells.code(PRACTICE)
    cells.unique(PRACTICE, practice)
    arrays: dict[str, pa.Array] = {"practice": practice, "count": cells.count(COUNT)}
    if cells.has(SUB_ICB):
        arrays["sub_icb"] = cells.code(SUB_ICB, needed=False)
    if cells.has(POSTCODE):
        arrays["postcode"] = cells.text(POSTCODE)
    if cells.has(DATE):
        arrays["date"] = cells.date(DATE)
        cells.one_value(DATE, arrays["date"])
    return described(cells.table(arrays), PUBLICATION, [source])
