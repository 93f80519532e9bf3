"""Rules of pace of change: how fast allocations approach targets, and who pays for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.largest_remainder import largest_remainder
from .pace_rule_base import GROWTH_AND_TOTAL, Rule, Year
from .rounding import to_steps

LEAST_UNDER = 1e-4


@dataclass(frozen=True)
class Floor(Rule):
    """Nobody further below target than a limit; the growth of the others pays for it.

    NHS England's aim for 2016/17, with a limit of 5 %. Targets are scaled to the total. A unit that
    base growth would leave further below is lifted to the limit. All others have their grown
    baselines scaled by one factor, so that the total is met; where growth does not pay for the
    lift, that factor leaves them with less cash. Needs ``growth``, ``total`` or both.

    Parameters
    ----------
    under
        The limit, at least 0.0001 and below 1.

    Raises
    ------
    InputError, InputTypeError
        A limit that is not allowed.

    Examples
    --------
    >>> Floor(0.05)
    Floor(under=0.05)
    """

    under: float = 0.05
    money = GROWTH_AND_TOTAL

    def __post_init__(self) -> None:
        arguments = Arguments()
        # Far smaller limits would be lost in the rounding of floats.
        if arguments.number("under", self.under, below=1.0) < LEAST_UNDER:
            arguments.reject("under", self.under, f"at least {LEAST_UNDER:g} and below 1")
        arguments.check()

    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""
        least = (1 - self.under) * year.fair
        grown = year.grown
        lifted = np.zeros(len(grown), bool)
        while True:
            # Each unit lifted takes from the others, so that more may fall below; never fewer.
            left = year.total - math.fsum(least[lifted])
            scaled = grown * (left / math.fsum(grown[~lifted]))
            below = ~lifted & (scaled < least)
            if not below.any():
                return np.where(lifted, least, scaled)
            lifted |= below


@dataclass(frozen=True)
class NobodyLosesCash(Rule):
    """Each keeps its baseline; growth goes to those below target, in proportion to the shortfall.

    Targets are scaled to the total, which must be no less than the baselines together. The
    shortfall is what a baseline lacks of the year's target (BMJ Global Health 2020;5:e002763).
    Needs ``growth`` or ``total``.

    Examples
    --------
    >>> NobodyLosesCash()
    NobodyLosesCash()
    """

    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""
        shortfall = self._shortfall(year)
        total = math.fsum(shortfall)
        growth = year.total - math.fsum(year.baseline)
        return year.baseline + (shortfall * (growth / total) if total else 0.0)

    def steps(self, year: Year, step: float) -> list[int]:
        """Allocations in whole steps of money; each baseline is rounded, and growth added."""
        kept = [to_steps(amount, step) for amount in year.baseline.tolist()]
        growth = to_steps(year.total, step) - sum(kept)
        shortfall = self._shortfall(year)
        weights = shortfall if shortfall.any() else year.target
        shares = largest_remainder(growth, weights.tolist())
        return [base + share for base, share in zip(kept, shares, strict=True)]

    def problems(self, year: Year) -> list[Problem]:
        """Why the rule cannot be applied to this year."""
        kept = math.fsum(year.baseline)
        if year.total >= kept * (1 - 1e-12):
            return []
        allowed = f"no less than the baselines, {kept:.15g}"
        text = f"total is {year.total:.15g}: must be {allowed}"
        return [Problem(text, code="argument", column="total", value=year.total, allowed=allowed)]

    @staticmethod
    def _shortfall(year: Year) -> FloatArray:
        return np.maximum(year.fair - year.baseline, 0.0)


@dataclass(frozen=True)
class FullMove(Rule):
    """Everyone at target at once, whatever that does to cash. Needs ``growth`` or ``total``.

    Examples
    --------
    >>> FullMove()
    FullMove()
    """

    def amounts(self, year: Year) -> FloatArray:
        """Allocations before rounding."""
        return year.fair
