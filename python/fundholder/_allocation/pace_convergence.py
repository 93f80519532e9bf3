"""Convergence: base growth for all, and a step towards target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.unit_tables import ratio
from .pace_rule_base import GROWTH, TOTAL, Rule, Year

BISECTIONS = 100
"""Of a factor: below the last digit."""


@dataclass(frozen=True)
class Convergence(Rule):
    """Base growth for all, and a step towards target in proportion to the distance from it.

    NHS England's rule for integrated care boards, 2025/26: with D the distance from the year's
    target after base growth, ``allocation = baseline * (1 + growth) * (1 + convergence)`` and
    ``convergence = -rate * D``, at most ``cap`` either way. With 0.2 and 0.005 it gives every
    published convergence of the core and primary medical streams; in the specialised stream it was
    applied to a part of the money, which ``GivenConvergence`` covers. Needs ``growth``; the total
    is what the allocations add up to, unless it is held.

    Parameters
    ----------
    rate
        Share of the distance that is closed in a year, from 0 to 1.
    cap
        The largest convergence, below 1: 0.005 is 0.5 % of the grown baseline.
    rate_below, cap_below
        The same for units below target; ``None`` takes those above it.
    additive
        Whether convergence is added to growth, ``baseline * (1 + growth + convergence)``, and so a
        share of the baseline.
    hold_total
        Whether allocations add up to ``total``, which is then needed: all grown baselines are
        scaled by one factor, and convergence is from where that leaves each unit, towards targets
        that add up to the total, too.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    Core services in 2023/24 closed the whole distance above target, up to 0.71 %, and a fifteenth
    of it below, up to 0.2 %:

    >>> Convergence(rate=1, cap=0.0071, rate_below=1 / 15, cap_below=0.002).cap_below
    0.002
    """

    rate: float = 0.2
    cap: float = 0.005
    rate_below: float | None = None
    cap_below: float | None = None
    additive: bool = False
    hold_total: bool = False

    def __post_init__(self) -> None:
        arguments = Arguments()
        for name in ("rate", "rate_below"):
            value = getattr(self, name)
            if (name == "rate" or value is not None) and arguments.number(name, value) > 1:
                arguments.reject(name, value, "a number from 0 to 1")
        for name in ("cap", "cap_below"):
            value = getattr(self, name)
            if name == "cap" or value is not None:
                arguments.number(name, value, below=1.0)
        arguments.flag("additive", self.additive)
        arguments.flag("hold_total", self.hold_total)
        arguments.check()

    @property
    def money(self) -> str:  # type: ignore[override]
        """Which arguments the rule needs."""
        return TOTAL if self.hold_total else GROWTH

    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""
        if not self.hold_total:
            return self._amounts(year, 1.0)

        def over(factor: float) -> float:
            return math.fsum(self._amounts(year, factor)) - year.total

        # Amounts rise with the factor, and a unit's convergence is below 1 either way.
        low, high = 0.0, 1.0
        while over(high) < 0:
            high *= 2
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if over(middle) < 0 else (low, middle)
        amounts = self._amounts(year, high)
        return amounts * (year.total / math.fsum(amounts))

    def _amounts(self, year: Year, factor: float) -> FloatArray:
        grown = year.grown * factor
        distance = grown / (year.fair if self.hold_total else year.target) - 1
        below = distance < 0
        rate = np.where(below & (self.rate_below is not None), self.rate_below or 0.0, self.rate)
        cap = np.where(below & (self.cap_below is not None), self.cap_below or 0.0, self.cap)
        convergence = np.clip(-rate * distance, -cap, cap)
        base = year.baseline if self.additive else grown
        return grown + base * convergence

    def convergence(self, year: Year, amounts: FloatArray) -> FloatArray:
        """What amounts add to base growth; NaN without a baseline."""
        if not self.additive:
            return super().convergence(year, amounts)
        return ratio(amounts - year.grown, year.baseline)


@dataclass(frozen=True)
class GivenConvergence(Rule):
    """Base growth and a convergence that stand in the table: the arithmetic of a publication.

    ``allocation = baseline * (1 + growth) * (1 + convergence)``. Needs ``growth``; the total is
    what the allocations add up to.

    Parameters
    ----------
    column
        The column of convergence: -0.005 is 0.5 % less than the grown baseline.

    Raises
    ------
    InputTypeError
        What is not a name.

    Examples
    --------
    >>> GivenConvergence("convergence").column
    'convergence'
    """

    column: str = "convergence"
    money = GROWTH

    def __post_init__(self) -> None:
        arguments = Arguments()
        arguments.column("column", self.column)
        arguments.check()

    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""
        assert year.convergence is not None
        return year.grown * (1 + year.convergence)
