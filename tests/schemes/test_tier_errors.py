"""Is every mistake in a tier or a scheme rejected, by name and with what is allowed?"""

from __future__ import annotations

from typing import Any

import pytest

from fundholder import Contract, Gate, ProviderPayment, SharedSavings, StopLoss
from fundholder._schemes.budget_rule import Budget, Premium, Result
from fundholder._schemes.failure import Failure, Reserve
from fundholder._schemes.management import Behaviour, Management
from fundholder._schemes.participation import Holder, Participation
from fundholder._schemes.scheme import Scheme
from fundholder._schemes.tier import Tier
from rejections import rejection, says

PARTS: list[tuple[type[Any], dict[str, Any], list[str]]] = [
    (Holder, {"level": 3}, ["level is 3", "the name of a column"]),
    (Holder, {"people": 0}, ["people is 0", "from 1"]),
    (Holder, {"within": "icb"}, ["within is 'icb'", "beside people"]),
    (Holder, {"people": 9, "within": "practice"}, ["within", "another column than the level"]),
    (Participation, {"rule": "everybody"}, ["'everyone'", "nearest: everyone"]),
    (Participation, {"rule": "above"}, ["people is None", "'above'"]),
    (Participation, {"rule": "named"}, ["names is None", "'named'"]),
    (Participation, {"rule": "named", "names": []}, ["names is []", "each once"]),
    (Participation, {"rule": "named", "names": ["A", "A"]}, ["each once"]),
    (Participation, {"names": ["A"]}, ["names", "by the rule 'named'"]),
    (Participation, {"rule": "volunteers"}, ["gain is None", "'budget' or 'expected'"]),
    (Participation, {"rule": "volunteers", "gain": "budgets"}, ["nearest: budget"]),
    (
        Participation,
        {"rule": "volunteers", "gain": "budget", "share": 0},
        ["share is 0", "nobody would take part"],
    ),
    (Participation, {"share": 0.5}, ["share is 0.5", "by the rule 'volunteers'"]),
    (Participation, {"at_least": -0.1}, ["at_least is -0.1"]),
    (Premium, {"rule": "none", "loading": 0.1}, ["loading", "by the rule 'expected'"]),
    (Premium, {"loading": -1}, ["loading is -1"]),
    (Budget, {"rule": "formular"}, ["nearest: formula"]),
    (Budget, {"growth": -1}, ["growth is -1", "above -1"]),
    (Budget, {"rebase": 1.5}, ["rebase is 1.5", "from 0 to 1"]),
    (Budget, {"discount": 0.6, "held": 0.4}, ["no budget is left"]),
    (Result, {"gain": 1.2, "loss": -1}, ["2 problems", "gain is 1.2", "loss is -1"]),
    (Result, {"use": "incme"}, ["nearest: income"]),
    (Result, {"shared_by": 3, "level": "icb"}, ["shared_by is 3", "level is 'icb'"]),
    (Reserve, {"start": 0.2, "cap": 0.1}, ["start is 0.2", "at most the cap, 0.1"]),
    (Reserve, {"expiry": 0}, ["expiry is 0", "from 1"]),
    (Reserve, {"partners_limit": -5}, ["partners_limit is -5", "£"]),
    (Reserve, {"debt": 2}, ["debt is 2", "from 0 to 1"]),
    (Failure, {"then": "payer"}, ["in_a_row is None", "when does a holder fail?"]),
    (Failure, {"in_a_row": 2}, ["then is None", "what follows a failure?"]),
    (Failure, {"in_a_row": 2, "then": 3}, ["then is 3", "'merge'"]),
    (Failure, {"cash_below": 0.0, "over": 0.1, "then": "payer"}, ["over", "beside in_a_row"]),
    (Failure, {"in_a_row": 1, "window": 3, "then": "payer"}, ["window", "beside cumulative"]),
    (Failure, {"in_a_row": 1, "then": "payer", "liabilities": "nobody"}, ["'practices'"]),
    (Management, {"per_head": -1}, ["per_head is -1", "£"]),
    (Management, {"holders": 0}, ["holders is 0"]),
    (Behaviour, {"savings": []}, ["savings is []", "levels of savings"]),
    (Behaviour, {"savings": [0.1, 2]}, ["savings is 2", "from 0 to 1"]),
    (Behaviour, {"services": ["drugs", "drugs"]}, ["services", "each once"]),
]


@pytest.mark.parametrize(("part", "values", "words"), PARTS)
def test_wrong_parts_are_rejected(
    part: type[Any], values: dict[str, Any], words: list[str]
) -> None:
    says(rejection(part, **values), *words)


SCOPE = ["elective", "outpatient"]
GATED = Contract([Gate("quality", full=100), SharedSavings(0.5)])
TIERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": " "}, ["name is ' '", "the name of a tier"]),
    ({"name": "merge"}, ["name is 'merge'", "follow a failure"]),
    ({"holder": "practice"}, ["holder is 'practice'", "a Holder"]),
    ({"failure": 3, "result": None}, ["2 problems", "a Failure, or None", "a Result"]),
    ({"scope": []}, ["scope is []"]),
    ({"scope": {"elective": 0}}, ["leave elective out"]),
    ({"scope": {"elective": 1.5}}, ["scope is 1.5", "from 0 to 1"]),
    (
        {"scope": SCOPE, "contract": Contract([StopLoss(9, services="electiv")])},
        ["services is 'electiv'", "services of the scope: elective", "nearest: elective"],
    ),
    (
        {"scope": SCOPE, "contract": Contract([ProviderPayment("drugs")])},
        ["services is 'drugs'", "services of the scope"],
    ),
    (
        {"scope": SCOPE, "behaviour": Behaviour(shift=0.01, shift_services="drugs")},
        ["services is 'drugs'"],
    ),
    ({"scores": {"quality": 80}}, ["scores is 'quality'", "none"]),
    ({"contract": GATED, "scores": {"qualty": 80}}, ["nearest: quality"]),
    ({"contract": GATED, "scores": {"quality": [[0.5, 80], [0.2, 90]]}}, ["ascending"]),
    ({"contract": GATED, "scores": {"quality": [[0.5, 80], [0.9, 70]]}}, ["ascending"]),
    ({"contract": GATED, "scores": {"quality": []}}, ["rows of probability and score"]),
]


@pytest.mark.parametrize(("values", "words"), TIERS)
def test_wrong_tiers_are_rejected(values: dict[str, Any], words: list[str]) -> None:
    says(rejection(Tier, **{"name": "tier", **values}), *words)


def test_a_gate_without_scores_says_what_a_run_needs() -> None:
    assert Tier("aco", contract=GATED).missing_scores == ("quality",)
    assert Tier("aco", contract=GATED, scores={"quality": 80}).missing_scores == ()
    assert Scheme("acos", [Tier("aco", contract=GATED)]).missing_scores == ("quality",)


def failing(name: str, then: str) -> Tier:
    return Tier(name, failure=Failure(in_a_row=2, then=then))


A_TIER = Tier("one", scope=SCOPE, contract=Contract([StopLoss(5_000)]))
SCHEMES: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": ""}, ["name is ''"]),
    ({"tiers": []}, ["tiers is []", "one Tier or more"]),
    ({"tiers": A_TIER}, ["a list of one Tier or more"]),
    ({"tiers": [A_TIER, A_TIER]}, ["tiers is 'one'", "the name of one tier"]),
    ({"tiers": [failing("one", "two"), Tier("two")], "years": 0}, ["years is 0"]),
    ({"tiers": [failing("one", "one")]}, ["then is 'one'", "of which there is none"]),
    ({"tiers": [Tier("one"), failing("two", "one")]}, ["then is 'one'", "a tier after two"]),
    ({"tiers": [failing("one", "tow"), Tier("two")]}, ["a tier after one: two", "nearest: two"]),
    ({"payer": "holder"}, ["payer is 'holder'"]),
    ({"inflation": 0}, ["inflation is 0", "above 0"]),
    ({"price_year": 1991}, ["price_year is 1991", "a year as text"]),
    ({"pays": ["nation"]}, ["pays", "party -> services"]),
    (
        {"pays": {"nation": ["specialised"], "icb": ["a&e", "specialised"]}},
        ["pays is 'specialised'", "not by nation and icb"],
    ),
    ({"sources": {"tier.one.contract.1.ceilng": "SI"}}, ["nearest: tier.one.contract.1.ceiling"]),
    ({"sources": {"tier.one.contract.2.ceiling": "SI"}}, ["tier.one.contract.2.ceiling"]),
    ({"sources": {"tier.one.who.people": "SI"}}, ["tier.one.who.people", "the name of a value"]),
    ({"sources": {"years": " "}}, ["where the value of years is from"]),
]


@pytest.mark.parametrize(("values", "words"), SCHEMES)
def test_wrong_schemes_are_rejected(values: dict[str, Any], words: list[str]) -> None:
    says(rejection(Scheme, **{"name": "mine", "tiers": [A_TIER], **values}), *words)


def test_amounts_alone_move_with_prices() -> None:
    tier = Tier(
        "one",
        contract=Contract([StopLoss(5_000, limit=10_000), SharedSavings(0.5, cap=0.1)]),
        reserve=Reserve(partners=1.0, partners_limit=100),
        management=Management(per_head=1.005, of_budget=0.02),
    )
    scheme = Scheme("mine", [tier], inflation=2.2, price_year="1991/92", sources={"inflation": "x"})
    moved = scheme.inflated()
    assert moved.tiers[0].contract == Contract(
        [StopLoss(11_000, limit=22_000), SharedSavings(0.5, cap=0.1)]
    )
    assert moved.tiers[0].reserve.partners_limit == 220
    assert moved.tiers[0].management == Management(per_head=2.21, of_budget=0.02)
    assert (moved.inflation, moved.price_year, moved.sources) == (1.0, None, None)
    assert moved.inflated() == moved
