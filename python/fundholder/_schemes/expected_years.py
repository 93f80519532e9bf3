"""Years with every cost as expected: what the costs of parties are taken around.

What a party bears has a covariance with the cost of the people around any number that is fixed; the
nearer it is to the mean, the smaller is the error of simulated paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from .draws import Drawn
from .practices import Holders, Practices
from .prepared import Prepared
from .rules import units_of
from .tier_years import TierRun


class ExpectedYears:
    """Years of a population with its expected costs."""

    def __init__(self, practices: Practices, tiers: Sequence[Prepared]) -> None:
        self._practices = practices
        self._gross = units_of(practices.expected)
        self._services = {name: units_of(mean) for name, mean in practices.by_service.items()}
        stacks = {tuple(tier.rules.terms) for tier in tiers}
        self._ceded = {
            stack: [units_of(mean) for mean in practices.expected_ceded(stack)] for stack in stacks
        }

    def run(
        self,
        prepared: Prepared,
        holders: Holders,
        members: Any,
        formula: FloatArray,
        behaves: bool,
        years: int,
    ) -> TierRun:
        """The tier on these costs, without failures: one path where all paths are alike."""
        tier = prepared.rules.tier
        if not tier.contract.scores and (members == members[:, :1]).all():
            members = members[:, :1]
        lasting = replace(prepared.rules, tier=replace(tier, failure=None))
        prepared, drawn = replace(prepared, rules=lasting), self._drawn(members.shape[1], years)
        return TierRun([prepared], holders, self._practices, drawn, members, [formula], behaves)

    def _drawn(self, paths: int, years: int) -> Drawn:
        def every_year(mean: IntArray) -> IntArray:
            return np.broadcast_to(mean[:, None], (years + 1, len(mean), paths))

        return Drawn(
            every_year(self._gross),
            {name: every_year(mean) for name, mean in self._services.items()},
            {stack: [every_year(m) for m in means] for stack, means in self._ceded.items()},
        )
