"""Years of one tier on drawn paths: what each holder's year comes to, who fails, and what then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from .draws import Drawn
from .holder_years import HOLDER, PARTNERS, RESERVE, Flow, State, Year, begin, settle_year
from .practices import Holders, Practices
from .prepared import Prepared, outturn
from .rules import UNITS_PER_POUND, OfPractices, Scores, Seen, share_of
from .stages import JOINED, LEFT, OUT, chosen, follow, masked, merged
from .tier_year import TierYear, means_of


class TierRun:
    """A tier, and those its holders may fall to, on the holders that take part."""

    def __init__(
        self,
        chain: Sequence[Prepared],
        holders: Holders,
        practices: Practices,
        drawn: Drawn,
        members: Any,
        formulas: Sequence[FloatArray],
        behaves: bool,
    ) -> None:
        self._chain, self._holders, self._practices = chain, holders, practices
        self._drawn, self._members, self._behaves = drawn, members, behaves
        self._people = holders.add_up(practices.people[:, None] * members)
        self._gross_expected = holders.add_up(practices.expected[:, None] * members)
        self._levels = [
            self._level(prepared, formula)
            for prepared, formula in zip(chain, formulas, strict=True)
        ]
        self._target = np.tile(holders.largest_neighbour[:, None], (1, drawn.paths))
        self._stage = np.where(self._people > 0, 0, OUT) + np.zeros((1, drawn.paths), np.int64)
        self._state: State = begin(chain[0].rules, self._levels[0])
        self.around: TierYear | None = None
        """The same year with costs as expected, set before each year."""

    def _level(self, prepared: Prepared, formula: FloatArray) -> FloatArray:
        budget = prepared.rules.tier.budget
        if budget.rule == "historic":
            base = outturn(prepared, self._drawn, self._behaves)
            level = self._holders.add_up(base * self._members)
        else:
            level = self._holders.add_up(formula[:, None] * self._members) * UNITS_PER_POUND
        return np.asarray(level + np.zeros((1, self._drawn.paths)))

    def _seen(self, prepared: Prepared, year: int) -> tuple[Seen, IntArray]:
        """What is seen of a year, and what behaviour saves."""
        drawn, members = self._drawn, self._members
        cost, ceded = prepared.cost(drawn, year), prepared.ceded(drawn, year)
        left = cost
        for amount in ceded:
            left = left - amount
        saved, moved = self._behaviour(prepared, year, cost, left)
        left, cost = left - saved - moved, cost - saved - moved
        add_up = self._holders.add_up
        of_practices = OfPractices(
            self._holders,
            left * members,
            prepared.expected_left[:, None] * members,
            self._practices.people[:, None] * members,
        )
        seen = Seen(
            add_up(cost * members),
            [add_up(amount * members) for amount in ceded],
            [add_up(amount[:, None] * members) for amount in prepared.expected_ceded],
            self._people,
            self._last_year(prepared, year),
            of_practices,
        )
        return seen, add_up(saved * members)

    def _last_year(self, prepared: Prepared, year: int) -> Any:
        """How far last year's cost was from what was expected, where the budget follows it."""
        if not prepared.rules.tier.budget.follow:
            return 0
        left = prepared.left(self._drawn, year - 1)
        expected = prepared.expected_left[:, None] * UNITS_PER_POUND
        return self._holders.add_up((left - expected) * self._members)

    def _behaviour(
        self, prepared: Prepared, year: int, cost: IntArray, left: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Cost that is saved, and that is moved out of the scope: of what the holder keeps."""
        behaviour = prepared.rules.tier.behaviour
        zero = np.zeros_like(cost)
        if not self._behaves:
            return zero, zero
        kept = left / np.maximum(cost, 1)

        def part(names: Sequence[str] | None, share: float) -> IntArray:
            shares = prepared.shares
            services = [
                share_of(self._drawn.services[name][year], shares[name]) for name in names or shares
            ]
            total = sum(services[1:], services[0])
            return np.rint(total * kept * share).astype(np.int64)

        path = behaviour.savings
        saved = part(behaviour.services, path[min(year, len(path)) - 1]) if path else zero
        moved = part(behaviour.shift_services, behaviour.shift) if behaviour.shift else zero
        return saved, moved

    def year(self, year: int, scores: Callable[[Prepared], Scores]) -> TierYear:
        """Settle the next year, from 1."""
        stage = self._stage
        years: list[Year] = []
        stages: list[Any] = []
        states: dict[int, State] = {}
        saved: Any = 0
        for number, prepared in enumerate(self._chain):
            where = stage == number
            if number and not where.any():
                continue
            seen, savings = self._seen(prepared, year)
            seen = self._with_joined(seen)
            settled = settle_year(prepared.rules, seen, self._state, scores(prepared))
            saved = saved + savings * where
            years.append(settled)
            stages.append(where)
            states[number] = settled.after
        fails = merged(years, stages, "fails").astype(bool)
        report = self._report(year, years, stages, saved, fails)
        self._state = chosen(states, stage, self._state)
        self._fail(fails, report)
        return report

    def _with_joined(self, seen: Seen) -> Seen:
        """What is seen, with holders that have joined another counted there."""
        if not (self._stage == JOINED).any():
            return seen
        return replace(
            seen,
            cost=self._move(seen.cost),
            ceded=[self._move(amount) for amount in seen.ceded],
            expected_ceded=[self._move(amount) for amount in seen.expected_ceded],
            people=self._move(seen.people),
            last_year=self._move(seen.last_year),
        )

    def _move(self, values: Any) -> Any:
        """Values of holders that have joined another, at that one."""
        values = values + np.zeros_like(self._stage)
        rows, paths = np.nonzero(self._stage == JOINED)
        moved = values[rows, paths]
        values[rows, paths] = 0
        np.add.at(values, (self._target[rows, paths], paths), moved)
        return values

    def _report(
        self, year: int, years: Sequence[Year], stages: Sequence[Any], saved: Any, fails: Any
    ) -> TierYear:
        drawn, members = self._drawn, self._members
        joined = (self._stage == JOINED).any()
        move: Callable[[Any], Any] = self._move if joined else lambda values: values
        gross = self._holders.add_up(drawn.gross[year] * members)
        expected_borne, savings = means_of(self.around)
        gross_expected = self._gross_expected - savings * (self._stage == 0) * self._behaves
        borne: dict[str, IntArray] = {}
        flows: list[Flow] = []
        for settled, where in zip(years, stages, strict=True):
            flows += masked(settled, where)
            for party, amount in settled.borne.items():
                borne[party] = borne.get(party, 0) + amount * where
        figure = {
            name: merged(years, stages, name)
            for name in ("budget", "result", "premium", "reward", "management")
        }
        if year == 1:
            opening = self._state.saved
            flows.append((self._chain[0].rules.payer, RESERVE, "reserve", opening))
        return TierYear(
            move(self._people + np.zeros_like(self._stage)),
            move(gross) - move(saved + np.zeros_like(self._stage)),
            move(gross_expected),
            self._stage >= 0,
            self._stage.copy(),
            fails,
            borne,
            {party: move(mean + 0.0 * self._stage) for party, mean in expected_borne.items()},
            flows,
            reward_of_practices=self._rewards(years, stages),
            **figure,
        )

    def _rewards(self, years: Sequence[Year], stages: Sequence[Any]) -> IntArray:
        """The reward of each practice, over all paths."""
        total = np.zeros(self._drawn.gross.shape[1], np.int64)
        for settled, where in zip(years, stages, strict=True):
            reward = settled.reward * where
            if reward.any():
                part = settled.reward_weights() * self._holders.spread(reward, 0)
                total += np.rint(part).astype(np.int64).sum(axis=1)
        return total

    def _fail(self, fails: Any, report: TierYear) -> None:
        """What follows where holders fail, from the next year on."""
        names = [prepared.rules.tier.name for prepared in self._chain]
        before = self._stage.copy()
        for number, prepared in enumerate(self._chain):
            rule = prepared.rules.tier.failure
            where = fails & (before == number)
            if rule is None or not where.any():
                continue
            self._hand_over(prepared, where, report)
            if rule.then in names:
                then = names.index(rule.then)
                self._stage[where] = then
                self._state.level = np.where(where, self._levels[then], self._state.level)
                self._state.overspent = np.where(where, 0, self._state.overspent)
                self._state.results = [np.where(where, 0, of) for of in self._state.results]
            else:
                outcome = {"payer": OUT, "leave": LEFT, "merge": JOINED}[str(rule.then)]
                self._stage[where] = outcome
        follow(self._stage, self._target)
        rows, paths = np.nonzero((self._stage == JOINED) & (before != JOINED))
        level = self._state.level
        np.add.at(level, (self._target[rows, paths], paths), level[rows, paths])
        level[rows, paths] = 0.0

    def _hand_over(self, prepared: Prepared, where: Any, report: TierYear) -> None:
        """Settle the debt and the reserve of holders that end, in the year in which they fail."""
        rule = prepared.rules.tier.failure
        assert rule is not None, "only rules make holders fail"
        payer = prepared.rules.payer
        state = self._state
        zero = np.zeros_like(state.debt)
        if rule.liabilities != HOLDER:
            debt = np.where(where, state.debt, zero)
            heir = payer if rule.liabilities == "payer" else PARTNERS
            report.flows += [(heir, HOLDER, "liability", debt), (HOLDER, payer, "repayment", debt)]
            report.borne[HOLDER] = report.borne.get(HOLDER, zero) - debt
            if heir == PARTNERS:
                report.borne[PARTNERS] = report.borne.get(PARTNERS, zero) + debt
            state.debt = state.debt - debt
        if rule.then in ("payer", "leave", "merge"):
            saved = np.where(where, state.saved, zero)
            report.flows.append((RESERVE, payer, "lapse", saved))
            report.borne[HOLDER] = report.borne.get(HOLDER, zero) + saved
            state.reserve = [np.where(where, zero, savings) for savings in state.reserve]
