"""Rules of a tier as a run applies them, and what they are applied to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract
from .._contracts.stop_loss import CarveOut, StopLoss
from .._tables.arrays import FloatArray, IntArray
from .practices import Holders
from .tier import Tier

UNITS_PER_POUND = 10_000
Scores = Mapping[str, FloatArray]
"""Scores by name, by holder and path."""


@dataclass(frozen=True)
class Seen:
    """What is seen of a year under one tier's scope, by holder and path, in units of money."""

    cost: IntArray
    """Cost of the scope."""
    ceded: Sequence[IntArray]
    """What each term on a person's year cedes."""
    expected_ceded: Sequence[FloatArray]
    """What it is expected to cede (£)."""
    people: IntArray
    last_year: Any
    """How far last year's cost was from what was expected, where the budget follows it."""
    of_practices: OfPractices


@dataclass(frozen=True)
class OfPractices:
    """The same by practice, where results are shared."""

    holders: Holders
    left: IntArray
    """What the terms on a person's year leave."""
    expected: FloatArray
    """The same as expected (£)."""
    people: IntArray

    def results(self, budget: IntArray, relief: IntArray) -> FloatArray:
        """Each practice's part of a budget, by expected cost, less cost and part of a relief."""
        expected = self.holders.add_up(self.expected)
        part = self.expected / np.maximum(self.holders.spread(expected, 1.0), 1e-9)
        return np.asarray(part * self.holders.spread(budget + relief, 0) - self.left)


@dataclass(frozen=True)
class Rules:
    """The rules of a tier, its terms on a person's year with their services, and its payer."""

    tier: Tier
    terms: Sequence[StopLoss | CarveOut]
    payer: str

    @property
    def over(self) -> float:
        """The deficit that counts for years in a row, as a share of the budget."""
        return 0.0 if self.tier.failure is None else self.tier.failure.over

    def shares_of_result(
        self, result: IntArray, seen: Seen, budget: IntArray, relief: IntArray
    ) -> tuple[IntArray, IntArray]:
        """The holder's part of a surplus and of a deficit."""
        terms = self.tier.result
        if terms.level == "holder":
            results = result
            gain, loss = np.maximum(results, 0), np.maximum(-results, 0)
            return share_of(gain, terms.gain), share_of(loss, terms.loss)
        own = seen.of_practices.results(budget, relief)
        add_up = seen.of_practices.holders.add_up
        gains, losses = rounded(np.maximum(own, 0)), rounded(np.maximum(-own, 0))
        return share_of(add_up(gains), terms.gain), share_of(add_up(losses), terms.loss)

    def fails(
        self, budget: IntArray, cash: IntArray, overspent: IntArray, results: Sequence[IntArray]
    ) -> Any:
        """Who fails at the end of a year."""
        rule = self.tier.failure
        fails = np.zeros(budget.shape, bool)
        if rule is None:
            return fails
        if rule.in_a_row is not None:
            fails |= overspent >= rule.in_a_row
        if rule.cumulative is not None:
            recent = results[-rule.window :] if rule.window else results
            if len(recent) >= (rule.window or 0):
                fails |= sum(recent[1:], recent[0]) < -share_of(budget, rule.cumulative)
        if rule.cash_below is not None:
            fails |= cash < -share_of(budget, rule.cash_below)
        return fails

    def reward_weights(self, seen: Seen, budget: IntArray, relief: IntArray) -> FloatArray:
        """The part of its holder's reward that each practice has."""
        of = seen.of_practices
        shared_by = self.tier.result.shared_by
        if shared_by == "list":
            weights = of.people.astype(np.float64)
        elif shared_by == "need":
            weights = of.expected
        elif shared_by == "equal":
            weights = (of.people > 0).astype(np.float64)
        else:
            weights = np.maximum(of.results(budget, relief), 0.0)
        weights = np.where((of.holders.of_practice < 0)[:, None], 0.0, weights)
        total = of.holders.spread(of.holders.add_up(weights), 1.0)
        return np.asarray(weights / np.maximum(total, 1e-9))


def settled(
    contract: Contract,
    number: int,
    kept: IntArray,
    budget: IntArray,
    people: IntArray,
    scores: Scores,
) -> tuple[IntArray, IntArray, IntArray]:
    """What a term on the total of a unit moves: ceded, bonus and penalty."""
    columns: dict[str, Any] = {
        "actual": kept.ravel() / UNITS_PER_POUND,
        "budget": budget.ravel() / UNITS_PER_POUND,
        "people": np.broadcast_to(people, kept.shape).ravel().astype(np.float64),
    }
    columns |= {name: np.broadcast_to(scores[name], kept.shape).ravel() for name in contract.scores}
    term = contract.engine_terms()[number]
    table = _engine.settle([term], pa.table(columns), list(contract.scores))
    names = ("ceded", "bonus", "penalty")
    ceded, bonus, penalty = (units_of(table[name].to_numpy()).reshape(kept.shape) for name in names)
    return ceded, bonus, penalty


def units_of(pounds: Any) -> IntArray:
    """£ in whole units of money."""
    return np.asarray(np.rint(np.asarray(pounds) * UNITS_PER_POUND), np.int64)


def rounded(units: FloatArray) -> IntArray:
    """Units of money, units_of."""
    return np.rint(units).astype(np.int64)


def share_of(amount: IntArray, share: float) -> IntArray:
    """A share of an amount, rounded once."""
    if share in (0.0, 1.0):
        return amount * int(share)
    return np.asarray(np.rint(amount * share), np.int64)
