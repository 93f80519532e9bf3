"""Are budgets of other costs than those that are expected said to be so?"""

from __future__ import annotations

import warnings
from typing import Any

import pyarrow as pa
import pytest

from fundholder import CostModel, simulate, stop_loss, variance

COSTS = CostModel(
    pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]})
)
LISTS = pa.table({"practice": ["A", "B"], "count": [7_000, 12_000]})
GROSS = 600.0  # £ a head: 0.3 x 2,000
CEILING = 10_000.0


def budgets(per_head: float) -> pa.Table:
    sizes = LISTS["count"].to_pylist()
    return pa.table({"practice": LISTS["practice"], "budget": [n * per_head for n in sizes]})


def of_variance(given: pa.Table, **arguments: Any) -> None:
    variance(LISTS, COSTS, budgets=given, method="moments", **arguments)


def of_summary(given: pa.Table, *, of: Any = "net", **arguments: Any) -> None:
    simulate(LISTS, COSTS, replications=500, seed=1, **arguments).summary(budgets=given, of=of)


@pytest.mark.parametrize("call", [of_variance, of_summary])
def test_gross_budgets_under_a_contract_are_said(call: Any) -> None:
    with pytest.warns(UserWarning, match=r"those of gross costs.*expected_net / expected_gross"):
        call(budgets(GROSS), stop_loss=CEILING)


@pytest.mark.parametrize("call", [of_variance, of_summary])
@pytest.mark.parametrize("factor", [0.5, 1.4, 10.0])
def test_a_pot_of_another_size_is_said_with_both_sums(call: Any, factor: float) -> None:
    total = f"{19_000 * GROSS * factor:,.0f}"
    with pytest.warns(UserWarning, match=f"budgets add up to £{total} and expected gross costs"):
        call(budgets(GROSS * factor), of="gross")


@pytest.mark.parametrize("call", [of_variance, of_summary])
@pytest.mark.parametrize(
    ("per_head", "arguments"),
    [
        (GROSS, {}),
        (GROSS * 0.9, {}),
        (GROSS * 1.2, {}),
        (GROSS, {"stop_loss": CEILING, "of": "gross"}),
        (GROSS, {"stop_loss": 1e6}),
    ],
)
def test_budgets_that_may_be_meant_are_taken_without_a_word(
    call: Any, per_head: float, arguments: dict[str, Any]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(budgets(per_head), **arguments)


def test_the_way_to_net_budgets_that_is_named_leads_there() -> None:
    rows = stop_loss(LISTS, COSTS, ceilings=[CEILING]).to_pylist()
    factor = rows[0]["expected_net"] / rows[0]["expected_gross"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_variance(budgets(GROSS * factor), stop_loss=CEILING)


def test_what_a_few_replications_leave_in_doubt_is_not_said() -> None:
    """Two years of one costly person in a hundred may lie anywhere."""
    rare = CostModel(pa.table({"p_any": [0.01], "family": ["fixed"], "mean": [1_000.0]}))
    one = pa.table({"practice": ["A"], "count": [100]})
    given = pa.table({"practice": ["A"], "budget": [1_000.0]})
    for seed in range(20):
        simulate(one, rare, replications=3, seed=seed).summary(budgets=given)


def test_budgets_are_in_the_metadata_in_any_order() -> None:
    runs = simulate(LISTS, COSTS, replications=2)
    orders = budgets(GROSS), budgets(GROSS).take([1, 0])
    for call in (
        lambda given: variance(LISTS, COSTS, budgets=given, method="moments"),
        lambda given: runs.summary(budgets=given),
    ):
        first, second = (call(given).schema.metadata for given in orders)
        other = call(budgets(GROSS * 1.01)).schema.metadata
        assert first == second
        assert first[b"fundholder.budgets_digest"] != other[b"fundholder.budgets_digest"]
        assert b"fundholder.budgets_digest" not in call(None).schema.metadata
