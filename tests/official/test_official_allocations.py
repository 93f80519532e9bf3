"""Are allocations and needs read, and rejected when they do not add up?"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from fundholder import official
from official_files import problems, rows_of, text_file

openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

WITH_TARGETS = "allocation/gp_wp_target_2018-19_formula.csv.gz"

# ---- Allocations ---------------------------------------------------------------------------------
CORE = [
    "R23",
    "Region",
    "ICB23",
    "Integrated Care Board (ICB)",
    "2024/25 Adjusted recurrent baseline (£k)",
    "2024/25 Fair shares target (£k)",
    "2024/25 Distance from target (%)",
    "2025/26 Base growth (%)",
    "2025/26 Convergence (%)",
    "2025/26 Recurrent allocation (£k)",
    "2025/26 Recurrent allocation £/head",
    "2025/26 Post-convergence distance from target (%)",
]
SPECIALISED = [
    heading.replace("Adjusted", "Physical health services + HCDD")
    .replace("Recurrent allocation (", "Physical health services + HCDD recurrent allocation (")
    .replace("Recurrent allocation £", "Physical health services recurrent allocation £")
    for heading in CORE
]
PRIMARY = [
    heading.replace("Recurrent allocation £", "Revised recurrent allocation £") for heading in CORE
]
SHEETS = {
    "ICB Core Allocations 2025-26": CORE,
    "Specialised Allocations 2025-26": SPECIALISED,
    "PMC Allocation 2025-26": PRIMARY,
}
# Baselines of 100 and 300 £k, a target of 200 each: -50 % and +50 %, growth 5 %, convergence 0.
ICBS = [
    ["Y1", "North", "QA1", "NHS Alpha ICB", 100, 200, -0.5, 0.05, 0, 105, 1_500.5, -0.4],
    ["Y2", "South", "QB1", "NHS Beta ICB", 300, 200, 0.5, 0.05, 0, 315, 2_500.5, 0.4],
]
SUMS = [
    [None] * 12,
    [None, None, "R23", "Region", *CORE[4:]],
    [None, None, "Y1", "North", 100, 200, -0.5, 0.05, 0, 105, 1_500.5, -0.4],
    [None, None, "Y2", "South", 300, 200, 0.5, 0.05, 0, 315, 2_500.5, 0.4],
    [None, None, "Total", "ENGLAND", 400, 400, 0, 0.05, 0, 420, 2_000.5, 0],
]


def allocation_book(
    folder: Path, changed: dict[str, Any] | None = None, *, without: str = "", order: int = 1
) -> Path:
    """Three sheets of two ICBs; ``changed`` are cells of the sheet of core services."""
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    for name, headings in SHEETS.items():
        if name != without:
            sheet = book.create_sheet(name)
            for row in (["Allocations"], headings, *ICBS[::order], *SUMS):
                sheet.append(row)
            for cell, value in (changed or {}).items() if headings is CORE else ():
                sheet[cell] = value
    book.save(folder / "allocations.xlsx")
    return folder / "allocations.xlsx"


def test_allocations_of_two_icbs_are_read(tmp_path: Path) -> None:
    table = official.read_icb_allocations(allocation_book(tmp_path))
    streams = ["core"] * 2 + ["specialised"] * 2 + ["primary medical care"] * 2
    assert table["stream"].to_pylist() == streams
    assert table["icb"].to_pylist() == ["QA1", "QB1"] * 3
    assert table.to_pylist()[0] == {
        "stream": "core",
        "year": "2025-26",
        "region": "Y1",
        "region_name": "North",
        "icb": "QA1",
        "icb_name": "NHS Alpha ICB",
        "baseline": 100_000.0,
        "target": 200_000.0,
        "dft_open": -0.5,
        "growth": 0.05,
        "convergence": 0.0,
        "allocation": 105_000.0,
        "dft": -0.4,
        "allocation_per_head": 1_500.5,
        "next_target": 175_000.0,
    }
    turned = official.read_icb_allocations(allocation_book(tmp_path, order=-1))
    assert turned.equals(table)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"E3": 100_000},
            ["'2024/25 Distance from target (%)', row 0: '-0.5'", "allocation (£k)'"],
        ),
        ({"G3": -50}, ["row 0: '-50'; must be baseline / target - 1"]),
        (
            {"J4": 316},
            ["row 1: '316'; must be the baseline with growth", "316.000, the sum of its 1"],
        ),
        ({"J9": 421}, ["row 6: 421.000 for Total; must be 420.000, the sum of its 2 ICBs"]),
        ({"J9": "#REF!"}, ["row 6: nan for Total"]),
        ({"F3": None}, ["row 0: nothing; must be a number above 0, below 1e+15"]),
        ({"F3": "#REF!", "H4": "5 %"}, ["row 0: '#REF!'", "row 1: '5 %'"]),
        ({"C4": "QA1"}, ["'ICB23', row 1: 'QA1' is a duplicate of row 0: must be unique"]),
        (
            {"F2": "2024/25 Target (£k)"},
            ["missing: 'Fair shares target (£k)'", "'2024/25 Target (£k)'"],
        ),
    ],
)
def test_allocations_that_do_not_add_up(
    tmp_path: Path, changed: dict[str, Any], says: list[str]
) -> None:
    listed = problems(official.read_icb_allocations, allocation_book(tmp_path, changed))
    assert all("sheet 'ICB Core Allocations 2025-26'" in problem for problem in listed)
    assert all(any(text in problem for problem in listed) for text in says), listed


def test_sheets_and_problems_of_all_sheets_are_named_at_once(tmp_path: Path) -> None:
    path = allocation_book(tmp_path, {"F3": None}, without="PMC Allocation 2025-26")
    listed = problems(official.read_icb_allocations, path)
    assert len(listed) == 2 and "row 0: nothing" in listed[0]
    assert "sheet 'PMC Allocations 2025-26' is missing" in listed[1] and "'Read me'" in listed[1]


# ---- Weighted populations ------------------------------------------------------------------------
NEEDS = (
    "Practice_Code,GP_Practice_Name,ICB,ICBname,Rcode,Region,LAD,LTLA,Population,G&A WP,CS WP,"
    "MH WP,Mat WP,Health Ineq WP,Prescr WP,Final WP,Primary Medical Care WP,Final PMC WP\n"
)


def needs_rows(a: str = "900", b: str = "1100", first: str = "A1") -> str:
    """Two practices of 1,000 people each; the weighted population of hospital care is given."""
    others = ",900" + ",1000" * 7, ",1100" + ",1000" * 7
    shared = "Surgery,QA1,NHS Alpha ICB,Y1,North,E06,Town,1000"
    return f"{first},{shared},{a}{others[0]}\nA2,{shared},{b}{others[1]}\n"


def test_weighted_populations_of_two_practices_are_read(tmp_path: Path) -> None:
    table = official.read_weighted_populations(text_file(tmp_path, NEEDS + needs_rows()))
    assert table["general_acute"].to_pylist() == [900.0, 1_100.0]
    assert table["community"].to_pylist() == [900.0, 1_100.0]
    assert table["people"].to_pylist() == [1_000.0] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NEEDS + needs_rows(b="1101"), "'G&A WP': 2,001.0 in all; must be 2,000.0, the population"),
        (NEEDS + needs_rows(a="-900", b="2900"), "'G&A WP', row 0: '-900'"),
        (
            NEEDS + needs_rows(a="#N/A"),
            "'G&A WP', row 0: '#N/A'; must be a number of at least 0, below 1e+15",
        ),
        (
            NEEDS + needs_rows(first="A2"),
            "'Practice_Code', row 1: 'A2' is a duplicate of row 0: must be unique",
        ),
        (
            NEEDS.replace("Mat WP", "Maternity") + needs_rows(),
            "column is missing: 'Mat WP': of the nearest known edition, by need (2025/26)",
        ),
    ],
)
def test_weighted_populations_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    (problem,) = problems(official.read_weighted_populations, text_file(tmp_path, text))
    assert says in problem


def test_a_need_index_that_is_none(real: Path, tmp_path: Path) -> None:
    rows = rows_of(real / WITH_TARGETS)
    rows[5]["Need_index"] = "1.5"
    path = tmp_path / "file.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (problem,) = problems(official.read_weighted_populations, path)
    assert "'Need_index', row 5: '1.5'; must be the overall weighted population" in problem
