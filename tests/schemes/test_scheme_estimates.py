"""Are estimates of a run those of closed forms, and their standard errors what seeds differ by?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from drawn_years import SERVICES, cost_model
from fundholder import (
    CarveOut,
    Contract,
    Failure,
    Holder,
    QuotaShare,
    Reserve,
    Result,
    Scheme,
    SharedSavings,
    StopLoss,
    Tier,
    compare_schemes,
    levels_bear,
    run_scheme,
    variance,
)
from fundholder._schemes.measures import Estimate
from scheme_values import lists, values

SIZES = [4_000, 9_000]
DEBT = Reserve(debt=1.0)
NATION = ["rare"]
LOCAL = [name for name in SERVICES if name not in NATION]


# ---- closed forms ------------------------------------------------------------------------------
def closed_share(own: list[str], ceiling: float | None, sd: float) -> float:
    """The practices' share of the variance of all care, from variances: all, own and the rest's."""
    covariance = total = 0.0
    for size in SIZES:
        table = lists([size]).append_column("nation", pa.array(["all"]))
        levels: Any = {"practice": own, "nation": [s for s in SERVICES if s not in own]}
        bears = levels_bear(table, cost_model(), levels, stop_loss=ceiling, practice_sd=sd)
        of_all = variance(lists([size]), cost_model(), practice_sd=sd)["sd"][0].as_py() ** 2
        mine, rest = (bears[level]["sd"][0].as_py() ** 2 for level in ("practice", "nation"))
        covariance += (of_all + mine - rest) / 2
        total += of_all
    return covariance / total


@pytest.mark.parametrize("sd", [0.0, 0.05])
@pytest.mark.parametrize(
    ("tier", "pays", "ceiling"),
    [
        (Tier("local", scope=LOCAL, reserve=DEBT), {"nation": NATION}, None),
        (
            Tier("carved", contract=Contract([CarveOut("rare", to="nation")]), reserve=DEBT),
            None,
            None,
        ),
        (
            Tier(
                "covered",
                scope=LOCAL,
                contract=Contract([StopLoss(6_000, to="nation")]),
                reserve=DEBT,
            ),
            {"nation": NATION},
            6_000,
        ),
    ],
)
def test_shares_of_variance_are_those_of_closed_forms(
    tier: Tier, pays: Any, ceiling: float | None, sd: float
) -> None:
    run = run_scheme(
        lists(SIZES),
        cost_model(),
        Scheme("s", [tier], pays=pays),
        years=2,
        replications=1_500,
        practice_sd=sd,
        seed=41,
        threads=2,
    )
    share = values(run)["variance_share_practice"]
    assert share.standard_error is not None
    closed = closed_share(list(LOCAL), ceiling, sd)
    assert abs(share.value - closed) < 4 * share.standard_error < 0.1
    nation = values(run)["variance_share_nation"]
    assert nation.value == pytest.approx(1 - share.value, abs=1e-6)


def test_overspends_are_as_frequent_as_the_distribution_says() -> None:
    given: dict[str, Any] = {"years": 2, "replications": 1_500, "seed": 42, "threads": 2}
    run = run_scheme(lists([9_000] * 2), cost_model(), Scheme("s", [Tier("all")]), **given)
    exact = variance(lists([9_000]), cost_model(), thresholds=[0.05])
    for year in (1, 2):
        over = values(run, year)["p_overspend_0.05"]
        p = exact["p_over_0.05"][0].as_py()
        assert abs(over.value - p) < 4 * np.sqrt(p * (1 - p) / 3_000)


def test_rewards_of_practices_are_the_flows_of_rewards() -> None:
    tier = Tier(
        "groups",
        holder=Holder(people=5_000),
        contract=Contract([SharedSavings(0.5)]),
        result=Result(gain=0.8, shared_by="own"),
    )
    given: dict[str, Any] = {"years": 3, "replications": 50, "seed": 43}
    run = run_scheme(lists([900, 2_500, 3_000, 6_000]), cost_model(), Scheme("s", [tier]), **given)
    flows = [row["mean"] for row in run.flows().to_pylist() if row["kind"] == "reward"]
    rewards = run.rewards()
    # Parts of practices are rounded to the hundredth of a penny.
    assert sum(rewards["reward"].to_pylist()) == pytest.approx(sum(flows) / 3, rel=1e-9)
    heads = sum(rewards["people"].to_pylist())
    of_all = values(run)["reward_per_head"].value
    assert sum(rewards["reward"].to_pylist()) / heads == pytest.approx(of_all, rel=1e-9)


# ---- standard errors ---------------------------------------------------------------------------
SEEDS, PATHS = 60, 40
MEASURES = (
    "cost_per_head_practice",
    "p_overspend",
    "overspend_share",
    "failures_per_1000",
    "reward_per_head",
)


def test_seeds_differ_by_the_standard_errors() -> None:
    failure = Failure(in_a_row=2, then="payer")
    one = Scheme("one", [Tier("all", reserve=DEBT, failure=failure)])
    half = Contract([StopLoss(8_000, to="pool"), QuotaShare(0.5)])
    other = Scheme("other", [Tier("all", contract=half, reserve=DEBT, failure=failure)])
    runs: list[dict[str, Estimate]] = []
    paired: list[list[tuple[float, float]]] = []
    for seed in range(SEEDS):
        given: dict[str, Any] = {"years": 3, "replications": PATHS, "seed": seed, "threads": 2}
        comparison = compare_schemes(
            lists([800, 1_200, 2_000]), cost_model(), [one, other], **given
        )
        runs.append(values(comparison.runs["one"]))
        rows = comparison.differences("one").to_pylist()
        paired.append(
            [
                (row["value"], row["standard_error"])
                for row in rows
                if (row["year"], row["size_from"]) == (None, None) and row["measure"] in MEASURES
            ]
        )
    own = [[(run[of].value, run[of].standard_error) for of in MEASURES] for run in runs]
    for estimates in (np.array(own), np.array(paired)):
        assert estimates.shape == (SEEDS, len(MEASURES), 2)
        spread = estimates[:, :, 0].std(axis=0, ddof=1)
        said = np.sqrt((estimates[:, :, 1] ** 2).mean(axis=0))
        # The SD of 60 has a standard error of 1 / sqrt(118) = 9 %; heavier tails, and errors that
        # are estimated of 40 paths each, make it 12 %: 4 of them.
        assert (np.abs(np.log(spread / said)) < 4 * 0.12).all(), spread / said
