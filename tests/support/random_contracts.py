"""Random cost models with services, and random contracts on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from fundholder import (
    AggregateStopLoss,
    ByScore,
    CarveOut,
    Contract,
    Corridor,
    CostModel,
    Gate,
    ProviderPayment,
    QuotaShare,
    SharedSavings,
    StopLoss,
)

KINDS = ("mix", "events", "observed")
SCORE = 60.0


@dataclass
class Case:
    """A cost model of one of the kinds, a contract on it, and a unit with its budget and score."""

    kind: str
    costs: CostModel
    contract: Contract
    people: int
    budget: float

    def population(self) -> pa.Table:
        return pa.table({"practice": ["A"], "count": [self.people]})

    def scores(self) -> pa.Table:
        return pa.table({"practice": ["A"], "quality": [SCORE]})

    def budgets(self) -> pa.Table:
        return pa.table({"practice": ["A"], "budget": [self.budget]})


def random_mix(rng: np.random.Generator, services: list[str]) -> pa.Table:
    """Classes of ranks, with one to three profiles each."""
    cuts = [0.0, *sorted(rng.uniform(0, 1, int(rng.integers(0, 4)))), 1.0]
    rows = []
    for low, high in pairwise(cuts):
        count = int(rng.integers(1, 4))
        for profile, probability in enumerate(rng.dirichlet(np.ones(count))):
            shares = rng.dirichlet(0.5 * np.ones(len(services)))
            for service, share in zip(services, shares, strict=True):
                rows.append((low, high, profile, probability, service, share))
    names = ["rank_from", "rank_to", "profile", "probability", "service", "share"]
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def random_model(rng: np.random.Generator, kind: str, services: list[str]) -> CostModel:
    if kind == "mix":
        family = str(rng.choice(["lognormal", "gamma", "weibull", "fixed"]))
        table = pa.table(
            {
                "p_any": [float(rng.uniform(0.05, 1))],
                "family": [family],
                "mean": [float(rng.uniform(200, 5_000))],
                "shape": [None if family == "fixed" else float(rng.uniform(0.6, 1.8))],
            }
        )
        return CostModel(table, random_mix(rng, services))
    if kind == "events":
        count = len(services) + int(rng.integers(0, 3))
        return CostModel.events(
            pa.table(
                {
                    "rate": rng.uniform(0.01, 1.5, count),
                    "family": ["gamma"] * count,
                    "mean": rng.uniform(100, 8_000, count),
                    "shape": rng.uniform(0.5, 3, count),
                    "service": [services[i % len(services)] for i in range(count)],
                }
            )
        )
    rows = 400
    spent = {
        service: np.where(
            rng.uniform(size=rows) < 0.3, np.round(rng.lognormal(6, 1.5, rows), 2), 0.0
        )
        for service in services
    }
    return CostModel.from_costs(pa.table(spent), cost=services)


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    services = [f"s{i}" for i in range(int(rng.integers(2, 6)))]
    kind = KINDS[seed % 3]
    costs = random_model(rng, kind, services)
    left = [str(service) for service in rng.permutation(services)]
    terms: list[object] = []
    if rng.uniform() < 0.4 and len(left) > 2:
        terms.append(CarveOut(left.pop()))
    if rng.uniform() < 0.7:
        covered = left[: int(rng.integers(1, len(left) + 1))]
        share = float(rng.choice([1.0, 0.8]))
        limit = float(rng.choice([5_000, 0])) or None
        terms.append(StopLoss(float(rng.uniform(500, 20_000)), share, limit, covered))
        if kind != "events" and rng.uniform() < 0.4:
            terms.append(StopLoss(float(rng.uniform(1_000, 30_000))))
    one = costs.moments(contract=Contract(terms)).to_pylist()[0]  # type: ignore[arg-type]
    people = int(rng.integers(200, 5_000))
    budget = one["mean"] * people * float(rng.uniform(0.97, 1.03))
    sd = one["sd"] * people**0.5 / budget
    terms += {
        0: [],
        1: [QuotaShare(0.3), AggregateStopLoss(0.7, 0.8, 2 * sd, of_budget=True)],
        2: [Corridor([(0, sd / 2, 1.0), (sd / 2, 1.5 * sd, 0.5), (1.5 * sd, None, 0.2)])],
        3: [SharedSavings(0.5, 0.3, msr=sd / 2, mlr=sd / 3, cap=sd, loss_limit=sd)],
        4: [SharedSavings(0.8, 1.0, msr=0.0, mlr=sd, cap=sd, cap_on="savings")],
        5: [ProviderPayment(fixed=1 - sd / 2, above=0.3, below=0.75), QuotaShare(0.2)],
        6: [
            Gate("quality", minimum=50, full=100),
            SharedSavings(0.9, ByScore("quality", [(0, 0.75), (80, 0.4)]), cap=sd / 2),
        ],
    }[seed % 7]
    return Case(kind, costs, Contract(terms), people, budget)  # type: ignore[arg-type]
