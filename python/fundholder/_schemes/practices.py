"""Practices of a population, what they are expected to cost, and how they are joined to holders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from .._contracts.contract import Contract
from .._contracts.stop_loss import CarveOut, StopLoss
from .._risk.agreement import Agreement
from .._risk.bin_covering import Parent, most_pools
from .._risk.cost_model import CostModel
from .._risk.population import read_people
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import arrow_table
from .._tables.hierarchy import Areas, read_areas
from .participation import Holder
from .tier import Tier

PRACTICE = "practice"
NATION = "all"


@dataclass(frozen=True)
class Effects:
    """SDs of yearly effects, and the share of a practice's that is permanent."""

    practice_sd: float
    practice_permanent: float
    national_sd: float


class Practices:
    """The practices, in the order of their names, and their expected costs (£)."""

    def __init__(self, population: Any, costs: CostModel, effects: Effects, threads: int) -> None:
        self.table = arrow_table("population", population)
        self.costs, self.effects, self.threads = costs, effects, threads
        self._people = read_people(self.table, costs, [PRACTICE], threads)
        self._nets: dict[tuple[StopLoss | CarveOut, ...], FloatArray] = {}
        units = self._moments(None, ())
        self.names: list[Any] = units[PRACTICE].to_pylist()
        self.people: IntArray = units["people"].to_numpy().astype(np.int64)
        self.expected: FloatArray = units["expected"].to_numpy()
        self.by_service: dict[str, FloatArray] = {
            service: self._moments([service], ())["expected"].to_numpy()
            for service in costs.services
        }

    def _moments(
        self, services: list[str] | None, terms: Sequence[StopLoss | CarveOut]
    ) -> pa.Table:
        agreed = Agreement(
            Contract(terms), services, self.effects.practice_sd, self.effects.national_sd
        )
        valuation = agreed.valuation(self.costs, "net")
        table, _ = self._people.variance(0, valuation, [], None, [], [], exact=False)
        return table

    def expected_ceded(self, terms: Sequence[StopLoss | CarveOut]) -> list[FloatArray]:
        """What each of these terms is expected to cede of what those before it leave (£)."""
        left = self.expected
        ceded = []
        for count in range(1, len(terms) + 1):
            stack = tuple(terms[:count])
            if stack not in self._nets:
                self._nets[stack] = self._moments(None, stack)["expected"].to_numpy()
            net = self._nets[stack]
            ceded.append(left - net)
            left = net
        return ceded

    def areas(self, level: str, within: str | None) -> Areas:
        """The units of a level and the areas that they lie in."""
        table = self.table.select(dict.fromkeys([level, *([within] if within else [])]))
        if within is None:
            within = NATION
            table = table.append_column(within, pa.array([NATION] * len(table)))
        return read_areas(table, level, within, None)

    def units_of(self, level: str) -> tuple[list[Any], IntArray]:
        """Units of a level, and the number of each practice's unit; -1 where it has none."""
        if level == PRACTICE:
            return self.names, np.arange(len(self.names))
        areas = read_areas(self.table.select([PRACTICE, level]), PRACTICE, level, None)
        return areas.parents, areas.parent_of_unit


@dataclass(frozen=True)
class Holders:
    """Holders of a tier: their names, and the holder of each practice; -1 where it has none."""

    names: list[Any]
    of_practice: IntArray
    largest_neighbour: IntArray
    """The largest other holder of the same area; the holder itself where it is alone."""

    @cached_property
    def _sorted(self) -> tuple[IntArray, IntArray] | None:
        """Practices in the order of their holders, and where each begins; none if it is theirs."""
        if np.array_equal(self.of_practice, np.arange(len(self.names))):
            return None
        inside = np.flatnonzero(self.of_practice >= 0)
        order = inside[np.argsort(self.of_practice[inside], kind="stable")]
        return order, np.flatnonzero(np.diff(self.of_practice[order], prepend=-1))

    def add_up(self, values: Any) -> Any:
        """Sums over the practices of each holder; practices are the first axis."""
        if self._sorted is None:
            return values
        order, starts = self._sorted
        return np.add.reduceat(values[order], starts, axis=0)

    def spread(self, values: Any, elsewhere: Any) -> Any:
        """The value of each practice's holder, or another where it has none."""
        if self._sorted is None:
            return values
        taken = values[np.maximum(self.of_practice, 0)]
        outside = (self.of_practice < 0).reshape(-1, *([1] * (taken.ndim - 1)))
        return np.where(outside, elsewhere, taken)


def holders_of(practices: Practices, holder: Holder) -> Holders:
    """The holders of a tier: units of a level, or groups of them that are large enough."""
    units, of_practice = practices.units_of(holder.level)
    inside = of_practice >= 0
    people = np.bincount(of_practice[inside], practices.people[inside], len(units))
    if holder.people is None:
        areas = practices.areas(holder.level, None)
        return _named(list(units), of_practice, people, areas.parent_of_unit)
    areas = practices.areas(holder.level, holder.within)
    row = {name: i for i, name in enumerate(units)}
    at = np.array([row[name] for name in areas.units])
    size = people[at]
    group = np.full(len(units), -1)
    names: list[Any] = []
    area_of_group: list[int] = []
    parents = [
        (name, blocks, Parent(name, blocks, size[blocks], size[blocks]))
        for name, blocks in areas.neighbours("none")
        if size[blocks].sum() > 0
    ]
    least = float(holder.people)
    # A pool's "size" is the square of its mean over its variance: of people, people.
    most_pools(
        [parent for *_, parent in parents],
        lambda searching: [(least / parent.trial_sizes()).tolist() for parent in searching],
        1.0,
    )
    for area, (name, blocks, parent) in enumerate(parents):
        if parent.meets:
            count = len(parent.outside)
            digits = max(2, len(str(count)))
            group[at[blocks]] = len(names) + parent.pool
            names += [f"{name}-{number:0{digits}}" for number in range(1, count + 1)]
            area_of_group += [area] * count
    joined = np.where(inside, group[np.maximum(of_practice, 0)], -1)
    total = np.bincount(joined[joined >= 0], practices.people[joined >= 0], len(names))
    return _named(names, joined, total, np.array(area_of_group, np.int64))


def _named(names: list[Any], of_practice: IntArray, people: Any, area: IntArray) -> Holders:
    """Holders that have practices, and the largest neighbour of each."""
    used = np.unique(of_practice[of_practice >= 0])
    number = np.full(len(names) + 1, -1)
    number[used] = np.arange(len(used))
    people, area = people[used], area[used]
    neighbour = np.arange(len(used))
    for one in np.unique(area):
        inside = np.flatnonzero(area == one)
        by_size = inside[np.argsort(-people[inside], kind="stable")]
        if len(by_size) > 1:
            neighbour[by_size] = by_size[0]
            neighbour[by_size[0]] = by_size[1]
    return Holders([names[i] for i in used], number[of_practice], neighbour)


def scope_services(tier: Tier, services: Sequence[str]) -> dict[str, float]:
    """The services of a tier's budget, and the share of each."""
    return tier.shares or dict.fromkeys(services, 1.0)


def person_terms(tier: Tier, services: Sequence[str]) -> list[StopLoss | CarveOut]:
    """The terms of a tier on a person's year, each with its services."""
    scope = list(scope_services(tier, services))
    everything = len(scope) == len(services)
    terms: list[StopLoss | CarveOut] = []
    for term in tier.contract.person_terms:
        if isinstance(term, CarveOut) or term.services is not None or everything:
            terms.append(term)
        else:
            terms.append(StopLoss(term.ceiling, term.share, term.limit, scope, term.to))
    return terms


def check_tier(
    arguments: Arguments,
    tier: Tier,
    services: Sequence[str],
    columns: Sequence[str],
    scores: set[str],
) -> None:
    """Check that a population and a cost model have what a tier names."""
    known = ", ".join(services) or "none"
    named = [*(tier.shares or ()), *tier.behaviour.all_services]
    terms = (*tier.contract.person_terms, *tier.contract.payments)
    named += [service for term in terms for service in term.services or ()]
    for service in dict.fromkeys(named):
        if service not in services:
            allowed = f"services of the cost model: {known}"
            arguments.reject(f"tier {tier.name}, services", service, allowed)
    for name in filter(None, (tier.holder.level, tier.holder.within)):
        if name not in columns:
            allowed = f"a column of the population: {', '.join(columns)}"
            arguments.reject(f"tier {tier.name}, holder", name, allowed)
    for payment in tier.contract.payments:
        allowed = (
            "terms on a person's year, and on the total of a unit: simulate settles the others"
        )
        arguments.reject(f"tier {tier.name}, contract", type(payment).__name__, allowed)
    for score in tier.missing_scores:
        if score not in scores:
            arguments.reject(
                "scores", None, f"with the score {score!r}, which tier {tier.name} reads"
            )
