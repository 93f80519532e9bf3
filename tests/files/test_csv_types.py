"""Are the columns of a CSV file of the types of all their cells, and wrong rows named?"""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from fundholder import InputError, read

CELLS = {
    "nothing": "",
    "whole numbers": "7",
    "numbers": "0.25",
    "words": "seven",
    "truths": "true",
    "days": "2026-01-31",
    "times": "2026-01-31 12:30:00",
    "parts of seconds": "2026-01-31 12:30:00.25",
    "clock": "12:30:00",
}


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Blocks of a few rows, of which a file then has many."""
    monkeypatch.setattr("fundholder._files.csv_file.BLOCK_BYTES", 64)
    return 64


@pytest.mark.parametrize("after", CELLS)
@pytest.mark.parametrize("before", CELLS)
def test_types_are_those_of_the_whole_file(
    tmp_path: Path, short_blocks: int, before: str, after: str
) -> None:
    # What pyarrow makes of the file as one block; the name keeps a row with nothing from being one.
    text = "n,x\n" + f"1,{CELLS[before]}\n" * short_blocks + f"2,{CELLS[after]}\n"
    (tmp_path / "file.csv").write_text(text)
    options = pyarrow.csv.ConvertOptions(null_values=["", "NULL"], strings_can_be_null=True)
    expected = pyarrow.csv.read_csv(io.BytesIO(text.encode()), convert_options=options)
    assert read(tmp_path / "file.csv").read_all().equals(expected)


@pytest.mark.parametrize("rows", [1, 100])
def test_one_and_zero_are_numbers_and_no_truths(
    tmp_path: Path, short_blocks: int, rows: int
) -> None:
    # Of one block, pyarrow would make 1 a truth where the column has truths; of two it cannot.
    (tmp_path / "file.csv").write_text("x\n" + "1\n" * rows + "true\n")
    assert read(tmp_path / "file.csv").read_all()["x"].to_pylist() == ["1"] * rows + ["true"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_row_is_read_wherever_blocks_end(
    tmp_path: Path, short_blocks: int, end: str, mark: str
) -> None:
    for length in range(short_blocks):
        rows = [f"{'y' * length},1", *(f"{'z' * (i % 7)},{i}" for i in range(40))]
        text = mark + end.join(["practice,scale", *rows])
        (tmp_path / "file.csv").write_bytes(text.encode())
        table = read(tmp_path / "file.csv").read_all()
        assert table.column_names == ["practice", "scale"]
        assert table["scale"].to_pylist() == [1, *range(40)], length


@pytest.mark.parametrize("rows", [2, 100])
def test_rows_that_are_not_of_the_columns_are_all_named(
    tmp_path: Path, short_blocks: int, rows: int
) -> None:
    text = "practice,scale\n" + "A,1\n" * rows + "B\nC,1,2\n"
    (tmp_path / "file.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read(tmp_path / "file.csv")
    assert [problem.row for problem in caught.value.problems] == [rows, rows + 1]
    says = f"file.csv: row {rows}: number of cells is 1: must be 2, one for each heading"
    assert str(caught.value.problems[0]).endswith(says)
    assert {problem.code for problem in caught.value.problems} == {"unreadable"}


@pytest.mark.parametrize("rows", [0, 100])
@pytest.mark.parametrize("column", ["practice", "name"])
def test_text_in_another_encoding_is_named(
    tmp_path: Path, short_blocks: int, column: str, rows: int
) -> None:
    text = f"scale,{column}\n" + "1,A\n" * rows + "2,Dr Müller\n"
    (tmp_path / "file.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(InputError, match="must be UTF-8, as spreadsheets save it") as caught:
        read(tmp_path / "file.csv")
    (problem,) = caught.value.problems
    assert (problem.code, problem.column, problem.row) == ("unreadable", column, rows)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_headings_in_another_encoding_are_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "file.csv").write_bytes("Größe,practice\n1,A\n".encode(encoding))
    with pytest.raises(InputError, match="headings: .*must be UTF-8"):
        read(tmp_path / "file.csv")


def test_a_line_without_an_end_is_not_read_on(tmp_path: Path, short_blocks: int) -> None:
    (tmp_path / "file.csv").write_text("practice\n" + "A" * 5 * short_blocks)
    with pytest.raises(InputError, match="has a line of more than 64 bytes"):
        read(tmp_path / "file.csv")


def test_names_that_are_there_twice_stay(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("x,x\n1,a\n")
    assert (
        read(tmp_path / "file.csv")
        .read_all()
        .equals(pa.table([pa.array(["1"]), pa.array(["a"])], names=["x", "x"]))
    )
