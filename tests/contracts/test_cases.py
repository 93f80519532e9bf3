"""Do contracts settle as published rules and worked cases say, to the printed digit?

A folder of ``cases`` holds a contract, units with what is expected of them, and the source; one of
``person_cases`` persons, what is expected of their units and, where there are any, budgets.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv
import pytest

from fundholder import Contract, settle, settle_persons

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").iterdir())
PERSON_CASES = sorted((HERE / "person_cases").iterdir())
GIVEN = ("actual", "budget", "people")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_case_settles_as_its_source_says(folder: Path) -> None:
    assert (folder / "source.txt").read_text().strip()
    contract = Contract.read(folder / "contract.toml")
    units = pyarrow.csv.read_csv(folder / "units.csv")
    given = {name: units[name] for name in GIVEN if name in units.column_names}
    settled = settle(contract, **given, scores=units if contract.scores else None)
    expected = [name for name in units.column_names if name not in (*GIVEN, *contract.scores)]
    assert expected
    for name in expected:
        assert settled[name].to_pylist() == units[name].to_pylist(), name


@pytest.mark.parametrize("folder", PERSON_CASES, ids=lambda folder: folder.name)
def test_a_case_of_persons_settles_as_its_source_says(folder: Path) -> None:
    assert (folder / "source.txt").read_text().strip()
    contract = Contract.read(folder / "contract.toml")
    persons = pyarrow.csv.read_csv(folder / "persons.csv")
    costs = [name for name in persons.column_names if name not in ("practice", "person")]
    budgets = folder / "budgets.csv"
    settled = settle_persons(
        contract,
        persons,
        cost=costs,
        budgets=pyarrow.csv.read_csv(budgets) if budgets.exists() else None,
    )
    expected = pyarrow.csv.read_csv(folder / "expected.csv")
    for name in expected.column_names:
        assert settled.units[name].to_pylist() == expected[name].to_pylist(), name


def test_there_are_cases() -> None:
    assert len(CASES) >= 22 and len(PERSON_CASES) >= 6
