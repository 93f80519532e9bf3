"""Are the files that the NHS publishes read as they are, by every reader of them?"""

from __future__ import annotations

import csv
import datetime
import hashlib
import math
from pathlib import Path

import pytest

from fundholder import __version__, official
from official_files import problems, rows_of

openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")

LIST_SIZES = "practice/list_size_2021-01.csv.gz"
MAP = "practice/practice_map_2022-01.csv.gz"
MEMBERS = "practice/pcn_core_partner_2023-01.csv.gz"
IMD = "practice/practice_imd2019_computed.csv.gz"
WORKBOOK = "allocation/nhs_allocations_2025_26.xlsx"
BY_NEED = "allocation/gp_wp_2025-26.csv.gz"
WITH_TARGETS = "allocation/gp_wp_target_2018-19_formula.csv.gz"


# ---- The real files ------------------------------------------------------------------------------
def test_real_list_sizes_are_read(real: Path) -> None:
    table = official.read_patients(real / LIST_SIZES)
    published = {row["CODE"]: int(row["NUMBER_OF_PATIENTS"]) for row in rows_of(real / LIST_SIZES)}
    assert table.num_rows == 6_658
    people = dict(zip(table["practice"].to_pylist(), table["count"].to_pylist(), strict=True))
    assert people == published
    assert table["practice"].to_pylist() == sorted(published)
    assert table["date"].unique().to_pylist() == [datetime.date(2021, 1, 1)]


def test_the_real_map_is_read(real: Path) -> None:
    table = official.read_practice_map(real / MAP)
    published = {row["PRACTICE_CODE"]: row for row in rows_of(real / MAP)}
    assert table.num_rows == 6_527 == len(published)
    for row in table.to_pylist():
        expected = published[row["practice"]]
        assert row["icb"] == expected["STP_CODE"] and row["sub_icb"] == expected["CCG_CODE"]
        assert row["region_name"] == expected["COMM_REGION_NAME"]
        unallocated = expected["PCN_CODE"] == "U"
        assert (row["pcn"] is None) == (row["pcn_name"] is None) == unallocated
    assert len(table["icb"].unique()) == 42 and len(table["region"].unique()) == 7


@pytest.mark.parametrize("day", ["2019-10-01", "2020-03-31", "2022-06-30", "2023-01-09"])
def test_real_members_are_those_of_the_day(real: Path, day: str) -> None:
    spells = rows_of(real / MEMBERS)
    assert official.read_pcn_members(real / MEMBERS).num_rows == 7_455 == len(spells)
    plain = day.replace("-", "")
    current = {
        (row["Partner Organisation Code"], row["PCN Code"])
        for row in spells
        if row["Practice to PCN Relationship Start Date"] <= plain
        and plain <= (row["Practice to PCN Relationship End Date"] or "99999999")
    }
    table = official.read_pcn_members(real / MEMBERS, on=day)
    members = zip(table["practice"].to_pylist(), table["pcn"].to_pylist(), strict=True)
    assert set(members) == current and table.num_rows == len(current)
    same = official.read_pcn_members(real / MEMBERS, on=datetime.date.fromisoformat(day))
    assert same.equals(table)


def test_of_two_memberships_that_meet_the_later_counts(real: Path) -> None:
    # F82001 left U86966 and joined U11211 on the same day, the only one of the file to do so.
    on_the_day = official.read_pcn_members(real / MEMBERS, on="2022-07-01").to_pylist()
    assert [row["pcn"] for row in on_the_day if row["practice"] == "F82001"] == ["U11211"]


def test_real_deprivation_is_read(real: Path) -> None:
    table = official.read_imd(real / IMD)
    published = {row["practice_code"]: row for row in rows_of(real / IMD)}
    assert table.num_rows == 6_437 == len(published)
    for row in table.to_pylist():
        assert row["imd_score"] == float(published[row["practice"]]["imd_score"])
        assert row["imd_decile"] == int(published[row["practice"]]["imd_decile"])
        assert row["practice_name"] != "" and row["postcode"] != "Unknown"


def test_real_allocations_are_those_of_the_tidy_file(real: Path) -> None:
    """The tidy file was taken from the same workbook by others."""
    table = official.read_icb_allocations(real / WORKBOOK)
    short = {"core": "core", "specialised": "spec", "primary medical care": "pmc"}
    rows = {
        (short[row["stream"]] + "_" + row["year"], row["icb"]): row for row in table.to_pylist()
    }
    with (real / "allocation" / "icb_allocations_2025-26.csv").open(newline="") as file:
        tidy = list(csv.DictReader(file))
    assert len(tidy) == table.num_rows == len(rows) == 126
    for expected in tidy:
        row = rows[expected["stream"], expected["icb"]]
        assert row["region"] == expected["region"] and row["icb_name"] == expected["name"]
        for name, other in (("baseline", "baseline_k"), ("target", "target_k")):
            assert row[name] == float(expected[other]) * 1_000
        assert row["allocation"] == int(expected["alloc_k"]) * 1_000
        for name, other in (
            ("dft_open", "dft_open"),
            ("growth", "base_growth"),
            ("convergence", "convergence"),
            ("dft", "dft_post"),
            ("allocation_per_head", "alloc_per_head"),
        ):
            assert row[name] == float(expected[other])
    core = [row["allocation"] for row in table.to_pylist() if row["stream"] == "core"]
    assert sum(core) == 116_741_038_000  # ENGLAND, cell J54 of "ICB Core Allocations 2025-26"


def test_real_weighted_populations_by_need(real: Path) -> None:
    table = official.read_weighted_populations(real / BY_NEED)
    published = {row["Practice_Code"]: row for row in rows_of(real / BY_NEED)}
    assert table.num_rows == 6_348 == len(published)
    named = {"people": "Population", "community": "CS WP", "overall": "Final WP"}
    named |= {"health_inequalities": "Health Ineq WP", "maternity": "Mat WP"}
    for row in table.to_pylist():
        for name, heading in named.items():
            assert row[name] == float(published[row["practice"]][heading])


def test_real_weighted_populations_with_targets_are_read(real: Path) -> None:
    table = official.read_weighted_populations(real / WITH_TARGETS)
    rows = {row["practice"]: row for row in table.to_pylist()}
    assert len(rows) == 7_325
    # The unit case of the chain: Whinfield Medical Practice, £k with nine decimals in the file.
    assert rows["A83005"]["target"] == pytest.approx(16_745_507.963, abs=0.001)
    # The pots of 2018/19 for hospital, community and prescribing, published in £k.
    assert math.fsum(table["target"].to_pylist()) == pytest.approx(74_151_129e3, abs=1e3)
    without = [row for row in rows.values() if row["pcn"] is None]
    assert len(without) == 840 and all(row["pcn_name"] is None for row in without)


def test_what_was_read_is_in_the_metadata(real: Path) -> None:
    metadata = official.read_patients(real / LIST_SIZES).schema.metadata
    assert metadata[b"fundholder.version"].decode() == __version__
    assert metadata[b"fundholder.file"] == b"list_size_2021-01.csv.gz"
    digest = hashlib.sha256((real / LIST_SIZES).read_bytes()).hexdigest()
    assert metadata[b"fundholder.file_sha256"].decode() == digest
    assert b"Patients Registered" in metadata[b"fundholder.publication"]


def test_one_real_file_is_not_another(real: Path) -> None:
    for read, file in (
        (official.read_practice_map, LIST_SIZES),
        (official.read_pcn_members, MAP),
        (official.read_imd, LIST_SIZES),
        (official.read_weighted_populations, IMD),
    ):
        (problem,) = problems(read, real / file)
        assert "missing" in problem and "the file has '" in problem
    # The map has people of nobody: it names practices only.
    assert "'NUMBER_OF_PATIENTS'" in problems(official.read_patients, real / MAP)[0]
