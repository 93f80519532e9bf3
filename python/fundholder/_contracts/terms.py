"""The terms that there are: on a person's year, on providers, and on the total of a unit."""

from __future__ import annotations

from .provider_payment import ProviderPayment
from .scores import Gate
from .shared_savings import SharedSavings
from .stop_loss import CarveOut, StopLoss
from .unit_terms import AggregateStopLoss, Corridor, QuotaShare

PersonTerm = StopLoss | CarveOut
UnitTerm = ProviderPayment | QuotaShare | AggregateStopLoss | Corridor | SharedSavings
Term = PersonTerm | UnitTerm | Gate

PERSON_TERMS = (StopLoss, CarveOut)
UNIT_TERMS = (ProviderPayment, QuotaShare, AggregateStopLoss, Corridor, SharedSavings)
TERMS = (*PERSON_TERMS, *UNIT_TERMS, Gate)
