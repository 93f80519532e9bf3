"""What a scheme comes to on a block of paths."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._tables.arrays import IntArray
from .holder_years import Flow
from .measures import Sums


@dataclass
class Block:
    """What a scheme comes to on a block of paths."""

    sums: Sums = field(default_factory=Sums)
    flows: dict[tuple[int, str, str, str], IntArray] = field(default_factory=dict)
    """By year, source, destination and kind: the sum over all holders, by path."""
    holders: dict[tuple[int, str], IntArray] = field(default_factory=dict)
    """By year and tier: holders, those in deficit, those that fail, and people, by path."""
    rewards: IntArray | None = None
    """Of each practice, over years and paths."""

    def flow(self, year: int, flow: Flow) -> None:
        """Add a flow of all holders."""
        source, destination, kind, amount = flow
        total = amount.sum(axis=0)
        if total.any():
            key = (year, source, destination, kind)
            self.flows[key] = self.flows.get(key, 0) + total

    def count(self, year: int, tier: str, counts: IntArray) -> None:
        """Add holders of a tier, also those that began in another."""
        self.holders[year, tier] = self.holders.get((year, tier), 0) + counts
