"""Terms on one person's year: what of it a budget holder passes on, service by service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import _engine
from .._tables.arguments import Arguments
from .words import named, percent, pounds

Engine = tuple[list[str] | None, _engine.StopLoss | None]
"""The engine's form of a person term: services (none: all), and a stop-loss or a carve-out."""


@dataclass(frozen=True)
class StopLoss:
    """A specific stop-loss: cost of one person above a ceiling is met elsewhere.

    Of a person's cost of the year above ``ceiling``, ``share`` is ceded, at most ``limit``; the
    rest is net. The ceiling applies to the person's total of the year, not to each event.

    Parameters
    ----------
    ceiling
        £ a person-year, 0 or more.
    share
        Share of the cost above the ceiling that is ceded, from 0 to 1.
    limit
        The most that is ceded for one person-year, in £; none if ``None``.
    services
        The services whose cost counts, and is ceded; all if ``None``.
    to
        Who meets what is ceded.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    Germany's Risikopool met 80 % of a person's cost above EUR 100,000:

    >>> StopLoss(100_000, share=0.8).ceded(250_000)
    120000.0

    Fundholding's limit counted hospital cost, and the health authority met the rest:

    >>> print(StopLoss(5_000, services=["hospital"], to="health authority"))
    of hospital cost above £5,000 a person-year, all is met by the health authority
    """

    ceiling: float
    share: float = 1.0
    limit: float | None = None
    services: Sequence[str] | None = None
    to: str = "pool"

    def __post_init__(self) -> None:
        arguments = Arguments()
        arguments.money("ceiling", self.ceiling)
        if arguments.number("share", self.share) > 1:
            arguments.reject("share", self.share, "a number from 0 to 1")
        if self.limit is not None:
            arguments.money("limit", self.limit)
        check_party(arguments, self.to)
        object.__setattr__(self, "services", read_services(arguments, self.services))
        arguments.check()

    def __str__(self) -> str:
        limit = "" if self.limit is None else f", at most {pounds(self.limit)}"
        return (
            f"of {named(self.services)}cost above {pounds(self.ceiling)} a person-year, "
            f"{percent(self.share)} is met by the {self.to}{limit}"
        )

    def ceded(self, cost: float) -> float:
        """The ceded part (£) of one person's cost of the year (£)."""
        arguments = Arguments()
        cost = arguments.money("cost", cost)
        arguments.check()
        return self._terms().ceded(cost)

    def _terms(self) -> _engine.StopLoss:
        limit = None if self.limit is None else float(self.limit)
        return _engine.StopLoss(float(self.ceiling), float(self.share), limit)

    def _person_term(self) -> Engine:
        return None if self.services is None else list(self.services), self._terms()


@dataclass(frozen=True)
class CarveOut:
    """A carve-out: cost of some services is met elsewhere from its first pound.

    Parameters
    ----------
    services
        One service or several.
    to
        Who meets their cost.

    Raises
    ------
    InputError, InputTypeError
        Services that are no names, or come twice.

    Examples
    --------
    >>> print(CarveOut(["specialised", "maternity"], to="health authority"))
    all specialised and maternity cost is met by the health authority
    """

    services: Sequence[str]
    to: str = "payer"

    def __post_init__(self) -> None:
        arguments = Arguments()
        check_party(arguments, self.to)
        if self.services is None:
            arguments.reject_type("services", None, "the name of a service, or a list of them")
        object.__setattr__(self, "services", read_services(arguments, self.services))
        arguments.check()

    def __str__(self) -> str:
        return f"all {named(self.services)}cost is met by the {self.to}"

    def _person_term(self) -> Engine:
        return list(self.services), None


def read_services(arguments: Arguments, value: Any) -> tuple[str, ...] | None:
    """Names of services, each once; ``None`` for all."""
    return None if value is None else tuple(arguments.names("services", value))


def check_party(arguments: Arguments, value: Any) -> None:
    """Check the name of a party."""
    if not isinstance(value, str):
        arguments.reject_type("to", value, "the name of a party")
    elif not value.strip() or value == HOLDER:
        arguments.reject("to", value, f"the name of a party other than the {HOLDER}")


HOLDER = "holder"
"""The party that holds the budget."""
PROVIDER = "provider"
"""The party that is paid for care."""
