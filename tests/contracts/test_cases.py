"""Do contracts settle as published rules and worked cases say, to the printed digit?

A folder of ``cases`` holds a contract, units with what is expected of them, and the source.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv
import pytest

from fundholder import Contract, settle

CASES = sorted((Path(__file__).parent / "cases").iterdir())
GIVEN = ("actual", "budget", "people")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_case_settles_as_its_source_says(folder: Path) -> None:
    assert (folder / "source.txt").read_text().strip()
    units = pyarrow.csv.read_csv(folder / "units.csv")
    given = {name: units[name] for name in GIVEN if name in units.column_names}
    settled = settle(Contract.read(folder / "contract.toml"), **given)
    expected = [name for name in units.column_names if name not in GIVEN]
    assert expected
    for name in expected:
        assert settled[name].to_pylist() == units[name].to_pylist(), name


def test_there_are_cases() -> None:
    assert len(CASES) >= 13
