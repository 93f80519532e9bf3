"""What a tier costs to run, and what holders change in care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .._contracts.words import named, of_budget, pounds
from .._tables.arguments import Arguments, listed
from .checks import MOST_PEOPLE, choice, plain_numbers, service_names, share

PaidBy = Literal["payer", "holder"]


@dataclass(frozen=True)
class Management:
    """The cost of management: £ a head, £ a holder, and a share of the budget.

    Parameters
    ----------
    per_head, per_holder
        £ a year for each person, and for each holder.
    of_budget
        A share of the budget.
    paid_by
        The ``"payer"``, or the ``"holder"`` out of its budget.
    holders
        How many holders share ``per_holder``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> print(Management(per_head=20, per_holder=250_000))
    £20 a head and £250,000 a holder, paid by the payer
    """

    per_head: float = 0.0
    per_holder: float = 0.0
    of_budget: float = 0.0
    paid_by: PaidBy = "payer"
    holders: int = 1

    def __post_init__(self) -> None:
        arguments = Arguments()
        arguments.money("per_head", self.per_head)
        arguments.money("per_holder", self.per_holder)
        share(arguments, "of_budget", self.of_budget)
        choice(arguments, "paid_by", self.paid_by, PaidBy)
        arguments.integer("holders", self.holders, 1, MOST_PEOPLE)
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        shared = "a holder" if self.holders == 1 else f"for every {self.holders:,} holders"
        parts = [
            f"{pounds(self.per_head)} a head" if self.per_head else "",
            f"{pounds(self.per_holder)} {shared}" if self.per_holder else "",
            of_budget(self.of_budget) if self.of_budget else "",
        ]
        listing = " and ".join(filter(None, parts))
        return f"{listing}, paid by the {self.paid_by}" if listing else "nothing"


@dataclass(frozen=True)
class Behaviour:
    """What holders change in care; used where a run asks for it.

    Parameters
    ----------
    savings
        Levels of savings, year by year, as shares of the cost of ``services``; the last stays.
    services
        Services that are saved on; all of the scope if ``None``.
    shift
        Share of the cost of ``shift_services`` that is moved out of the scope.
    shift_services
        All of the scope if ``None``.
    base_inflation
        Share by which the outturn of the year before the first is higher, for ``base_services``:
        what a budget by outturn is raised by.
    base_services
        All of the scope if ``None``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> print(Behaviour(savings=[0.03, 0.05], services="prescribing", shift=0.01))
    3 %, 5 % of prescribing cost is saved by year; 1 % of cost is moved out of the scope
    """

    savings: Sequence[float] | None = None
    services: Sequence[str] | None = None
    shift: float = 0.0
    shift_services: Sequence[str] | None = None
    base_inflation: float = 0.0
    base_services: Sequence[str] | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        if self.savings is not None:
            levels = listed(self.savings)
            if not levels:
                allowed = "levels of savings by year, each from 0 to 1"
                arguments.reject_type("savings", self.savings, allowed)
            path = tuple(share(arguments, "savings", level) for level in levels or ())
            object.__setattr__(self, "savings", path)
        for name in ("services", "shift_services", "base_services"):
            object.__setattr__(self, name, service_names(arguments, name, getattr(self, name)))
        share(arguments, "shift", self.shift)
        arguments.number("base_inflation", self.base_inflation)
        arguments.check()
        plain_numbers(self)

    @property
    def all_services(self) -> tuple[str, ...]:
        """Every service that is named."""
        groups = (self.services, self.shift_services, self.base_services)
        return tuple(dict.fromkeys(name for group in groups for name in group or ()))

    def __str__(self) -> str:
        path = ", ".join(f"{100 * level:.10g} %" for level in self.savings or ())
        shift, base = 100 * self.shift, 100 * self.base_inflation
        parts = [
            f"{path} of {named(self.services)}cost is saved by year" if path else "",
            f"{shift:.10g} % of {named(self.shift_services)}cost is moved out of the scope"
            if shift
            else "",
            f"{named(self.base_services)}cost of the year before is {base:.10g} % higher"
            if base
            else "",
        ]
        return "; ".join(filter(None, parts)) or "nothing"
