"""Do schemes come back from files as they were, and do wrong files name the nearest key?"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

import fundholder
from fundholder import Contract, Corridor, Gate, SharedSavings, StopLoss
from fundholder._cli import scheme as command
from fundholder._schemes.budget_rule import Budget, Premium, Result
from fundholder._schemes.failure import Failure, Reserve
from fundholder._schemes.management import Behaviour, Management
from fundholder._schemes.participation import Holder, Participation
from fundholder._schemes.scheme import Scheme
from fundholder._schemes.tier import Tier
from rejections import rejection, says

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schemes.md"

FULL = Tier(
    "full risk",
    scope={"elective": 0.7, "a&e": 1.0},
    holder=Holder("practice", people=100_000, within="icb"),
    who=Participation("volunteers", people=9_000, gain="budget", at_least=0.01, share=0.5),
    contract=Contract(
        [
            StopLoss(5_000, services=["a&e"], to="health authority"),
            Corridor([(0, 0.03, 1.0), (0.03, None, 0.5)]),
        ]
    ),
    premium=Premium(loading=0.1),
    budget=Budget("historic", growth=-0.01, rebase=0.5, held=0.01),
    result=Result(gain=0.8, loss=0.6, use="income", shared_by="need", level="practice"),
    reserve=Reserve(start=0.01, cap=0.05, keep=0.5, floor=0.01, expiry=4, partners=0.1, debt=0.1),
    failure=Failure(in_a_row=2, over=0.02, cumulative=0.1, window=3, then="the rest"),
    management=Management(per_head=3.0, per_holder=1_000, paid_by="holder", holders=2),
    behaviour=Behaviour(savings=[0.03, 0.05], services=["elective"], base_inflation=0.05),
)
GATED = Tier(
    "the rest",
    who=Participation("named", names=["P1", 'P"2']),
    contract=Contract(
        [Gate("quality", minimum=50), SharedSavings(0.5, msr=[(1, 0.02), (9, 0.01)])]
    ),
    scores={"quality": [(0.1, 40), (0.9, 90)]},
)
SCHEME = Scheme(
    "two tiers",
    [FULL, GATED],
    title='Two "tiers", £',
    summary="One line.\nAnother.",
    payer="nation",
    price_year="1991/92",
    inflation=2.2,
    pays={"NHS England": ["specialised"]},
    years=7,
    sources={"tier.full risk.scope.a&e": "SI 1994/640", "tier.the rest.result.loss": "none"},
)


def written(folder: Path, text: str) -> Path:
    path = folder / "scheme.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", [SCHEME, Scheme("bare", [Tier("one")])])
def test_schemes_come_back(tmp_path: Path, scheme: Scheme) -> None:
    path = tmp_path / "scheme.toml"
    scheme.write(path)
    again = Scheme.read(path)
    assert again == scheme
    assert str(again) == str(scheme)
    assert again.assumptions.equals(scheme.assumptions)
    again.write(tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_bytes() == path.read_bytes()


def test_a_value_without_a_source_is_an_assumption() -> None:
    rows = {row["key"]: row for row in SCHEME.assumptions.to_pylist()}
    assert rows["tier.full risk.scope.a&e"]["source"] == "SI 1994/640"
    assert rows["tier.full risk.scope.elective"]["source"] == "assumption"
    assert rows["tier.full risk.contract.1.ceiling"]["value"] == "5000"
    # A default is listed where a source is given for it.
    assert rows["tier.the rest.result.loss"] == {
        "key": "tier.the rest.result.loss",
        "value": "1.0",
        "source": "none",
    }
    assert "tier.the rest.result.gain" not in rows


def test_a_source_of_a_scope_is_that_of_its_services() -> None:
    scheme = Scheme("s", [Tier("t", scope=["a&e"])], sources={"tier.t.scope": "SI 1991/582"})
    assert scheme.assumptions["source"].to_pylist() == ["SI 1991/582"]


def test_a_file_reads_as_sentences(tmp_path: Path) -> None:
    SCHEME.write(tmp_path / "scheme.toml")
    text = (tmp_path / "scheme.toml").read_text(encoding="utf-8")
    assert "# full risk: a budget for 70 % of elective, a&e" in text
    assert "# of a&e cost above £5,000 a person-year, all is met by the health authority" in text


def test_a_scheme_in_words_has_a_paragraph_for_each_tier() -> None:
    head, full, rest = str(SCHEME).split("\n\n")
    assert "specialised by the NHS England" in head and "£ of 1991/92" in head
    assert "groups of at least 100,000 people" in full and "moves to the rest" in full
    assert full.count("\n  ") == 2  # terms of the contract
    assert "quality from 40 (quantile 0.1) to 90 (quantile 0.9)" in rest


ONE = 'name = "s"\n[[tier]]\nname = "one"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[tier", ["scheme.toml"]),
        ("", ["2 problems", "name is None", "tier is None"]),
        ('name = "s"\ntier = 3', ["tier is 3", "[[tier]]"]),
        (ONE + "[surces]", ["scheme.toml", "'surces'", "nearest: sources"]),
        ('name = "s"\n[[tier]]\nscope = ["a&e"]', ["tier 1", "name is None"]),
        (ONE + "[tier.reserves]\nstart = 1", ["tier one", "'reserves'", "nearest: reserve"]),
        (ONE + "reserve = { strat = 1 }", ["tier one, reserve", "'strat'", "nearest: start"]),
        (ONE + "reserve = 3", ["tier one, reserve", "must be a table"]),
        (ONE + "contract = 3", ["tier one, contract", "[[tier.contract]]"]),
        (
            ONE + '[[tier.contract]]\nterm = "stop_loss"\nceilng = 1',
            ["tier one, contract, term 1", "'ceilng'", "nearest: ceiling"],
        ),
        (
            ONE + 'who = { rule = "volunteers" }\nresult = { gain = 2 }',
            ["2 problems", "tier one, who: gain is None", "tier one, result: gain is 2"],
        ),
        (ONE + 'failure = { in_a_row = 2, then = "two" }', ["scheme.toml: then is 'two'"]),
        (ONE + 'scope = "a&e"\nbehaviour = { services = "x" }', ["tier one: services is 'x'"]),
        (ONE + '[sources]\n"tier.one.result.gian" = "x"', ["nearest: tier.one.result.gain"]),
        (
            ONE + 'result = { gain = 2 }\n[[tier]]\nname = "two"\nresult = { gain = 3 }',
            ["2 problems", "tier one, result", "tier two, result"],
        ),
    ],
)
def test_wrong_files_are_rejected(tmp_path: Path, text: str, words: list[str]) -> None:
    says(rejection(Scheme.read, written(tmp_path, text)), *words)


def test_other_names_and_files_that_are_not_there(tmp_path: Path) -> None:
    says(rejection(Scheme.read, "fundholding-1992"), "nearest: fundholding-1991")
    says(rejection(Scheme.read, tmp_path / "scheme.yaml"), ".toml")
    says(rejection(Scheme.read, tmp_path / "scheme.toml"), "scheme.toml")
    says(rejection(Scheme.read, 3), "path is 3", "the name of a scheme, or a file")
    says(rejection(SCHEME.write, tmp_path / "scheme.json"), ".toml")
    assert list(tmp_path.iterdir()) == []


def run(*arguments: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_command(parser.add_subparsers(required=True))
    options = parser.parse_args(["scheme", *arguments])
    options.run(options)


def test_the_command_lists_shows_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("list")
    assert "fundholding-1991       GP fundholding, 1991\n" in capsys.readouterr().out
    mine = str(tmp_path / "mine.toml")
    run("show", "fundholding-1991", "--out", mine)
    shown = capsys.readouterr().out
    assert "tier.fundholder.who.people = 9000  [SI 1991/582 reg. 3]" in shown
    assert Scheme.read(mine) == Scheme.read("fundholding-1991")
    run("check", mine)
    checked = capsys.readouterr().out
    assert "fundholding-1991, tiers fundholder" in checked and "of them assumptions" in checked
    says(rejection(run, "show", mine, "--out", mine), "must not be a file that is read")


def test_the_command_says_which_scores_a_run_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    term = '[[tier.contract]]\nterm = "shared_savings"\nshare = 0.5\n'
    gate = '[[tier.contract]]\nterm = "gate"\nscore = "quality"\nminimum = 50\n'
    run("check", str(written(tmp_path, ONE + gate + term)))
    assert "a run needs scores: quality" in capsys.readouterr().out


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_file_and_the_code_of_the_page_make_one_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(fundholder, "Scheme"):
        pytest.skip("the package does not export Scheme")
    monkeypatch.chdir(tmp_path)
    (text,) = blocks("toml")
    exec("\n".join(blocks("python")), {})
    from_file = Scheme.read(written(tmp_path, text))
    assert from_file.tiers == Scheme.read("mine.toml").tiers


def test_the_page_shows_the_errors_that_a_wrong_file_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (text,) = blocks("toml")
    text = text.replace("{ gain = 0.7", "{ gian = 0.7")
    text = text.replace("result =", 'who = { rule = "volunteers" }\nresult =')
    Path("mine.toml").write_text(text, encoding="utf-8")
    lines = str(rejection(Scheme.read, "mine.toml")).splitlines()
    shown = [line.strip().removeprefix("fundholder: ") for line in lines]
    page = [line.strip().removeprefix("fundholder: ") for line in PAGE.read_text().splitlines()]
    assert [line for line in page if line in shown] == shown
