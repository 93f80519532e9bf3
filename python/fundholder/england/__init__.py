"""England as a population to run on: synthetic, but with the published shape.

>>> from fundholder import england
>>> groups = england.population(year=2025)     # 6,348 practices, 63.8 million people
>>> bands = england.costs(year=2025)           # what a person of each age and sex costs

:func:`population` makes practices, PCNs, ICBs and regions whose list sizes, ages, sexes and
deprivation follow published figures; :func:`from_age_sex` makes the same table from real counts of
patients by practice; :func:`people` expands either into one row per person; :func:`costs` gives the
cost model of the bands, and :func:`services` how it is shared by services; :func:`persons` gives
people diagnoses, need, supply and two years of cost, to estimate a formula from. Nothing is
downloaded and no real practice or person is inside. The figures and their sources (NHS England, NHS
Digital, ONS, HM Treasury, University of York, Institute for Fiscal Studies, Dixon et al.) are in
``_figures.py``, ``_morbidity_figures.py`` and ``_services.py``, which also say what is published
and what is fitted or assumed.
"""

from typing import Any

from .._tables.warning import deprecated
from ._age_sex import from_age_sex
from ._costs import costs
from ._nested_models import NESTED_MODELS, NestedModel
from ._people import people
from ._persons import persons
from ._population import population
from ._services import service_control, service_shares, services

__all__ = [
    "NESTED_MODELS",
    "NestedModel",
    "costs",
    "from_age_sex",
    "people",
    "persons",
    "population",
    "service_control",
    "service_shares",
    "services",
]

_RENAMED = {"LADDER": "NESTED_MODELS", "Rung": "NestedModel"}


def __getattr__(name: str) -> Any:
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    deprecated(f"england.{name}", f"england.{_RENAMED[name]}")
    return globals()[_RENAMED[name]]
