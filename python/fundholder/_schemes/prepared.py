"""Tiers prepared for a population: what they cost, what is ceded, and which holders take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._contracts.stop_loss import CarveOut, StopLoss
from .._tables.arrays import FloatArray, IntArray
from .draws import Drawn
from .practices import Holders, Practices, person_terms, scope_services
from .rules import UNITS_PER_POUND, Rules, share_of
from .tier import Tier


@dataclass(frozen=True)
class Prepared:
    """A tier on a population: rules, services, and what is expected of each practice (£)."""

    rules: Rules
    shares: Mapping[str, float]
    expected_ceded: Sequence[FloatArray]
    expected_left: FloatArray

    @staticmethod
    def of(tier: Tier, payer: str, practices: Practices) -> Prepared:
        """Prepare a tier."""
        services = practices.costs.services
        terms = person_terms(tier, services)
        shares = scope_services(tier, services)
        by_service = practices.by_service
        everything = [by_service[name] * share for name, share in shares.items()]
        expected = sum(everything[1:], everything[0])
        ceded = [
            amount * _part(shares, term, by_service)
            for term, amount in zip(terms, practices.expected_ceded(terms), strict=True)
        ]
        left = expected - sum(ceded, np.zeros_like(expected))
        return Prepared(Rules(tier, terms, payer), shares, ceded, left)

    def cost(self, drawn: Drawn, year: int) -> IntArray:
        """The cost of the scope, by practice and path."""
        total = np.zeros(drawn.gross.shape[1:], np.int64)
        for name, share in self.shares.items():
            total += share_of(drawn.services[name][year], share)
        return total

    def ceded(self, drawn: Drawn, year: int) -> list[IntArray]:
        """What each term on a person's year cedes of the scope, by practice and path."""
        if not self.rules.terms:
            return []
        columns = [kept[year] for kept in drawn.ceded[tuple(self.rules.terms)]]
        of_year = {name: amounts[year] for name, amounts in drawn.services.items()}
        return [
            np.rint(column * _part(self.shares, term, of_year)).astype(np.int64)
            if self._is_partial(term)
            else column
            for term, column in zip(self.rules.terms, columns, strict=True)
        ]

    def left(self, drawn: Drawn, year: int) -> IntArray:
        """What terms on a person's year leave of the scope, by practice and path."""
        left = self.cost(drawn, year)
        for ceded in self.ceded(drawn, year):
            left = left - ceded
        return left

    def _is_partial(self, term: StopLoss | CarveOut) -> bool:
        return any(self.shares.get(name, 1.0) < 1 for name in term.services or self.shares)


def _part(
    shares: Mapping[str, float], term: StopLoss | CarveOut, amounts: Mapping[str, Any]
) -> Any:
    """The part of the cost of a term's services that is in the scope."""
    names = list(term.services or shares)
    if all(shares.get(name, 1.0) == 1 for name in names):
        return 1.0
    inside = sum(amounts[name] * shares[name] for name in names)
    return inside / np.maximum(sum(amounts[name] for name in names), 1e-9)


def participation(
    prepared: Prepared,
    holders: Holders,
    practices: Practices,
    drawn: Drawn,
    free: Any,
    formula: FloatArray,
) -> Any:
    """The holders that take part, by path."""
    who = prepared.rules.tier.who
    people = holders.add_up(practices.people[:, None] * free)
    takes = people > 0
    if who.people is not None:
        takes = takes & (people >= who.people)
    if who.rule == "named":
        named = np.array([str(name) in {str(n) for n in who.names or ()} for name in holders.names])
        takes = takes & named[:, None]
    if who.rule != "volunteers":
        return takes & np.ones((1, drawn.paths), bool)
    part_paid = prepared.rules.tier.budget.part_paid
    budget = holders.add_up(formula[:, None] * free) * part_paid
    if who.gain == "budget":
        # What it costs, and not what an inflated year before makes of the budget.
        compared = holders.add_up(prepared.left(drawn, 0) * free)
    else:
        compared = holders.add_up(prepared.expected_left[:, None] * free) * UNITS_PER_POUND
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(
            budget > 0, (budget * UNITS_PER_POUND - compared) / (budget * UNITS_PER_POUND), -1
        )
    gain = gain + np.zeros((1, drawn.paths))
    takes = takes & (gain >= who.at_least)
    if who.share is not None:
        most = int(who.share * len(holders.names))
        rank = np.argsort(np.argsort(np.where(takes, -gain, np.inf), axis=0, kind="stable"), axis=0)
        takes = takes & (rank < most)
    return takes


def outturn(prepared: Prepared, drawn: Drawn, inflates: bool) -> IntArray:
    """What terms on a person's year leave of the year before the first, by practice and path."""
    left = prepared.left(drawn, 0)
    behaviour = prepared.rules.tier.behaviour
    if inflates and behaviour.base_inflation:
        names = behaviour.base_services or list(prepared.shares)
        base = [share_of(drawn.services[n][0], prepared.shares[n]) for n in names]
        left = left + share_of(sum(base[1:], base[0]), behaviour.base_inflation)
    return left


def outside(
    prepared: Prepared | None, pays: Mapping[str, Sequence[str]], drawn: Drawn, year: int
) -> dict[str, IntArray]:
    """What parties pay of services that are not in the scope, by practice and path."""
    shares = {} if prepared is None else prepared.shares
    amounts: dict[str, IntArray] = {}
    for party, services in pays.items():
        total = np.zeros(drawn.gross.shape[1:], np.int64)
        for name in services:
            cost = drawn.services[name][year]
            total += cost - share_of(cost, shares.get(name, 0.0))
        amounts[party] = total
    return amounts


def outside_mean(
    prepared: Prepared | None, party: str, pays: Mapping[str, Sequence[str]], practices: Practices
) -> FloatArray:
    """What a party is expected to pay of services that are not in the scope, by practice (£)."""
    shares = {} if prepared is None else prepared.shares
    parts = [practices.by_service[name] * (1.0 - shares.get(name, 0.0)) for name in pays[party]]
    return sum(parts[1:], parts[0])
