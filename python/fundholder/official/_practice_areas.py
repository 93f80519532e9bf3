"""Areas of practices: PCN, sub-ICB location, ICB and region; and since when."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError, Problem
from .._tables.problems import Problems
from ._cells import Cells, described
from ._columns import NOTHING, Column, layout
from ._read import read_source

MAP = "Patients Registered at a GP Practice: mapping (NHS England, formerly NHS Digital)"
MEMBERS = "ePCN: Primary Care Networks, core partner details (NHS Organisation Data Service)"
NO_PCN = (*NOTHING, "U", "Unallocated")

PRACTICE = Column("practice", ("PRACTICE_CODE",))
MAP_COLUMNS = (
    PRACTICE,
    Column("practice_name", ("PRACTICE_NAME",), required=False),
    Column("postcode", ("PRACTICE_POSTCODE",), required=False),
    Column("pcn", ("PCN_CODE",), nothing=NO_PCN),
    Column("pcn_name", ("PCN_NAME",), required=False, nothing=NO_PCN),
    Column("sub_icb", ("SUB_ICB_LOCATION_CODE", "SUB_ICB_LOC_CODE", "CCG_CODE")),
    Column(
        "sub_icb_name",
        ("SUB_ICB_LOCATION_NAME", "SUB_ICB_LOC_NAME", "CCG_NAME"),
        required=False,
    ),
    Column("icb", ("ICB_CODE", "STP_CODE")),
    Column("icb_name", ("ICB_NAME", "STP_NAME"), required=False),
    Column("region", ("COMM_REGION_CODE", "REGION_CODE")),
    Column("region_name", ("COMM_REGION_NAME", "REGION_NAME"), required=False),
)
"""Codes are required, names are not."""

SUB_ICB = ("Sub ICB Loc", "CCG")
PARTNER = Column("practice", ("Partner Organisation Code",))
PCN = Column("pcn", ("PCN Code",))
START = Column("start", ("Practice to PCN Relationship Start Date",))
END = Column("end", ("Practice to PCN Relationship End Date",))
PARTNER_NAME = Column("practice_name", ("Partner Name",), required=False)
PCN_NAME = Column("pcn_name", ("PCN Name",), required=False)
PARTNER_SUB_ICB = Column(
    "sub_icb", tuple(f"Practice Parent {name} Code" for name in SUB_ICB), required=False
)
PCN_SUB_ICB = Column(
    "pcn_sub_icb", tuple(f"PCN Parent {name} Code" for name in SUB_ICB), required=False
)


def read_practice_map(path: str | Path, *, sheet: str | None = None) -> pa.Table:
    """The PCN, sub-ICB location, ICB and region of each practice.

    Parameters
    ----------
    path
        "gp-reg-pat-prac-map" of a month, as .csv, .csv.gz or .xlsx.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``practice_name``, ``postcode``, ``pcn``, ``pcn_name``, ``sub_icb``,
        ``sub_icb_name``, ``icb``, ``icb_name``, ``region``, ``region_name``, of which names may be
        absent; in the order of the practices' codes. Before July 2022, ``sub_icb`` is the CCG and
        ``icb`` the STP. A practice without a PCN (code U, "Unallocated") has null.

    Raises
    ------
    InputError
        Columns that are missing, a practice twice, a code that is none: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gp-reg-pat-prac-map.csv")
    ...     _ = file.write_text("PRACTICE_CODE,PCN_CODE,CCG_CODE,STP_CODE,COMM_REGION_CODE\\n"
    ...                         "A81001,U,16C,QHM,Y63\\n")
    ...     read_practice_map(file).select(["practice", "pcn", "icb"]).to_pylist()
    [{'practice': 'A81001', 'pcn': None, 'icb': 'QHM'}]
    """
    source = read_source(path, [layout(MAP_COLUMNS)], sheet)
    cells = Cells(source, MAP_COLUMNS)
    arrays: dict[str, pa.Array] = {}
    for column in MAP_COLUMNS:
        if column.required:
            arrays[column.name] = cells.code(column, needed=column.name != "pcn")
        elif cells.has(column):
            arrays[column.name] = cells.text(column)
    cells.unique(PRACTICE, arrays["practice"])
    return described(cells.table(arrays), MAP, [source])


def read_pcn_members(
    path: str | Path, *, on: datetime.date | str | None = None, sheet: str | None = None
) -> pa.Table:
    """The practices of each PCN, since when and until when.

    Parameters
    ----------
    path
        The workbook "ePCN" (sheet "PCN Core Partner Details", or whichever has its columns), or
        that sheet as .csv or .csv.gz.
    on
        A day, as ``datetime.date`` or "2023-01-31": the members of that day, each practice once.
        A membership lasts from its start to its end, both included; of two that meet on the day,
        the later one counts. Without it, all memberships there have been.
    sheet
        The sheet of a workbook; without it, the visible one that has the columns.

    Returns
    -------
    pyarrow.Table
        ``practice``, ``practice_name``, ``pcn``, ``pcn_name``, ``sub_icb`` (of the practice),
        ``pcn_sub_icb``, ``start``, ``end`` (null: goes on), in the order of practice and start.

    Raises
    ------
    InputError
        Columns or the sheet that are missing, a code or a date that is none, an end before its
        start, a membership that is there twice, a practice in two PCNs on the day: all at once.
        ``InputTypeError`` for a day that is none.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "core_partners.csv")
    ...     _ = file.write_text("Partner Organisation Code,PCN Code,"
    ...                         "Practice to PCN Relationship Start Date,"
    ...                         "Practice to PCN Relationship End Date\\n"
    ...                         "A81001,U1,20191001,20200331\\nA81001,U2,20200401,\\n")
    ...     read_pcn_members(file, on="2020-04-01").select(["practice", "pcn"]).to_pylist()
    [{'practice': 'A81001', 'pcn': 'U2'}]
    """
    day = None if on is None else _day(on)
    columns = (PARTNER, PARTNER_NAME, PCN, PCN_NAME, PARTNER_SUB_ICB, PCN_SUB_ICB, START, END)
    source = read_source(path, [layout(columns)], sheet)
    cells = Cells(source, columns)
    practice, pcn = cells.code(PARTNER), cells.code(PCN)
    arrays: dict[str, pa.Array] = {"practice": practice}
    if cells.has(PARTNER_NAME):
        arrays["practice_name"] = cells.text(PARTNER_NAME)
    arrays["pcn"] = pcn
    if cells.has(PCN_NAME):
        arrays["pcn_name"] = cells.text(PCN_NAME)
    for column in (PARTNER_SUB_ICB, PCN_SUB_ICB):
        if cells.has(column):
            arrays[column.name] = cells.code(column, needed=False)
    arrays["start"], arrays["end"] = cells.date(START), cells.date(END, needed=False)
    before = pc.fill_null(pc.less(arrays["end"], arrays["start"]), False)
    cells.reject(END, before.to_numpy(zero_copy_only=False), "not before the start", "inconsistent")
    start = arrays["start"].cast(pa.string())
    cells.unique_together(START, [practice, pcn, start], (PARTNER, PCN))
    table = described(cells.table(arrays), MEMBERS, [source])
    table = table.sort_by([("practice", "ascending"), ("start", "ascending")])
    return table if day is None else _members(table, day)


def _day(on: object) -> datetime.date:
    if isinstance(on, datetime.date) and not isinstance(on, datetime.datetime):
        return on
    allowed = "a datetime.date, or a day such as '2023-01-31'"
    if not isinstance(on, str):
        raise InputTypeError([Problem.argument_type("on", on, allowed)])
    try:
        return datetime.date.fromisoformat(on)
    except ValueError as error:
        raise InputError([Problem.argument("on", on, allowed)]) from error


def _members(table: pa.Table, day: datetime.date) -> pa.Table:
    """The memberships of a day, one for each practice."""
    begun = pc.less_equal(table["start"], day)
    open_still = pc.fill_null(pc.greater_equal(table["end"], day), True)
    table = table.filter(pc.and_(begun, open_still))
    if not table.num_rows:
        allowed = "a day on which there are members"
        text = f"on is {day}: must be {allowed}"
        raise InputError([Problem(text, code="argument", column="on", value=day, allowed=allowed)])
    practice = table["practice"].to_pylist()
    pcn, end = table["pcn"].to_pylist(), table["end"].to_pylist()
    keep, problems = np.ones(len(practice), bool), Problems()
    for row in range(1, len(practice)):
        if practice[row] != practice[row - 1]:
            continue
        # One that ends on the day on which the next begins has handed over.
        if end[row - 1] == table["start"][row].as_py() == day:
            keep[row - 1] = False
        else:
            both = f"{pcn[row - 1]!r} and {pcn[row]!r}"
            text = f"practice {practice[row]!r} is in {both} on {day}: must be in one"
            problems.add(
                Problem(text, code="inconsistent", column=PCN.headings[0], value=practice[row])
            )
    problems.check()
    return table.filter(pa.array(keep))
