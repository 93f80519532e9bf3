"""Years of a scheme on drawn paths: every tier, those in none, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np

from .._contracts.stop_loss import PROVIDER
from .._tables.addresses import below, root, uniform
from .._tables.arrays import FloatArray
from .block import Block
from .draws import Drawn
from .expected_years import ExpectedYears
from .holder_years import HOLDER, Flow
from .measures import Bands, Sums
from .practices import PRACTICE, Holders, Practices, holders_of
from .prepared import Prepared, outside, outside_mean, participation
from .rules import UNITS_PER_POUND, Scores
from .scheme import Scheme
from .tier_year import Cared, TierYear
from .tier_years import TierRun

PAYER = "payer"
GROUP = "group"
OUTSIDE = "cost_per_head_outside"


class SchemeYears:
    """A scheme on a population, ready to be settled on blocks of drawn paths."""

    def __init__(
        self,
        scheme: Scheme,
        practices: Practices,
        edges: Sequence[int],
        budgets: FloatArray | None,
        scores: Mapping[str, FloatArray],
        seed: int,
    ) -> None:
        self.scheme = scheme.inflated()
        self._pays = self.scheme.pays or {}
        self._practices, self._seed = practices, seed
        self._given_scores = scores
        self.tiers = [Prepared.of(tier, scheme.payer, practices) for tier in self.scheme.tiers]
        self.holders = [holders_of(practices, tier.holder) for tier in self.scheme.tiers]
        ratio = 1.0 if budgets is None else budgets / np.maximum(practices.expected, 1e-9)
        self._formulas = [tier.expected_left * ratio for tier in self.tiers]
        self._expected = ExpectedYears(practices, self.tiers)
        self._bands = [Bands(of.add_up(practices.people), edges) for of in self.holders]
        self._alone = Bands(practices.people, edges)

    def settle(self, drawn: Drawn, first: int, years: int, behaves: bool) -> Block:
        """Settle all years of a block of paths."""
        block = self._settle(drawn, first, years, behaves)
        if behaves:
            self._add_chance(block, self._settle(drawn, first, years, False))
        return block

    @staticmethod
    def _add_chance(block: Block, chance: Block) -> None:
        """Rewards without an effect, beside rewards with one."""
        for (name, year), (above, _) in list(block.sums.of.items()):
            if name == "reward_per_head":
                of_chance = chance.sums.of[name, year][0]
                block.sums.of["chance_share", year] = (of_chance, above)

    def _settle(self, drawn: Drawn, first: int, years: int, behaves: bool) -> Block:
        block = Block()
        count = len(self._practices.names)
        block.rewards = np.zeros(count, np.int64)
        free = np.ones((count, drawn.paths), np.int64)
        for number, (prepared, holders) in enumerate(zip(self.tiers, self.holders, strict=True)):
            if not len(holders.names):
                continue
            formula = self._formulas[number]
            takes = participation(prepared, holders, self._practices, drawn, free, formula)
            members = free * holders.spread(takes, False)
            free = free - members
            chain = self._chain(number)
            run = TierRun(
                [self.tiers[n] for n in chain],
                holders,
                self._practices,
                drawn,
                members,
                [self._formulas[n] for n in chain],
                behaves,
            )
            around = self._expected.run(prepared, holders, members, formula, behaves, years)
            for year in range(1, years + 1):
                scored = partial(self._scores, holders, first, drawn, year)
                run.around = around.year(year, scored)
                self._report(block, number, run.year(year, scored), members, drawn, year)
        for year in range(1, years + 1):
            self._rest(block, free, drawn, year)
        for measure in ("cost_per_head_", "variance_share_"):
            block.sums.share_denominator(measure, PAYER, but=OUTSIDE)
        return block

    def _chain(self, number: int) -> list[int]:
        """The tiers that holders of a tier may fall to, from itself on."""
        names = [tier.name for tier in self.scheme.tiers]
        chain = [number]
        while (rule := self.scheme.tiers[chain[-1]].failure) and rule.then in names:
            chain.append(names.index(str(rule.then)))
        return chain

    def _scores(
        self, holders: Holders, first: int, drawn: Drawn, year: int, prepared: Prepared
    ) -> Scores:
        """The scores of each holder on each path: given, fixed, or drawn by their quantiles."""
        tier = prepared.rules.tier
        scores: dict[str, FloatArray] = {}
        for name in tier.contract.scores:
            if name in self._given_scores:
                people = self._practices.people
                mean = holders.add_up(self._given_scores[name] * people)
                scores[name] = (mean / np.maximum(holders.add_up(people), 1))[:, None]
                continue
            value = (tier.scores or {})[name]
            if not isinstance(value, Sequence):
                scores[name] = np.full((len(holders.names), 1), float(value))
                continue
            paths = np.arange(first, first + drawn.paths)
            address = root(self._seed, _number(name), year)
            address = below(address, np.array([_number(str(of)) for of in holders.names]))
            draws = uniform(below(address[:, None], paths[None, :]), 0)
            at, values = zip(*value, strict=True)
            scores[name] = np.interp(draws, at, values)
        return scores

    def _parties(self, holder: str, amounts: Mapping[str, Any]) -> dict[str, Any]:
        """Amounts by party, under the names of measures."""
        named: dict[str, Any] = {}
        for party, amount in amounts.items():
            name = {HOLDER: holder, self.scheme.payer: PAYER}.get(party, party)
            named[name] = named.get(name, 0) + amount
        return named

    def _report(
        self, block: Block, number: int, of: TierYear, members: Any, drawn: Drawn, year: int
    ) -> None:
        """Add the year of a tier to what is measured."""
        tier, holders = self.scheme.tiers[number], self.holders[number]
        bands, sums = self._bands[number], block.sums
        active, people = of.active, of.people * of.active
        label = PRACTICE if tier.holder.level == PRACTICE and tier.holder.people is None else GROUP
        others = outside(self.tiers[number], self._pays, drawn, year)
        pays = {party: holders.add_up(amount * members) for party, amount in others.items()}
        borne, expected = dict(of.borne), dict(of.expected_borne)
        for party, amount in pays.items():
            borne[party] = borne.get(party, 0) + amount
            mean = outside_mean(self.tiers[number], party, self._pays, self._practices)
            expected[party] = expected.get(party, 0.0) + holders.add_up(mean[:, None] * members)
            block.flow(year, (party, PROVIDER, "cost", amount))
        for flow in of.flows:
            block.flow(year, flow)
        own_cost = [flow[3] for flow in of.flows if flow[1:3] == (PROVIDER, "cost")]
        rest = of.gross - sum(own_cost, 0) - sum(pays.values(), 0)
        block.flow(year, (self.scheme.payer, PROVIDER, "cost", rest))

        all_heads = bands.sums(of.people)
        self._add_bearing(sums, year, bands, of, label, borne, expected)
        over, far = (of.result < 0) & active, (of.result * 20 < -of.budget) & active
        holder_years, heads = bands.sums(active), bands.sums(people)
        budgets = bands.sums(of.budget)
        for name, of_holders, of_all in (
            ("p_overspend", over, holder_years),
            ("p_overspend_0.05", far, holder_years),
            ("overspend_share", np.maximum(-of.result, 0), budgets),
        ):
            sums.add(name, year, bands.sums(of_holders), of_all)
        sums.add("failures_per_1000", year, 1000 * bands.sums(of.failed), holder_years)
        sums.add("budget_per_head", year, budgets / UNITS_PER_POUND, heads)
        for name, amount in (
            ("premium_per_head", of.premium),
            ("reward_per_head", of.reward),
            ("management_per_head", of.management),
            ("money_moved_per_head", _moved(of.flows)),
        ):
            sums.add(name, year, bands.sums(amount) / UNITS_PER_POUND, heads)
        sums.add("share_in_tiers", year, heads, all_heads)
        for stage, to in enumerate(self._chain(number)):
            counts = (active, over, of.failed, people)
            there = np.array([(count * (of.stage == stage)).sum(axis=0) for count in counts])
            block.count(year, self.scheme.tiers[to].name, there)
        assert block.rewards is not None, "it was made"
        block.rewards = block.rewards + of.reward_of_practices

    def _rest(self, block: Block, free: Any, drawn: Drawn, year: int) -> None:
        """Add the practices that are in no tier: others pay for all of their care."""
        gross = drawn.gross[year] * free
        people = self._practices.people[:, None] * free
        borne: dict[str, Any] = {}
        expected: dict[str, Any] = {}
        for party, amount in outside(None, self._pays, drawn, year).items():
            borne[party] = amount * free
            mean = outside_mean(None, party, self._pays, self._practices)
            expected[party] = mean[:, None] * free
            block.flow(year, (party, PROVIDER, "cost", borne[party]))
        rest = gross - sum(borne.values(), 0)
        block.flow(year, (self.scheme.payer, PROVIDER, "cost", rest))
        of = Cared(people, gross, self._practices.expected[:, None] * free)
        self._add_bearing(block.sums, year, self._alone, of, PRACTICE, borne, expected)
        heads = self._alone.sums(people)
        cost = self._alone.sums(gross) / UNITS_PER_POUND
        block.sums.add("share_in_tiers", year, np.zeros_like(heads), heads)
        block.sums.add(OUTSIDE, year, cost, heads)

    def _add_bearing(
        self,
        sums: Sums,
        year: int,
        bands: Bands,
        of: Cared,
        holder: str,
        borne: Mapping[str, Any],
        expected: Mapping[str, Any],
    ) -> None:
        """Who bears the cost, and its variance: the covariance with all cost of the people.

        Amounts are taken less what is expected of them, which moves no covariance.
        """
        deviation = of.gross / UNITS_PER_POUND - of.expected_gross
        amounts = self._parties(holder, borne)
        means = self._parties(holder, expected)
        rest = of.gross - sum(borne.values(), np.zeros_like(of.gross))
        amounts[PAYER] = amounts.get(PAYER, 0) + rest
        means[PAYER] = means.get(PAYER, 0.0) + of.expected_gross - sum(expected.values(), 0.0)
        heads, variance = bands.sums(of.people), bands.sums(deviation**2)
        for party, amount in amounts.items():
            cost = bands.sums(amount) / UNITS_PER_POUND
            sums.add(f"cost_per_head_{party}", year, cost, heads)
            around = amount / UNITS_PER_POUND - means.get(party, 0.0)
            sums.add(f"variance_share_{party}", year, bands.sums(around * deviation), variance)


def _moved(flows: Sequence[Flow]) -> Any:
    """Money that moves beside budgets and the cost of care."""
    kinds = ("recovery", "premium", "bonus", "penalty", "surplus", "deficit", "loan", "repayment")
    return sum((np.abs(amount) for *_, kind, amount in flows if kind in kinds), 0)


def _number(name: str) -> int:
    """A number that belongs to a name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "little")
