"""Do the books of random schemes balance, for every holder, year and path, in whole units?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drawn_years import SERVICES, drawn, practices
from fundholder import (
    AggregateStopLoss,
    Behaviour,
    Budget,
    CarveOut,
    Contract,
    Corridor,
    Failure,
    Holder,
    Management,
    Participation,
    Premium,
    QuotaShare,
    Reserve,
    Result,
    Scheme,
    SharedSavings,
    StopLoss,
    Tier,
)
from fundholder._schemes.scheme_years import SchemeYears
from fundholder._schemes.tier_years import TierRun

SIZES = [3_000, 8_000, 5_000, 12_000, 700, 9_000]
YEARS, PATHS = 5, 8


def scheme(seed: int) -> Scheme:
    """A scheme of one to three tiers with random terms."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    return Scheme(
        f"random {seed}",
        [tier(rng, number, count) for number in range(count)],
        pays={"nation": ["rare"]} if rng.random() < 0.5 else None,
    )


def tier(rng: np.random.Generator, number: int, count: int) -> Tier:
    """A tier with random terms."""

    def share(*values: float) -> float:
        return float(rng.choice(values))

    scope: Any = [name for name in SERVICES if rng.random() < 0.7] or ["drugs"]
    if rng.random() < 0.3:
        scope = {name: share(0.3, 0.7, 1.0) for name in scope}
    inside = list(scope)
    terms: list[Any] = []
    if rng.random() < 0.3 and len(inside) > 1:
        terms.append(CarveOut(inside[-1], to="nation"))
        inside = inside[:-1]
    if rng.random() < 0.7:
        terms.append(StopLoss(5_000, share(0.8, 1.0), services=inside, to="pool"))
    if rng.random() < 0.3:
        terms.append(QuotaShare(0.25))
    if rng.random() < 0.3:
        terms.append(AggregateStopLoss(1.05, of_budget=True, to="pool"))
    last = rng.integers(0, 3)
    if last == 1:
        terms.append(Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]))
    if last == 2:
        terms.append(SharedSavings(0.5, loss_share=share(0.0, 0.4), msr=0.02, mlr=0.02, cap=0.1))
    premium = Premium("none") if rng.random() < 0.3 else Premium(loading=share(0.0, 0.1))
    groups = rng.random() < 0.4
    outcomes = ["payer", "leave", "merge"]
    if number + 1 < count:
        outcomes += [f"tier {number + 1}"] * 3
    failure = None
    if rng.random() < 0.8:
        conditions = [
            {"in_a_row": 2, "over": share(0.0, 0.05)},
            {"cumulative": 0.1, "window": 3},
            {"cash_below": 0.0},
        ]
        failure = Failure(
            **conditions[rng.integers(0, 3)],
            then=str(rng.choice(outcomes)),
            liabilities=str(rng.choice(["payer", "practices", "holder"])),
        )
    merges = failure is not None and failure.then == "merge"
    return Tier(
        f"tier {number}",
        scope=scope,
        holder=Holder(people=10_000, within="icb") if groups else Holder(),
        who=Participation("volunteers", gain="budget", share=0.6)
        if rng.random() < 0.4
        else Participation("above", people=2_000),
        contract=Contract(terms),
        premium=premium,
        budget=Budget(
            str(rng.choice(["formula", "historic"])),
            growth=share(0.0, 0.02),
            rebase=share(0.0, 0.5, 1.0),
            discount=share(0.0, 0.03),
        ),
        result=Result(
            share(0.0, 0.5, 1.0),
            share(0.0, 0.5, 1.0),
            use=str(rng.choice(["reinvest", "income"])),
            shared_by=str(rng.choice(["list", "need", "equal", *([] if merges else ["own"])])),
        ),
        reserve=Reserve(
            start=0.01,
            cap=None if rng.random() < 0.5 else 0.05,
            keep=share(0.0, 0.5, 1.0),
            expiry=None if rng.random() < 0.5 else 2,
            partners=share(0.0, 0.5),
            partners_limit=20,
            debt=share(0.0, 0.03),
        ),
        failure=failure,
        management=Management(20, 50_000, 0.01, paid_by=str(rng.choice(["payer", "holder"]))),
        behaviour=Behaviour([0.03, 0.05], services=inside[0], shift=0.01, base_inflation=0.05),
    )


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("behaves", [False, True])
def test_every_account_closes(seed: int, behaves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    of = practices(SIZES)
    years = SchemeYears(scheme(seed), of, [5_000, 10_000], None, {}, seed)
    draws = drawn(of, years.tiers, PATHS, YEARS, np.random.default_rng(seed))
    settle_year = TierRun.year

    def checked(run: TierRun, year: int, scores: Any) -> Any:
        before = run._state.saved.copy()
        had = run._stage >= 0
        report = settle_year(run, year, scores)
        comes = {"holder": np.zeros_like(before), "reserve": np.zeros_like(before)}
        for source, destination, kind, amount in report.flows:
            assert amount.dtype == np.int64
            if (kind, source) != ("reserve", "health authority"):
                comes[destination] = comes.get(destination, 0) + amount
                comes[source] = comes.get(source, 0) - amount
        assert not comes["holder"].any()
        np.testing.assert_array_equal(comes["reserve"], (run._state.saved - before) * had)
        return report

    monkeypatch.setattr(TierRun, "year", checked)
    block = years.settle(draws, 0, YEARS, behaves)

    for year in range(1, YEARS + 1):
        paid = sum(
            amount
            for (of_year, _, destination, kind), amount in block.flows.items()
            if (of_year, destination, kind) == (year, "provider", "cost")
        )
        gross = draws.gross[year].sum(axis=0)
        if behaves:
            assert (paid <= gross).all()
        else:
            np.testing.assert_array_equal(paid, gross)


@pytest.mark.parametrize("seed", range(60))
def test_every_cost_is_borne_once(seed: int) -> None:
    of = practices(SIZES)
    years = SchemeYears(scheme(seed), of, [5_000, 10_000], None, {}, seed)
    draws = drawn(of, years.tiers, PATHS, YEARS, np.random.default_rng(seed))
    sums = years.settle(draws, 0, YEARS, False).sums
    for year in range(1, YEARS + 1):
        borne = sum(
            above[-1]
            for (name, of_year), (above, _) in sums.of.items()
            if name.startswith("cost_per_head_")
            and of_year == year
            and name != "cost_per_head_outside"
        )
        # Whole hundredths of a penny, added up in £ as floating-point numbers.
        np.testing.assert_allclose(borne, draws.gross[year].sum(axis=0) / 1e4, rtol=1e-12)


def test_a_path_is_the_same_in_any_block() -> None:
    of = practices(SIZES)
    for seed in range(20):
        years = SchemeYears(scheme(seed), of, [5_000, 10_000], None, {}, seed)
        draws = drawn(of, years.tiers, PATHS, YEARS, np.random.default_rng(seed))
        together = years.settle(draws, 0, YEARS, False)
        for first in (0, 4):
            part = type(draws)(
                draws.gross[:, :, first : first + 4],
                {
                    name: amounts[:, :, first : first + 4]
                    for name, amounts in draws.services.items()
                },
                {
                    stack: [column[:, :, first : first + 4] for column in columns]
                    for stack, columns in draws.ceded.items()
                },
            )
            alone = years.settle(part, first, YEARS, False)
            for key, (above, below) in alone.sums.of.items():
                kept = together.sums.of[key]
                np.testing.assert_array_equal(above, kept[0][:, first : first + 4])
                np.testing.assert_array_equal(below, kept[1][:, first : first + 4])
