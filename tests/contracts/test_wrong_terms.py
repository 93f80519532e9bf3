"""Are wrong terms rejected, each mistake once, and percent where shares are meant?"""

from __future__ import annotations

from typing import Any

import pytest

from fundholder import (
    AggregateStopLoss,
    ByScore,
    Contract,
    Corridor,
    Gate,
    ProviderPayment,
    QuotaShare,
    SharedSavings,
    StopLoss,
    settle,
)
from rejections import rejection, says

ACA = [(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]
"""42 USC 18062, as the holder's shares."""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: QuotaShare(1.5), ["share is 1.5", "from 0 to 1"]),
        (lambda: QuotaShare(float("nan")), ["share is NaN"]),
        (lambda: QuotaShare("half"), ["share", "a number"]),  # type: ignore[arg-type]
        (lambda: AggregateStopLoss(-1, 2.0), ["attachment is -1", "share is 2"]),
        (lambda: AggregateStopLoss(1.1, limit=1e300, of_budget=True), ["limit"]),
        (
            lambda: Corridor([(0, 0.03, 1.0), (0.05, None, 0.5)]),
            ["bands is 0.05", "without gaps or overlaps: gap from 0.03 to 0.05"],
        ),
        (lambda: Corridor([(0, 0.03, 1.0), (0.02, None, 0.5)]), ["overlap from 0.02 to 0.03"]),
        (lambda: Corridor([(0, 0.3, 1), (0.3, 0.1, 1), (0.1, None, 1)]), ["above its beginning"]),
        (lambda: Corridor([(0, 0.03, 1.2)]), ["share, from 0 to 1", "has no end"]),
        (lambda: Corridor([]), ["has no end"]),
        (lambda: Corridor(ACA, below=[(0, None, -1)]), ["below is -1"]),
        (lambda: Corridor(5), ["rows of (from, to, the holder's share)"]),  # type: ignore[arg-type]
        (
            lambda: SharedSavings(0.5, msr=-0.02, loss_share=3, cap_on="loss"),  # type: ignore[arg-type]
            ["'payment' or 'savings'"],
        ),
        (lambda: SharedSavings(0.5, msr=-0.02, loss_share=3), ["msr is -0.02", "loss_share is 3"]),
        (lambda: SharedSavings(0.5, msr=[(2, 0.1), (1, 0.2)]), ["msr", "ascending"]),
        (lambda: SharedSavings(0.5, msr=[]), ["msr", "ascending"]),
        (lambda: SharedSavings(None), ["share", "rows of people and rate"]),  # type: ignore[arg-type]
        (lambda: Contract([1.0]), ["terms", "QuotaShare"]),  # type: ignore[list-item]
        (
            lambda: Contract([QuotaShare(0.5), StopLoss(1.0)]),
            ["StopLoss", "before the terms on the total of a unit"],
        ),
        (lambda: Contract(7), ["terms"]),  # type: ignore[arg-type]
        (
            lambda: Contract([Corridor(ACA), QuotaShare(0.5)]),
            ["Corridor", "the last term of a contract"],
        ),
        (
            lambda: Contract([StopLoss(1), Corridor(ACA), Gate("q", 1), SharedSavings(0.5)]),
            ["'Corridor and SharedSavings'", "the whole deviation", "other bands `below`"],
        ),
    ],
)
def test_wrong_terms_are_rejected(make: Any, words: list[str]) -> None:
    says(rejection(make), *words)


def test_a_problem_of_bands_is_told_once() -> None:
    for below in (None, [(0, None, 0.5)]):
        error = rejection(Corridor, [(0, 0.03, 1.0), (0.08, None, 0.2)], below)
        assert [problem.column for problem in error.problems] == ["bands"]
    error = rejection(Corridor, [(0, 0.03, 2.0), (0.03, None, 0.2)], [(0.1, None, 0.2)])
    assert [problem.column for problem in error.problems] == ["bands", "below"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Corridor([(0, 3, 1), (3, 8, 0.5), (8, None, 0.2)]),
            ["bands is 3", "3 is 300 %: 0.03 is 3 %"],
        ),
        (lambda: Corridor(ACA, below=[(0, 1, 1), (1, None, 0.2)]), ["below is 1", "0.01 is 1 %"]),
        (
            lambda: SharedSavings(0.5, msr=2, mlr=1, cap=10, loss_limit=1.5),
            ["4 problems", "2 is 200 %: 0.02 is 2 %", "mlr is 1", "cap is 10", "loss_limit is 1.5"],
        ),
        (lambda: SharedSavings(0.5, loss_share=3, msr=2), ["loss_share is 3", "msr is 2"]),
        (
            lambda: SharedSavings(0.5, msr=[(5_000, 3.9), (60_000, 0.02)]),
            ["msr is 3.9", "0.039 is 3.9 %"],
        ),
        (lambda: SharedSavings(0.5, cap=ByScore("q", [(0, 5)])), ["cap is 5", "0.05 is 5 %"]),
        (
            lambda: AggregateStopLoss(110, limit=20, of_budget=True),
            ["attachment is 110", "110 is 11000 %: 1.1 is 110 %", "limit is 20"],
        ),
        (lambda: ProviderPayment(fixed=104), ["fixed is 104", "1.04 is 104 %"]),
    ],
)
def test_percent_are_no_shares_of_the_budget(make: Any, words: list[str]) -> None:
    says(rejection(make), *words)


def test_all_of_the_budget_is_a_share_of_it() -> None:
    terms = SharedSavings(0.5, loss_share=1, cap=1, loss_limit=1)
    assert settle(terms, actual=[300], budget=[100])["penalty"].to_pylist() == [100]
    assert AggregateStopLoss(110).attachment == 110
