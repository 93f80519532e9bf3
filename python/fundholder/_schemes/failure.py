"""Reserves: what carries a result into later years, and when a holder fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._contracts.words import of_budget, percent, pounds
from .._tables.arguments import Arguments
from .checks import MOST_YEARS, choice, nonblank, only_with, optional_integer, plain_numbers, share

Liabilities = Literal["payer", "practices", "holder"]
OUTCOMES = {
    "payer": "the payer takes over",
    "leave": "it leaves",
    "merge": "it joins the largest other holder",
}
"""What may follow a failure, beside another tier, and in words."""
LIABILITIES: dict[str, str] = {
    "payer": "the payer takes its debt",
    "practices": "its practices take its debt",
    "holder": "it keeps its debt",
}


@dataclass(frozen=True)
class Reserve:
    """What a holder puts by, and what meets its losses.

    A loss is met by the reserve, by partners, and by debt, in this order; the payer bears the rest.

    Parameters
    ----------
    start, cap, floor
        What is there at the start, the most, and the least that is kept before a surplus is paid
        out, as shares of the budget; no cap if ``None``.
    keep
        Share of the holder's surplus that is put into the reserve; the rest is paid out at once.
    expiry
        Years after which savings lapse to the payer, the oldest first; never if ``None``.
    partners
        Share of a loss beyond the reserve that partners pay.
    partners_limit
        The most that they pay, £ a head of list a year; no limit if ``None``.
    debt
        The most that is carried forward, as a share of the budget, and repaid from surpluses.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also a start or a floor above the cap.

    Examples
    --------
    >>> print(Reserve(start=0.01, keep=1.0, expiry=4))
    a reserve of 1 % of the budget at the start; all of a surplus is put into it, for 4 years
    """

    start: float = 0.0
    cap: float | None = None
    keep: float = 0.0
    floor: float = 0.0
    expiry: int | None = None
    partners: float = 0.0
    partners_limit: float | None = None
    debt: float = 0.0

    def __post_init__(self) -> None:
        arguments = Arguments()
        for name in ("start", "keep", "floor", "partners", "debt"):
            share(arguments, name, getattr(self, name))
        optional_integer(arguments, "expiry", self.expiry, MOST_YEARS)
        if self.partners_limit is not None:
            arguments.money("partners_limit", self.partners_limit)
        if self.cap is not None:
            cap = share(arguments, "cap", self.cap)
            arguments.check()
            for name in ("start", "floor"):
                if getattr(self, name) > cap:
                    arguments.reject(name, getattr(self, name), f"at most the cap, {cap:.10g}")
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        most = "" if self.cap is None else f", at most {of_budget(self.cap)}"
        years = "" if self.expiry is None else f", for {self.expiry} years"
        pay = (
            "" if self.partners_limit is None else f", at most {pounds(self.partners_limit)} a head"
        )
        parts = []
        if self.start or self.cap:
            parts.append(f"a reserve of {of_budget(self.start)} at the start{most}")
        if self.keep:
            reserve = "it" if parts else "a reserve"
            parts.append(f"{percent(self.keep)} of a surplus is put into {reserve}{years}")
        if self.floor:
            parts.append(f"nothing is paid out below {of_budget(self.floor)}")
        if self.partners:
            parts.append(f"partners pay {percent(self.partners)} of a loss beyond it{pay}")
        if self.debt:
            parts.append(f"a debt of at most {of_budget(self.debt)} is carried forward")
        return "; ".join(parts) or "no reserve"


@dataclass(frozen=True)
class Failure:
    """When a holder fails, and what then.

    Deficits and losses are those of the year after the contract, before ``Result`` shares them.

    Parameters
    ----------
    in_a_row
        Years in a row with a deficit above ``over``.
    over
        Share of the budget.
    cumulative
        Share of one year's budget: results of the last ``window`` years, once so many have passed,
        add up to a larger loss.
    window
        Years; all if ``None``.
    cash_below
        Share of the budget below which the reserve, less debt, must not fall; 0: below nothing.
    then
        What follows: ``"payer"`` bears all from the next year; ``"leave"``, the same without
        management; ``"merge"``, it joins the largest other holder; or the name of a later tier.
    liabilities
        Who takes over its debt: the ``"payer"``, its ``"practices"``, or the ``"holder"`` keeps it.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also a rule without a condition, or without a consequence.

    Examples
    --------
    >>> print(Failure(in_a_row=2, then="payer"))
    after a deficit in 2 years in a row the payer takes over; the payer takes its debt
    """

    in_a_row: int | None = None
    over: float = 0.0
    cumulative: float | None = None
    window: int | None = None
    cash_below: float | None = None
    then: str | None = None
    liabilities: Liabilities = "payer"

    def __post_init__(self) -> None:
        arguments = Arguments()
        conditions = (self.in_a_row, self.cumulative, self.cash_below)
        if all(condition is None for condition in conditions):
            allowed = "given, or cumulative or cash_below: when does a holder fail?"
            arguments.reject("in_a_row", None, allowed)
        optional_integer(arguments, "in_a_row", self.in_a_row, MOST_YEARS)
        optional_integer(arguments, "window", self.window, MOST_YEARS)
        share(arguments, "over", self.over)
        for name in ("cumulative", "cash_below"):
            if getattr(self, name) is not None:
                share(arguments, name, getattr(self, name))
        if self.in_a_row is None:
            only_with(arguments, "over", self.over, "beside in_a_row", 0.0)
        if self.cumulative is None:
            only_with(arguments, "window", self.window, "beside cumulative")
        consequence = f"{', '.join(map(repr, OUTCOMES))}, or the name of a later tier"
        if self.then is None:
            arguments.reject("then", None, f"{consequence}: what follows a failure?")
        else:
            nonblank(arguments, "then", self.then, consequence)
        choice(arguments, "liabilities", self.liabilities, Liabilities)
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        conditions = []
        if self.in_a_row is not None:
            over = f" above {of_budget(self.over)}" if self.over else ""
            conditions.append(f"a deficit{over} in {self.in_a_row} years in a row")
        if self.cumulative is not None:
            window = "" if self.window is None else f" of {self.window} years"
            loss = f"a loss above {of_budget(self.cumulative)}" if self.cumulative else "a loss"
            conditions.append(f"results{window} that add up to {loss}")
        if self.cash_below is not None:
            least = of_budget(self.cash_below) if self.cash_below else "nothing"
            conditions.append(f"cash that falls below {least}")
        then = OUTCOMES.get(str(self.then), f"it moves to {self.then}")
        return f"after {' or '.join(conditions)} {then}; {LIABILITIES[self.liabilities]}"
