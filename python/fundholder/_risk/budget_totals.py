"""Budgets beside expected costs: totals of another size are said."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa

from .._tables.warning import warn

NEAR = 0.05
"""Totals that differ by less are the same; a contract takes more off, or little."""
FAR = 0.25
"""Totals that differ by more are hardly of the same costs."""
ERRORS = 4
"""Standard errors of simulated expected costs that are left in doubt; units may share effects."""


def warn_of_other_totals(table: pa.Table, of: str, gross: Callable[[], float] | None) -> None:
    """Warn where budgets add up to something else than expected costs do.

    ``gross`` gives the expected gross cost of all units; there is none without a contract.
    """
    budget, expected = (math.fsum(table[name].to_pylist()) for name in ("budget", "expected"))
    errors = table["expected_se"].to_pylist() if "expected_se" in table.column_names else []
    doubt = ERRORS * math.fsum(error or 0.0 for error in errors)
    distance = _distance(budget, expected, doubt)
    if distance <= NEAR:
        return
    sums = f"budgets add up to £{budget:,.0f} and expected {of} costs to £{expected:,.0f}"
    gross_cost = gross() if gross is not None and of == "net" else math.inf
    if _distance(budget, gross_cost, doubt) < min(NEAR, distance):
        warn(
            f"{sums}: the budgets are those of gross costs (£{gross_cost:,.0f}), of which the "
            "contract meets a part; multiply each by expected_net / expected_gross of "
            "stop_loss(...), or look at of='gross'"
        )
    elif distance > FAR:
        warn(f"{sums}: are they budgets of other costs, of other people, or in other money?")


def _distance(budget: float, expected: float, doubt: float) -> float:
    """How far the budgets are beyond doubt from what is expected, as a share of it."""
    beyond = max(0.0, abs(budget - expected) - doubt)
    return beyond / expected if 0 < expected < math.inf and beyond > 0 else beyond
