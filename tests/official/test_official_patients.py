"""Are lists of people read in all their spellings, and rejected when they are not right?"""

from __future__ import annotations

import csv
import datetime
import gzip
import random
from pathlib import Path

import pyarrow as pa
import pytest

from fundholder import InputError, InputTypeError, official
from official_files import problems, text_file

openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

# ---- List sizes ----------------------------------------------------------------------------------
TOTALS = "EXTRACT_DATE,TYPE,CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
A, B = "01JAN2021,GP,16C,A81001,TS18 1HU,ALL,ALL,4100\n", "01JAN2021,GP,16C,B1,,ALL,ALL,0\n"


@pytest.mark.parametrize(
    "heading",
    [
        TOTALS,
        TOTALS.replace("CCG_CODE", "SUB_ICB_LOCATION_CODE"),
        TOTALS.replace("TYPE,", "ORG_TYPE,").replace(",CODE", ",ORG_CODE"),
        TOTALS.lower().replace("_", " "),
    ],
)
def test_the_spellings_of_several_years_are_one(tmp_path: Path, heading: str) -> None:
    expected = official.read_patients(text_file(tmp_path, TOTALS + A + B))
    table = official.read_patients(text_file(tmp_path, heading + B + A))
    assert table.equals(expected)
    assert table.to_pylist()[0] == {
        "practice": "A81001",
        "count": 4_100,
        "sub_icb": "16C",
        "postcode": "TS18 1HU",
        "date": datetime.date(2021, 1, 1),
    }
    assert table["postcode"].to_pylist()[1] is None


def test_how_a_file_is_stored_does_not_matter(tmp_path: Path) -> None:
    text = TOTALS + A + B
    expected = official.read_patients(text_file(tmp_path, text))
    packed = tmp_path / "file.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    book = openpyxl.Workbook()
    book.active.append(["Patients registered, January 2021"])
    for row in csv.reader(text.splitlines()):
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(tmp_path / "file.xlsx")
    for path in (
        packed,
        tmp_path / "file.xlsx",
        text_file(tmp_path, text, "mark.csv", "utf-8-sig"),
        text_file(tmp_path, text.replace("\n", "\r\n"), "windows.csv"),
    ):
        assert official.read_patients(path).equals(expected)


def test_windows_1252_is_read(tmp_path: Path) -> None:
    text = "practice_code,practice_name,imd_score\nA1,St Thérèse £ Surgery,12.5\n"
    table = official.read_imd(text_file(tmp_path, text, encoding="cp1252"))
    assert table["practice_name"].to_pylist() == ["St Thérèse £ Surgery"]


def test_thousands_may_be_marked(tmp_path: Path) -> None:
    text = TOTALS + A.replace("4100", '"4,100"') + B.replace(",0\n", ',"1,234,567"\n')
    people = official.read_patients(text_file(tmp_path, text))["count"].to_pylist()
    assert people == [4_100, 1_234_567]


@pytest.mark.parametrize("people", ['"41,00"', '"4,1000"', '",410"', '"4,100.5"', "4e3", "4 100"])
def test_thousands_are_marked_as_they_should_be(tmp_path: Path, people: str) -> None:
    (problem,) = problems(
        official.read_patients, text_file(tmp_path, TOTALS + A.replace("4100", people))
    )
    assert f"'NUMBER_OF_PATIENTS', row 0: '{people.strip(chr(34))}'" in problem
    assert "a whole number from 0 to" in problem


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = (
        "01JAN2021,GP,16C,A1,,ALL,ALL,-3\n"
        "44197,GP,16C,A2,,ALL,ALL,NULL\n"
        "2021-02-30,GP,1.50E+16,A1,,ALL,ALL,nan\n"
        "01/01/2021,GP,16C,,,ALL,ALL,12\n"
    )
    listed = problems(official.read_patients, text_file(tmp_path, TOTALS + wrong))
    told = "file.csv: column "
    assert [problem.split(";")[0] for problem in listed] == [
        f"{told}'CODE', row 3: nothing",
        f"{told}'CODE', row 2: 'A1' is a duplicate of row 0: must be unique",
        f"{told}'NUMBER_OF_PATIENTS', row 0: '-3'",
        f"{told}'NUMBER_OF_PATIENTS', row 1: 'NULL'",
        f"{told}'NUMBER_OF_PATIENTS', row 2: 'nan'",
        f"{told}'CCG_CODE', row 2: '1.50E+16'",
        f"{told}'EXTRACT_DATE', row 1: '44197'",
        f"{told}'EXTRACT_DATE', row 2: '2021-02-30'",
    ]
    assert "not a serial number of Excel" in listed[6]
    assert [(problem.code, problem.column, problem.row, problem.value) for problem in listed] == [
        ("null", "CODE", 3, None),
        ("duplicate", "CODE", 2, "A1"),
        ("not_allowed", "NUMBER_OF_PATIENTS", 0, "-3"),
        ("null", "NUMBER_OF_PATIENTS", 1, None),
        ("not_allowed", "NUMBER_OF_PATIENTS", 2, "nan"),
        ("not_allowed", "CCG_CODE", 2, "1.50E+16"),
        ("not_allowed", "EXTRACT_DATE", 1, "44197"),
        ("not_allowed", "EXTRACT_DATE", 2, "2021-02-30"),
    ]


def test_of_many_problems_the_rest_is_counted(tmp_path: Path) -> None:
    rows = "".join(f"01JAN2021,GP,16C,A{i},,ALL,ALL,?\n" for i in range(1_500))
    with pytest.raises(InputError, match="and 1480 more") as caught:
        official.read_patients(text_file(tmp_path, TOTALS + rows))
    assert len(caught.value.problems) == 1_000 and caught.value.more == 500


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        (TOTALS, "has no rows"),
        (TOTALS + A.replace(",GP,", ",CCG,"), "has no rows of TYPE GP"),
        (TOTALS + A.replace(",ALL,ALL,", ",MALE,7,"), "has no rows of SEX ALL"),
        (TOTALS + A + "1,2\n", "cannot be read"),
        (TOTALS.replace("CODE,", "PRACTICE,") + A, "missing: 'CODE' or 'ORG_CODE'"),
        (TOTALS.replace("POSTCODE", "ORG_CODE") + A, "'CODE' and 'ORG_CODE' are the same"),
    ],
)
def test_files_of_something_else_are_rejected(tmp_path: Path, text: str, says: str) -> None:
    assert says in problems(official.read_patients, text_file(tmp_path, text))[0]


def test_files_that_are_no_files(tmp_path: Path) -> None:
    broken = tmp_path / "file.csv.gz"
    broken.write_bytes(gzip.compress(TOTALS.encode())[:-9])
    assert "cannot be read" in problems(official.read_patients, broken)[0]
    broken = text_file(tmp_path, TOTALS, "file.xlsx")
    assert "cannot be read as a workbook" in problems(official.read_patients, broken)[0]
    assert "must be a file that exists" in problems(official.read_imd, tmp_path / "no.csv")[0]
    assert "must end in .csv" in problems(official.read_imd, text_file(tmp_path, "", "x.txt"))[0]
    assert (
        "must end in .xlsx"
        in problems(official.read_icb_allocations, text_file(tmp_path, TOTALS))[0]
    )
    with pytest.raises(InputTypeError, match="path of a file"):
        official.read_patients(3)  # type: ignore[arg-type]


def test_a_workbook_without_its_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text_file(tmp_path, "", "file.xlsx")
    monkeypatch.setattr("fundholder.official._workbook.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install \"fundholder\[excel\]\""):
        official.read_icb_allocations(path)


def test_tables_are_arrow(tmp_path: Path) -> None:
    table = official.read_patients(text_file(tmp_path, TOTALS + A))
    assert table.schema.field("count").type == pa.int64()
    assert table.schema.field("date").type == pa.date32()


# ---- By sex and age ------------------------------------------------------------------------------
AGES = "ORG_TYPE,ORG_CODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\n"


def cells_of(practices: int, rng: random.Random) -> list[tuple[str, str, str, int]]:
    """Parts and every total that a publication may give with them."""
    groups = ["0_4", "5_9", "95+"]
    rows = []
    for practice in (f"A{i:03}" for i in range(practices)):
        part = {(s, a): rng.randrange(90) for s in ("MALE", "FEMALE") for a in groups}
        for sex in ("MALE", "FEMALE", "ALL"):
            for age in (*groups, "ALL"):
                inside = [
                    n for (s, a), n in part.items() if sex in (s, "ALL") and age in (a, "ALL")
                ]
                rows.append((practice, sex, age, sum(inside)))
    return rows


def ages_file(folder: Path, rows: list[tuple[str, str, str, int]], name: str = "file.csv") -> Path:
    lines = "".join(f"GP,{practice},{sex},{age},{n}\n" for practice, sex, age, n in rows)
    return text_file(folder, AGES + lines, name)


def test_parts_are_read_and_totals_are_not(tmp_path: Path) -> None:
    rng = random.Random(5)
    rows = cells_of(7, rng)
    expected = {
        (p, s.lower(), a.replace("_", "-")): n for p, s, a, n in rows if "ALL" not in (s, a)
    }
    rng.shuffle(rows)
    table = official.read_patients_by_age(ages_file(tmp_path, rows))
    people = {(r["practice"], r["sex"], r["age"]): r["count"] for r in table.to_pylist()}
    assert people == expected and table.num_rows == len(expected)
    bounds = {(r["age"], r["age_from"], r["age_to"]) for r in table.to_pylist()}
    assert bounds == {("0-4", 0, 4), ("5-9", 5, 9), ("95+", 95, None)}
    keys = [(r["practice"], r["sex"], r["age_from"]) for r in table.to_pylist()]
    assert keys == sorted(keys)


def test_a_file_for_each_sex_is_as_good_as_one(tmp_path: Path) -> None:
    rows = cells_of(3, random.Random(6))
    one_file = official.read_patients_by_age(ages_file(tmp_path, rows))
    female = ages_file(tmp_path, [r for r in rows if r[1] == "FEMALE"], "female.csv")
    male = ages_file(tmp_path, [r for r in rows if r[1] == "MALE"], "male.csv")
    for paths in ((female, male), (male, female)):
        assert official.read_patients_by_age(*paths).equals(one_file)
    alone = official.read_patients_by_age(male)
    assert alone["sex"].unique().to_pylist() == ["male"]
    (problem, *_) = problems(official.read_patients_by_age, male, male)
    assert problem == "practice 'A000', SEX MALE, AGE 0-4: is there 2 times: must be unique"


@pytest.mark.parametrize("changed", range(12))
def test_any_part_or_total_that_is_off_is_found(tmp_path: Path, changed: int) -> None:
    rows = cells_of(1, random.Random(7))
    practice, sex, age, n = rows[changed]
    rows[changed] = (practice, sex, age, n + 1)
    listed = problems(official.read_patients_by_age, ages_file(tmp_path, rows))
    # A part is in a total of its sex, of its age and of all; a total is off alone.
    assert len(listed) == (3 if "ALL" not in (sex, age) else 1)
    assert all("the sum of its parts" in problem for problem in listed)


def test_organisations_that_are_no_practices_are_left_out(tmp_path: Path) -> None:
    text = AGES + "GP,A1,MALE,7,3\nComm Region,Y56,?,any,x\n"
    table = official.read_patients_by_age(text_file(tmp_path, text))
    assert table["practice"].to_pylist() == ["A1"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("GP,A1,MALE,0-4,3\nGP,A1,MALE,4-9,3\n", "ages 0-4 and 4-9 overlap"),
        ("GP,A1,MALE,90+,3\nGP,A1,MALE,95+,3\n", "ages 90+ and 95+ overlap"),
        ("GP,A1,ALL,ALL,3\n", "there are no ages"),
        ("GP,A1,Unknown,7,3\n", "'SEX', row 0: 'Unknown'; must be FEMALE, MALE or ALL"),
        ("GP,A1,MALE,9_5,3\n", "'AGE_GROUP_5', row 0: '9_5'"),
        ("GP,A1,MALE,130,3\n", "an age below 130"),
        ("GP,A1,MALE,,3\n", "'AGE_GROUP_5', row 0: nothing"),
    ],
)
def test_ages_that_are_none(tmp_path: Path, rows: str, says: str) -> None:
    assert says in problems(official.read_patients_by_age, text_file(tmp_path, AGES + rows))[0]


def test_files_of_two_months_and_no_file_are_rejected(tmp_path: Path) -> None:
    heading = "EXTRACT_DATE," + AGES
    one = text_file(tmp_path, heading + "01JAN2021,GP,A1,MALE,7,3\n", "one.csv")
    other = text_file(tmp_path, heading + "01FEB2021,GP,A1,FEMALE,7,3\n", "other.csv")
    (problem,) = problems(official.read_patients_by_age, one, other)
    assert "2021-01-01 and 2021-02-01" in problem
    assert "at least one file" in problems(official.read_patients_by_age)[0]
