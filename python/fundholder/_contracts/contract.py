"""Contracts: terms in the order in which they apply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._tables.arguments import Arguments, listed
from .shared_savings import SharedSavings
from .unit_terms import AggregateStopLoss, Corridor, QuotaShare

UnitTerm = QuotaShare | AggregateStopLoss | Corridor | SharedSavings

TERMS = (QuotaShare, AggregateStopLoss, Corridor, SharedSavings)


@dataclass(frozen=True, init=False)
class Contract:
    """A contract on the total of a unit's year: terms, each of what those before it left.

    Parameters
    ----------
    terms
        ``QuotaShare``, ``AggregateStopLoss``, ``Corridor`` and ``SharedSavings`` in their order. A
        corridor or shared savings settles the deviation from the budget and is the last.

    Raises
    ------
    InputError, InputTypeError
        A term of another type, or one after the last.

    Examples
    --------
    >>> print(Contract([QuotaShare(0.25), AggregateStopLoss(60_000, limit=10_000)]))
    1. of cost, 25 % is ceded
    2. of cost above £60,000, all is ceded, at most £10,000
    """

    terms: tuple[UnitTerm, ...]

    def __init__(self, terms: Iterable[UnitTerm]) -> None:
        arguments = Arguments()
        allowed = "a list of QuotaShare, AggregateStopLoss, Corridor and SharedSavings"
        rows: list[Any] = listed(terms) or []
        if listed(terms) is None:
            arguments.reject_type("terms", terms, allowed)
        for term in rows:
            if not isinstance(term, TERMS):
                arguments.reject_type("terms", term, allowed)
        for term in rows[:-1]:
            if isinstance(term, Corridor | SharedSavings):
                arguments.reject("terms", type(term).__name__, "the last term of a contract")
        arguments.check()
        object.__setattr__(self, "terms", tuple(rows))

    def __str__(self) -> str:
        lines = (f"{number}. {term}" for number, term in enumerate(self.terms, 1))
        return "\n".join(lines) or "the holder bears all"
