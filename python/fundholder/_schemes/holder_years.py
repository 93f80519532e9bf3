"""Years of holders: budgets, contracts, reserves and failures of one tier, in whole units of money.

Arrays have a row for each holder and a column for each path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._contracts.stop_loss import PROVIDER, CarveOut
from .._tables.arrays import FloatArray, IntArray
from .rules import Rules, Scores, Seen, rounded, settled, share_of, units_of

HOLDER = "holder"
PARTNERS = "partners"
CARE = "care"
RESERVE = "reserve"
MANAGERS = "management"

Flow = tuple[str, str, str, IntArray]
"""Source, destination, kind, and amounts by holder and path."""


@dataclass
class State:
    """What a holder carries into a year."""

    level: FloatArray
    """The budget before what is taken off it, in units of money."""
    reserve: list[IntArray]
    """Savings, the oldest first."""
    debt: IntArray
    overspent: IntArray
    """Years in a row with a deficit above the limit."""
    results: list[IntArray] = field(default_factory=list)

    @property
    def saved(self) -> IntArray:
        """All savings."""
        return sum(self.reserve[1:], self.reserve[0])


@dataclass
class Year:
    """One year under one set of rules: what moves, and what is reported."""

    flows: list[Flow]
    borne: dict[str, IntArray]
    """By party, what it bears of the cost of the scope; the payer bears the rest."""
    budget: IntArray
    result: IntArray
    premium: IntArray
    reward: IntArray
    management: IntArray
    fails: Any
    after: State
    reward_weights: Callable[[], FloatArray]
    """The part of a holder's reward that each of its practices has."""


def begin(rules: Rules, level: FloatArray) -> State:
    """The state before the first year."""
    zero = np.zeros(level.shape, np.int64)
    start = share_of(rounded(level), rules.tier.reserve.start)
    years = rules.tier.reserve.expiry or 1
    return State(level, [zero] * (years - 1) + [start], zero, zero)


def settle_year(rules: Rules, seen: Seen, before: State, scores: Scores) -> Year:
    """Settle one year of every holder and path."""
    tier = rules.tier
    taken = tier.budget.part_paid
    budget = rounded((before.level + tier.budget.follow * seen.last_year) * taken)
    flows: list[Flow] = []
    borne: dict[str, IntArray] = {}
    zero = np.zeros_like(budget)
    premium, left, own = zero, seen.cost, seen.cost

    def bears(party: str, amount: IntArray) -> None:
        borne[party] = borne.get(party, zero) + amount

    for term, ceded, expected in zip(rules.terms, seen.ceded, seen.expected_ceded, strict=True):
        left = left - ceded
        bears(term.to, ceded)
        if isinstance(term, CarveOut):
            own = own - ceded
            flows.append((term.to, PROVIDER, "cost", ceded))
            continue
        flows.append((term.to, HOLDER, "recovery", ceded))
        if tier.premium.rule == "expected":
            price = units_of(expected * (1.0 + tier.premium.loading)) + zero
            premium = premium + price
            bears(term.to, -price)
            flows.append((HOLDER, term.to, "premium", price))
    flows.append((HOLDER, PROVIDER, "cost", own))
    flows.append((rules.payer, HOLDER, "budget", budget + premium))
    kept = left
    for number, unit_term in enumerate(tier.contract.unit_terms):
        ceded, bonus, penalty = settled(tier.contract, number, kept, budget, seen.people, scores)
        kept = kept - ceded - bonus + penalty
        bears(unit_term.to, ceded + bonus - penalty)
        flows.append((unit_term.to, HOLDER, "recovery", ceded))
        flows.append((unit_term.to, HOLDER, "bonus", bonus))
        flows.append((HOLDER, unit_term.to, "penalty", penalty))
    result = budget - kept

    gain, loss = rules.shares_of_result(result, seen, budget, left - kept)
    flows.append((HOLDER, rules.payer, "surplus", np.maximum(result, 0) - gain))
    shared_loss = np.maximum(-result, 0) - loss
    management = share_of(budget, tier.management.of_budget) + units_of(
        seen.people * tier.management.per_head
        + tier.management.per_holder / tier.management.holders
    )
    by_holder = tier.management.paid_by == HOLDER
    flows.append((HOLDER if by_holder else rules.payer, MANAGERS, "management", management))
    own_result = gain - loss - (management if by_holder else 0)
    account = _account(rules, before, budget, own_result, seen.people)
    flows += account.flows
    flows.append((rules.payer, HOLDER, "deficit", shared_loss + account.unpaid))
    # A cost is borne where the account of the year ends: in the reserve, in debt, with partners.
    bears(HOLDER, -(own_result + account.partners + account.unpaid))
    bears(PARTNERS, account.partners)
    bears(HOLDER, account.lapsed)
    if by_holder:
        bears(HOLDER, -management)

    overspent = np.where(result < -share_of(budget, rules.over), before.overspent + 1, 0)
    results = [*before.results, result]
    after = State(
        (before.level + tier.budget.rebase * (kept / taken - before.level))
        * (1.0 + tier.budget.growth),
        account.reserve,
        account.debt,
        overspent,
        results,
    )
    fails = rules.fails(budget, after.saved - after.debt - account.unpaid, overspent, results)
    return Year(
        flows,
        borne,
        budget,
        result,
        premium,
        account.reward,
        management,
        fails,
        after,
        lambda: rules.reward_weights(seen, budget, left - kept),
    )


@dataclass
class _Account:
    reserve: list[IntArray]
    debt: IntArray
    partners: IntArray
    unpaid: IntArray
    reward: IntArray
    lapsed: IntArray
    flows: list[Flow]


def _account(
    rules: Rules, before: State, budget: IntArray, result: IntArray, people: IntArray
) -> _Account:
    """Put a result into reserves, rewards and debt, or meet a loss from what there is."""
    terms = rules.tier.reserve
    surplus, loss = np.maximum(result, 0), np.maximum(-result, 0)
    repaid = np.minimum(before.debt, surplus)
    surplus = surplus - repaid
    reserve = list(before.reserve)
    met = np.zeros_like(loss)
    for number, savings in enumerate(reserve):
        used = np.minimum(savings, loss)
        reserve[number] = savings - used
        loss = loss - used
        met = met + used
    partners = share_of(loss, terms.partners)
    if terms.partners_limit is not None:
        partners = np.minimum(partners, units_of(people * terms.partners_limit))
    loss = loss - partners
    room = np.maximum(share_of(budget, terms.debt) - before.debt + repaid, 0)
    borrowed = np.minimum(loss, room)
    unpaid = loss - borrowed

    saved = sum(reserve[1:], reserve[0])
    kept = share_of(surplus, terms.keep)
    short = np.maximum(share_of(budget, terms.floor) - saved, 0)
    kept = np.maximum(kept, np.minimum(surplus, short))
    if terms.cap is not None:
        kept = np.minimum(kept, np.maximum(share_of(budget, terms.cap) - saved, 0))
    reward = surplus - kept
    lapsed = np.zeros_like(kept)
    if terms.expiry is None:
        reserve[-1] = reserve[-1] + kept
    else:
        lapsed, reserve = reserve[0], [*reserve[1:], kept]
    use = CARE if rules.tier.result.use == "reinvest" else PARTNERS
    flows: list[Flow] = [
        (HOLDER, rules.payer, "repayment", repaid),
        (rules.payer, HOLDER, "loan", borrowed),
        (PARTNERS, HOLDER, "deficit", partners),
        (HOLDER, use, "reward", reward),
        (RESERVE, HOLDER, "reserve", met),
        (HOLDER, RESERVE, "reserve", kept),
        (RESERVE, rules.payer, "lapse", lapsed),
    ]
    return _Account(
        reserve, before.debt + borrowed - repaid, partners, unpaid, reward, lapsed, flows
    )
