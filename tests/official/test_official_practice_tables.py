"""Are the register of practices, lists by small area, prevalence and deprivation read?

Columns are those of the files as they are published; the rows are made up.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from fundholder import official
from official_files import problems, text_file


# ---- The register of practices (epraccur) --------------------------------------------------------
def register_row(**changed: str) -> str:
    cells = {
        "code": "A81001",
        "name": '"THE SURGERY"',
        "region": "Y63",
        "icb": "QHM",
        "address": "THE HEALTH CENTRE,,,,",
        "postcode": "TS18 1HU",
        "opened": "19740401",
        "closed": "",
        "status": "A",
        "type": "B",
        "commissioner": "16C",
        "joined": "20130401",
        "left": "",
        "telephone": "",
        "nulls": ",,",
        "amended": "0",
        "null": "",
        "purchaser": "16C",
        "null_25": "",
        "setting": "4",
        "null_27": "",
    }
    return ",".join((cells | changed).values()) + "\n"


def test_the_register_without_headings_is_read(tmp_path: Path) -> None:
    closed = register_row(code="y00001", closed="20190331", status="C", setting="25", icb="")
    path = text_file(tmp_path, closed + register_row(), "epraccur.csv")
    first, second = official.read_practices(path).to_pylist()
    assert first == {
        "practice": "A81001",
        "practice_name": "THE SURGERY",
        "region": "Y63",
        "icb": "QHM",
        "postcode": "TS18 1HU",
        "opened": datetime.date(1974, 4, 1),
        "closed": None,
        "status": "active",
        "sub_icb": "16C",
        "setting": 4,
    }
    assert (second["practice"], second["icb"], second["status"]) == ("Y00001", None, "closed")
    assert (second["closed"], second["setting"]) == (datetime.date(2019, 3, 31), 25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (register_row(status="X"), "'Status Code', row 0: 'X'"),
        (register_row(opened="1974"), "'Open Date', row 0: '1974'"),
        (register_row(setting=""), "'Prescribing Setting', row 0: nothing"),
        (register_row() * 2, "row 1: 'A81001' is a duplicate of row 0"),
        ("A81001,SURGERY\n", "has 2 columns: must have 27"),
        (register_row(code="Organisation Code"), "'Organisation Code', row 0"),
    ],
)
def test_a_register_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    listed = problems(official.read_practices, text_file(tmp_path, text))
    assert len(listed) == 1 and says in listed[0]


# ---- Lists by LSOA -------------------------------------------------------------------------------
BY_LSOA = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,{}\n"


@pytest.mark.parametrize("heading", ["NUMBER_OF_PATIENTS", "Number of Patients"])
def test_lists_by_small_area_are_read(tmp_path: Path, heading: str) -> None:
    rows = "".join(
        f"GP_PRAC_PAT_LIST,01APR2024,A81001,THE SURGERY,{area},ALL,{count}\n"
        for area, count in (("E01012187", 12), ("NO2011", 3), ("E01012100", 1))
    )
    path = text_file(tmp_path, BY_LSOA.format(heading) + rows)
    table = official.read_patients_by_lsoa(path)
    assert table["lsoa"].to_pylist() == ["E01012100", "E01012187", None]
    assert table["count"].to_pylist() == [1, 12, 3]
    assert table["sex"].to_pylist() == ["all"] * 3
    assert table["date"].unique().to_pylist() == [datetime.date(2024, 4, 1)]


def test_an_area_that_comes_twice_is_rejected(tmp_path: Path) -> None:
    row = "X,01APR2024,A81001,S,E01012187,{},12\n"
    text = BY_LSOA.format("NUMBER_OF_PATIENTS") + row.format("MALE") + row.format("FEMALE")
    assert official.read_patients_by_lsoa(text_file(tmp_path, text)).num_rows == 2
    (problem,) = problems(
        official.read_patients_by_lsoa, text_file(tmp_path, text + row.format("MALE"))
    )
    assert "row 2: 'E01012187' with practice A81001 is a duplicate of row 0" in problem


# ---- Prevalence ----------------------------------------------------------------------------------
PREVALENCE = "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"


def test_prevalence_is_read(tmp_path: Path) -> None:
    rows = "A81002,DM,0,17OV,0\nA81001,DM,250,17OV,4000\nA81001,AST,310,06OV,4900\n"
    table = official.read_qof_prevalence(text_file(tmp_path, PREVALENCE + rows))
    assert table["condition"].to_pylist() == ["AST", "DM", "DM"]
    assert table["prevalence"].to_pylist() == [310 / 4_900, 0.0625, None]
    assert table["list_type"].to_pylist() == ["06OV", "17OV", "17OV"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("A1,DM,9,17OV,8\n", "'REGISTER', row 0: '9'; must be at most the size of the list"),
        ("A1,DM,9,17OV,90\nA1,DM,8,17OV,90\n", "row 1: 'DM' with practice A1 is a duplicate"),
        ("A1,DM,*,17OV,90\n", "'REGISTER', row 0: '*'"),
    ],
)
def test_prevalence_that_cannot_be(tmp_path: Path, rows: str, says: str) -> None:
    (problem,) = problems(official.read_qof_prevalence, text_file(tmp_path, PREVALENCE + rows))
    assert says in problem


# ---- Deprivation by practice, of Fingertips ------------------------------------------------------
FINGERTIPS = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,"
    "Category Type,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit\n"
)


def fingertips(
    area: str = "A81001", kind: str = "GPs", name: str = "Deprivation score (IMD 2019)", **of: Any
) -> str:
    period, value = of.get("period", "2019"), of.get("value", "34.6")
    return f"93553,{name},E,England,{area},Surgery,{kind},Persons,All ages,,,{period},{value},,\n"


def test_deprivation_of_practices_from_fingertips_is_read(tmp_path: Path) -> None:
    england = fingertips("E92000001", "England", value="21.7")
    path = text_file(tmp_path, FINGERTIPS + england + fingertips())
    assert official.read_imd(path).to_pylist() == [
        {"practice": "A81001", "practice_name": "Surgery", "imd_score": 34.6}
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (fingertips("A2", period="2015"), "'Time period': 2015 and 2019"),
        (fingertips("A2", name="Life expectancy"), "'Indicator Name', row 1: 'Life expectancy'"),
        (fingertips("A2", value=""), "'Value', row 1: nothing"),
    ],
)
def test_other_indicators_and_periods_are_rejected(tmp_path: Path, row: str, says: str) -> None:
    (problem,) = problems(official.read_imd, text_file(tmp_path, FINGERTIPS + fingertips() + row))
    assert says in problem
