"""Are editions of other years read under their own headings, and what is not known rejected?

Headings are those of the files as they were published; the rows are made up.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

from fundholder import CostModel, official, variance
from official_files import problems, text_file
from workbooks import workbook

# ---- Weighted populations ------------------------------------------------------------------------
NEEDS = "G&A WP,CS WP,MH WP,Mat WP,{inequality},Prescr WP,{final},{primary},Final PMC WP"
W_22 = (
    "Practice_Code,GP_Practice_Name,Practice_Postcode,Latitude,Longitude,CCG21,Former CCG,PCN_Code,"
    "PCN_Name,LOC22,LOC22name,ICS22,ICS22name,R22,Region22,LAD21,LTLA21,LA21,UTLA21,Patients,"
    "pop 2022/23,"
    + NEEDS.format(inequality="Health Ineq WP", final="Final WP", primary="Primary Medical Care WP")
)
W_23 = (
    "Practice_Code,GP_Practice_Name,Practice_Postcode,CCG23,Former CCG,PCN_Code,PCN_Name,LOC22,"
    "LOC22name,ICB23,ICB23name,R23,Region23,LAD21,LTLA21,LA21,UTLA21,Patients,pop 2023/24,"
    + NEEDS.format(
        inequality="Health Ineq  WP", final="Final WP ", primary="Primary Medical Care need"
    )
)
W_24 = W_23.replace("pop 2023/24", "pop 2024/25")


def weighted_rows(header: str, first: float = 4_500) -> list[list[str]]:
    names = header.split(",")
    at = next(i for i, name in enumerate(names) if name.startswith("pop "))
    rows = [names]
    for code, people, need in (("A81001", 4_000, first), ("A81002", 6_000, 10_000 - first)):
        rows.append([code, *["X1"] * (at - 1), str(people), *[str(need)] * (len(names) - at - 1)])
    return rows


def as_text(rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("header", "year"), [(W_22, "2022/23"), (W_23, "2023/24"), (W_24, "2024/25")]
)
def test_weighted_populations_with_pcns_are_read_with_their_year(
    tmp_path: Path, header: str, year: str
) -> None:
    table = official.read_weighted_populations(text_file(tmp_path, as_text(weighted_rows(header))))
    assert table.select(["practice", "people", "overall", "primary_medical"]).to_pylist() == [
        {"practice": "A81001", "people": 4_000.0, "overall": 4_500.0, "primary_medical": 4_500.0},
        {"practice": "A81002", "people": 6_000.0, "overall": 5_500.0, "primary_medical": 5_500.0},
    ]
    assert {"pcn", "sub_icb", "icb", "region", "lad"} <= set(table.column_names)
    assert table.schema.metadata[b"fundholder.year"].decode() == year


def test_a_workbook_of_two_years_asks_for_the_year(tmp_path: Path) -> None:
    sheets = {
        "GP_wp_202324": weighted_rows(W_23),
        "GP_wp_202425": weighted_rows(W_24, first=4_000),
    }
    path = workbook(tmp_path / "wp.xlsx", sheets)
    assert "year=" in problems(official.read_weighted_populations, path)[0]
    for year, overall in (("2023/24", 4_500.0), ("2024-25", 4_000.0)):
        table = official.read_weighted_populations(path, year=year)
        assert table["overall"][0].as_py() == overall
    (problem,) = problems(official.read_weighted_populations, path, year="2025/26")
    assert "2023/24, 2024/25" in problem
    assert "financial year" in problems(official.read_weighted_populations, path, year="2024")[0]


def test_a_file_of_another_year_is_rejected(tmp_path: Path) -> None:
    path = text_file(tmp_path, as_text(weighted_rows(W_23)))
    assert official.read_weighted_populations(path, year="2023/24").num_rows == 2
    assert "is of 2023/24" in problems(official.read_weighted_populations, path, year="2022/23")[0]


def test_an_edition_that_is_not_known_names_the_nearest(tmp_path: Path) -> None:
    header = W_23.replace("Mat WP", "Maternity need")
    (problem,) = problems(
        official.read_weighted_populations, text_file(tmp_path, as_text(weighted_rows(header)))
    )
    assert "'Mat WP'" in problem
    assert "nearest known edition, by need with PCNs (2022/23 to 2024/25)" in problem


# ---- Allocations 2023/24 and 2024/25 -------------------------------------------------------------
def allocation_sheet(
    year: str, before: str, target: str, distance: str
) -> list[list[str | float | None]]:
    head = [
        "R23",
        "Region",
        "ICB23",
        "System Name",
        f"{before} Adjusted recurrent baseline (£k)",
        f"{before} {target}",
        f"{before} {distance}",
        " ",
        f"{year} Base growth (%)",
        f"{year} Convergence (%)",
        f"{year} Recurrent allocation (£k)",
        f"{year} Recurrent allocation £/head",
        f"{year} Post-convergence distance from target (%)",
    ]
    rows: list[list[str | float | None]] = [["Allocations"], [f"Allocations {year}"], [], [*head]]
    for icb, goal in (("QHM", 1_000.0), ("QOQ", 800.0)):
        start: list[str | float | None] = ["Y63", "North East", icb, "NHS ICB", 1_000.0, goal]
        rows.append([*start, 1_000.0 / goal - 1, None, 0.05, 0.0, 1_050.0, 100.0, 0.25])
    return rows


PLAIN = "Fair Shares Target (£k)", "Distance from target (%)"
COVID = "Fair shares target (inc. COVID)", "Distance from target inc COVID (%)"
TWO_YEARS = {
    "ICB Core Allocations 2023-24": allocation_sheet("2023/24", "2022/23", *PLAIN),
    "PMC Allocations 2023-24": allocation_sheet("2023/24", "2022/23", *PLAIN),
    "ICB Core Allocations 2024-25": allocation_sheet("2024/25", "2023/24", *COVID),
    "PMC Allocations 2024-25": allocation_sheet("2024/25", "2023/24", *PLAIN),
}


def test_allocations_of_two_years_are_read_with_their_year(tmp_path: Path) -> None:
    path = workbook(tmp_path / "allocations.xlsx", TWO_YEARS)
    table = official.read_icb_allocations(path)
    assert table["year"].to_pylist() == ["2023-24"] * 4 + ["2024-25"] * 4
    assert table["stream"].to_pylist() == (["core"] * 2 + ["primary medical care"] * 2) * 2
    assert table["target"].to_pylist() == [1_000_000.0, 800_000.0] * 4
    assert table["next_target"].to_pylist() == [840_000.0] * 8
    one = official.read_icb_allocations(path, year="2024/25")
    assert one.equals(table.slice(4))
    assert "2023-24, 2024-25" in problems(official.read_icb_allocations, path, year="2025/26")[0]


@pytest.mark.parametrize("year", ["2023-24", "2024-25"])
def test_one_year_alone_is_read_and_a_stream_may_not_be_missing(tmp_path: Path, year: str) -> None:
    sheets = {name: rows for name, rows in TWO_YEARS.items() if name.endswith(year)}
    path = workbook(tmp_path / "allocations.xlsx", sheets)
    assert official.read_icb_allocations(path).num_rows == 4
    del sheets[f"PMC Allocations {year}"]
    path = workbook(tmp_path / "allocations.xlsx", sheets)
    assert (
        f"'PMC Allocations {year}' is missing" in problems(official.read_icb_allocations, path)[0]
    )


# ---- Lists ---------------------------------------------------------------------------------------
LONG = (
    "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,"
    "NUMBER_OF_PATIENTS\n"
)


def listed(date: str = "01-Apr-17", kind: str = "GP", sex: str = "ALL", age: str = "ALL") -> str:
    return f"GP_PRAC_PAT_LIST,{date},{kind},A81001,,TS18 1HU,{sex},{age},4000\n"


@pytest.mark.parametrize("date", ["01-Apr-17", "1-APR-2017", "01-apr-2017", "2017-04-01"])
def test_lists_of_2017_are_read(tmp_path: Path, date: str) -> None:
    table = official.read_patients(text_file(tmp_path, LONG + listed(date)))
    assert table.select(["practice", "count", "date"]).to_pylist() == [
        {"practice": "A81001", "count": 4_000, "date": datetime.date(2017, 4, 1)}
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (listed(sex="X"), "column 'SEX', row 1: 'X'"),
        (listed(age="young"), "column 'AGE_GROUP_5', row 1: 'young'"),
        (listed(kind="Hospice"), "column 'ORG_TYPE', row 1: 'Hospice'"),
        (
            listed("01-May-17").replace("A81001", "A2"),
            "2017-04-01 and 2017-05-01: must be the same",
        ),
    ],
)
def test_rows_that_are_not_known_are_not_left_out(tmp_path: Path, row: str, says: str) -> None:
    (problem,) = problems(official.read_patients, text_file(tmp_path, LONG + listed() + row))
    assert says in problem


@pytest.mark.parametrize("other", [{"sex": "FEMALE"}, {"age": "5_9"}, {"kind": "CCG"}])
def test_rows_of_other_kinds_are_left_out(tmp_path: Path, other: dict[str, str]) -> None:
    path = text_file(tmp_path, LONG + listed() + listed(**other))
    assert official.read_patients(path)["count"].to_pylist() == [4_000]


def test_codes_are_in_capitals_without_space(tmp_path: Path) -> None:
    path = text_file(tmp_path, "CODE,NUMBER_OF_PATIENTS\n a81001 ,5\n")
    assert official.read_patients(path)["practice"].to_pylist() == ["A81001"]


def test_lists_are_a_population(tmp_path: Path) -> None:
    path = text_file(tmp_path, "CODE,NUMBER_OF_PATIENTS\nA81001,4100\nA81002,19000\n")
    costs = {"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]}
    table = variance(official.read_patients(path), CostModel(pa.table(costs)), method="moments")
    assert table["people"].to_pylist() == [4_100, 19_000]


BY_COLUMNS = (
    "GP_PRACTICE_CODE,POSTCODE,CCG_CODE,NHSE_AREA_TEAM_CODE,NHSE_REGION_CODE,TOTAL_ALL,TOTAL_MALE,"
    "TOTAL_FEMALES,MALE_0-4,MALE_5-9,FEMALE_0-4,FEMALE_5-9\n"
)


def test_ages_in_columns_until_2017_are_read(tmp_path: Path) -> None:
    path = text_file(tmp_path, BY_COLUMNS + "A81001,TS18 1HU,00K,Q45,Y54,10,5,5,2,3,1,4\n")
    table = official.read_patients_by_age(path)
    assert table.select(["sex", "age", "count"]).to_pylist() == [
        {"sex": "female", "age": "0-4", "count": 1},
        {"sex": "female", "age": "5-9", "count": 4},
        {"sex": "male", "age": "0-4", "count": 2},
        {"sex": "male", "age": "5-9", "count": 3},
    ]


def test_totals_beside_ages_in_columns_are_compared(tmp_path: Path) -> None:
    path = text_file(tmp_path, BY_COLUMNS + "A81001,TS18 1HU,00K,Q45,Y54,10,6,5,2,3,1,4\n")
    (problem,) = problems(official.read_patients_by_age, path)
    assert "SEX MALE, AGE ALL: 6; must be 5" in problem


# ---- Members of PCNs -----------------------------------------------------------------------------
def test_members_are_read_whatever_their_sheet_is_called(tmp_path: Path) -> None:
    partner = [
        "Partner\nOrganisation\nCode",
        "PCN Code",
        "Practice to PCN\nRelationship\nStart Date",
        "Practice to PCN\nRelationship\nEnd Date",
    ]
    members = [partner, ["A81001", "U1", "20191001", None], ["A81002", "U1", "20191001", None]]
    names = [["PCN Code", "PCN Name"], ["U1", "X"]]
    path = workbook(tmp_path / "ePCN.xlsx", {"PCNDetails": names, "PCNCorePartnerDetails": members})
    assert official.read_pcn_members(path)["practice"].to_pylist() == ["A81001", "A81002"]
