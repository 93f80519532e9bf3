"""Do the lists that are published by age go into the built-in population?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fundholder import InputError, england, official
from official_files import text_file

BANDS = {"0to4": 5, "5to14": 10, "15to44": 30, "45to64": 20, "65to74": 10, "75to84": 10}


def quinary(folder: Path) -> Path:
    """Two practices with 1 person in each sex and group of five years."""
    groups = [f"{age}_{age + 4}" for age in range(0, 95, 5)] + ["95+"]
    lines = "".join(
        f"GP,{practice},{sex},{age},1\n"
        for practice in ("A1", "B1")
        for sex in ("MALE", "FEMALE")
        for age in groups
    )
    return text_file(folder, "ORG_TYPE,ORG_CODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\n" + lines)


def test_lists_by_five_years_are_those_by_band(tmp_path: Path) -> None:
    """85 and over are three groups."""
    table = official.read_patients_by_age(quinary(tmp_path))
    counts: dict[str, Any] = {
        f"{sex}_patients_{band}": [years // 5] * 2
        for sex in ("male", "female")
        for band, years in (BANDS | {"85plus": 15}).items()
    }
    expected = england.from_age_sex(pa.table({"practice_code": ["A1", "B1"], **counts}))
    assert england.from_age_sex(table).equals(expected)


def test_areas_and_deprivation_are_carried(tmp_path: Path) -> None:
    table = official.read_patients_by_age(quinary(tmp_path))
    areas = {"practice": ["A1", "B1"], "icb": ["QHM", None], "imd_score": [30.0, 10.0]}
    groups = england.from_age_sex(table.join(pa.table(areas), "practice"))
    rows = {(row["practice"], row["icb"], row["imd_quintile"]) for row in groups.to_pylist()}
    assert {row[:2] for row in rows} == {("A1", "QHM"), ("B1", None)}
    quintile = {row[0]: row[2] for row in rows}
    assert quintile["A1"] < quintile["B1"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"age_to": [9]}, "0 to 9"),
        ({"age_to": [None]}, "0 to any"),
        ({"sex": ["all"]}, "'all'"),
        ({"count": [-1]}, "-1"),
        ({"count": [None]}, "null"),
    ],
)
def test_rows_that_do_not_fit_the_bands_are_rejected(changed: dict[str, Any], says: str) -> None:
    row = {"practice": ["A"], "sex": ["male"], "age_from": [0], "age_to": [4], "count": [7]}
    with pytest.raises(InputError, match=says):
        england.from_age_sex(pa.table(row | changed))


def test_areas_that_differ_within_a_practice_are_rejected() -> None:
    row = {"practice": ["A", "A"], "sex": ["male", "female"], "age_from": [0, 0], "age_to": [4, 4]}
    with pytest.raises(InputError, match="'Y'.*'X', as in row 0"):
        england.from_age_sex(pa.table(row | {"count": [1, 1], "icb": ["X", "Y"]}))
