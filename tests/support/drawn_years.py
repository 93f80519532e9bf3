"""Years of practices as whole numbers, made up: what schemes settle, without a simulation."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fundholder import CostModel
from fundholder._schemes.draws import Drawn
from fundholder._schemes.practices import Effects, Practices
from fundholder._schemes.prepared import Prepared

SERVICES = ("hospital", "community", "drugs", "rare")


def cost_model() -> CostModel:
    """A model of one band with four services."""
    band = {"p_any": [0.4], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.5]}
    mix = {
        "rank_from": [0.0] * 4 + [0.8] * 4,
        "rank_to": [0.8] * 4 + [1.0] * 4,
        "service": list(SERVICES) * 2,
        "share": [0.2, 0.3, 0.4, 0.1, 0.6, 0.1, 0.1, 0.2],
    }
    return CostModel(pa.table(band), pa.table(mix))


def practices(sizes: list[int]) -> Practices:
    """Practices of these sizes, in two areas."""
    names = [f"P{number:02}" for number in range(len(sizes))]
    areas = [f"area {number % 2}" for number in range(len(sizes))]
    table = pa.table({"practice": names, "icb": areas, "count": sizes})
    return Practices(table, cost_model(), Effects(0.0, 0.0, 0.0), 1)


def drawn(
    of: Practices, tiers: list[Prepared], paths: int, years: int, rng: np.random.Generator
) -> Drawn:
    """Random years around what is expected, whole numbers that add up; large swings."""
    shape = (years + 1, len(of.names), paths)
    services = {
        name: np.rint(of.by_service[name][:, None] * 1e4 * rng.lognormal(0, 0.3, shape))
        for name in of.costs.services
    }
    units = {name: amounts.astype(np.int64) for name, amounts in services.items()}
    ceded = {}
    for tier in tiers:
        stack = tuple(tier.rules.terms)
        left = dict(units)
        columns = []
        for term in stack:
            names = term.services or SERVICES
            share = 1.0 if type(term).__name__ == "CarveOut" else rng.uniform(0, 0.4)
            parts = {name: np.rint(left[name] * share).astype(np.int64) for name in names}
            columns.append(sum(parts.values()))
            left = {name: left[name] - parts.get(name, 0) for name in left}
        ceded[stack] = columns
    return Drawn(sum(units.values()), units, ceded)
