"""Is systematic variation split into what a holder can influence, and what it cannot?"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from fundholder import CarveOut, Contract, Corridor, CostModel, StopLoss, england, variance
from rejections import rejection, says

SHARES = {"elective": 0.2, "emergency": 0.3, "drugs": 0.5}
WEIGHTS = {"elective": 0.5, "emergency": 0.17, "drugs": 0.9}
MEAN, TAU = 600.0, 0.1
LISTS = pa.table(
    {"practice": ["A", "B", "C"], "icb": ["X", "X", "Y"], "count": [4_000, 9_000, 500]}
)


@pytest.fixture(scope="module")
def costs() -> CostModel:
    amounts = pa.table({"p_any": [0.3], "family": ["gamma"], "mean": [MEAN / 0.3], "shape": [0.8]})
    names = list(SHARES)
    mix = {"rank_from": [0.0] * 3, "rank_to": [1.0] * 3, "service": names}
    return CostModel(amounts, pa.table({**mix, "share": list(SHARES.values())}))


def column(table: pa.Table, name: str) -> list[float]:
    return table[name].to_pylist()


def test_the_mean_weight_of_a_practice_s_own_effect_is_influenced(costs: CostModel) -> None:
    table = variance(LISTS, costs, practice_sd=TAU, control=WEIGHTS)
    share = sum(WEIGHTS[service] * part for service, part in SHARES.items())
    for row in table.to_pylist():
        # An effect multiplies the mean and the deviations from it.
        systematic = TAU * math.hypot(MEAN * row["people"], row["chance_sd"])
        assert row["systematic_sd"] == pytest.approx(systematic, rel=1e-6)
        assert row["influenced_sd"] == pytest.approx(math.sqrt(share) * systematic, rel=1e-6)
        assert row["uninfluenced_sd"] == pytest.approx(math.sqrt(1 - share) * systematic, rel=1e-6)
    at = table.column_names.index("systematic_sd")
    assert table.column_names[at + 1 : at + 3] == ["influenced_sd", "uninfluenced_sd"]
    weights = "elective 0.5, emergency 0.17, drugs 0.9"
    assert table.schema.metadata[b"fundholder.control"].decode() == weights


def test_what_is_the_same_for_everyone_is_nobody_s(costs: CostModel) -> None:
    """The effects of practices within what everyone's leaves: (1 + t^2)(1 + n^2) - 1, less n^2."""
    national = 0.05
    table = variance(
        LISTS, costs, by=["practice", "icb"], practice_sd=TAU, national_sd=national, control=WEIGHTS
    )
    share = sum(WEIGHTS[service] * part for service, part in SHARES.items())
    own = (1 + TAU**2) * (1 + national**2) - 1 - national**2
    for row in table["practice"].to_pylist():
        size = math.hypot(MEAN * row["people"], row["chance_sd"])
        assert row["influenced_sd"] == pytest.approx(size * math.sqrt(share * own), rel=1e-6)
    alone = variance(LISTS, costs, national_sd=national, control=WEIGHTS)
    assert column(alone, "influenced_sd") == pytest.approx([0, 0, 0], abs=1e-3)
    assert column(alone, "uninfluenced_sd") == pytest.approx(column(alone, "systematic_sd"))
    # Of two practices, the squares of their own effects add up.
    of_icb = table["icb"].to_pylist()[0]
    squares = [row["influenced_sd"] ** 2 for row in table["practice"].to_pylist()[:2]]
    assert of_icb["influenced_sd"] == pytest.approx(math.sqrt(sum(squares)), rel=1e-6)


def test_services_in_scope_count_alone(costs: CostModel) -> None:
    weights = {"elective": 0.5, "drugs": 0.9}
    share = (0.2 * 0.5 + 0.5 * 0.9) / 0.7
    for options in (
        {"services": ["elective", "drugs"], "control": weights},
        {"contract": CarveOut("emergency"), "control": WEIGHTS},
    ):
        table = variance(LISTS, costs, practice_sd=TAU, **options)  # type: ignore[arg-type]
        for row in table.to_pylist():
            squares = row["influenced_sd"] ** 2, row["systematic_sd"] ** 2
            assert squares[0] / squares[1] == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("method", ["exact", "moments", "simulation"])
@pytest.mark.parametrize("last", [[], [Corridor([(0, 0.02, 1.0), (0.02, None, 0.5)])]])
def test_both_parts_add_up_in_every_lane(costs: CostModel, method: Any, last: list[Any]) -> None:
    if method == "moments" and last:
        return
    contract = Contract([StopLoss(3_000), *last])
    table = variance(
        LISTS,
        costs,
        contract=contract,
        practice_sd=TAU,
        control=dict.fromkeys(WEIGHTS, 0.25),
        method=method,
        replications=300,
    )
    for row in table.to_pylist():
        total = row["systematic_sd"] ** 2
        assert row["influenced_sd"] ** 2 == pytest.approx(0.25 * total, rel=1e-9, abs=1e-9)
        assert row["uninfluenced_sd"] ** 2 == pytest.approx(0.75 * total, rel=1e-9, abs=1e-9)


def test_the_weights_of_england_are_of_its_services() -> None:
    costs = CostModel(england.costs(), england.services())
    people = pa.table({"practice": ["A"], "band": ["female 75-84"], "count": [2_000]})
    control = england.service_control()
    assert list(control) == costs.services == england.service_shares()["service"].to_pylist()
    assert list(control.values()) == england.service_shares()["control"].to_pylist()
    row = variance(people, costs, practice_sd=TAU, control=control, method="moments").to_pylist()[0]
    assert 0 < row["influenced_sd"] < row["uninfluenced_sd"] < row["systematic_sd"]


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ({"elective": 1.0}, ["control is 'emergency'", "'drugs'", "this one has none"]),
        (WEIGHTS | {"dentistry": 0.5}, ["'dentistry'", "elective, emergency, drugs"]),
        (WEIGHTS | {"drugs": 1.5}, ["1.5", "from 0 to 1"]),
        (WEIGHTS | {"drugs": float("nan")}, ["control is nan"]),
        ([0.5], ["a mapping"]),
    ],
)
def test_wrong_weights_are_rejected(costs: CostModel, control: Any, words: list[str]) -> None:
    says(rejection(lambda: variance(LISTS, costs, control=control)), *words)


def test_weights_need_services() -> None:
    plain = CostModel(
        pa.table({"p_any": [0.3], "family": ["fixed"], "mean": [5.0], "shape": [None]})
    )
    people = pa.table({"practice": ["A"], "count": [10]})
    says(rejection(lambda: variance(people, plain, control={"a": 1})), "'a'", "it has none")
