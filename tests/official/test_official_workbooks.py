"""Is a workbook read as it is: its own rows, the sheet that is meant, and within bounds?"""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

from fundholder import InputError, official
from official_files import problems, text_file
from workbooks import with_dimension, with_part, workbook

TOTALS = ["EXTRACT_DATE", "CODE", "SEX", "AGE", "NUMBER_OF_PATIENTS"]
LISTS = [TOTALS] + [["01JAN2021", f"A8100{i}", "ALL", "ALL", 1_000 * i] for i in range(1, 8)]
NOW = [
    ["PRACTICE_CODE", "PCN_CODE", "SUB_ICB_LOCATION_CODE", "ICB_CODE", "COMM_REGION_CODE"],
    ["A81001", "U2", "16C", "QHM", "Y63"],
]
OLD = [
    ["PRACTICE_CODE", "PRACTICE_NAME", "PCN_CODE", "CCG_CODE", "STP_CODE", "COMM_REGION_CODE"],
    ["A81001", "Elm Road", "U1", "00K", "QHM", "Y63"],
]


# ---- What is there -------------------------------------------------------------------------------
@pytest.mark.parametrize("dimension", ["A1", "A1:E4", "A1:B900000", "C3:D4", "A1:XFD1048576"])
def test_the_size_that_a_sheet_says_is_not_believed(tmp_path: Path, dimension: str) -> None:
    path = with_dimension(workbook(tmp_path / "lists.xlsx", {"Totals": LISTS}), dimension)
    assert official.read_patients(path)["count"].to_pylist() == [1_000 * i for i in range(1, 8)]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_error_of_excel_is_no_empty_cell(tmp_path: Path, error: str) -> None:
    rows = [[*row] for row in LISTS]
    rows[2][4] = error
    path = workbook(tmp_path / "lists.xlsx", {"Notes": [["x"], [error]], "Totals": rows})
    (problem,) = problems(official.read_patients, path)
    assert f"'NUMBER_OF_PATIENTS', row 1: '{error}'" in problem


# ---- Which sheet ---------------------------------------------------------------------------------
@pytest.mark.parametrize("hidden", [NOW, OLD])
def test_a_hidden_sheet_is_not_read(tmp_path: Path, hidden: list[list[str]]) -> None:
    path = workbook(tmp_path / "map.xlsx", {"Map": NOW, "2019": hidden}, hidden=["2019"])
    assert official.read_practice_map(path)["pcn"].to_pylist() == ["U2"]


def test_several_sheets_that_fit_are_a_question_that_sheet_answers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "map.xlsx", {"Notes": [["none"]], "Map": NOW, "2019": OLD})
    (problem,) = problems(official.read_practice_map, path)
    assert "'Map' and '2019'" in problem and "sheet=" in problem
    for sheet, pcn in (("Map", "U2"), ("2019", "U1"), (" map ", "U2")):
        assert official.read_practice_map(path, sheet=sheet)["pcn"].to_pylist() == [pcn]
    (problem,) = problems(official.read_practice_map, path, sheet="2020")
    assert "sheet '2020' is missing: the sheets are ['Notes', 'Map', '2019']" in problem


def test_a_hidden_sheet_that_is_named_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "map.xlsx", {"Map": NOW, "2019": OLD}, hidden=["2019"])
    assert official.read_practice_map(path, sheet="2019")["pcn"].to_pylist() == ["U1"]


def test_a_sheet_of_a_csv_file_is_rejected(tmp_path: Path) -> None:
    path = text_file(tmp_path, ",".join(TOTALS) + "\n01JAN2021,A1,ALL,ALL,5\n")
    assert "sheet is for workbooks" in problems(official.read_patients, path, sheet="Totals")[0]


def test_without_a_sheet_that_fits_the_nearest_says_what_it_lacks(tmp_path: Path) -> None:
    path = workbook(tmp_path / "map.xlsx", {"Notes": [["none"]], "Map": [row[:3] for row in NOW]})
    (problem,) = problems(official.read_practice_map, path)
    assert "sheet 'Map'" in problem and "columns are missing: 'ICB_CODE'" in problem


# ---- Within bounds -------------------------------------------------------------------------------
def test_a_lone_cell_at_the_end_of_a_sheet_is_not_laid_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    lone = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    with_part(path, "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", lone))
    (problem,) = problems(official.read_patients, path)
    assert "1,048,576 rows of 16,384 columns" in problem


def test_a_workbook_that_unpacks_to_more_than_memory_is_rejected(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    with_part(path, "xl/sharedStrings.xml", b" " * 260_000_000)
    assert path.stat().st_size < 1_000_000
    assert "holds more than 250 MB" in problems(official.read_patients, path)[0]


def test_packed_text_that_unpacks_to_more_than_memory_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(26):
            file.write(b"A81001,4100\n" * 1_000_000)
    assert "holds more than 250 MB" in problems(official.read_patients, path)[0]


@pytest.mark.parametrize("kept", [0, 10, 1_000, -1])
def test_a_workbook_that_is_cut_short_is_rejected(tmp_path: Path, kept: int) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    path.write_bytes(path.read_bytes()[:kept])
    (problem,) = problems(official.read_patients, path)
    assert "cannot be read as a workbook" in problem and "\n" not in problem


def test_a_zip_file_that_is_no_workbook_is_rejected(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("readme.txt", "none")
    path = tmp_path / "lists.xlsx"
    path.write_bytes(made.getvalue())
    with pytest.raises(InputError, match="cannot be read as a workbook"):
        official.read_patients(path)
