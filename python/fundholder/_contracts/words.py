"""Values of terms: as they are kept, and in words, as contracts print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def percent(share: float) -> str:
    """A share in percent, or "all"."""
    return "all" if share == 1 else f"{100 * share:.10g} %"


def pounds(amount: float) -> str:
    """An amount in £."""
    return f"£{amount:,.10g}"


def of_budget(share: float) -> str:
    """A share of the budget in percent."""
    return f"{100 * share:.10g} % of the budget"


def named(services: Sequence[str] | None) -> str:
    """Services before the word "cost"; nothing for all."""
    if not services:
        return ""
    *others, last = services
    return f"{', '.join(others)} and {last} " if others else f"{last} "


def rate_words(rows: Sequence[tuple[float, float]], at: str) -> str:
    """The first and the last rate of a table, ``at`` says of what."""
    (first, low), (last, high) = rows[0], rows[-1]
    ends = at.format(f"{first:,.10g}"), at.format(f"{last:,.10g}")
    return f"{100 * low:.10g} % (at {ends[0]}) to {100 * high:.10g} % (at {ends[1]} or more)"


def as_tuples(value: Any) -> Any:
    """Rows as tuples, which are compared and hashed; other values as they are."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    return tuple(map(as_tuples, value))
