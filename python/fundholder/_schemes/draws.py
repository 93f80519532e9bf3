"""Draws: the years of every practice, drawn once for all schemes and kept as whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.stop_loss import CarveOut, StopLoss
from .._risk.persistence import Persistence
from .._risk.simulate import engine_ties, processor
from .._tables.arrays import IntArray
from .._tables.memory import free_memory
from .practices import PRACTICE, Practices

PersonTerms = tuple[StopLoss | CarveOut, ...]


@dataclass(frozen=True)
class Plan:
    """What is drawn: paths of the years of a run and the year before it."""

    years: int
    seed: int
    persistence: Persistence | None
    stacks: tuple[PersonTerms, ...]
    """The different terms on a person's year of all tiers."""

    def words_of_a_path(self, practices: Practices) -> int:
        """64-bit words that the totals of a path take, while they are drawn and handed over."""
        columns = len(practices.costs.services) + sum(map(len, self.stacks))
        effects = practices.effects
        held = 2 if effects.practice_sd or effects.national_sd else 1
        # Sums have fractions while they are drawn, and are handed over once.
        return len(practices.names) * (self.years + 1) * (4 + 4 * held * columns)


@dataclass(frozen=True)
class Drawn:
    """Totals in units of money, by year, practice and path; the first year is before the run."""

    gross: IntArray
    services: dict[str, IntArray]
    ceded: dict[PersonTerms, list[IntArray]]

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.gross.shape[2])


def draw(
    practices: Practices,
    plan: Plan,
    first: int,
    paths: int,
    shown: Callable[[int], object] | None,
) -> Drawn:
    """The totals of some paths; the first is a multiple of four."""
    effects = practices.effects
    years = plan.years + 1
    run = _engine.simulate(
        practices.table,
        practices.costs._model,
        streamed=False,
        replications=paths * years,
        years=years,
        first=first * years,
        persistence=engine_ties(plan.persistence),
        seed=plan.seed,
        by=[PRACTICE],
        stop_loss=None,
        contracts=[[term._person_term() for term in stack] for stack in plan.stacks],
        services=True,
        practice_sd=effects.practice_sd,
        practice_permanent=effects.practice_permanent,
        national_sd=effects.national_sd,
        threads=practices.threads,
        processor=processor(),
        memory=free_memory(),
        shown=shown,
    )
    columns = run.integers(PRACTICE)
    shape = (len(practices.names), paths, years)
    kept = [by_year(column(columns, name).reshape(shape)) for name in columns.column_names]
    count = len(practices.costs.services)
    return Drawn(
        kept[0],
        dict(zip(practices.costs.services, kept[1 : count + 1], strict=True)),
        {
            stack: [kept[at + 1] for at in numbers]
            for stack, numbers in zip(plan.stacks, run.cessions, strict=True)
        },
    )


def by_year(amounts: IntArray) -> IntArray:
    """Amounts by practice, path and year, with the years first: each stands together."""
    return np.asarray(np.ascontiguousarray(np.moveaxis(amounts, 2, 0)))


def column(table: pa.Table, name: str) -> IntArray:
    """A column of whole numbers."""
    values: IntArray = table[name].combine_chunks().to_numpy()
    return values


def distinct(stacks: Sequence[PersonTerms]) -> tuple[PersonTerms, ...]:
    """Each of them once, and none without terms."""
    return tuple(stack for stack in dict.fromkeys(stacks) if stack)
