"""The register of practices of the NHS Organisation Data Service."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from .._errors import InputError
from ._cells import Cells, described
from ._columns import Column
from ._source import file_suffix, read_csv, wrong_path

PUBLICATION = "epraccur: GP practices and prescribing cost centres (NHS Organisation Data Service)"
PRACTICE = Column("practice", ("Organisation Code",))
NAME = Column("practice_name", ("Name",))
REGION = Column("region", ("National Grouping",))
ICB = Column("icb", ("High Level Health Geography",))
POSTCODE = Column("postcode", ("Postcode",))
OPENED = Column("opened", ("Open Date",))
CLOSED = Column("closed", ("Close Date",))
STATUS = Column("status", ("Status Code",))
SUB_ICB = Column("sub_icb", ("Commissioner",))
SETTING = Column("setting", ("Prescribing Setting",))
STATUSES = {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}
HEADINGS = (
    *("Organisation Code", "Name", "National Grouping", "High Level Health Geography"),
    *(f"Address Line {i}" for i in range(1, 6)),
    *("Postcode", "Open Date", "Close Date", "Status Code", "Organisation Sub-Type Code"),
    *("Commissioner", "Join Date", "Left Date", "Contact Telephone Number"),
    *("Null 19", "Null 20", "Null 21", "Amended Record Indicator", "Null 23"),
    *("Provider/Purchaser", "Null 25", "Prescribing Setting", "Null 27"),
)
"""The file has no headings: these are those of its specification, in its order."""


def read_practices(path: str | Path) -> pa.Table:
    """The register of practices and other places that prescribe, open and closed.

    Parameters
    ----------
    path
        "epraccur" as .csv or .csv.gz: 27 columns without headings.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``practice_name``, ``region`` and ``icb`` (codes; null where not known),
        ``postcode``, ``opened`` and ``closed`` (days), ``status`` ("active", "closed", "dormant",
        "proposed"), ``sub_icb`` (the commissioner) and ``setting`` (4 is a GP practice; prisons,
        hospices, hospitals and walk-in centres have other numbers). In the order of the codes.
        No row is left out: the practices of today are those of ``status`` "active" and ``setting``
        4.

    Raises
    ------
    InputError
        Another number of columns, a code twice, a status that is not known, a day that is none:
        all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> row = ["A81001", "THE SURGERY", "Y63", "QHM", *[""] * 5, "TS18 1HU", "19740401", "", "A",
    ...        "B", "16C", "20130401", *[""] * 5, "0", *[""] * 3, "4", ""]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "epraccur.csv")
    ...     _ = file.write_text(",".join(row) + "\\n")
    ...     read_practices(file).select(["practice", "status", "setting"]).to_pylist()
    [{'practice': 'A81001', 'status': 'active', 'setting': 4}]
    """
    if file_suffix(path) == ".xlsx":
        raise InputError([wrong_path(path, "the name must", "end in .csv or .csv.gz")])
    source = read_csv(Path(path), HEADINGS)
    columns = (PRACTICE, NAME, REGION, ICB, POSTCODE, OPENED, CLOSED, STATUS, SUB_ICB, SETTING)
    cells = Cells(source, columns)
    practice = cells.code(PRACTICE)
    cells.unique(PRACTICE, practice)
    status, wrong = cells.each(STATUS, lambda text: STATUSES.get(text.upper()))
    cells.reject(STATUS, wrong, ", ".join(f"{code} ({word})" for code, word in STATUSES.items()))
    table = cells.table(
        {
            "practice": practice,
            "practice_name": cells.text(NAME, needed=True),
            "region": cells.code(REGION, needed=False),
            "icb": cells.code(ICB, needed=False),
            "postcode": cells.text(POSTCODE),
            "opened": cells.date(OPENED, needed=False),
            "closed": cells.date(CLOSED, needed=False),
            "status": pa.array(status, pa.string()),
            "sub_icb": cells.code(SUB_ICB, needed=False),
            "setting": cells.count(SETTING),
        }
    )
    return described(table, PUBLICATION, [source])
