"""Do settlements of people balance, and are they those of simulated years and published rules?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    AggregateStopLoss,
    CarveOut,
    Contract,
    Corridor,
    QuotaShare,
    SharedSavings,
    StopLoss,
    settle_persons,
)
from rejections import rejection, says

SERVICES = ["hospital", "drugs", "rare"]


def people(seed: int, count: int = 400) -> pa.Table:
    rng = np.random.default_rng(seed)
    spent = np.where(
        rng.uniform(size=(count, 3)) < 0.5, np.round(rng.lognormal(6, 1.5, (count, 3)), 2), 0.0
    )
    return pa.table(
        {
            "practice": [f"P{i}" for i in rng.integers(0, 5, count)],
            "person": list(range(count)),
            **{service: spent[:, i] for i, service in enumerate(SERVICES)},
        }
    )


def units(table: pa.Table, column: str) -> np.ndarray:
    return np.rint(table[column].to_numpy() * 10_000).astype(np.int64)


LAST = [
    QuotaShare(0.3),
    AggregateStopLoss(150_000, 0.8, 20_000),
    Corridor([(0, 0.03, 1.0), (0.03, None, 0.5)]),
    SharedSavings(0.5, 0.4, msr=0.02, mlr=0.02),
]


@pytest.mark.parametrize("seed", range(8))
def test_books_balance(seed: int) -> None:
    table = people(seed)
    terms = [
        CarveOut("rare", to="nation"),
        StopLoss(900, 0.8, 5_000, ["hospital"], to="pool"),
        StopLoss(3_000, to="nation"),
        LAST[seed % 4],
    ]
    budgets = pa.table({"practice": [f"P{i}" for i in range(5)], "budget": [90_000.0] * 5})
    settled = settle_persons(Contract(terms), table, cost=SERVICES, budgets=budgets)
    result = settled.units
    kept = units(result, "gross") - units(result, "ceded") - units(result, "bonus")
    assert (units(result, "kept") == kept + units(result, "penalty")).all()
    spent = sum(np.rint(table[s].to_numpy() * 10_000).astype(np.int64) for s in SERVICES)
    assert units(result, "gross").sum() == spent.sum()
    # What parties pay for care is gross cost, and what the holder pays in all is what it keeps.
    flows = settled.flows
    cost = flows.filter(pa.compute.equal(flows["kind"], "cost"))
    assert units(cost, "amount").sum() == spent.sum()
    paid = flows.filter(pa.compute.equal(flows["source"], "holder"))
    received = flows.filter(pa.compute.equal(flows["destination"], "holder"))
    holder = units(paid, "amount").sum() - units(received, "amount").sum()
    assert holder == units(result, "kept").sum()


def test_rows_of_a_person_are_added_up_in_any_order() -> None:
    table = people(1)
    half = table.set_column(2, "hospital", pa.compute.multiply(table["hospital"], 0.0))
    rest = table.set_column(3, "drugs", pa.compute.multiply(table["drugs"], 0.0)).set_column(
        4, "rare", pa.compute.multiply(table["rare"], 0.0)
    )
    parts = pa.concat_tables([half, rest])
    order = np.random.default_rng(0).permutation(len(parts))
    contract = Contract([StopLoss(900, services=["hospital"]), StopLoss(3_000)])
    a, b = (settle_persons(contract, t, cost=SERVICES) for t in (table, parts.take(order)))
    assert a.units == b.units and a.flows == b.flows


def test_a_single_column_and_the_risikopool() -> None:
    table = pa.table({"practice": [1, 1], "person": ["x", "y"], "spent": [250_000.0, 50_000.0]})
    settled = settle_persons(StopLoss(100_000, 0.8), table, cost="spent").units.to_pylist()
    assert settled[0]["ceded"] == 120_000 and settled[0]["kept"] == 180_000


def test_wrong_input_is_rejected() -> None:
    table = people(2)
    says(
        rejection(settle_persons, CarveOut("dentist"), table, cost=SERVICES),
        "services is 'dentist': must be of the columns of cost: hospital, drugs, rare",
    )
    nested = Contract([StopLoss(9_000, services=SERVICES[:2]), StopLoss(1, services=SERVICES[1:])])
    says(rejection(settle_persons, nested, table, cost=SERVICES), "term 2", "term 1")
    says(rejection(settle_persons, QuotaShare(0.5), table, cost=["cost"]), "'cost'")
    says(rejection(settle_persons, LAST[2], table, cost=SERVICES), "budgets is None: must be")
    few = pa.table({"practice": ["P0"], "budget": [1.0]})
    says(rejection(settle_persons, LAST[2], table, cost=SERVICES, budgets=few), "P1", "P4")
    says(rejection(settle_persons, LAST[0], table, cost=SERVICES, by="kept"), "by is 'kept'")
