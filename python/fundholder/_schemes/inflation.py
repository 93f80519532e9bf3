"""Amounts of a tier in £, moved to another price level."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from .._contracts.contract import Contract
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._contracts.unit_terms import AggregateStopLoss
from .failure import Reserve
from .management import Management
from .tier import Tier

Part = TypeVar("Part", StopLoss, AggregateStopLoss, Reserve, Management)


def inflated_tier(tier: Tier, factor: float) -> Tier:
    """A tier with every amount in £ times ``factor``, in whole pence."""
    management, reserve = tier.management, tier.reserve
    return replace(
        tier,
        contract=Contract(_inflated(term, factor) for term in tier.contract.terms),
        reserve=_multiplied(reserve, factor, "partners_limit"),
        management=_multiplied(management, factor, "per_head", "per_holder"),
    )


def _inflated(term: Term, factor: float) -> Term:
    if isinstance(term, StopLoss):
        return _multiplied(term, factor, "ceiling", "limit")
    if isinstance(term, AggregateStopLoss) and not term.of_budget:
        return _multiplied(term, factor, "attachment", "limit")
    return term


def _multiplied(part: Part, factor: float, *names: str) -> Part:
    amounts = {name: getattr(part, name) for name in names}
    given = {name: amount for name, amount in amounts.items() if amount is not None}
    return replace(part, **{name: round(amount * factor, 2) for name, amount in given.items()})
