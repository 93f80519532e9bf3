"""A rule of pace of change, and the year of money that it is applied to."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from .._errors import Problem
from .._tables.arrays import FloatArray
from .._tables.largest_remainder import largest_remainder
from .._tables.unit_tables import ratio
from .rounding import to_steps

GROWTH = "growth, and no total"
GROWTH_OR_TOTAL = "either growth or total"
GROWTH_AND_TOTAL = "growth, total or both"
TOTAL = "total, with or without growth"


@dataclass(frozen=True)
class Year:
    """Money of each unit in a year, in the order of the units' names."""

    baseline: FloatArray
    target: FloatArray
    """Of the year that is set; rules that share out a total only use its proportions."""

    growth: FloatArray
    """Base growth of each unit: 0.0437 is 4.37 %."""

    total: float
    convergence: FloatArray | None = None
    """Given for each unit, where the rule asks for it."""

    @property
    def grown(self) -> FloatArray:
        """Baselines with base growth."""
        return self.baseline * (1 + self.growth)

    @property
    def fair(self) -> FloatArray:
        """Targets that add up to the total."""
        return self.target * (self.total / math.fsum(self.target))


class Rule(ABC):
    """A rule of pace of change; ``money`` says which arguments it needs."""

    money = GROWTH_OR_TOTAL

    @property
    def shares_total(self) -> bool:
        """Does it share out a total exactly, or does each allocation stand by itself?"""
        return self.money != GROWTH

    @abstractmethod
    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""

    def convergence(self, year: Year, amounts: FloatArray) -> FloatArray:
        """What amounts add to base growth; NaN without a baseline."""
        return ratio(amounts, year.grown) - 1

    def steps(self, year: Year, step: float) -> list[int]:
        """Allocations in whole steps of money."""
        amounts = self.amounts(year)
        if not self.shares_total:
            return [to_steps(amount, step) for amount in amounts.tolist()]
        return largest_remainder(to_steps(year.total, step), amounts.tolist())

    def problems(self, year: Year) -> list[Problem]:
        """Why the rule cannot be applied to this year."""
        return []
