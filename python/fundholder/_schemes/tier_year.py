"""What a tier reports of a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._tables.arrays import FloatArray, IntArray
from .holder_years import Flow
from .rules import UNITS_PER_POUND


@dataclass
class Cared:
    """People of holders and the cost of all of their care, by holder and path."""

    people: IntArray
    gross: IntArray
    expected_gross: FloatArray


@dataclass
class TierYear(Cared):
    """What a tier reports of a year, by holder and path."""

    active: Any
    """Holders that have a budget."""
    stage: IntArray
    """By the rules of which tier, counted from the one that they began in."""
    failed: Any
    borne: dict[str, IntArray]
    expected_borne: dict[str, Any]
    """The same with costs as expected, by holder (£): what it is taken around."""
    flows: list[Flow]
    budget: IntArray
    result: IntArray
    premium: IntArray
    reward: IntArray
    management: IntArray
    reward_of_practices: IntArray
    """Over all paths."""


def means_of(year: TierYear | None) -> tuple[dict[str, Any], Any]:
    """Of a year with costs as expected: what each party bears, and what is saved (£)."""
    if year is None:
        return {}, 0.0
    borne = {party: amount / UNITS_PER_POUND for party, amount in year.borne.items()}
    return borne, year.expected_gross - year.gross / UNITS_PER_POUND
