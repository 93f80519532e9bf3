"""Does a sweep of ceilings say what each ceiling, one at a time, says?"""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from fundholder import CostModel, stop_loss, variance

CEILINGS = [1_000, 5_000, 20_000.5, 100_000, None]


def test_meps_under_ceilings_is_numpys(real: Path) -> None:
    meps = pyarrow.csv.read_csv(real / "person" / "meps_2014.csv.gz")
    costs = CostModel.from_costs(meps, cost="totexp", weight="perwtf")
    people = 8_000
    population = pa.table({"practice": ["A"], "count": [people]})
    cost, weight = meps["totexp"].to_numpy().astype(float), meps["perwtf"].to_numpy()
    table = stop_loss(population, costs, ceilings=CEILINGS).to_pylist()
    assert [row["ceiling"] for row in table] == CEILINGS
    gross = np.average(cost, weights=weight)
    for row in table:
        net = cost if row["ceiling"] is None else np.minimum(cost, row["ceiling"])
        mean = np.average(net, weights=weight)
        sd = sqrt(np.average((net - mean) ** 2, weights=weight))
        # Sums of 35,000 terms: rounding is below 1e-12.
        assert row["expected_net"] / people == pytest.approx(mean, rel=1e-9)
        assert row["cv"] * row["expected_net"] / sqrt(people) == pytest.approx(sd, rel=1e-9)
        assert row["expected_gross"] / people == pytest.approx(gross, rel=1e-9)
        assert row["premium_per_head"] == pytest.approx(gross - mean, rel=1e-9, abs=1e-9)
        assert row["ceded_share"] == pytest.approx(1 - mean / gross, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("practice_sd", [0.0, 0.08])
def test_each_ceiling_is_that_of_variance(banded: CostModel, practice_sd: float) -> None:
    people = pa.table(
        {
            "practice": ["A", "A", "B", "C", "C"],
            "icb": ["X", "X", "X", "Y", "Y"],
            "band": ["young", "old", "old", "young", "old"],
            "count": [400, 90, 250, 800, 150],
            "scale": [1.0, 1.2, 0.9, 1.0, 0.7],
        }
    )
    table = stop_loss(
        people, banded, ceilings=CEILINGS, by="icb", practice_sd=practice_sd, thresholds=[0.1]
    ).to_pylist()
    gross = {
        row["icb"]: row
        for row in variance(
            people, banded, by="icb", practice_sd=practice_sd, thresholds=[0.1]
        ).to_pylist()
    }
    assert len(table) == len(CEILINGS) * len(gross)
    for ceiling in CEILINGS:
        alone = variance(
            people, banded, by="icb", stop_loss=ceiling, practice_sd=practice_sd, thresholds=[0.1]
        ).to_pylist()
        swept = [row for row in table if row["ceiling"] == ceiling]
        assert [row["icb"] for row in swept] == [row["icb"] for row in alone]
        for row, net in zip(swept, alone, strict=True):
            before = gross[row["icb"]]
            assert row["people"] == net["people"]
            assert row["expected_net"] == pytest.approx(net["expected"], rel=1e-12)
            assert row["expected_gross"] == pytest.approx(before["expected"], rel=1e-12)
            ceded = before["expected"] - net["expected"]
            assert row["expected_ceded"] == pytest.approx(ceded, rel=1e-9, abs=1e-6)
            assert row["cv"] == pytest.approx(net["cv"], rel=1e-9)
            assert row["cv_gross"] == pytest.approx(before["cv"], rel=1e-9)
            # One distribution on grids that may differ.
            assert row["p_outside_0.1"] == pytest.approx(net["p_outside_0.1"], abs=1e-6)
            expected = before["p_outside_0.1"]
            assert row["p_outside_0.1_gross"] == pytest.approx(expected, abs=1e-6)
