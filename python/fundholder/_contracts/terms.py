"""The terms that there are: on a person's year, and on the total of a unit."""

from __future__ import annotations

from .shared_savings import SharedSavings
from .stop_loss import CarveOut, StopLoss
from .unit_terms import AggregateStopLoss, Corridor, QuotaShare

PersonTerm = StopLoss | CarveOut
UnitTerm = QuotaShare | AggregateStopLoss | Corridor | SharedSavings
Term = PersonTerm | UnitTerm

PERSON_TERMS = (StopLoss, CarveOut)
UNIT_TERMS = (QuotaShare, AggregateStopLoss, Corridor, SharedSavings)
TERMS = (*PERSON_TERMS, *UNIT_TERMS)
