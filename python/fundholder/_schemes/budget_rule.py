"""Budgets: how they are set, what is paid for cover, and who keeps the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._tables.arguments import Arguments
from .checks import choice, only_with, plain_numbers, share

PremiumRule = Literal["expected", "none"]
BudgetRule = Literal["formula", "historic"]
Use = Literal["reinvest", "income"]
SharedBy = Literal["list", "need", "equal", "own"]
ResultLevel = Literal["holder", "practice"]


@dataclass(frozen=True)
class Premium:
    """What a holder pays for terms on a person's year.

    Parameters
    ----------
    rule
        ``"expected"``: the cost that is expected to be ceded; ``"none"``: nothing.
    loading
        Share of the expected ceded cost that is added.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also a loading on no premium.

    Examples
    --------
    >>> print(Premium(loading=0.1))
    a premium of expected ceded cost and 10 %
    """

    rule: PremiumRule = "expected"
    loading: float = 0.0

    def __post_init__(self) -> None:
        arguments = Arguments()
        rule = choice(arguments, "rule", self.rule, PremiumRule)
        arguments.number("loading", self.loading)
        if rule == "none":
            only_with(arguments, "loading", self.loading, "by the rule 'expected'", 0.0)
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        if self.rule == "none":
            return "no premium"
        more = f" and {100 * self.loading:.10g} %" if self.loading else ""
        return f"a premium of expected ceded cost{more}"


@dataclass(frozen=True)
class Budget:
    """How the budget of a holder is set, year by year.

    Parameters
    ----------
    rule
        ``"formula"``: the expected cost of its people; ``"historic"``: its outturn of the year
        before the first.
    follow
        Share of the difference between last year's cost of its people and what was expected that is
        added to the budget: what a formula sees of their health. A person's costs of two years have
        a correlation of .36 to .39 within age and sex (MEPS 2012-14): so much is a fair prediction.
    growth
        Growth a year beyond that of cost, above -1.
    rebase
        Share of last year's difference between outturn and budget that moves the next budget, from
        0 to 1: savings are taken off it.
    discount
        Share that is taken off.
    held
        Share that the payer holds back.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also a discount and a part held back that leave nothing.

    Examples
    --------
    >>> print(Budget("historic", rebase=0.5))
    the outturn of the year before; 50 % of last year's difference moves the next budget
    """

    rule: BudgetRule = "formula"
    follow: float = 0.0
    growth: float = 0.0
    rebase: float = 0.0
    discount: float = 0.0
    held: float = 0.0

    def __post_init__(self) -> None:
        arguments = Arguments()
        choice(arguments, "rule", self.rule, BudgetRule)
        growth = arguments.any_number("growth", self.growth)
        if not -1 < growth <= 1:
            arguments.reject("growth", self.growth, "a number above -1, at most 1")
        for name in ("follow", "rebase", "discount", "held"):
            share(arguments, name, getattr(self, name))
        arguments.check()
        if self.discount + self.held >= 1:
            arguments.reject("held", self.held, "with the discount below 1: no budget is left")
        arguments.check()
        plain_numbers(self)

    @property
    def part_paid(self) -> float:
        """What is left of a budget by the discount and the part held back, as a share of it."""
        return 1.0 - self.discount - self.held

    def __str__(self) -> str:
        rule = {
            "formula": "the expected cost of its people",
            "historic": "the outturn of the year before",
        }[self.rule]
        parts = [
            f"following {_percent(self.follow)} of how far their cost was from it last year"
            if self.follow
            else "",
            f"{100 * self.growth:+.10g} % a year beyond the growth of cost" if self.growth else "",
            f"{_percent(self.discount)} is taken off" if self.discount else "",
            f"the payer holds {_percent(self.held)} back" if self.held else "",
            f"{_percent(self.rebase)} of last year's difference moves the next budget"
            if self.rebase
            else "",
        ]
        return "; ".join([rule, *filter(None, parts)])


@dataclass(frozen=True)
class Result:
    """Who keeps what the contract leaves of a surplus, and bears it of a deficit.

    Parameters
    ----------
    gain, loss
        The holder's shares of a surplus and of a deficit, from 0 to 1; the rest is the payer's.
    use
        What a reward is for: ``"reinvest"``, care; ``"income"``, partners.
    shared_by
        How a result is shared by the practices of a holder: by ``"list"``, by ``"need"``,
        ``"equal"`` parts, or each its ``"own"``.
    level
        Whose result counts: that of the ``"holder"``, or of each ``"practice"``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> print(Result(gain=0.7, loss=0.0))
    the holder keeps 70 % of a surplus, for care, and bears nothing of a deficit
    """

    gain: float = 1.0
    loss: float = 1.0
    use: Use = "reinvest"
    shared_by: SharedBy = "list"
    level: ResultLevel = "holder"

    def __post_init__(self) -> None:
        arguments = Arguments()
        share(arguments, "gain", self.gain)
        share(arguments, "loss", self.loss)
        choice(arguments, "use", self.use, Use)
        choice(arguments, "shared_by", self.shared_by, SharedBy)
        choice(arguments, "level", self.level, ResultLevel)
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        keeper = "the holder" if self.level == "holder" else "each practice"
        use = "care" if self.use == "reinvest" else "its partners"
        of = {"list": "", "need": " by need", "equal": " in equal parts", "own": " each its own"}
        by = of[self.shared_by] and f", shared{of[self.shared_by]}"
        return (
            f"{keeper} keeps {_percent(self.gain)} of a surplus, for {use}, and bears "
            f"{_percent(self.loss)} of a deficit{by}"
        )


def _percent(part: float) -> str:
    return "all" if part == 1 else "nothing" if part == 0 else f"{100 * part:.10g} %"
