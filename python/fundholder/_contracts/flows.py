"""Flows: who pays whom under a contract, and for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from .contract import Contract
from .stop_loss import HOLDER, PROVIDER, CarveOut

Amounts = TypeVar("Amounts", bound=np.ndarray)
Flow = tuple[str, str, str, Amounts]
"""Source, destination, kind and amounts."""
MOVED = ("ceded", "bonus", "penalty")
"""What a term on the total of a unit moves."""


def flows(
    contract: Contract,
    gross: Amounts,
    persons: Sequence[Amounts],
    payments: Sequence[Amounts],
    units: Sequence[Mapping[str, Amounts]],
) -> Iterator[Flow[Amounts]]:
    """What leaves one party and comes to another.

    ``persons`` are what each term on a person's year cedes, ``payments`` what providers bear of
    each payment, ``units`` what each term on the total of a unit moves: ceded, bonus and penalty.
    """
    own = gross
    for term, amounts in zip(contract.person_terms, persons, strict=True):
        if isinstance(term, CarveOut):
            own = own - amounts
            yield term.to, PROVIDER, "cost", amounts
        else:
            yield term.to, HOLDER, "recovery", amounts
    yield HOLDER, PROVIDER, "cost", own
    for payment, amounts in zip(contract.payments, payments, strict=True):
        yield payment.to, HOLDER, "recovery", amounts
    for unit_term, moved in zip(contract.unit_terms, units, strict=True):
        yield unit_term.to, HOLDER, "recovery", moved["ceded"]
        yield unit_term.to, HOLDER, "bonus", moved["bonus"]
        yield HOLDER, unit_term.to, "penalty", moved["penalty"]
