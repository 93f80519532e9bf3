"""Is every mistake of a run of schemes rejected by name, before any draw, or else said?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from drawn_years import cost_model
from fundholder import (
    Behaviour,
    Contract,
    CostModel,
    Gate,
    Holder,
    InputError,
    InputTypeError,
    Participation,
    ProviderPayment,
    Scheme,
    SharedSavings,
    StopLoss,
    Tier,
    compare_schemes,
    run_scheme,
)
from fundholder._schemes import run as runs
from rejections import rejection, says

PEOPLE = pa.table({"practice": ["A", "B"], "icb": ["x", "y"], "count": [500, 900]})
GATED = Contract([Gate("quality", minimum=50), SharedSavings(0.5)])
BARE = Tier("one")
GIVEN: dict[str, Any] = {"years": 1, "replications": 4}


@pytest.fixture
def no_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_: Any) -> None:
        raise AssertionError("drawn before all was checked")

    monkeypatch.setattr(runs, "draw", draw)


def scores(**columns: list[Any]) -> pa.Table:
    return pa.table({"practice": ["A", "B"]} | columns)


TIERS: list[tuple[Tier, list[str]]] = [
    (
        Tier("one", holder=Holder("ccg")),
        ["tier one, holder is 'ccg'", "a column of the population: practice, icb, count"],
    ),
    (
        Tier("one", holder=Holder(people=100, within="stp")),
        ["tier one, holder is 'stp'", "a column of the population"],
    ),
    (
        Tier("one", scope=["hospitl"]),
        ["tier one, services is 'hospitl'", "hospital, community, drugs, rare"],
    ),
    (
        Tier("one", contract=Contract([StopLoss(5_000, services="surgery", to="pool")])),
        ["tier one, services is 'surgery'"],
    ),
    (Tier("one", behaviour=Behaviour([0.1], services="beds")), ["tier one, services is 'beds'"]),
    (Tier("one", contract=GATED), ["scores", "the score 'quality'", "tier one"]),
    (
        Tier("one", who=Participation("named", names=["A", "C"])),
        ["tier one, names is 'C'", "the names of holders"],
    ),
    (
        Tier("one", contract=Contract([ProviderPayment("hospital")])),
        ["tier one, contract is 'ProviderPayment'"],
    ),
]


@pytest.mark.usefixtures("no_draws")
@pytest.mark.parametrize(("tier", "words"), TIERS)
def test_tiers_that_do_not_fit_the_inputs_are_rejected(tier: Tier, words: list[str]) -> None:
    error = rejection(run_scheme, PEOPLE, cost_model(), Scheme("mine", [tier]), **GIVEN)
    says(error, *words)
    assert isinstance(error, InputError) and "2 problems" not in str(error)


OPTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({"years": 0}, ["years is 0", "from 1 to 99"]),
    ({"years": 100}, ["years is 100", "from 1 to 99"]),
    ({"years": 1.5}, ["years is 1.5"]),
    ({"replications": 0}, ["replications is 0", "from 1"]),
    ({"seed": -1}, ["seed is -1"]),
    ({"threads": 0}, ["threads is 0"]),
    ({"persistence": "us"}, ["persistence is 'us'", "a Persistence"]),
    ({"practice_permanent": 2}, ["practice_permanent is 2"]),
    ({"practice_sd": 9}, ["practice_sd is 9"]),
    ({"national_sd": -1}, ["national_sd is -1"]),
    ({"behaviour": 1}, ["behaviour is 1", "True or False"]),
    ({"edges": [5, 3]}, ["edges is [5, 3]", "ascending"]),
    ({"edges": 5}, ["edges is 5", "a list of numbers of people"]),
    ({"out": 3}, ["out is 3", "a folder"]),
    ({"resume": "no"}, ["resume is 'no'"]),
    (
        {"budgets": pa.table({"practice": ["A", "C"], "budget": [1.0, 2.0]})},
        ["2 problems", "budgets is 'B'", "a row for every practice", "budgets is 'C'", "alone"],
    ),
    (
        {"budgets": pa.table({"practice": ["A", "A"], "budget": [1.0, 2.0]})},
        ["'practice', row 1: 'A' is a duplicate"],
    ),
    (
        {"budgets": pa.table({"practice": ["A", "B"], "money": [1.0, 2.0]})},
        ["column 'budget' is missing", "practice, money"],
    ),
    ({"budgets": scores(budget=[1.0, -2.0])}, ["'budget', row 1: -2"]),
]


@pytest.mark.usefixtures("no_draws")
@pytest.mark.parametrize(("options", "words"), OPTIONS)
def test_options_that_are_wrong_are_rejected(options: dict[str, Any], words: list[str]) -> None:
    given = GIVEN | options
    says(rejection(run_scheme, PEOPLE, cost_model(), Scheme("mine", [BARE]), **given), *words)


SCORES: list[tuple[pa.Table, list[str]]] = [
    (scores(qality=[1.0, 2.0]), ["the score 'quality'", "tier one"]),
    (scores(quality=[1.0, 2.0]).slice(1), ["scores is 'A'", "a row for every practice"]),
    (scores(quality=[-1.0, 2.0]), ["'quality', row 0: -1"]),
    (scores(quality=[None, 2.0]), ["'quality', row 0: null"]),
]


@pytest.mark.usefixtures("no_draws")
@pytest.mark.parametrize(("table", "words"), SCORES)
def test_scores_that_are_wrong_are_rejected(table: pa.Table, words: list[str]) -> None:
    scheme = Scheme("mine", [Tier("one", contract=GATED)])
    says(rejection(run_scheme, PEOPLE, cost_model(), scheme, scores=table, **GIVEN), *words)


def test_a_score_that_the_tier_has_is_not_asked_for() -> None:
    tier = Tier("one", contract=GATED, scores={"quality": [(0.1, 40), (0.9, 90)]})
    assert run_scheme(PEOPLE, cost_model(), Scheme("mine", [tier]), **GIVEN).table.num_rows > 0


@pytest.mark.usefixtures("no_draws")
def test_schemes_that_are_not_there_are_rejected_with_the_nearest(tmp_path: Path) -> None:
    def call(scheme: Any) -> Any:
        return rejection(run_scheme, PEOPLE, cost_model(), scheme, **GIVEN)

    says(call("fundholding-1992"), "scheme is 'fundholding-1992'", "nearest: fundholding-1991")
    says(call(str(tmp_path / "mine.toml")), "mine.toml")
    says(call(3), "scheme is 3", "a Scheme, the name of one, or the path of a file")
    (tmp_path / "mine.toml").write_text('name = "mine"\n[[tier]]\nname = "one"\nscop = ["drugs"]\n')
    says(call(tmp_path / "mine.toml"), "mine.toml, tier one", "nearest: scope")


@pytest.mark.usefixtures("no_draws")
def test_services_that_others_pay_for_must_be_there() -> None:
    scheme = Scheme("mine", [BARE], pays={"nation": ["dental"]})
    says(rejection(run_scheme, PEOPLE, cost_model(), scheme, **GIVEN), "pays is 'dental'", "drugs")


@pytest.mark.usefixtures("no_draws")
def test_a_population_needs_practices_and_a_model_services() -> None:
    scheme = Scheme("mine", [Tier("one", holder=Holder("icb"))])
    given = GIVEN | {"replications": 2}
    says(
        rejection(run_scheme, PEOPLE.drop(["practice"]), cost_model(), scheme, **given), "practice"
    )
    says(rejection(run_scheme, PEOPLE.slice(0, 0), cost_model(), scheme, **given), "is empty")
    band = {"p_any": [0.4], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.5]}
    bare = CostModel(pa.table(band))
    says(rejection(run_scheme, PEOPLE, bare, scheme, **given), "a cost model with services")
    says(rejection(run_scheme, PEOPLE, 3, scheme, **given), "costs is 3")


def test_volunteers_say_what_they_expect_to_gain() -> None:
    says(rejection(Participation, "volunteers"), "gain is None", "'budget' or 'expected'")


@pytest.mark.usefixtures("no_draws")
def test_all_that_is_wrong_comes_at_once() -> None:
    tiers = [Tier("one", scope=["hospitl"], holder=Holder("ccg")), Tier("two", contract=GATED)]
    scheme = Scheme("mine", tiers, pays={"nation": ["dental"]})
    error = rejection(run_scheme, PEOPLE, cost_model(), scheme, **GIVEN)
    says(error, "4 problems", "'hospitl'", "'ccg'", "'quality', which tier two", "'dental'")
    wrong: dict[str, Any] = {"years": 0, "replications": 0, "seed": -1, "edges": "none"}
    error = rejection(run_scheme, PEOPLE, cost_model(), "pbra-20", **wrong)
    says(error, "5 problems", "'pbra-20'", "years", "replications", "seed", "edges")


@pytest.mark.usefixtures("no_draws")
def test_comparisons_of_no_scheme_or_of_one_name_twice_are_rejected() -> None:
    scheme = Scheme("mine", [BARE])
    for schemes, words in [
        ([], ["schemes is []", "one at least"]),
        ("pbra-20k", ["a list of schemes"]),
        ([scheme, Scheme("mine", [Tier("two")])], ["schemes is 'mine'", "the name of one scheme"]),
        (["pbra-21k", "pbc-206"], ["2 problems", "nearest: pbra-20k", "nearest: pbc-2006"]),
    ]:
        error = rejection(compare_schemes, PEOPLE, cost_model(), schemes, **GIVEN)
        assert isinstance(error, InputError | InputTypeError)
        says(error, *words)


def test_differences_are_from_a_scheme_of_the_comparison() -> None:
    comparison = compare_schemes(PEOPLE, cost_model(), [Scheme("mine", [BARE])], **GIVEN)
    says(rejection(comparison.differences, "yours"), "base is 'yours'", "mine")


@pytest.mark.parametrize(
    ("tier", "reason"),
    [
        (Tier("big", who=Participation("above", people=901)), "has 900 people, and 901 are"),
        (Tier("big", holder=Holder(people=5_000)), "no groups of at least 5,000 people"),
        (Tier("big", holder=Holder(people=1_000, within="icb")), "within each icb"),
    ],
)
def test_a_tier_whose_holders_are_all_too_few_is_said(tier: Tier, reason: str) -> None:
    scheme = Scheme("mine", [tier, Tier("rest", who=Participation("above", people=900))])
    with pytest.warns(UserWarning, match=f"mine, tier big: nobody takes part: .*{reason}"):
        run = run_scheme(PEOPLE, cost_model(), scheme, **GIVEN)
    # The next tier has those who are left, and the payer the others.
    assert [row["people"] for row in run.holders().to_pylist() if row["tier"] == "rest"] == [900]
