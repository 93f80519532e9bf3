"""Do holders fail when their rule says, as often as deficits in a row are expected?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from drawn_years import SERVICES, cost_model, practices
from fundholder import (
    Budget,
    Failure,
    Participation,
    Persistence,
    Reserve,
    Result,
    Scheme,
    Tier,
    run_scheme,
    variance,
)
from fundholder._schemes.block import Block
from fundholder._schemes.draws import Drawn
from fundholder._schemes.scheme_years import SchemeYears
from scheme_values import lists, values

#: One state and one class: years of a person that have nothing to do with each other.
INDEPENDENT = Persistence(
    pa.table(
        {
            "state": ["one"],
            "rank_from": [0.0],
            "rank_to": [1.0],
            "probability": [1.0],
            "next_one": [1.0],
        }
    )
)
YEARS, PATHS = 6, 3_000


# ---- independent years: a closed recursion -----------------------------------------------------
def failures(p: float, in_a_row: int, years: int) -> Any:
    """By year: the share that fails, and that has a budget; of so many deficits in a row."""
    after = np.zeros(in_a_row)  # by deficits in a row up to now, of those that have not failed
    after[0] = 1.0
    failed, active = [], []
    for _ in range(years):
        active.append(after.sum())
        failed.append(p * after[-1])
        after = np.concatenate([[(1 - p) * after.sum()], p * after[:-1]])
    return np.array(failed), np.array(active)


@pytest.mark.parametrize(("in_a_row", "over"), [(2, 0.05), (3, 0.02), (1, 0.1)])
def test_deficits_in_a_row_are_as_frequent_as_independent_years_say(
    in_a_row: int, over: float
) -> None:
    size, count = 2_500, 4
    table = lists([size] * count)
    (probability, *_) = variance(table, cost_model(), thresholds=[over])[f"p_over_{over:g}"]
    p = probability.as_py()
    assert 0.05 < p < 0.45
    tier = Tier("all", failure=Failure(in_a_row=in_a_row, over=over, then="payer"))
    given: dict[str, Any] = {"years": YEARS, "replications": PATHS, "seed": 11, "threads": 2}
    run = run_scheme(table, cost_model(), Scheme("s", [tier]), persistence=INDEPENDENT, **given)
    failed, active = failures(p, in_a_row, YEARS)
    for row, share, budgets in zip(run.holders().to_pylist(), failed, active, strict=True):
        for of, expected in ((row["failed"], share), (row["holders"], budgets)):
            # Practices and paths are independent: counts are binomial. 4 standard errors.
            error = np.sqrt(expected * (1 - expected) / (PATHS * count))
            assert abs(of / count - expected) <= 4 * error
    of_all = values(run)["failures_per_1000"]
    hazard = 1_000 * failed.sum() / active.sum()
    assert of_all.standard_error is not None
    assert abs(of_all.value - hazard) < 4 * of_all.standard_error < 0.15 * hazard


def test_persistence_makes_deficits_follow_each_other() -> None:
    table = lists([2_500] * 4)
    tier = Tier("all", failure=Failure(in_a_row=3, over=0.05, then="payer"))
    given: dict[str, Any] = {"years": 3, "replications": 1_000, "seed": 12, "threads": 2}
    of = [
        values(run_scheme(table, cost_model(), Scheme("s", [tier]), persistence=chain, **given), 3)
        for chain in (None, INDEPENDENT)
    ]
    tied, independent = (run["failures_per_1000"] for run in of)
    errors = [run.standard_error or 0.0 for run in (tied, independent)]
    assert tied.value - independent.value > 4 * float(np.hypot(*errors))


# ---- rules on years made by hand ---------------------------------------------------------------
def blocks(tiers: list[Tier], *deviations: list[float]) -> Block:
    """A holder of a path for each list: costs are so many percent above a budget of £8m."""
    of = practices([10_000])
    years = len(deviations[0])
    budget = of.expected[0] * 1e4
    cost = np.zeros((years + 1, 1, len(deviations)), np.int64)
    cost[0] = np.rint(budget)
    for path, percent in enumerate(deviations):
        cost[1:, 0, path] = np.rint(budget * (1 + np.array(percent) / 100))
    services = {name: np.zeros_like(cost) for name in SERVICES} | {"drugs": cost}
    scheme = SchemeYears(Scheme("made", tiers), of, [5_000], None, {}, 1)
    return scheme.settle(Drawn(cost, services, {}), 0, years, False)


def settled(tier: Tier, *deviations: list[float]) -> list[str]:
    """By path: for each year a point, F where the holder fails, a dash where it has no budget."""
    counts = blocks([tier], *deviations).holders
    rows = [counts[year, tier.name] for year in range(1, len(deviations[0]) + 1)]
    return [
        "".join("-" if not row[0][path] else "F" if row[2][path] else "." for row in rows)
        for path in range(len(deviations))
    ]


def test_the_deficits_of_a_rule_follow_each_other_and_are_above_its_limit() -> None:
    tier = Tier("all", failure=Failure(in_a_row=2, over=0.05, then="payer"))
    paths = [[6, 6, 0, 0], [6, 0, 6, 6], [6, 4.9, 6, 6], [0, 5, 5, 9], [-6, 6, -6, 6]]
    # 5 % is not above 5 %.
    assert settled(tier, *paths) == [".F--", "...F", "...F", "....", "...."]


def test_results_add_up_over_the_window() -> None:
    all_years = Tier("all", failure=Failure(cumulative=0.1, then="payer"))
    two = Tier("all", failure=Failure(cumulative=0.1, window=2, then="payer"))
    paths = [[4, 4, 4, 0], [-20, 6, 6, 9], [4, 4, 4, 7], [11, 0, 0, 0]]
    assert settled(all_years, *paths) == ["..F-", "....", "..F-", "F---"]
    # Of the last two years, once two have passed.
    assert settled(two, *paths) == ["....", "..F-", "...F", ".F--"]


def test_a_loss_that_the_window_has_passed_counts_no_more() -> None:
    tier = Tier("all", failure=Failure(cumulative=0.1, window=3, then="payer"))
    assert settled(tier, [8, 0, 0, 8], [8, 0, 8, 0]) == ["....", "..F-"]


def test_cash_falls_below_nothing_when_nothing_meets_a_loss() -> None:
    bare = Tier("all", failure=Failure(cash_below=0.0, then="payer"))
    assert settled(bare, [0, -5, 1, 0], [-9, -9, 0, 0.1]) == ["..F-", "...F"]
    # A reserve of 3 % of the budget carries 2 %, and not 2 % more.
    reserve = Tier("all", reserve=Reserve(start=0.03), failure=bare.failure)
    assert settled(reserve, [2, 2, 0, 0], [2, 1, 0, 0], [4, 0, 0, 0]) == [".F--", "....", "F---"]
    # What is kept of a surplus carries the next loss; what is paid out does not.
    keeps = Tier("all", reserve=Reserve(keep=0.5), failure=bare.failure)
    assert settled(keeps, [-6, 2, 2, 0], [-6, 2, 0.9, 0]) == ["..F-", "...."]


def test_debt_is_cash_below_nothing() -> None:
    tier = Tier("all", reserve=Reserve(debt=0.1), failure=Failure(cash_below=0.05, then="payer"))
    # Surpluses repay the debt: 4 % less 3 % and 4 % more are 5 %, which is not below.
    assert settled(tier, [4, 4, 0, 0], [4, -3, 3.9, 0], [4, -3, 4.1, 0]) == [
        ".F--",
        "....",
        "..F-",
    ]


def test_partners_and_the_payer_meet_a_loss_before_cash_does() -> None:
    meets = Tier(
        "all",
        reserve=Reserve(partners=1.0, partners_limit=40),
        failure=Failure(cash_below=0.0, then="payer"),
    )
    # £40 a head are 5 % of £800: partners pay 4 %, and of 6 % all but 1 %.
    assert settled(meets, [4, 4, 4, 4], [4, 6, 0, 0]) == ["....", ".F--"]
    shielded = Tier("all", result=Result(loss=0.0), failure=Failure(cash_below=0.0, then="payer"))
    assert settled(shielded, [30, 30, 30, 30]) == ["...."]


def test_budgets_that_follow_outturn_end_the_deficits() -> None:
    rule = Failure(in_a_row=2, over=0.02, then="payer")
    fixed = Tier("all", failure=rule)
    rebased = Tier("all", failure=rule, budget=Budget(rebase=1.0))
    half = Tier("all", failure=rule, budget=Budget(rebase=0.5))
    # Costs 6 % above the first budget for good: 0 % above one that follows; 6, 2.9 and 1.4 % else.
    assert settled(fixed, [6, 6, 6, 6]) == [".F--"]
    assert settled(rebased, [6, 6, 6, 6]) == ["...."]
    assert settled(half, [6, 6, 6, 6]) == [".F--"]
    assert settled(half, [5, 4, 4, 4]) == ["...."]
    assert settled(rebased, [6, 9, 12, 15]) == [".F--"]


def test_a_holder_that_scales_down_is_counted_in_the_tier_that_it_falls_to() -> None:
    first = Tier("first", failure=Failure(in_a_row=1, then="second"))
    last = Failure(in_a_row=2, over=0.05, then="payer")
    second = Tier("second", who=Participation("above", people=20_000), failure=last)
    counts = blocks([first, second], [1, 6, 6, 6], [-1, -1, 1, 1]).holders
    of = {
        name: [[counts[year, name][what].tolist() for year in range(1, 5)] for what in (0, 1, 2)]
        for name in ("first", "second")
    }
    # By year, holders of both paths; those in deficit; those that fail.
    assert of["first"] == [
        [[1, 1], [0, 1], [0, 1], [0, 0]],
        [[1, 0], [0, 0], [0, 1], [0, 0]],
        [[1, 0], [0, 0], [0, 1], [0, 0]],
    ]
    assert of["second"] == [
        [[0, 0], [1, 0], [1, 0], [0, 1]],
        [[0, 0], [1, 0], [1, 0], [0, 1]],
        [[0, 0], [0, 0], [1, 0], [0, 0]],
    ]


def test_results_of_one_tier_do_not_count_in_the_next() -> None:
    first = Tier("first", failure=Failure(cumulative=0.1, then="second"))
    last = Failure(cumulative=0.1, in_a_row=2, then="payer")
    second = Tier("second", who=Participation("above", people=20_000), failure=last)
    counts = blocks([first, second], [11, 1, -1, 1], [11, 1, 10, 0]).holders
    failed = [counts[year, "second"][2].tolist() for year in range(1, 5)]
    # The second path has two deficits in a row, and 11 % together, in its second tier.
    assert failed == [[0, 0], [0, 0], [0, 1], [0, 0]]
