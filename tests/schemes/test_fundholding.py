"""Does the preset of fundholding do what its rules say, on people whose services are known?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    CostModel,
    Participation,
    Scheme,
    SchemeRun,
    england,
    persistence_us,
    run_scheme,
    simulate,
)
from scheme_values import mean_flow, values

GIVEN: dict[str, Any] = {"replications": 40, "seed": 31, "threads": 2}
YEARS = 2
LIMITED = ("elective", "outpatient", "community")
NOT_HOSPITAL_OR_COMMUNITY = ("prescribing", "primary care")


def costs() -> CostModel:
    return CostModel(england.costs(), england.services())


def fundholding(**who: Any) -> Scheme:
    """The preset, with other people taking part."""
    scheme = Scheme.read("fundholding-1991")
    (tier,) = scheme.tiers
    return replace(scheme, tiers=[replace(tier, who=Participation(**who))], sources=None)


def like_england(size: int, practices: int = 1) -> pa.Table:
    """Practices with the national mix of bands."""
    shares = england.population().group_by("band").aggregate([("count", "sum")]).to_pylist()
    people = {row["band"]: row["count_sum"] for row in shares}
    bands = sorted(people)
    of_all = sum(people.values())
    counts = [round(size * people[band] / of_all) for band in bands]
    return pa.table(
        {
            "practice": np.repeat(np.arange(practices), len(bands)),
            "band": bands * practices,
            "count": counts * practices,
        }
    )


# ---- persons one by one ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def persons() -> tuple[SchemeRun, dict[str, Any]]:
    """A run in which each practice is one person, and the same years drawn by ``simulate``."""
    bands = ["female 75-84", "male 65-74", "male 45-64", "female 15-44"] * 100
    people = pa.table({"practice": np.arange(400), "band": bands, "count": np.ones(400, int)})
    run = run_scheme(people, costs(), fundholding(), years=YEARS, **GIVEN)
    years = {"years": YEARS + 1, "persistence": persistence_us()}
    totals = simulate(people, costs(), **years, **GIVEN).totals(services=True)
    amounts = {}
    for service in costs().services:
        column = totals[f"gross_{service}"].combine_chunks().flatten().to_numpy()
        amounts[service] = column.reshape(YEARS + 1, 400, -1)
    return run, amounts


def ceded(amounts: dict[str, Any]) -> Any:
    """What the health authority meets of each person's year: above the limit, of the scope."""
    limit = 5_000 * 2.3
    counted = sum(amounts[name] for name in LIMITED)
    inside = counted - 0.3 * amounts["elective"]
    return np.maximum(counted - limit, 0) * inside / np.maximum(counted, 1e-9)


def outturn(amounts: dict[str, Any]) -> Any:
    scope = sum(amounts[name] for name in (*LIMITED, "prescribing")) - 0.3 * amounts["elective"]
    return scope - ceded(amounts)


def of_all(amounts: Any) -> Any:
    """By year: the mean over paths of the sum over persons."""
    return amounts.sum(axis=1).mean(axis=1)


def test_the_limit_counts_hospital_and_community_cost_of_a_person(
    persons: tuple[SchemeRun, dict[str, Any]],
) -> None:
    run, amounts = persons
    expected = of_all(ceded(amounts))
    for year in (1, 2):
        recovery, _ = mean_flow(run, year, "recovery")
        # Each person's shares are rounded to the hundredth of a penny, three times.
        assert recovery == pytest.approx(expected[year], abs=3 * 400 * 1e-4)
        # With drugs, and without the limit's own services, it would be another by far.
        with_drugs = np.maximum(sum(amounts[n] for n in (*LIMITED, "prescribing")) - 11_500, 0)
        assert of_all(with_drugs)[year] > 1.2 * recovery > 0


def test_the_first_budget_is_the_outturn_of_the_year_before_and_later_ones_follow(
    persons: tuple[SchemeRun, dict[str, Any]],
) -> None:
    run, amounts = persons
    expected = of_all(outturn(amounts))
    for year in (1, 2):
        budget, _ = mean_flow(run, year, "budget")
        assert budget == pytest.approx(expected[year - 1], abs=3 * 400 * 1e-4)


# ---- a practice of 11,000 ----------------------------------------------------------------------
@pytest.fixture(scope="module")
def run() -> SchemeRun:
    return run_scheme(like_england(11_000, 4), costs(), fundholding(), years=4, **GIVEN)


def test_budgets_are_more_of_hospital_and_community_cost_than_they_were(run: SchemeRun) -> None:
    """A fifth of it was fundholders' in 1995: 8 % of the national cost, for 40 % of people."""
    amounts = simulate(like_england(11_000), costs(), **GIVEN).totals(services=True)
    mean = {
        name: amounts[f"gross_{name}"].combine_chunks().flatten().to_numpy().mean() / 11_000
        for name in costs().services
    }
    care = sum(v for name, v in mean.items() if name not in NOT_HOSPITAL_OR_COMMUNITY)
    budget = values(run)["budget_per_head"].value
    # 28 %: outpatient and community care have more of today's cost than of that of 1995.
    assert 0.25 < (budget - mean["prescribing"]) / care < 0.32


def test_management_costs_2_to_3_percent_of_budgets(run: SchemeRun) -> None:
    of = values(run)
    share = of["management_per_head"].value / of["budget_per_head"].value
    # Hansard: about 2 % in 1994, and 3.1 % of budgets in 1995/96.
    assert 0.0195 < share < 0.0315


def test_lists_below_9000_hold_no_budget() -> None:
    few, many = like_england(8_500), like_england(9_200)
    many = many.set_column(0, "practice", pa.array([9] * len(many)))
    scheme = Scheme.read("fundholding-1991")
    given = GIVEN | {"replications": 200}
    run = run_scheme(pa.concat_tables([few, many]), costs(), scheme, years=1, **given)
    holders = run.holders().to_pylist()[0]
    # A budget by formula is above the outturn of about every other year.
    assert 0.35 < holders["holders"] < 0.75
    heads = like_england(9_200)["count"].to_numpy().sum()
    assert holders["people"] == pytest.approx(holders["holders"] * heads)
