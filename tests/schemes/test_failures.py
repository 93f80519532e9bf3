"""What follows a failure: who has the budget, the people and the debt of a holder that fails?"""

from __future__ import annotations

from typing import Any

import numpy as np

from drawn_years import drawn, practices
from fundholder import Failure, Reserve, Scheme, Tier
from fundholder._schemes.draws import Drawn
from fundholder._schemes.scheme_years import SchemeYears
from fundholder._schemes.tier_years import TierRun

SIZES = [6_000, 3_000, 2_000, 1_000]
"""Of practices P00 to P03."""


def reports(scheme: Scheme, draws: Drawn, years: int) -> list[Any]:
    of = practices(SIZES)
    ready = SchemeYears(scheme, of, [], None, {}, 0)
    members = np.ones((len(SIZES), 1), np.int64)
    chain = [ready.tiers[n] for n in ready._chain(0)]
    formulas = [tier.expected_left for tier in chain]
    run = TierRun(chain, ready.holders[0], of, draws, members, formulas, False)
    return [(run.year(year, lambda _: {}), run._stage.copy()) for year in range(1, years + 1)]


def loses(number: int, years: int, paths: int = 1) -> Drawn:
    """Years in which one practice costs twice what is expected, and the others just that."""
    of = practices(SIZES)
    draws = drawn(of, [], paths, years, np.random.default_rng(1))
    for name, amounts in draws.services.items():
        expected = np.rint(of.by_service[name] * 1e4).astype(np.int64)
        amounts[:] = expected[:, None]
        amounts[:, number] *= 2
    draws.gross[:] = sum(draws.services.values())
    return draws


def scheme(then: str, **terms: Any) -> Scheme:
    failure = Failure(in_a_row=1, over=0.1, then=then, **terms)
    first = Tier("first", reserve=Reserve(debt=1.0), failure=failure)
    return Scheme("a scheme", [first, Tier("second", scope=["drugs"])])


def test_a_holder_joins_the_largest_other_with_its_budget_and_people() -> None:
    (before, _), (after, stage) = reports(scheme("merge"), loses(2, 2), 2)
    assert before.people[:, 0].tolist() == SIZES
    assert after.people[:, 0].tolist() == [8_000, 3_000, 0, 1_000]
    assert after.budget[0, 0] == before.budget[0, 0] + before.budget[2, 0]
    assert after.gross[0, 0] == before.gross[0, 0] + before.gross[2, 0]
    # Its people's deficit makes P00 fail in turn: all of them join the next largest, P01.
    assert stage[:, 0].tolist() == [-3, 0, -3, 0]


def test_a_holder_of_the_payer_has_no_budget_and_leaves_its_debt() -> None:
    (first, _), (second, stage) = reports(scheme("payer"), loses(3, 2), 2)
    assert stage[:, 0].tolist() == [0, 0, 0, -1]
    assert not second.active[3, 0] and second.budget[3, 0] == 0
    loss = -first.result[3, 0]
    kinds = {(flow[0], flow[1], flow[2]): flow[3][3, 0] for flow in first.flows}
    assert kinds["health authority", "holder", "loan"] == loss
    assert kinds["health authority", "holder", "liability"] == loss


def test_debt_may_be_the_practices_or_stay() -> None:
    (first, _), _ = reports(scheme("payer", liabilities="practices"), loses(3, 2), 2)
    loss = -first.result[3, 0]
    assert first.borne["partners"][3, 0] == loss
    (_, _), (second, _) = reports(scheme("second", liabilities="holder"), loses(3, 2), 2)
    repaid = {(flow[0], flow[2]): flow[3][3, 0] for flow in second.flows}
    assert repaid["holder", "repayment"] == 0


def test_a_holder_falls_to_the_scope_of_the_next_tier() -> None:
    (first, _), (second, stage) = reports(scheme("second"), loses(3, 2), 2)
    assert stage[:, 0].tolist() == [0, 0, 0, 1]
    drugs = practices(SIZES).by_service["drugs"][3]
    assert second.budget[3, 0] == np.rint(drugs * 1e4)
    assert second.budget[0, 0] == first.budget[0, 0]
