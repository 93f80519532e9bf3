"""Is a run of a scheme what it must be at its limits: all pooled, nothing agreed, no effect?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drawn_years import cost_model
from fundholder import (
    Behaviour,
    CarveOut,
    Contract,
    Corridor,
    Failure,
    Holder,
    Management,
    Participation,
    Premium,
    QuotaShare,
    Reserve,
    Result,
    Scheme,
    SchemeRun,
    SharedSavings,
    StopLoss,
    Tier,
    compare_schemes,
    run_scheme,
)
from fundholder._schemes.measures import Estimate
from scheme_values import lists, mean_flow, nets, values

SIZES = [900, 2_500, 6_000, 12_000]
ALL = Tier("all")
SAVINGS = Contract([SharedSavings(0.5, msr=0.02)])


def years_of(*tiers: Tier, replications: int = 200, **options: Any) -> SchemeRun:
    scheme = Scheme("made up", tiers, pays=options.pop("pays", None))
    given = {"years": 3, "replications": replications, "seed": 4, "threads": 2} | options
    return run_scheme(lists(given.pop("sizes", SIZES)), cost_model(), scheme, **given)


# ---- who bears the variance --------------------------------------------------------------------
def test_a_holder_whose_cost_is_all_pooled_has_none_of_the_variance() -> None:
    run = years_of(replace(ALL, contract=Contract([QuotaShare(1.0, to="nation")])))
    for year in (None, 1, 2, 3):
        share = values(run, year)["variance_share_practice"]
        assert (share.value, share.standard_error) == (0.0, 0.0)
        assert values(run, year)["variance_share_nation"].value == pytest.approx(1, abs=1e-6)


def test_a_holder_without_terms_that_repays_every_deficit_has_all_of_the_variance() -> None:
    # Practices so large that nobody costs more than a budget: debts stay below 100 % of it.
    run = years_of(replace(ALL, reserve=Reserve(debt=1.0)), sizes=[8_000, 20_000])
    for year in (None, 1, 2, 3):
        # Rounded to the hundredth of a penny.
        share = values(run, year)["variance_share_practice"]
        assert share.value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("behaves", [False, True])
def test_a_quota_share_leaves_its_part_of_the_variance(behaves: bool) -> None:
    tier = replace(
        ALL,
        contract=Contract([QuotaShare(0.25, to="nation")]),
        reserve=Reserve(debt=1.0),
        behaviour=Behaviour([0.1, 0.2], services="drugs"),
    )
    shares = values(years_of(tier, behaviour=behaves, sizes=[8_000, 20_000]))
    # Savings lower the cost of all in one proportion of drugs: they move the parts alike.
    assert shares["variance_share_practice"].value == pytest.approx(0.75, abs=1e-3)
    assert shares["variance_share_nation"].value == pytest.approx(0.25, abs=1e-3)


TIERS: list[tuple[Tier, dict[str, Any]]] = [
    (replace(ALL, contract=Contract([StopLoss(8_000, share=0.9, to="pool")])), {}),
    (
        Tier(
            "corridor",
            scope={"hospital": 0.7, "drugs": 1.0},
            contract=Contract(
                [
                    StopLoss(3_000, services=["hospital"], to="nation"),
                    Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]),
                ]
            ),
            premium=Premium("none"),
            reserve=Reserve(start=0.01, keep=0.5, cap=0.03, partners=0.5, partners_limit=10),
            failure=Failure(in_a_row=2, then="leave", liabilities="practices"),
            management=Management(3, 1_000, 0.01, paid_by="holder"),
            behaviour=Behaviour([0.05], shift=0.02),
        ),
        {"pays": {"nation": ["rare"]}, "behaviour": True},
    ),
    (
        Tier(
            "merged",
            contract=Contract([CarveOut("rare", to="nation"), StopLoss(9_000, to="pool")]),
            result=Result(gain=0.7, loss=0.5, use="income"),
            failure=Failure(cash_below=0.0, then="merge"),
            reserve=Reserve(partners=1.0),
        ),
        {"practice_sd": 0.03},
    ),
]


@pytest.mark.parametrize(("tier", "options"), TIERS)
def test_shares_of_variance_add_up_to_1(tier: Tier, options: dict[str, Any]) -> None:
    run = years_of(tier, replications=60, **options)
    for year in (None, 1, 2, 3):
        shares = [v for name, v in values(run, year).items() if name.startswith("variance_share")]
        assert sum(share.value for share in shares) == pytest.approx(1, abs=1e-9)


# ---- flows and premiums ------------------------------------------------------------------------
@pytest.mark.parametrize(("tier", "options"), TIERS)
def test_each_kind_of_flow_adds_up_to_0_over_the_parties(
    tier: Tier, options: dict[str, Any]
) -> None:
    run = years_of(tier, replications=60, **options)
    of = nets(run)
    kinds = {kind for _, kind in of}
    assert {"cost", "budget"} < kinds
    for amounts in of.values():
        assert abs(sum(amounts.values())) < 1e-9 * max(map(abs, amounts.values()))
    # Over all kinds, a holder passes on what it gets: only the reserve is kept over the years.
    for year in (1, 2, 3):
        left = sum(amounts["holder"] for (of_year, _), amounts in of.items() if of_year == year)
        assert abs(left) < 1e-9 * of[year, "budget"]["holder"]


TERMS = [
    (None, [StopLoss(8_000, to="pool")]),
    (None, [StopLoss(2_000, share=0.8, limit=20_000, services="hospital", to="pool")]),
    (["hospital", "drugs"], [StopLoss(2_000, services="drugs", to="pool")]),
    (["hospital", "drugs", "rare"], [CarveOut("rare", to="nation"), StopLoss(5_000, to="pool")]),
]


@pytest.mark.parametrize(("scope", "terms"), TERMS)
def test_premiums_are_what_is_ceded_on_average(scope: Any, terms: list[Any]) -> None:
    services = [name for name in scope or () if name != "rare"] or None
    terms = [
        replace(term, services=services)
        if isinstance(term, StopLoss) and term.services is None and len(terms) > 1
        else term
        for term in terms
    ]
    run = years_of(Tier("covered", scope=scope, contract=Contract(terms)), replications=800)
    for year in (1, 2, 3):
        premium, _ = mean_flow(run, year, "premium")
        recovery, error = mean_flow(run, year, "recovery")
        assert abs(recovery - premium) < 4 * error < 0.1 * premium


def test_a_loading_is_on_top_of_the_premium() -> None:
    tier = Tier("covered", contract=Contract([StopLoss(8_000, to="pool")]))
    loaded = replace(tier, premium=Premium(loading=0.2))
    bare, more = (mean_flow(years_of(of, replications=4), 1, "premium")[0] for of in (tier, loaded))
    assert more == pytest.approx(1.2 * bare, rel=1e-9)


# ---- rewards -----------------------------------------------------------------------------------
@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour([0.0, 0.0])])
def test_a_reward_without_an_effect_is_all_chance(behaviour: Behaviour) -> None:
    run = years_of(replace(ALL, contract=SAVINGS, behaviour=behaviour), behaviour=True)
    assert values(run)["reward_per_head"].value > 1
    assert values(run)["chance_share"].value == 1


def test_the_chance_share_is_the_reward_without_an_effect_in_part_of_that_with_one() -> None:
    tier = replace(ALL, contract=SAVINGS, behaviour=Behaviour([0.05]))
    with_effect, without = (values(years_of(tier, behaviour=on)) for on in (True, False))
    share = with_effect["chance_share"]
    rewards = without["reward_per_head"].value / with_effect["reward_per_head"].value
    assert share.value == pytest.approx(rewards, rel=1e-12) and 0.05 < share.value < 0.9
    assert "chance_share" not in without


# ---- taking part -------------------------------------------------------------------------------
def same(one: dict[Any, Estimate], other: dict[Any, Estimate]) -> bool:
    return {row[1:]: estimate.value for row, estimate in one.items()} == {
        row[1:]: estimate.value for row, estimate in other.items()
    }


def test_all_take_part_who_have_one_person_and_more() -> None:
    tier = Tier(
        "practice",
        contract=Contract([StopLoss(8_000, to="pool"), QuotaShare(0.2)]),
        reserve=Reserve(keep=1.0, debt=0.02),
    )
    above = replace(tier, who=Participation("above", people=1))
    named = replace(tier, who=Participation("named", names=lists(SIZES)["practice"].to_pylist()))
    rows = [Scheme(name, [t]) for name, t in (("1", tier), ("2", above), ("3", named))]
    given: dict[str, Any] = {"years": 2, "replications": 20, "edges": [2_000, 8_000]}
    runs = compare_schemes(lists(SIZES), cost_model(), rows, **given).runs
    assert same(runs["1"].estimates(), runs["2"].estimates())
    assert same(runs["1"].estimates(), runs["3"].estimates())
    for run in runs.values():
        assert run.flows().equals(runs["1"].flows())
        assert run.rewards().equals(runs["1"].rewards())


def test_groups_of_one_person_are_practices() -> None:
    tier = Tier("practice", contract=Contract([StopLoss(8_000, to="pool")]))
    groups = replace(tier, holder=Holder(people=1))
    one, other = (years_of(of, replications=20) for of in (tier, groups))
    for name, value in values(one).items():
        assert values(other)[name.replace("practice", "group")].value == value.value
