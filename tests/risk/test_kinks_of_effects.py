"""Are distributions right, and fast, where an effect moves costs over a contract's corner?"""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from fundholder import (
    CarveOut,
    Contract,
    CostModel,
    StopLoss,
    distribution,
    england,
    simulate,
    variance,
)

CONTRACT = Contract([CarveOut(["specialised"]), StopLoss(20_000)])
BANDS = england.costs()["band"].to_pylist()


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_a_mix_of_services_under_a_ceiling_and_an_effect(size: int) -> None:
    people = pa.table(
        {"practice": ["A"] * len(BANDS), "band": BANDS, "count": [size // len(BANDS)] * len(BANDS)}
    )
    mixed = CostModel(england.costs(), england.services())
    began = time.process_time()
    table = variance(people, mixed, contract=CONTRACT, practice_sd=0.078)
    exact = table.to_pylist()[0]
    # On a lattice it takes 7 to 30 seconds; as a series .05.
    assert time.process_time() - began < 3
    # Too few nodes at kinks are 7e-5 of an SD off, which errors of 4,000 years do not show.
    closed = variance(people, mixed, contract=CONTRACT, practice_sd=0.078, method="moments")
    moments = closed.to_pylist()[0]
    for name in ("expected", "sd"):
        assert exact[name] == pytest.approx(moments[name], abs=5e-6 * moments["sd"])
    # They are the moments lane's; these are of the distribution itself.
    for name in (b"mean", b"sd"):
        assert float(table.schema.metadata[b"fundholder.largest_" + name + b"_error"]) < 5e-6
    rows = distribution(people, mixed, contract=CONTRACT, practice_sd=0.078)
    assert sum(rows["probability"].to_pylist()) == pytest.approx(1, abs=1e-9)
    run = simulate(people, mixed, contract=CONTRACT, practice_sd=0.078, replications=4_000, seed=8)
    row = run.summary().to_pylist()[0]
    for name in ("expected", "sd", "p_over_0.05", "p_under_0.1", "q0.5", "q0.9", "q0.99"):
        # Seven figures of two sizes at 4 standard errors: one in a thousand seeds fails.
        assert abs(row[name] - exact[name]) < 4 * row[f"{name}_se"], name
