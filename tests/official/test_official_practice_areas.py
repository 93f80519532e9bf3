"""Are days, networks and deprivation read, and rejected when they cannot be?"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from fundholder import InputTypeError, official
from official_files import problems, text_file

openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")


# ---- Places --------------------------------------------------------------------------------------
def test_a_map_may_be_of_later_years(tmp_path: Path) -> None:
    text = (
        "PRACTICE_CODE,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,ICB_CODE,ICB_NAME,COMM_REGION_CODE\n"
        'B1,U,Unallocated,16C,QHM,"NORTH, EAST",Y63\nA1,U1,ONE PCN,16C,QHM,,Y63\n'
    )
    table = official.read_practice_map(text_file(tmp_path, text))
    assert table.to_pylist() == [
        {
            "practice": code,
            "pcn": pcn,
            "pcn_name": name,
            "sub_icb": "16C",
            "icb": "QHM",
            "icb_name": icb,
            "region": "Y63",
        }
        for code, pcn, name, icb in (
            ("A1", "U1", "ONE PCN", None),
            ("B1", None, None, "NORTH, EAST"),
        )
    ]
    twice = text_file(tmp_path, text + "A1,U2,TWO PCN,16C,,,Y63\n")
    listed = problems(official.read_practice_map, twice)
    assert len(listed) == 2 and "'ICB_CODE', row 2: nothing" in listed[0]
    assert "'PRACTICE_CODE', row 2: 'A1' is a duplicate of row 1: must be unique" in listed[1]


MEMBER_HEADINGS = [
    "Partner\r\nOrganisation\r\nCode",
    "Partner\r\nName",
    "PCN Code",
    "Practice to PCN\r\nRelationship\r\nStart Date",
    "Practice to PCN\r\nRelationship\r\nEnd Date",
]


def members_book(folder: Path, *rows: list[Any], sheet: str = "PCN Core Partner Details") -> Path:
    book = openpyxl.Workbook()
    book.active.title = "PCN Details"
    page = book.create_sheet(sheet)
    for row in (MEMBER_HEADINGS, *rows, [None] * 5):
        page.append(row)
    book.save(folder / "ePCN.xlsx")
    return folder / "ePCN.xlsx"


def test_days_in_a_workbook_are_dates(tmp_path: Path) -> None:
    """As dates, as serial numbers of Excel (44197 is 1 January 2021), as text and as numbers."""
    path = members_book(
        tmp_path,
        ["A1", "Alpha", "U1", datetime.datetime(2021, 1, 1), 44_198],
        ["A2", "Beta", "U1", 44_197, "02JAN2021"],
        ["A3", None, "U1", 20210101, datetime.date(2021, 1, 2)],
        ["A4", "Delta", "U1", "01/01/2021", None],
    )
    table = official.read_pcn_members(path)
    assert table["start"].to_pylist() == [datetime.date(2021, 1, 1)] * 4
    assert table["end"].to_pylist() == [datetime.date(2021, 1, 2)] * 3 + [None]
    assert table["practice_name"].to_pylist() == ["Alpha", "Beta", None, "Delta"]
    assert "sheet 'PCN Core Partner Details'" in table.schema.metadata[b"fundholder.file"].decode()


def test_memberships_that_cannot_be(tmp_path: Path) -> None:
    path = members_book(
        tmp_path,
        ["A1", "Alpha", "U1", 44_197, 44_196],
        ["A2", "Beta", "U1", 44_197, "later"],
        ["A3", "Gamma", "U1", 44_197, None],
        ["A3", "Gamma", "U1", 44_197, None],
    )
    listed = problems(official.read_pcn_members, path)
    assert len(listed) == 3
    assert "row 1: 'later'; must be a date" in listed[0]
    assert "row 0: '44196'; must be not before the start" in listed[1]
    duplicate = "row 3: '44197' with practice A3, pcn U1 is a duplicate of row 2: must be unique"
    assert duplicate in listed[2]


def test_a_practice_in_two_networks_on_a_day_is_rejected(tmp_path: Path) -> None:
    path = members_book(
        tmp_path, ["A1", "Alpha", "U1", 44_197, 44_210], ["A1", "Alpha", "U2", 44_205, None]
    )
    assert official.read_pcn_members(path).num_rows == 2
    for day, pcn in (("2021-01-01", "U1"), ("2021-01-31", "U2")):
        assert official.read_pcn_members(path, on=day)["pcn"].to_pylist() == [pcn]
    listed = problems(official.read_pcn_members, path, on="2021-01-10")
    assert listed == ["practice 'A1' is in 'U1' and 'U2' on 2021-01-10: must be in one"]
    assert (
        "on which there are members"
        in problems(official.read_pcn_members, path, on="2020-01-01")[0]
    )
    assert "on is '1 May'" in problems(official.read_pcn_members, path, on="1 May")[0]
    with pytest.raises(InputTypeError, match="on is 44197"):
        official.read_pcn_members(path, on=44_197)  # type: ignore[arg-type]


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = members_book(tmp_path, ["A1", "Alpha", "U1", 44_197, None], sheet="Partners")
    assert official.read_pcn_members(path).num_rows == 1
    (problem,) = problems(official.read_pcn_members, path, sheet="PCN Core Partner Details")
    assert "sheet 'PCN Core Partner Details' is missing" in problem
    assert "['PCN Details', 'Partners']" in problem


# ---- Deprivation ---------------------------------------------------------------------------------
LSOA_HEADING = (
    "LSOA code (2011),LSOA name (2011),Local Authority District code (2019),"
    "Local Authority District name (2019),Index of Multiple Deprivation (IMD) Score,"
    "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
    "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)\n"
)


def test_deprivation_of_small_areas_is_read(tmp_path: Path) -> None:
    text = (
        LSOA_HEADING + 'E01000002,B,E09,City,5.143,"29,199",9\nE01000001,A,E09,City,6.208,26126,8\n'
    )
    table = official.read_imd(text_file(tmp_path, text))
    assert table.column_names == ["lsoa", "lsoa_name", "lad", "lad_name", "imd_score", "imd_decile"]
    assert table["lsoa"].to_pylist() == ["E01000001", "E01000002"]
    assert table["imd_decile"].to_pylist() == [8, 9]


def test_deprivation_that_cannot_be(tmp_path: Path) -> None:
    heading = "practice_code,imd_score,imd_decile\n"
    listed = problems(
        official.read_imd, text_file(tmp_path, heading + "A1,-1,1\nA1,inf,0\nA3,,11\n")
    )
    assert [problem.split(": ", 1)[1].split(";")[0] for problem in listed] == [
        "column 'practice_code', row 1: 'A1' is a duplicate of row 0: must be unique",
        "column 'imd_score', row 0: '-1'",
        "column 'imd_score', row 1: 'inf'",
        "column 'imd_score', row 2: nothing",
        "column 'imd_decile', row 1: '0'",
        "column 'imd_decile', row 2: '11'",
    ]
    (problem,) = problems(
        official.read_imd, text_file(tmp_path, heading + "A1,40,10\nA2,5,1\nA3,5,1\n")
    )
    assert "'imd_decile', row 0: '10'" in problem and "1 is the most deprived" in problem
