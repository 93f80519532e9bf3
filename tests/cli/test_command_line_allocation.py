"""Do the commands fit and allocate do what the functions do, and reject before any work?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from commands import rejected, rejected_untouched, run
from fundholder import (
    Convergence,
    Formula,
    NobodyLosesCash,
    _cli,
    allocate,
    fit_formula,
    pace_of_change,
    read,
    write,
)

FLAGS = ["copd", "ckd"]
TERMS: dict[str, Any] = {
    "categories": ["age_sex"],
    "flags": FLAGS,
    "need": ["imd"],
    "supply": ["beds"],
    "area": "icb",
    "cluster": "practice",
}
OPTIONS = ["--category", "age_sex", "--flags-from", "copd,ckd", "--need", "imd"]
OPTIONS += ["--supply", "beds", "--area", "icb", "--cluster", "practice"]


@pytest.fixture(scope="module")
def persons() -> pa.Table:
    """2,000 people of 10 practices in 3 ICBs; practices have an index and last year's money."""
    rng = np.random.Generator(np.random.PCG64(8))
    n = 2_000
    practice = rng.integers(0, 10, n)
    return pa.table(
        {
            "person": np.arange(n),
            "practice": [f"P{i}" for i in practice],
            "icb": [f"I{i % 3}" for i in practice],
            "mff": 0.9 + 0.02 * practice,
            "money": 100_000.0 + 5_000.0 * practice,
            "age_sex": (rng.integers(0, 3, n) + 1).astype(str),  # would be read as numbers
            "copd": rng.random(n) < 0.1,
            "ckd": rng.integers(0, 2, n),
            "imd": rng.random(n),
            "beds": rng.random(n),
            "spent": rng.gamma(1.0, 1_000.0, n),
        }
    )


@pytest.fixture(scope="module")
def codes(persons: pa.Table) -> pa.Table:
    who = np.random.Generator(np.random.PCG64(9)).permutation(persons.num_rows)[:600]
    return pa.table({"person": who, "code": [("J44", "N18")[i % 2] for i in range(600)]})


@pytest.fixture(scope="module")
def units() -> pa.Table:
    return pa.table(
        {
            "practice": ["A", "B", "C"],
            "icb": ["N", "S", "N"],
            "people": [5_000, 7_000, 8_000],
            "weighted": [6_000.0, 7_000.0, 7_000.0],
            "mff": [1.0, 1.0, 1.1],
            "money": [300_000.0, 300_000.0, 350_000.0],
        }
    )


@pytest.fixture
def files(persons: pa.Table, codes: pa.Table, units: pa.Table, tmp_path: Path) -> Path:
    write(persons, tmp_path / "persons.parquet")
    write(codes, tmp_path / "codes.csv")
    write(units, tmp_path / "units.csv")
    return tmp_path


@pytest.fixture
def in_files(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of files, and the current one."""
    monkeypatch.chdir(files)
    return files


def same(path: Path, table: pa.Table) -> bool:
    """Are the rows those of the table? A CSV file has lost its types, an Excel file its name."""
    written = read(path).read_all()
    return bool(written.cast(table.schema).replace_schema_metadata(None).equals(table))


# ---- Fitting ----------------------------------------------------------------------------------
def test_fit_is_the_function(
    persons: pa.Table, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = fit_formula(persons, cost="spent", **TERMS)
    out, covariance = files / "formula.csv", files / "covariance.parquet"
    arguments = ["fit", str(files / "persons.parquet"), "--cost", "spent", *OPTIONS]
    arguments += ["--out", str(out), "--covariance-out", str(covariance)]
    assert _cli.main(arguments) == 0
    formula = Formula.read(out, covariance=covariance)
    assert formula.coefficients.equals(expected.coefficients)
    assert formula.covariance is not None and formula.covariance.equals(expected.covariance)
    output = capsys.readouterr()
    assert output.err == "" and "by cluster" in output.out
    assert f"2,000 people, 10 terms, R² {expected.r2:.4f}" in output.out
    assert f"Written: {out}, {covariance}" in output.out


def test_fit_takes_codes_and_drops_what_adds_nothing(
    persons: pa.Table, codes: pa.Table, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = persons.append_column("asthma", pa.array([False] * persons.num_rows))
    write(nobody, files / "nobody.csv")
    expected = fit_formula(
        nobody,
        cost="spent",
        categories="age_sex",
        flags=["asthma"],
        codes=codes,
        redundant="drop",
        nonnegative=True,
    )
    arguments = ["fit", str(files / "nobody.csv"), "--cost", "spent", "--category", "age_sex"]
    arguments += ["--flag", "asthma", "--codes", str(files / "codes.csv"), "--nonnegative"]
    assert "asthma" in rejected(capsys, *arguments, "--out", str(files / "formula.csv"))
    assert not (files / "formula.csv").exists()
    arguments += ["--out", str(files / "formula.parquet"), "--drop-redundant"]
    assert _cli.main(arguments) == 0
    coefficients = Formula.read(files / "formula.parquet").coefficients
    assert coefficients.equals(expected.coefficients)
    assert "Dropped: asthma (nobody)." in capsys.readouterr().out


def test_a_formula_in_excel_has_its_terms(files: Path) -> None:
    arguments = ["fit", str(files / "persons.parquet"), "--cost", "spent", "--need", "imd"]
    assert _cli.main([*arguments, "--out", str(files / "formula.xlsx")]) == 0
    book = openpyxl.load_workbook(files / "formula.xlsx", read_only=True)
    rows = list(book["Table"].iter_rows(values_only=True))
    assert rows[0][0] == "term" and [row[0] for row in rows[1:]] == ["intercept", "imd"]


# ---- Budgets ----------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_allocate_is_the_function(
    units: pa.Table, files: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = allocate(units, need="weighted", total=1e6, index="mff", exclude=["B"])
    out = files / f"budgets.{ending}"
    arguments = ["allocate", str(files / "units.csv"), "--need", "weighted", "--total", "1e6"]
    arguments += ["--index", "mff", "--exclude", "B", "--out", str(out)]
    assert _cli.main(arguments) == 0
    assert same(out, expected.replace_schema_metadata(None))
    written = f"Written: {out}: 2 by practice, 13,000 people, £1,000,000.00\n"
    assert capsys.readouterr() == (written, "")


def test_units_that_are_numbers_can_be_excluded(files: Path) -> None:
    numbered = pa.table({"ward": [7, 8], "people": [10, 20], "wp": [1.0, 2.0]})
    write(numbered, files / "wards.parquet")
    arguments = ["allocate", str(files / "wards.parquet"), "--need", "wp", "--total", "30"]
    arguments += ["--by", "ward", "--exclude", "8", "--out", str(files / "budgets.parquet")]
    assert _cli.main(arguments) == 0
    budgets = read(files / "budgets.parquet").read_all()
    assert budgets.select(["ward", "budget"]).to_pylist() == [{"ward": 7, "budget": 30.0}]


def test_need_from_a_formula_is_the_functions(
    persons: pa.Table, codes: pa.Table, files: Path
) -> None:
    """The index stands in the file of units, or with each person of a unit: the same budgets."""
    terms = {"categories": "age_sex", "need": "imd"}
    formula = fit_formula(persons, cost="spent", codes=codes, cluster="practice", **terms)
    formula.write(files / "formula.csv")
    write(formula.covariance, files / "covariance.csv")
    need = formula.need(persons, codes=codes)
    mff = pa.array([0.9 + 0.02 * i for i in range(10)])
    expected = allocate(need.append_column("mff", mff), need="need", total=2e6, index="mff")
    write(pa.table({"practice": [f"P{i}" for i in range(10)], "mff": mff}), files / "mff.csv")
    arguments = ["allocate", str(files / "persons.parquet"), "--total", "2e6", "--index", "mff"]
    arguments += ["--formula", str(files / "formula.csv"), "--codes", str(files / "codes.csv")]
    for name, further in (("a", []), ("b", ["--units", str(files / "mff.csv")])):
        out = files / f"{name}.parquet"
        assert _cli.main([*arguments, *further, "--out", str(out)]) == 0
        assert same(out, expected.replace_schema_metadata(None))
    out = files / "error.parquet"
    more = ["--covariance", str(files / "covariance.csv"), "--exclude", "P3", "--out", str(out)]
    assert _cli.main([*arguments, *more]) == 0
    written = read(out).read_all()
    assert written["practice"].to_pylist() == [f"P{i}" for i in range(10) if i != 3]
    kept = need.filter(pa.compute.not_equal(need["practice"], "P3"))
    relative = kept["formula_sd"].to_numpy() / kept["need"].to_numpy()
    # The covariance went through a CSV file, which keeps every digit.
    assert written["formula_sd"].to_numpy() == pytest.approx(
        relative * written["budget"].to_numpy(), rel=1e-12
    )


def test_codes_that_the_formula_does_not_have_are_a_note(persons: pa.Table, files: Path) -> None:
    """One line on standard error, without a line of Python."""
    fit_formula(persons, cost="spent", need="imd").write(files / "formula.csv")
    arguments = ["allocate", str(files / "persons.parquet"), "--total", "2e6"]
    arguments += ["--formula", str(files / "formula.csv"), "--codes", str(files / "codes.csv")]
    result = run(*arguments, "--out", str(files / "budgets.csv"))
    assert result.returncode == 0
    assert result.stderr.startswith("fundholder: note: codes that the formula does not have")
    assert result.stderr.count("\n") == 1 and "J44, N18" in result.stderr


# ---- Pace of change ---------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["no-cash-loss", "convergence"])
def test_pace_of_change_is_the_function(units: pa.Table, files: Path, name: str) -> None:
    """The budget is the target of the year; its shares of last year's money are that year's."""
    budgets = allocate(units, need="weighted", total=1e6)
    shares = budgets["budget"].to_numpy() / 1e6
    table = pa.table(
        {
            "practice": ["A", "B", "C"],
            "baseline": units["money"],
            "fair": 950_000 * shares,
            "next": budgets["budget"],
        }
    )
    rules = {"no-cash-loss": (NobodyLosesCash(), {"total": 1e6})}
    rules["convergence"] = (Convergence(), {"growth": 0.04})
    rule, money = rules[name]
    expected = pace_of_change(
        table, baseline="baseline", target="fair", next_target="next", rule=rule, **money
    )
    out = files / "pace.parquet"
    arguments = ["allocate", str(files / "units.csv"), "--need", "weighted", "--total", "1e6"]
    arguments += ["--baseline", "money", "--rule", name, "--out", str(out)]
    if name == "convergence":
        arguments += ["--growth", "0.04"]
    assert _cli.main(arguments) == 0
    written = read(out).read_all()
    assert written.select(budgets.column_names).to_pylist() == budgets.to_pylist()
    assert written["allocation"].equals(expected["allocation"])
    for column in ("dft_open", "growth", "convergence", "dft"):
        # Targets of last year were scaled in another order of operations.
        assert written[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=1e-12)


def test_a_workbook_has_a_sheet_for_each_level(
    units: pa.Table, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = allocate(units, need="weighted", total=1e6, index="mff").to_pydict()
    out = files / "budgets.xlsx"
    arguments = ["allocate", str(files / "units.csv"), "--need", "weighted", "--total", "1e6"]
    arguments += ["--index", "mff", "--level", "icb", "--baseline", "money"]
    assert _cli.main([*arguments, "--rule", "full", "--out", str(out)]) == 0
    assert "sheets Budgets, By icb" in capsys.readouterr().out
    book = openpyxl.load_workbook(out, read_only=True)
    heading, *rows = book["By icb"].iter_rows(values_only=True)
    north, south = (dict(zip(heading, row, strict=True)) for row in rows)
    a, b, c = budgets["budget"]
    assert (north["icb"], south["icb"]) == ("N", "S")
    assert (north["units"], north["people"], north["need"]) == (2, 13_000, 13_000)
    assert (north["budget"], south["budget"]) == (round(a + c, 2), b)
    assert north["baseline"] == 650_000 and north["allocation"] == north["budget"]
    # Need per head of both places is a mean of that of all: 13,000 of 20,000 in each.
    assert (north["need_index"], south["need_index"]) == (1, 1)
    assert math.isclose(north["share"] + south["share"], 1, rel_tol=1e-15)
    sheet = list(book["Budgets"].iter_rows(values_only=True))
    assert [row[0] for row in sheet] == ["practice", "A", "B", "C"]


def test_units_without_a_place_are_added_up_in_a_last_row(files: Path) -> None:
    (files / "units.csv").write_text("practice,icb,people,wp\nA,N,1,1\nB,,1,1\nC,,2,2\n")
    arguments = ["allocate", str(files / "units.csv"), "--need", "wp", "--total", "100"]
    assert _cli.main([*arguments, "--level", "icb", "--out", str(files / "b.xlsx")]) == 0
    rows = openpyxl.load_workbook(files / "b.xlsx")["By icb"].iter_rows(values_only=True)
    assert [(row[0], row[1], row[6]) for row in rows][1:] == [("N", 1, 25), (None, 2, 75)]


# ---- Rejections ---------------------------------------------------------------------------------
BUDGET = ["--need", "weighted", "--total", "1e6"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--total", "1e6"], ["give --need or --formula"]),
        (["--need", "weighted"], ["required: --total"]),
        (["--need", "weighted", "--total", "0.001"], ["--total is 0.001", "pence"]),
        (["--need", "weighted", "--total", "nan"], ["--total is nan"]),
        (["--need", "wp", "--total", "1"], ["column 'wp' is missing"]),
        ([*BUDGET, "--exclude", "Z"], ["'Z'"]),
        ([*BUDGET, "--threads", "0"], ["threads is 0"]),
        ([*BUDGET, "--index", "mff", "--index", "mff"], ["--index is ['mff', 'mff']"]),
        ([*BUDGET, "--by", "icb", "--by", "practice"], ["--by was given 2 times"]),
        ([*BUDGET, "--by", "budget"], ["--by is 'budget'"]),
        ([*BUDGET, "--level", "icb"], ["must end in .xlsx"]),
        ([*BUDGET, "--codes", "units.csv"], ["--codes goes with a formula"]),
        ([*BUDGET, "--rule", "full"], ["--baseline and --rule go together"]),
        ([*BUDGET, "--baseline", "money"], ["--baseline and --rule go together"]),
        ([*BUDGET, "--growth", "0.1"], ["--growth goes with --rule convergence or floor"]),
        ([*BUDGET, "--baseline", "money", "--rule", "convergence"], ["give --growth"]),
        ([*BUDGET, "--baseline", "x", "--rule", "full"], ["column 'x' is missing", "units.csv"]),
        ([*BUDGET, "--baseline", "icb", "--rule", "full"], ["column 'icb' is", "must be a number"]),
        ([*BUDGET, "--rule", "slow"], ["invalid choice: 'slow'"]),
        (
            ["--total", "-1", "--growth", "4", "--units", "no.csv", "--out", "no/b.csv"],
            ["8 problems", "no must be a folder", "--total is -1", "--growth is 4.0"]
            + [
                "give --need or",
                "--units goes with",
                "--units holds",
                "--growth goes with",
                "no.csv: must be",
            ],
        ),
    ],
)
def test_bad_options_write_nothing(
    in_files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: list[str]
) -> None:
    command = ["allocate", "units.csv", "--out", "b.csv"]
    said = rejected_untouched(in_files, capsys, *command, *arguments)
    assert all(text in said for text in says), said


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("A,1,N,1\nA,2,N,1\n", "column 'money' of practice 'A': 1 and 2: must be the same"),
        ("A,1,N,1\nA,1,S,1\n", "column 'icb' of practice 'A': 'N' and 'S': must be the same"),
        ("A,-1,N,1\n", "column 'money' of practice 'A': -1: must be a finite number, 0 or more"),
        ("A,1,N,1\nB,,N,1\n", "column 'money' of practice 'B': null"),
        (",1,N,1\n", "column 'practice': null"),
        ("A,0,N,1\n", "column 'baseline' adds up to 0"),
        ("A,1,N,1\nB,1,N,0\n", "practice 'B' has a budget of 0: must be above 0"),
    ],
)
def test_what_stands_beside_need_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, says: str
) -> None:
    path = tmp_path / "units.csv"
    path.write_text(f"practice,money,icb,wp\n{rows}")
    arguments = ["allocate", str(path), "--need", "wp", "--total", "10", "--level", "icb"]
    arguments += ["--baseline", "money", "--rule", "full", "--out", str(tmp_path / "b.xlsx")]
    assert says in rejected(capsys, *arguments)
    assert list(tmp_path.iterdir()) == [path]


def test_every_unit_needs_a_row_in_the_file_of_units(
    persons: pa.Table, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit_formula(persons, cost="spent", need="imd").write(files / "formula.csv")
    (files / "mff.csv").write_text("practice,mff\nP0,1\nP1,0\n")
    arguments = ["allocate", str(files / "persons.parquet"), "--total", "1"]
    arguments += ["--formula", str(files / "formula.csv"), "--index", "mff"]
    arguments += ["--units", str(files / "mff.csv"), "--out", str(files / "b.csv")]
    assert "column 'mff' of practice 'P1': 0: must be" in rejected(capsys, *arguments)
    (files / "mff.csv").write_text("practice,mff\nP0,1\nP1,1\n")
    said = rejected(capsys, *arguments)
    assert "8 problems" in said and "no row for practice 'P2': must have one" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--need", "imd"], ["required: --cost"]),
        (["--cost", "spent", "--need", "beauty"], ["'beauty' is missing"]),
        (["--cost", "spent", "--need", "spent"], ["spent"]),
        (["--cost", "spent", "--codes", "no.csv"], ["no.csv: must be a file"]),
        (["--cost", "spent", "--need", "imd", "--threads", "0"], ["threads is 0"]),
        (["--cost", "spent", "--out", "persons.parquet"], ["must not be a file that is read"]),
        (["--cost", "spent", "--covariance-out", "f.csv"], ["another file than --out"]),
        (
            ["--cost", "spent", "--codes", "no.csv", "--covariance-out", "c.txt"],
            ["2 problems", "c.txt: the name must end in", "no.csv"],
        ),
    ],
)
def test_a_bad_fit_writes_nothing(
    in_files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: list[str]
) -> None:
    command = ["fit", "persons.parquet", "--out", "f.csv"]
    said = rejected_untouched(in_files, capsys, *command, *arguments)
    assert all(text in said for text in says), said
