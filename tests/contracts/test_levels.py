"""Does what every level bears add up to gross, and is it what simulated people make it?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fundholder import CarveOut, Contract, CostModel, StopLoss, england, levels_bear, simulate
from rejections import rejection, says

COSTS = CostModel(england.costs(), england.services())
LOCAL = ["primary care", "prescribing", "community", "outpatient", "a&e"]
LEVELS = {
    "practice": LOCAL,
    "icb": ["emergency", "elective", "maternity", "mental health"],
    "nation": ["specialised"],
}
PEOPLE = pa.table(
    {
        "practice": ["A", "A", "B", "C"],
        "icb": ["x", "x", "x", "y"],
        "band": ["male 65-74", "female 15-44", "female 85+", "male 15-44"],
        "count": [300, 900, 400, 700],
    }
)


@pytest.mark.parametrize("practice_sd", [0.0, 0.1])
def test_levels_add_up_to_gross(practice_sd: float) -> None:
    contract = Contract(
        [StopLoss(400, services=["outpatient"], to="icb"), StopLoss(900, 0.8, to="nation")]
    )
    gross = sum(
        count * mean
        for count, mean in zip(
            PEOPLE["count"].to_pylist(),
            [
                dict(
                    zip(*COSTS.moments().select(["band", "mean"]).to_pydict().values(), strict=True)
                )[b]
                for b in PEOPLE["band"].to_pylist()
            ],
            strict=True,
        )
    )
    for agreed in (None, contract):
        bears = levels_bear(PEOPLE, COSTS, LEVELS, contract=agreed, practice_sd=practice_sd)
        total = sum(sum(table["expected"].to_pylist()) for table in bears.values())
        assert total == pytest.approx(gross, rel=1e-9)


def test_levels_are_what_simulated_people_make_them() -> None:
    terms = [
        StopLoss(400, services=["outpatient"], to="icb"),
        StopLoss(900, 0.8, services=LOCAL, to="nation"),
    ]
    bears = levels_bear(PEOPLE, COSTS, LEVELS, contract=Contract(terms))
    carved = [CarveOut(LEVELS[name], to=name) for name in ("icb", "nation")]
    run = simulate(
        PEOPLE,
        COSTS,
        by=["practice", "icb"],
        contract=Contract([*carved, *terms]),
        replications=2_000,
        seed=3,
    )
    kept = run.summary("practice").to_pylist()
    for exact, simulated in zip(bears["practice"].to_pylist(), kept, strict=True):
        for name in ("expected", "sd", "q0.9"):
            assert abs(exact[name] - simulated[name]) < 4 * simulated[f"{name}_se"]
    flows = run.flows("icb").to_pylist()
    for exact in bears["icb"].to_pylist():
        parts = [f for f in flows if f["icb"] == exact["icb"] and f["source"] == "icb"]
        expected = sum(flow["expected"] for flow in parts)
        assert abs(expected - exact["expected"]) < 4 * sum(f["expected_se"] for f in parts)


def test_a_level_without_services_bears_what_is_passed_to_it() -> None:
    levels = {"practice": COSTS.services, "nation": []}
    alone, shared = (levels_bear(PEOPLE, COSTS, levels, stop_loss=c) for c in (None, 1_000))
    (nation,) = alone["nation"].to_pylist()
    assert (nation["expected"], nation["sd"]) == (0, 0)
    (passed,) = shared["nation"].to_pylist()
    kept = sum(shared["practice"]["expected"].to_pylist())
    gross = sum(alone["practice"]["expected"].to_pylist())
    assert 0 < passed["expected"] == pytest.approx(gross - kept, rel=1e-9)


@pytest.mark.parametrize(
    ("levels", "options", "words"),
    [
        (
            LEVELS | {"nation": ["specialised", "a&e"]},
            {},
            ["service a&e is of practice and nation"],
        ),
        (
            LEVELS | {"nation": ["maternity"]},
            {},
            ["service specialised has no level", "service maternity is of icb and nation"],
        ),
        (
            LEVELS | {"nation": ["special"]},
            {},
            ["services is 'special'", "services of the cost model"],
        ),
        (
            LEVELS,
            {"contract": StopLoss(9_000)},
            ["to is 'pool'", "icb, nation: 'pool' is the default of StopLoss"],
        ),
        (
            LEVELS,
            {"contract": StopLoss(9_000, to="region")},
            ["to is 'region': must be one of the levels icb, nation"],
        ),
        ({"practice": [], "nation": COSTS.services}, {}, ["practice is []"]),
        ({}, {}, ["services_by_level"]),
    ],
)
def test_wrong_levels_are_rejected(
    levels: dict[str, list[str]], options: dict[str, Any], words: list[str]
) -> None:
    says(rejection(levels_bear, PEOPLE, COSTS, levels, **options), *words)
