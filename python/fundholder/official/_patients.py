"""Patients Registered at a GP Practice: list sizes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ._cells import Cells, Column, described
from ._source import read_source

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
PEOPLE = Column("people", ("NUMBER_OF_PATIENTS", "TOTAL_ALL", "TOTAL_PATIENTS"))

HEADINGS = [*PRACTICE.headings, *PEOPLE.headings]


def read_patients(path: str | Path) -> pa.Table:
    """List sizes: how many people are registered with each practice.

    Parameters
    ----------
    path
        "gp-reg-pat-prac-all" of a month, as .csv, .csv.gz or .xlsx. Of a file that has rows of
        other kinds too, those of practices (GP), both sexes (ALL) and all ages (ALL) are read.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``people``, and where the file has them ``sub_icb``, ``postcode`` and
        ``date`` (of the extract); in the order of the practices' codes.

    Raises
    ------
    InputError
        Columns that are missing, a practice twice, people that are no whole number of at least 0,
        dates that are none: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gp-reg-pat-prac-all.csv")
    ...     _ = file.write_text("EXTRACT_DATE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\\n"
    ...                         "01JAN2021,A81001,ALL,ALL,4100\\n")
    ...     read_patients(file).select(["practice", "people"]).to_pylist()
    [{'practice': 'A81001', 'people': 4100}]
    """
    sex = Column(SEX.name, SEX.headings, required=False)
    age = Column(AGE.name, AGE.headings, required=False)
    columns = (TYPE, PRACTICE, SUB_ICB, POSTCODE, DATE, sex, age, PEOPLE)
    source = read_source(path, HEADINGS)
    cells = Cells(source, columns)
    cells.only(TYPE, "GP")
    cells.only(sex, "ALL")
    cells.only(age, "ALL")
    practice = cells.code(PRACTICE)
    cells.unique(PRACTICE, practice)
    arrays: dict[str, pa.Array] = {"practice": practice, "people": cells.count(PEOPLE)}
    if cells.has(SUB_ICB):
        arrays["sub_icb"] = cells.code(SUB_ICB, needed=False)
    if cells.has(POSTCODE):
        arrays["postcode"] = cells.text(POSTCODE)
    if cells.has(DATE):
        arrays["date"] = cells.date(DATE)
    return described(cells.table(arrays), PUBLICATION, [source])
