"""Does money move towards targets as each rule says, and does it add up?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fundholder import (
    Convergence,
    Floor,
    FullMove,
    GivenConvergence,
    InputError,
    InputTypeError,
    NobodyLosesCash,
    official,
    pace_of_change,
    years_to_target,
)
from fundholder._allocation.pace_rule_base import Rule
from rejections import rejection, says

NAN, INF = math.nan, math.inf
STREAMS = ("core_2025-26", "pmc_2025-26", "spec_2025-26")
UNITS = pa.table(
    {
        "practice": ["B", "A", "C"],
        "money": [300.0, 500.0, 200.0],
        "fair": [350.0, 400.0, 250.0],
        "g": [0.04, 0.05, 0.06],
        "convergence": [0.001, -0.002, 0.003],
    }
)
COLUMNS: dict[str, Any] = {"baseline": "money", "target": "fair"}


def pace(units: Any, **arguments: Any) -> pa.Table:
    return pace_of_change(units, **(COLUMNS | arguments))


# ---- Published: 42 integrated care boards, 2025/26 ----------------------------------------------
@pytest.fixture(params=STREAMS)
def stream(real: Path, request: pytest.FixtureRequest) -> pd.DataFrame:
    """One stream in the order of boards, money in £k.

    The targets of 2025/26 follow from allocations and the published distances from them.
    """
    rows = pd.read_csv(real / "allocation" / "icb_allocations_2025-26.csv")
    rows = rows[rows.stream == request.param].sort_values("icb")
    return rows.assign(next_target=rows.alloc_k / (1 + rows.dft_post))


BOARDS: dict[str, Any] = {
    "baseline": "baseline_k",
    "target": "target_k",
    "growth": "base_growth",
    "by": "icb",
}


def test_published_convergence_gives_the_published_allocations(stream: pd.DataFrame) -> None:
    """To £1k, with money in £k or in £."""
    year = pace_of_change(stream, rule=GivenConvergence("convergence"), rounding=1, **BOARDS)
    assert year["allocation"].to_pylist() == stream.alloc_k.tolist()
    # The same arithmetic as the publisher's: one rounding of a float.
    assert np.abs(year["dft_open"].to_numpy() - stream.dft_open.to_numpy()).max() < 1e-15
    pounds = stream.assign(baseline_k=stream.baseline_k * 1_000, target_k=stream.target_k * 1_000)
    year = pace_of_change(pounds, rule=GivenConvergence("convergence"), rounding=1_000, **BOARDS)
    assert year["allocation"].to_pylist() == (stream.alloc_k * 1_000).tolist()


def test_the_rule_of_2025_is_a_fifth_of_the_distance_at_most_half_a_percent(
    stream: pd.DataFrame,
) -> None:
    """Exactly so in two streams, with the distance from the year's target after base growth.

    In the third it was applied to services without high-cost drugs and devices alone.
    """
    year = pace_of_change(
        stream, rule=Convergence(0.2, 0.005), next_target="next_target", rounding=1, **BOARDS
    )
    differences = year["convergence"].to_numpy() - stream.convergence.to_numpy()
    if stream.stream.iloc[0] == "spec_2025-26":
        assert 1e-3 < np.abs(differences).max() < 0.005
        return
    # Distances near 0 are differences of numbers near 1: 1e-16 of those.
    assert np.abs(differences).max() < 1e-15
    assert year["allocation"].to_pylist() == stream.alloc_k.tolist()
    assert np.abs(year["dft"].to_numpy() - stream.dft_post.to_numpy()).max() < 1e-15


def test_national_targets_grow_by_base_growth(stream: pd.DataFrame) -> None:
    """Boards' shares of them move with their populations, by 0.2 % at most in this year."""
    year = pace_of_change(stream, rule=Convergence(), rounding=1, **BOARDS)
    total = math.fsum(year["next_target"].to_pylist())
    # Published distances are those of unrounded allocations: £1k in £11bn is 1e-7. Of specialised
    # services, boards have growth of their own, which is not that of their targets.
    special = stream.stream.iloc[0] == "spec_2025-26"
    assert total == pytest.approx(stream.next_target.sum(), rel=1e-4 if special else 2e-7)
    apart = np.abs(year["next_target"].to_numpy() / stream.next_target - 1).max()
    assert apart < (4e-3 if special else 2e-3)


def test_the_reader_gives_what_the_rule_needs(real: Path) -> None:
    """Of core and primary medical services, all 84 allocations in whole £1,000."""
    path = real / "allocation" / "nhs_allocations_2025_26.xlsx"
    pytest.importorskip("python_calamine", reason="workbooks need python-calamine")
    table = official.read_icb_allocations(path, year="2025/26")
    for stream in ("core", "primary medical care"):
        rows = table.filter(pc.equal(table["stream"], stream))
        year = pace_of_change(
            rows,
            baseline="baseline",
            target="target",
            growth="growth",
            next_target="next_target",
            rule=Convergence(),
            rounding=1_000,
            by="icb",
        )
        assert year["allocation"].to_pylist() == rows["allocation"].to_pylist()


# ---- By hand ------------------------------------------------------------------------------------
def test_nobody_loses_cash() -> None:
    """BMJ Global Health 2020;5:e002763: 500, 325.9615 and 224.0385."""
    year = pace(UNITS, growth=0.05, rule=NobodyLosesCash())
    assert year["practice"].to_pylist() == ["A", "B", "C"]
    assert year["allocation"].to_pylist() == [500.0, 325.96, 224.04]
    assert year["next_target"].to_pylist() == pytest.approx([420, 367.5, 262.5])
    # The shares of growth are 67.5 and 62.5 of 130; four decimals are published.
    moved = year["convergence"].to_numpy() * 1.05 + 1.05
    assert (np.round(moved * [500, 300, 200], 4)).tolist() == [500.0, 325.9615, 224.0385]
    assert pace(UNITS, total=1_050, rule=NobodyLosesCash())["allocation"].equals(year["allocation"])


def test_a_cash_baseline_is_kept_to_the_penny() -> None:
    """500.07 has no exact float: a share of the pot could lose it a penny."""
    rng = np.random.Generator(np.random.PCG64(4))
    money = rng.integers(1, 10**7, 200) / 100
    units = pa.table({"practice": np.arange(200), "money": money, "fair": rng.random(200) + 0.01})
    year = pace(units, growth=0.013, rule=NobodyLosesCash())
    assert (year["allocation"].to_numpy() >= money).all()
    over = money > year["next_target"].to_numpy()
    assert over.any() and (year["allocation"].to_numpy()[over] == money[over]).all()


def test_a_full_move() -> None:
    year = pace(UNITS, total=1_000, rule=FullMove())
    assert year["allocation"].to_pylist() == [400.0, 350.0, 250.0]
    assert year["dft"].to_pylist() == [0.0, 0.0, 0.0]


def test_a_floor_is_paid_for_by_the_others() -> None:
    """Of 1,050, C has at least 96 % of 262.5 = 252, B 96 % of 367.5 = 352.8; A the rest."""
    year = pace(UNITS, growth=0.05, rule=Floor(0.04))
    assert year["allocation"].to_pylist() == [445.2, 352.8, 252.0]
    # At 20 % nobody is lifted, and everyone has growth of 5 %.
    year = pace(UNITS, growth=0.05, rule=Floor(0.2))
    assert year["allocation"].to_pylist() == [525.0, 315.0, 210.0]
    # At 18 % only C is lifted, to 215.25; A and B share 834.75 as 500 to 300.
    year = pace(UNITS, total=1_050, rule=Floor(0.18))
    assert year["allocation"].to_pylist() == [521.72, 313.03, 215.25]
    # Base growth of one's own, before all are scaled: 525, 312 and 212 of 1,049.
    year = pace(UNITS, growth="g", total=2_098, rule=Floor(0.5))
    assert year["allocation"].to_pylist() == [1_050.0, 624.0, 424.0]


def test_convergence_is_that_computed_by_hand() -> None:
    """A is 25 % over, so capped; targets grow by 5 %."""
    year = pace(UNITS, growth=0.05, rule=Convergence(0.2, 0.1)).to_pydict()
    assert year["dft_open"] == pytest.approx([0.25, -1 / 7, -0.2])
    assert year["convergence"] == pytest.approx([-0.05, 0.2 / 7, 0.04])
    assert year["allocation"] == [498.75, 324.0, 218.4]
    assert year["dft"] == pytest.approx([0.1875, 324 / 367.5 - 1, 218.4 / 262.5 - 1])
    year = pace(UNITS, growth=0.05, rule=Convergence(0.2, 0.01)).to_pydict()
    assert year["convergence"] == pytest.approx([-0.01, 0.01, 0.01])


def test_a_unit_without_a_baseline_has_no_convergence() -> None:
    units = pa.table({"practice": ["A", "B"], "money": [0.0, 10.0], "fair": [5.0, 5.0]})
    row = pace(units, growth=0.0, rule=Convergence()).to_pylist()[0]
    assert row["dft_open"] == -1 and row["convergence"] is None and row["allocation"] == 0
    assert pace(units, growth=0.0, rule=Floor(0.2))["allocation"].to_pylist() == [4.0, 6.0]


# ---- Any pot ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("rule", [Floor(0.03), NobodyLosesCash(), FullMove()], ids=repr)
def test_what_is_shared_out_adds_up_to_the_penny(rule: Rule, seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    n = int(rng.integers(1, 200))
    money = rng.integers(1, 10 ** int(rng.integers(2, 12)), n) / 100
    units = pa.table(
        {"practice": rng.permutation(n), "money": money, "fair": money * rng.uniform(0.7, 1.3, n)}
    )
    total = round(math.fsum(money) * 1.04, 2)
    year = pace(units, total=total, rule=rule)
    pence = [round(100 * a) for a in year["allocation"].to_pylist()]
    assert sum(pence) == round(100 * total)
    assert [p / 100 for p in pence] == year["allocation"].to_pylist()
    assert math.fsum(year["next_target"].to_pylist()) == pytest.approx(total, rel=1e-14)
    if isinstance(rule, Floor):
        # To the penny of the rounding.
        short = 0.97 * year["next_target"].to_numpy() - year["allocation"].to_numpy()
        assert short.max() < 0.01
    again = pace(units.take(rng.permutation(n)), total=total, rule=rule)
    assert again.equals(year)


@pytest.mark.parametrize("seed", range(10))
def test_a_total_from_growth_is_what_the_growth_makes(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    units = pa.table(
        {
            "practice": np.arange(50),
            "money": rng.random(50) * 1e6,
            "fair": rng.random(50) * 1e6 + 1,
            "g": rng.uniform(0, 0.1, 50),
        }
    )
    grown = math.fsum((units["money"].to_numpy() * (1 + units["g"].to_numpy())).tolist())
    for rule in (Floor(), NobodyLosesCash(), FullMove()):
        year = pace(units, growth="g", rule=rule)
        assert round(100 * math.fsum(year["allocation"].to_pylist())) == round(100 * grown)


# ---- Years to target ----------------------------------------------------------------------------
def test_years_to_target_are_those_computed_by_hand() -> None:
    """5 % over, at 0.5 % a year: 4.475, 3.953, 3.433, 2.916; below 2.5 %, a fifth a year."""
    units = pa.table({"practice": ["A", "B"], "money": [105.0, 100.0], "fair": [100.0, 100.0]})
    distance, years = 0.05, 0
    while distance > 0.01:
        distance = (1 + distance) * (1 - min(0.2 * distance, 0.005)) - 1
        years += 1
    kw: dict[str, Any] = COLUMNS | {"growth": 0.03, "rule": Convergence()}
    assert years_to_target(units, **kw)["years"].to_pylist() == [years, 0]
    assert years_to_target(units, years=years - 1, **kw)["years"].to_pylist() == [None, 0]


@pytest.mark.parametrize(
    "rule", [Convergence(0.3, 0.02), Floor(0.02), NobodyLosesCash(), FullMove()], ids=repr
)
def test_years_are_those_of_a_rule_applied_again_and_again(rule: Rule) -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    money = rng.uniform(1e6, 2e6, 20)
    fair = money * rng.uniform(0.9, 1.1, 20)
    fair *= money.sum() / fair.sum()
    units = pa.table({"practice": np.arange(20), "money": money, "fair": fair})
    table = years_to_target(units, growth=0.05, rule=rule, within=0.02001, years=6, **COLUMNS)
    year, expected = units, np.where(np.abs(money / fair - 1) <= 0.02001, 0, -1)
    for number in range(1, 7):
        result = pace(year, growth=0.05, rule=rule)
        near = np.abs(result["dft"].to_numpy()) <= 0.02001
        expected = np.where((expected < 0) & near, number, expected)
        year = pa.table(
            {
                "practice": result["practice"],
                "money": result["allocation"],
                "fair": result["next_target"],
            }
        )
    assert [-1 if y is None else y for y in table["years"].to_pylist()] == expected.tolist()
    assert max(expected) > 0


# ---- What is rejected? ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"practice": ["A", "B", "A"]}, ["row 2: 'A' is a duplicate of row 0"]),
        ({"money": None}, ["column 'money' is missing", "has practice, fair"]),
        ({"money": [1.0, -1.0, NAN]}, ["'money', row 1: -1", "'money', row 2: NaN", "0 or more"]),
        ({"money": [0.0, 0.0, 0.0]}, ["'money' adds up to 0", "above 0"]),
        ({"money": [1e13, 1e13, 1.0]}, ["'money' adds up to 2e+13", "at most 1e+13"]),
        ({"fair": [1.0, 0.0, None]}, ["'fair', row 1: 0", "'fair', row 2: null", "above 0"]),
        ({"g": [4.37, -1.0, 0.0]}, ["'g', row 0: 4.37", "'g', row 1: -1", "0.0437 is 4.37 %"]),
        ({"convergence": [None, 0.0, 0.0]}, ["'convergence', row 0: null"]),
        ({"convergence": None}, ["column 'convergence' is missing"]),
    ],
)
def test_tables_are_rejected_by_column_and_row(
    columns: dict[str, list | None], texts: list[str]
) -> None:
    merged = UNITS.to_pydict() | columns
    table = pa.table({name: values for name, values in merged.items() if values is not None})
    error = rejection(pace, table, growth="g", rule=GivenConvergence())
    assert isinstance(error, InputError)
    says(error, *texts)


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"rule": "floor"}, ["rule is 'floor'", "Convergence()"]),
        ({"rule": Convergence, "growth": 0.1}, ["rule is"]),
        ({"rule": Convergence()}, ["Convergence(", "given growth, and no total"]),
        ({"rule": Convergence(), "growth": 0.1, "total": 1}, ["given growth, and no total"]),
        ({"rule": FullMove()}, ["given either growth or total"]),
        ({"rule": FullMove(), "growth": 0.1, "total": 1}, ["given either growth or total"]),
        ({"rule": Floor()}, ["given growth, total or both"]),
        ({"rule": FullMove(), "growth": 4.37}, ["growth is 4.37", "0.0437 is 4.37 %"]),
        ({"rule": FullMove(), "growth": NAN}, ["growth is nan"]),
        ({"rule": FullMove(), "growth": [0.1]}, ["growth is [0.1] (list)"]),
        ({"rule": FullMove(), "total": -1}, ["total is -1"]),
        ({"rule": FullMove(), "total": 0}, ["total is 0", "above 0"]),
        ({"rule": FullMove(), "total": INF}, ["total is inf"]),
        ({"rule": FullMove(), "total": 0.005}, ["total is 0.005", "steps of 0.01"]),
        ({"rule": FullMove(), "total": 1_500, "rounding": 1_000}, ["1500", "steps of 1000"]),
        ({"rule": FullMove(), "growth": 0, "rounding": 3}, ["rounding is 3", "0.01, 1, 10"]),
        ({"rule": FullMove(), "growth": 0, "rounding": 1e4}, ["one step of 10000"]),
        ({"rule": NobodyLosesCash(), "growth": -0.1}, ["total is 900", "baselines, 1000"]),
        ({"rule": FullMove(), "growth": 0, "by": "dft"}, ["by is 'dft'"]),
        ({"rule": FullMove(), "growth": 0, "next_target": 1}, ["next_target is 1"]),
        ({"rule": 3, "growth": "?", "total": -1, "by": 3}, ["3 problems"]),
    ],
)
def test_arguments_are_rejected_by_name(arguments: dict[str, Any], texts: list[str]) -> None:
    says(rejection(pace, UNITS, **arguments), *texts)


@pytest.mark.parametrize(
    ("rule", "arguments", "texts"),
    [
        (Convergence, {"rate": 1.2, "cap": 1}, ["rate is 1.2", "cap is 1", "2 problems"]),
        (Convergence, {"rate": NAN}, ["rate is nan"]),
        (Floor, {"under": 0}, ["under is 0", "at least 0.0001"]),
        (Floor, {"under": 1}, ["under is 1"]),
        (GivenConvergence, {"column": 3}, ["column is 3"]),
    ],
)
def test_rules_are_rejected_by_argument(
    rule: type, arguments: dict[str, Any], texts: list[str]
) -> None:
    says(rejection(rule, **arguments), *texts)


def test_a_rule_that_leads_to_the_limit_is_within_it() -> None:
    """The floor lifts all three to 1 % under target at once; the last digits must not decide."""
    units = pa.table(
        {
            "practice": ["A", "B", "C", "D"],
            "baseline": [90.3, 77.1, 350.7, 800.0],
            "target": [101.7, 99.9, 401.9, 700.0],
        }
    )
    table = years_to_target(
        units,
        baseline="baseline",
        target="target",
        growth=0.0437,
        rule=Floor(0.01),
        within=0.01,
    )
    assert table["years"].to_pylist()[:3] == [1, 1, 1]


def test_years_to_target_rejects() -> None:
    kw: dict[str, Any] = COLUMNS | {"growth": 0.0, "rule": Convergence()}
    says(rejection(years_to_target, UNITS, **(kw | {"within": -1})), "within is -1")
    says(rejection(years_to_target, UNITS, **(kw | {"years": 0})), "years is 0", "from 1 to 200")
    says(rejection(years_to_target, UNITS, **(kw | {"rule": GivenConvergence()})), "rule is Given")
    error = rejection(years_to_target, UNITS, **(kw | {"growth": None}))
    assert isinstance(error, InputError)
    says(error, "given growth")
    assert isinstance(rejection(years_to_target, 3, **kw), InputTypeError)


# ---- Convergence of its own on either side -------------------------------------------------------
SIDES = pa.table(
    {"practice": ["A", "B", "C", "D"], "money": [1_020.0, 1_004, 970, 700], "fair": [1_000.0] * 4}
)


def test_each_side_of_target_has_its_own_rate_and_cap() -> None:
    """The rule of core services in 2023/24, by hand: D of 2 %, 0.4 %, -3 % and -30 %."""
    rule = Convergence(rate=1, cap=0.0071, rate_below=1 / 15, cap_below=0.002)
    year = pace(SIDES, growth=0.0, rule=rule)
    expected = [-0.0071, -0.004, 0.002, 0.002]
    assert year["convergence"].to_pylist() == pytest.approx(expected, abs=1e-12)
    slow = Convergence(rate=1, cap=0.0071, rate_below=1 / 150, cap_below=0.002)
    year = pace(SIDES, growth=0.0, rule=slow)
    assert year["convergence"].to_pylist()[2:] == pytest.approx([0.0002, 0.002], abs=1e-12)


def test_one_rate_and_cap_are_those_of_both_sides() -> None:
    both = Convergence(rate=0.3, cap=0.01, rate_below=0.3, cap_below=0.01)
    one = pace(SIDES, growth=0.05, rule=Convergence(rate=0.3, cap=0.01))
    assert pace(SIDES, growth=0.05, rule=both).equals(one)


def test_convergence_may_be_added_to_growth() -> None:
    """A has D = 1,071 / 1,050 - 1 = 2 %: a fifth, 0.4 % of 1,020, less than growth of 51."""
    year = pace(SIDES, growth=0.05, rule=Convergence(additive=True))
    assert year["allocation"][0].as_py() == pytest.approx(1_020 * (1 + 0.05 - 0.004))
    assert year["convergence"][0].as_py() == pytest.approx(-0.004)
    times = pace(SIDES, growth=0.05, rule=Convergence())
    assert times["allocation"][0].as_py() == pytest.approx(1_020 * 1.05 * 0.996, abs=0.005)


@pytest.mark.parametrize("total", [3_694.0, 3_900.0, 3_000.0])
@pytest.mark.parametrize("growth", [None, 0.05, "g"])
@pytest.mark.parametrize("additive", [False, True])
def test_a_total_may_be_held(total: float, growth: Any, additive: bool) -> None:
    units = SIDES.append_column("g", pa.array([0.04, 0.05, 0.06, 0.07]))
    rule = Convergence(hold_total=True, additive=additive)
    year = pace(units, growth=growth, total=total, rule=rule)
    assert math.fsum(year["allocation"].to_pylist()) == pytest.approx(total, abs=1e-9)
    assert math.fsum(year["next_target"].to_pylist()) == pytest.approx(total, rel=1e-12)
    dft = year["dft"].to_pylist()
    assert dft[0] > dft[1] > dft[2] > 0 > dft[3]


def test_a_held_total_that_is_met_changes_nothing() -> None:
    free = pace(SIDES, growth=0.05, rule=Convergence())
    total = round(math.fsum(free["allocation"].to_pylist()), 2)
    fair = pa.array([1_000.0 * total / 4_200] * 4)
    units = SIDES.set_column(2, "fair", fair)
    free = pace(units, growth=0.05, rule=Convergence(), rounding=1)
    total = math.fsum(free["allocation"].to_pylist())
    held = pace(units, growth=0.05, total=total, rule=Convergence(hold_total=True), rounding=1)
    apart = np.abs(held["allocation"].to_numpy() - free["allocation"].to_numpy())
    assert apart.max() <= 1


@pytest.mark.parametrize(
    ("terms", "arguments", "says"),
    [
        ({"hold_total": True}, {"growth": 0.05}, "total, with or without growth"),
        ({}, {"growth": 0.05, "total": 4_000}, "growth, and no total"),
        ({"rate_below": 1.5}, {}, "rate_below is 1.5"),
        ({"cap_below": -0.1}, {}, "cap_below is -0.1"),
        ({"additive": 1}, {}, "additive is 1"),
    ],
)
def test_convergence_that_cannot_be(
    terms: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises((InputError, InputTypeError), match=says):
        pace(SIDES, rule=Convergence(**terms), **arguments)


def test_targets_grow_by_the_growth_of_their_unit() -> None:
    year = pace(UNITS, growth="g", rule=Convergence())
    assert year["next_target"].to_pylist() == pytest.approx([400 * 1.05, 350 * 1.04, 250 * 1.06])
