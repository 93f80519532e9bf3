"""The five models of Dixon et al., each with what it explained of hospital cost in England."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from . import _morbidity_figures as morbid
from ._diagnosis_blocks import DIAGNOSES


class NestedModel(NamedTuple):
    """A model of next year's cost, and the published shares of variance it explained.

    ``r2_person`` is over people who were not in the estimation, ``r2_practice`` over the costs of
    797 practices that were not.
    """

    name: str
    r2_person: float
    r2_practice: float
    flags: tuple[str, ...] = ()
    area: str | None = None
    need: tuple[str, ...] = ()
    supply: tuple[str, ...] = ()

    @property
    def terms(self) -> dict[str, Any]:
        """The columns of ``persons`` by role, as keyword arguments: categories, flags and so on."""
        return {
            "categories": ("age_sex",),
            "flags": self.flags,
            "area": self.area,
            "need": self.need,
            "supply": self.supply,
        }


def _names(variables: tuple[morbid.Variable, ...], *, parsimonious: bool) -> tuple[str, ...]:
    return tuple(v.name for v in variables if v.sign or not parsimonious)


#: Published: Dixon et al., BMJ 2011;343:d6608, Table 1, validation samples 1 and 2.
NESTED_MODELS: Final = (
    NestedModel("age and sex", 0.0366, 0.3444),
    NestedModel("and diagnoses", 0.1223, 0.6084, DIAGNOSES),
    NestedModel("and areas", 0.1227, 0.7437, DIAGNOSES, "area"),
    NestedModel(
        "and all need and supply",
        0.1230,
        0.7851,
        DIAGNOSES,
        "area",
        _names(morbid.NEED, parsimonious=False),
        _names(morbid.SUPPLY, parsimonious=False),
    ),
    NestedModel(
        "parsimonious",
        0.1229,
        0.7735,
        DIAGNOSES,
        "area",
        _names(morbid.NEED, parsimonious=True),
        _names(morbid.SUPPLY, parsimonious=True),
    ),
)
