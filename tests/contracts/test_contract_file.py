"""Do contracts come back from files as they were, and do wrong files name the nearest key?"""

from __future__ import annotations

from pathlib import Path

import pytest

from fundholder import CarveOut, Contract, Corridor, SharedSavings, StopLoss
from random_contracts import random_case
from rejections import rejection, says

SCHEME = Contract(
    [
        CarveOut(["specialised", "maternity"], to="health authority"),
        StopLoss(5_000, limit=30_000, services="hospital", to="health authority"),
        Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)], below=[(0, None, 0.5)]),
    ]
)
SAVINGS = Contract([SharedSavings(0.5, msr=[(5_000, 0.039), (60_000, 0.02)], cap=0.1)])


@pytest.mark.parametrize("ending", [".toml", ".json"])
def test_contracts_come_back(tmp_path: Path, ending: str) -> None:
    cases = [random_case(seed).contract for seed in range(15)]
    for contract in [SCHEME, SAVINGS, Contract([]), *cases]:
        path = tmp_path / f"contract{ending}"
        contract.write(path)
        again = Contract.read(path)
        assert (again, hash(again), str(again)) == (contract, hash(contract), str(contract))


def test_a_file_reads_as_sentences(tmp_path: Path) -> None:
    path = tmp_path / "contract.toml"
    SCHEME.write(path)
    comments = [line[2:] for line in path.read_text().splitlines() if line.startswith("#")]
    assert comments[:2] == [
        "all specialised and maternity cost is met by the health authority",
        "of hospital cost above £5,000 a person-year, all is met by the health authority, at most "
        "£30,000",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[terms]]\nterm = "stoploss"\nceiling = 1',
            ["term 1", "'stoploss'", "nearest: stop_loss"],
        ),
        ('[[terms]]\nterm = "stop_loss"\nceilng = 1', ["'ceilng'", "nearest: ceiling", "None"]),
        ('[[terms]]\nterm = "quota_share"\nshare = 2', ["term 1", "share is 2", "from 0 to 1"]),
        (
            '[[terms]]\nterm = "quota_share"\nshare = 2\n[[terms]]\nterm = "x"',
            ["2 problems", "term 1", "term 2"],
        ),
        (
            '[[terms]]\nterm = "corridor"\nbands = [[0, 0.1, 1.0], [0.2, inf, 1.0]]',
            ["bands", "without gaps or overlaps"],
        ),
        (
            '[[terms]]\nterm = "quota_share"\nshare = 0.5\n'
            '[[terms]]\nterm = "stop_loss"\nceiling = 1',
            ["StopLoss", "before the terms on the total of a unit"],
        ),
        (
            '[[terms]]\nterms = "quota_share"\nshare = 0.5\n[[terms]]\ntype = "corridor"',
            ["4 problems", "term is None", "key is 'terms'", "nearest: term", "key is 'type'"],
        ),
        ("terms = 3", ["must have a list 'terms'"]),
        ("term = []", ["has term", "must have a list 'terms'"]),
        ("[[terms", ["contract.toml"]),
    ],
)
def test_wrong_files_are_rejected(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "contract.toml"
    path.write_text(text)
    says(rejection(Contract.read, path), *words)


def test_other_endings_and_files_that_are_not_there(tmp_path: Path) -> None:
    says(rejection(Contract.read, tmp_path / "contract.yaml"), ".toml or .json")
    says(rejection(Contract.read, tmp_path / "contract.toml"), "contract.toml")
    says(rejection(SCHEME.write, tmp_path / "contract.txt"), ".toml, .json")
    assert list(tmp_path.iterdir()) == []
