"""Is a workbook read as it is: its own rows, the sheet that is meant, and within bounds?"""

from __future__ import annotations

import datetime
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

from fundholder import InputError, official
from official_files import problems, text_file
from workbooks import part_of, with_dimension, with_part, workbook

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


SHEET = "xl/worksheets/sheet1.xml"
OOXML = b"http://schemas.openxmlformats.org/"
STRICT = b"http://purl.oclc.org/ooxml/"


def prefixed(sheet: bytes) -> bytes:
    """Every tag with the name of its namespace, as the Open XML SDK may write it."""
    return re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", sheet).replace(b"xmlns=", b"xmlns:x=")


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
@pytest.mark.parametrize("writer", [bytes, prefixed, lambda sheet: sheet.replace(b"XFD", b"xfd")])
def test_a_lone_cell_at_the_end_of_a_sheet_is_not_laid_out(
    tmp_path: Path, writer: Callable[[bytes], bytes]
) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    lone = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    sheet = part_of(path, SHEET).replace(b"</sheetData>", lone)
    (problem,) = problems(official.read_patients, with_part(path, SHEET, writer(sheet)))
    assert f"{SHEET} has cells in 1,048,576 rows and 16,384 columns" in problem


def test_many_cells_without_addresses_are_not_laid_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    row = b'<row r="1000000">' + b"<c><v>1</v></c>" * 100 + b"</row></sheetData>"
    sheet = part_of(path, SHEET).replace(b"</sheetData>", row)
    (problem,) = problems(official.read_patients, with_part(path, SHEET, sheet))
    assert "must have at most 5,000,000 cells" in problem


def test_a_long_text_in_many_cells_is_not_laid_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    with_part(path, "xl/sharedStrings.xml", b"<sst><si><t>%s</t></si></sst>" % (b"x" * 1_000_000))
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (i, i) for i in range(9, 999)
    )
    sheet = part_of(path, SHEET).replace(b"</sheetData>", rows + b"</sheetData>")
    assert "holds more than" in problems(official.read_patients, with_part(path, SHEET, sheet))[0]


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


# ---- What other programs write -------------------------------------------------------------------
WRITERS = {
    "names with their namespace": prefixed,
    "tags on lines of their own": lambda sheet: sheet.replace(b"><", b">\n  <"),
    "cells without addresses": lambda sheet: re.sub(rb' r="[A-Z]*\d+"', b"", sheet),
    "a formula before the error": lambda sheet: sheet.replace(b"<v>#N/A", b"<f>1&gt;0</f><v>#N/A"),
    "attributes in single quotes": lambda sheet: sheet.replace(b't="e"', b"t = 'e'"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_an_error_of_excel_is_no_empty_cell_whoever_wrote_it(tmp_path: Path, writer: str) -> None:
    rows = [[*row] for row in LISTS]
    rows[2][4], rows[3][0] = "#N/A", "t='e' is text"
    path = workbook(tmp_path / "lists.xlsx", {"Totals": rows})
    with_part(path, SHEET, WRITERS[writer](part_of(path, SHEET)))
    error, text = problems(official.read_patients, path)
    assert "'NUMBER_OF_PATIENTS', row 1: '#N/A'" in error
    assert "'EXTRACT_DATE', row 2: \"t='e' is text\"" in text


def test_an_error_of_excel_is_no_empty_cell_in_a_strict_workbook(tmp_path: Path) -> None:
    rows = [[*row] for row in LISTS]
    rows[2][4] = "#N/A"
    path = workbook(tmp_path / "lists.xlsx", {"Totals": rows})
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET):
        strict = part_of(path, part).replace(OOXML + b"spreadsheetml/2006/", STRICT + b"spread/")
        with_part(path, part, strict.replace(b"spread/", b"spreadsheetml/"))
    assert "row 1: '#N/A'" in problems(official.read_patients, path)[0]


@pytest.mark.parametrize(
    "last",
    [
        b'<row r="1048576" ht="12.8" customHeight="false"/>',
        b'<row r="1048576" s="1"><c r="XFD1048576" s="1"/></row>',
        b'<row r="1048576"><c r="XFD1048576" s="1"></c></row>',
    ],
)
def test_formats_of_empty_cells_may_reach_to_the_end(tmp_path: Path, last: bytes) -> None:
    path = workbook(tmp_path / "lists.xlsx", {"Totals": LISTS})
    sheet = part_of(path, SHEET).replace(b"</sheetData>", last + b"</sheetData>")
    assert official.read_patients(with_part(path, SHEET, sheet)).num_rows == 7


def test_days_may_be_counted_from_1904(tmp_path: Path) -> None:
    number = (datetime.date(2021, 1, 1) - datetime.date(1904, 1, 1)).days
    rows = [TOTALS, ["x", "A1", "ALL", "ALL", 5], ["x", "A2", "ALL", "ALL", 5]]
    rows[1][0], rows[2][0] = number, datetime.date(2021, 1, 1)
    path = workbook(tmp_path / "lists.xlsx", {"Totals": rows}, from_1904=True)
    days = official.read_patients(path)["date"].to_pylist()
    assert days == [datetime.date(2021, 1, 1)] * 2


def test_a_sheet_that_fits_and_is_hidden_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "map.xlsx", {"Notes": [["none"]], "Map": NOW}, hidden=["Map"])
    (problem,) = problems(official.read_practice_map, path)
    assert "and hidden ['Map']: say which by sheet=" in problem
