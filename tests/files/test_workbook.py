"""Do workbooks hold the tables, shown as an analyst would, and only what Excel can hold?"""

from __future__ import annotations

import datetime
import decimal
import math
import re
from pathlib import Path
from typing import Any, NoReturn
from zipfile import ZipFile

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from arrow_types import STRING_VIEWS, reads_polars
from fundholder import FundholderError, InputError, InputTypeError, __version__, variance, write
from fundholder._files.workbook import write_workbook

openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

LISTS = pa.table({"practice": ["A", "B"], "people": [7_000, 12_000]})


CELL = re.compile(r"(.*, row \d+: .*?): must be .*")


def book_of(path: Path) -> Any:
    """The workbook by openpyxl's full reader."""
    return openpyxl.load_workbook(path)


def values(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def problems(tables: Any, path: Path, **terms: Any) -> list[str]:
    with pytest.raises(FundholderError) as caught:
        write_workbook(tables, path, **terms)
    assert not list(path.parent.iterdir())
    return caught.value.problems


# ---- What is written is read ---------------------------------------------------------------------
def test_every_type_reads_back(tmp_path: Path) -> None:
    day, time = datetime.date(2026, 3, 31), datetime.datetime(2026, 3, 31, 12, 30)
    text = pa.array(["A", None, "=1+1"])
    table = pa.table(
        {
            "text": text,
            "large": text.cast(pa.large_string()),
            **{str(view): text.cast(view) for view in STRING_VIEWS},
            "coded": text.dictionary_encode(),
            "error": ["#N/A", "#REF!", "TRUE"],
            "whole": pa.array([2**53, None, -(2**53)]),
            "small": pa.array([1, None, 255], pa.uint8()),
            "number": [1 / 3, None, -1e300],
            "decimal": [decimal.Decimal("12.34"), None, decimal.Decimal("-1")],
            "yes": [True, None, False],
            "day": pa.array([day, None, datetime.date(1900, 3, 1)]),
            "time": pa.array([time, None, time], pa.timestamp("ns")),
            "nothing": pa.nulls(3),
        }
    )
    write_workbook({"Types": table}, tmp_path / "types.xlsx")
    heading, *rows = values(book_of(tmp_path / "types.xlsx")["Types"])
    assert heading == table.column_names
    for row, expected in zip(rows, table.to_pylist(), strict=True):
        for cell, (name, value) in zip(row, expected.items(), strict=True):
            if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
                cell = cell.date()
            if name in ("number", "decimal") and value is not None:
                # Workbooks are written with 16 significant digits.
                assert math.isclose(cell, value, rel_tol=1e-15)
            else:
                assert cell == value, name
    sheet = book_of(tmp_path / "types.xlsx")["Types"]
    error = sheet.cell(1, 1 + table.column_names.index("error")).column_letter
    texts = ("A4", "B4", *(f"{error}{row}" for row in (2, 3, 4)))
    assert {sheet[cell].data_type for cell in texts} == {"s"}


@reads_polars
def test_whatever_has_a_stream_is_a_table(tmp_path: Path) -> None:
    tables = {
        "arrow": LISTS,
        "reader": LISTS.to_reader(max_chunksize=1),
        "polars": pl.from_arrow(LISTS).with_columns(pl.col("practice").cast(pl.Categorical)),
        "pandas": LISTS.to_pandas(),
    }
    write_workbook(tables, tmp_path / "lists.xlsx")
    book = book_of(tmp_path / "lists.xlsx")
    assert book.sheetnames == ["Contents", *tables]
    assert all(values(book[name]) == values(book["arrow"]) for name in tables)


def test_a_table_without_rows_is_a_sheet_of_headings(tmp_path: Path) -> None:
    write_workbook({"None": LISTS[:0]}, tmp_path / "none.xlsx")
    assert values(book_of(tmp_path / "none.xlsx")["None"]) == [["practice", "people"]]


def test_rows_are_in_their_order_over_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fundholder._files.workbook_sheets.BATCH_ROWS", 7)
    number = list(range(100))
    write_workbook({"Rows": pa.table({"n": number})}, tmp_path / "rows.xlsx")
    assert values(book_of(tmp_path / "rows.xlsx")["Rows"]) == [["n"], *([n] for n in number)]


def test_contents_name_sheets_and_what_they_were_made_from(costs: Any, tmp_path: Path) -> None:
    lists = pa.table({"practice": ["A", "B"], "count": [7_000, 12_000]})
    result = variance(lists, costs, stop_loss=20_000)
    write_workbook(
        {"Spread": result, "Lists": LISTS}, tmp_path / "a.xlsx", about={"Lists": "List sizes"}
    )
    heading, *lines = values(book_of(tmp_path / "a.xlsx")["Contents"])
    assert heading == ["sheet", "rows", "item", "what"]
    assert ["Spread", 2, None, None] in lines and ["Lists", 2, None, "List sizes"] in lines
    metadata = {item: what for sheet, _, item, what in lines if sheet == "Spread" and item}
    expected = {key.decode(): value.decode() for key, value in result.schema.metadata.items()}
    assert metadata == expected and "fundholder.costs_digest" in expected
    assert ["Lists", None, "fundholder.version", __version__] in lines


# ---- How it looks --------------------------------------------------------------------------------
MONEY = '"£"#,##0;[Red]-"£"#,##0'
PENCE = '"£"#,##0.00;[Red]-"£"#,##0.00'


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("people", 7, "#,##0"),
        ("imd_decile", 7, "0"),
        ("age_from", 7, "0"),
        ("budget", 7.0, MONEY),
        ("expected_net", 7.0, MONEY),
        ("expected_se", 7.0, MONEY),
        ("q0.995", 7.0, MONEY),
        ("allocation_per_head", 7.0, PENCE),
        ("premium_per_head", 7.0, PENCE),
        ("dft_open", 0.05, "0.00%"),
        ("growth", 0.05, "0.00%"),
        ("convergence", 0.05, "0.00%"),
        ("need_index", 1.1, "0.00%"),
        ("ceded_share", 0.05, "0.00%"),
        ("cv_gross", 0.05, "0.00%"),
        ("p_outside_0.1", 0.05, "0.00%"),
        ("p_outside_0.1_gross_se", 0.05, "0.00%"),
        ("skewness", 2.5, "#,##0.00##"),
        ("general_acute", 900.5, "#,##0.00##"),
        ("day", datetime.date(2026, 1, 1), "yyyy-mm-dd"),
        ("meets", True, "General"),
        ("practice", "A81001", "@"),
    ],
)
def test_numbers_are_shown_by_what_they_are(
    tmp_path: Path, name: str, value: Any, shown: str
) -> None:
    write_workbook({"One": pa.table({name: [value]})}, tmp_path / "one.xlsx")
    assert book_of(tmp_path / "one.xlsx")["One"]["A2"].number_format == shown


def test_a_format_may_be_given(tmp_path: Path) -> None:
    table = pa.table({"target": [0.95], "people": [5]})
    write_workbook({"T": table}, tmp_path / "t.xlsx", formats={"target": "percent"})
    sheet = book_of(tmp_path / "t.xlsx")["T"]
    assert sheet["A2"].number_format == "0.00%" and sheet["B2"].number_format == "#,##0"


def test_headings_stay_in_view_and_filter(tmp_path: Path) -> None:
    names = pa.array(["X" * 40, "Y"])
    write_workbook({"Lists": LISTS.append_column("practice_name", names)}, tmp_path / "a.xlsx")
    sheet = book_of(tmp_path / "a.xlsx")["Lists"]
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:C3"
    assert [cell.font.bold for cell in sheet[1]] == [True] * 3
    assert not sheet["A2"].font.bold
    widths = {letter: sheet.column_dimensions[letter].width for letter in "ABC"}
    assert 40 < widths["C"] <= 60 and all(9 <= widths[letter] < 15 for letter in "AB")


# ---- Whole, the same, or not at all --------------------------------------------------------------
def test_the_same_tables_are_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_workbook({"Lists": LISTS}, tmp_path / f"{name}.xlsx")
    one, other = (tmp_path / f"{name}.xlsx" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    # No time of writing anywhere, so neither will it be later.
    with ZipFile(one) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = book_of(one).properties
    assert properties.created == properties.modified == datetime.datetime(1980, 1, 1)


@pytest.mark.parametrize("before", [None, "an older result"])
def test_a_failure_while_writing_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    path = tmp_path / "lists.xlsx"
    if before is not None:
        path.write_text(before)

    def half(file: Any, *_: Any) -> NoReturn:
        file.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr("fundholder._files.workbook.fill_workbook", half)
    with pytest.raises(InputError, match="cannot be written: no space left"):
        write_workbook({"Lists": LISTS}, path)
    left = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert left == ({} if before is None else {path.name: before})


def test_write_takes_workbooks_too(tmp_path: Path) -> None:
    write(LISTS, tmp_path / "by_name.xlsx")
    write_workbook({"Table": LISTS}, tmp_path / "by_hand.xlsx")
    assert (tmp_path / "by_name.xlsx").read_bytes() == (tmp_path / "by_hand.xlsx").read_bytes()


def test_years_have_a_row_each_as_in_csv(tmp_path: Path) -> None:
    years = pa.FixedSizeListArray.from_arrays(pa.array([1.5, 2.5, 3.5, 4.5]), 2)
    totals = pa.table({"practice": ["A", "B"], "net": years})
    totals = totals.replace_schema_metadata({"fundholder.seed": "7"})
    write(totals, tmp_path / "totals.xlsx")
    book = book_of(tmp_path / "totals.xlsx")
    rows = [["A", 0, 1.5], ["A", 1, 2.5], ["B", 0, 3.5], ["B", 1, 4.5]]
    assert values(book["Table"]) == [["practice", "replication", "net"], *rows]
    assert ["Table", None, "fundholder.seed", "7"] in values(book["Contents"])
    uneven = pa.table({"list": [[1.0], [2.0, 3.0]]})
    with pytest.raises(InputError, match="column 'list' is list<item: double>"):
        write(uneven, tmp_path / "uneven.xlsx")


# ---- Rejections ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 32,
        "a/b",
        "a\\b",
        "a:b",
        "a*b",
        "a?b",
        "[a]",
        "'a",
        "a'",
        "History",
        "CONTENTS",
    ],
)
def test_names_that_excel_does_not_allow(tmp_path: Path, name: str) -> None:
    (problem,) = problems({name: LISTS}, tmp_path / "a.xlsx")
    assert problem.startswith(f"sheet {name!r}: must be a name of 1 to 31 letters")


def test_names_that_it_does_allow(tmp_path: Path) -> None:
    names = ["x" * 31, "Dr. Smith's", "£ & <b>", "2025-26", "Überblick"]
    write_workbook(dict.fromkeys(names, LISTS), tmp_path / "a.xlsx")
    assert book_of(tmp_path / "a.xlsx").sheetnames == ["Contents", *names]


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    table = pa.table(
        {
            "number": [1.0, math.nan, -math.inf],
            "whole": [2**53 + 2, None, 1],
            "text": ["a\x00b", "x" * 32_768, "x" * 32_767],
            "day": [datetime.date(1900, 2, 28), None, datetime.date(2026, 1, 1)],
            "list": [[1.0], [2.0], [3.0]],
            "away": pa.array([1, 2, 3], pa.timestamp("s", "Europe/London")),
        }
    )
    listed = problems(
        {"One": table, "ONE": LISTS, "Long": pa.table({"x": pa.nulls(1_048_576)})},
        tmp_path / "a.xlsx",
        about={"Two": "no such sheet"},
        formats={"number": "bold", "depth": "money"},
    )
    # Of cells, what is said of them; what is allowed instead has tests of its own.
    assert [CELL.sub(r"\1", problem) for problem in listed] == [
        "sheet 'ONE': must differ from 'One' in more than case",
        "about 'Two': must be one of the sheets ['One', 'ONE', 'Long']",
        "formats of 'number' is 'bold': must be one of 'money', 'pence', 'percent', 'count', "
        "'number', 'plain', 'date', 'time', 'text', 'general'",
        "formats of 'depth': must be a column of a table",
        "sheet 'One': column 'number', row 1: NaN",
        "sheet 'One': column 'number', row 2: -inf",
        "sheet 'One': column 'whole', row 0: 9007199254740994",
        "sheet 'One': column 'text', row 0: 'a\\x00b'",
        "sheet 'One': column 'text', row 1: 'xxxxxxxxxxxx...xxxxxxxxxxxxx'",
        "sheet 'One': column 'day', row 0: datetime.date(1900, 2, 28)",
        "sheet 'One': column 'list' is list<item: double>: must be text, numbers, days or booleans",
        "sheet 'One': column 'away' is timestamp[us, tz=Europe/London]: must be text, numbers, "
        "days or booleans",
        "sheet 'Long': 1,048,576 rows: must be at most 1,048,575",
    ]


def test_a_sheet_that_is_too_wide_or_too_narrow(tmp_path: Path) -> None:
    too_many = pa.table({f"x{i}": [1] for i in range(16_385)})
    assert "16,385 columns" in problems({"Wide": too_many}, tmp_path / "a.xlsx")[0]
    empty = pa.table({"x": [1]}).select([])
    assert "0 columns: must be 1 to" in problems({"Empty": empty}, tmp_path / "a.xlsx")[0]


def test_what_is_no_table_and_no_path(tmp_path: Path) -> None:
    assert "tables is empty" in problems({}, tmp_path / "a.xlsx")[0]
    assert "must end in .xlsx" in problems({"A": LISTS}, tmp_path / "a.csv")[0]
    assert "must end in" in problems({"A": LISTS}, tmp_path / "a.xls")[0]
    with pytest.raises(InputError, match="a folder that exists"):
        write_workbook({"A": LISTS}, tmp_path / "no" / "a.xlsx")
    for tables in (LISTS, None, [LISTS], {1: LISTS}):
        with pytest.raises(InputTypeError, match="must be a dict"):
            write_workbook(tables, tmp_path / "a.xlsx")  # type: ignore[arg-type]
    with pytest.raises(InputTypeError, match="sheet 'A' is array.*ndarray"):
        write_workbook({"A": np.ones(3)}, tmp_path / "a.xlsx")
    with pytest.raises(InputTypeError, match="path of a file"):
        write_workbook({"A": LISTS}, 3)  # type: ignore[arg-type]


def test_without_openpyxl_workbooks_are_rejected_and_csv_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fundholder._files.atomic_write.find_spec", lambda name: None)
    for made in (
        lambda: write(LISTS, tmp_path / "a.xlsx"),
        lambda: write_workbook({"A": LISTS}, tmp_path / "a.xlsx"),
    ):
        with pytest.raises(InputError, match=r"pip install \"fundholder\[excel\]\""):
            made()
    write(LISTS, tmp_path / "a.csv")
