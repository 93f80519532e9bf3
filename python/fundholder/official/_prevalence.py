"""Quality and Outcomes Framework: how many people of a practice have a condition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from .._tables.unit_tables import nullable, ratio
from ._cells import Cells, described
from ._columns import Column, layout
from ._read import read_source

PUBLICATION = "Quality and Outcomes Framework: prevalence (NHS England, formerly NHS Digital)"
PRACTICE = Column("practice", ("PRACTICE_CODE",))
CONDITION = Column("condition", ("GROUP_CODE", "INDICATOR_GROUP", "INDICATOR_GROUP_CODE"))
REGISTER = Column("register", ("REGISTER",))
LIST_TYPE = Column("list_type", ("PATIENT_LIST_TYPE",), required=False)
LIST_SIZE = Column("list_size", ("PRACTICE_LIST_SIZE", "LIST_SIZE"))


def read_qof_prevalence(path: str | Path, *, sheet: str | None = None) -> pa.Table:
    """Registers of conditions by practice, beside the people they are counted among.

    Parameters
    ----------
    path
        "PREVALENCE_<year>" of the Quality and Outcomes Framework, as .csv, .csv.gz or .xlsx.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``condition`` ("DM", "COPD", ...), ``register`` (people), ``list_type`` (which
        ages are counted among, where the file says so), ``list_size`` and ``prevalence`` (register
        / list_size; null where nobody is counted among); in the order of practices and conditions.

    Raises
    ------
    InputError
        Columns that are missing, a condition of a practice twice, people that are no whole number
        of at least 0, a register larger than its list: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "PREVALENCE_2223.csv")
    ...     _ = file.write_text("PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,"
    ...                         "PRACTICE_LIST_SIZE\\nA81001,DM,250,17OV,4000\\n")
    ...     read_qof_prevalence(file).select(["condition", "prevalence"]).to_pylist()
    [{'condition': 'DM', 'prevalence': 0.0625}]
    """
    columns = (PRACTICE, CONDITION, REGISTER, LIST_TYPE, LIST_SIZE)
    source = read_source(path, [layout(columns)], sheet)
    cells = Cells(source, columns)
    practice, condition = cells.code(PRACTICE), cells.text(CONDITION, needed=True)
    cells.unique_together(CONDITION, [practice, condition], [PRACTICE])
    register, size = cells.count(REGISTER), cells.count(LIST_SIZE)
    people, among = register.to_numpy(), size.to_numpy()
    cells.reject(REGISTER, np.asarray(people > among), "at most the size of the list")
    arrays = {"practice": practice, "condition": condition, "register": register}
    if cells.has(LIST_TYPE):
        arrays["list_type"] = cells.text(LIST_TYPE)
    share = nullable(ratio(people.astype(float), among.astype(float)))
    arrays |= {"list_size": size, "prevalence": share}
    table = cells.table(arrays).sort_by([("practice", "ascending"), ("condition", "ascending")])
    return described(table, PUBLICATION, [source])
