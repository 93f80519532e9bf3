"""What terms on the total of a unit need beside its cost: budgets, and people."""

from __future__ import annotations

from typing import Any

from .._tables.arguments import Arguments
from .contract import Contract
from .shared_savings import RATES, SharedSavings
from .terms import UnitTerm
from .unit_terms import AggregateStopLoss, QuotaShare


def check_budgets(arguments: Arguments, contract: Contract, name: str, budgets: Any) -> None:
    """Check that budgets are given where a term compares cost with them."""
    terms = (*contract.payments, *contract.unit_terms)
    compare = [type(term).__name__ for term in terms if _needs_budget(term)]
    if compare and budgets is None:
        arguments.reject(name, None, f"given: the {compare[0]} compares cost with it")


def check_people(arguments: Arguments, contract: Contract, people: Any) -> None:
    """Check that people are given where a rate depends on them."""
    if people is None and any(_needs_people(term) for term in contract.unit_terms):
        arguments.reject("people", None, "given: a rate of the SharedSavings depends on them")


def _needs_budget(term: UnitTerm) -> bool:
    if isinstance(term, AggregateStopLoss):
        return term.of_budget
    return not isinstance(term, QuotaShare)


def _needs_people(term: UnitTerm) -> bool:
    rows = (isinstance(getattr(term, name, None), tuple) for name in RATES)
    return isinstance(term, SharedSavings) and any(rows)
