"""Payment of providers: what drawn care costs the holder, and what stays with the provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import _engine
from .._tables.arguments import Arguments
from .shares_of_budget import engine_term, reject_percent
from .stop_loss import PROVIDER, check_party, read_services
from .words import named, of_budget, percent


@dataclass(frozen=True)
class ProviderPayment:
    """How providers are paid for some services: tariff, block, fixed and variable, marginal rate.

    Care is worth its price. ``fixed`` of the budget for it is paid in any case; of care worth more,
    ``above`` of its price is paid, too; of care worth less, ``below`` of the difference is not
    paid. The provider bears the rest of the price, or keeps what is paid without care.

    ===================  ================================================  ======================
    payment              what is paid                                      parameters
    ===================  ================================================  ======================
    tariff               the price of all care                             the default
    block                the budget, whatever the care                     ``above=0``
    marginal rate        the price up to the budget, 30 % of it above      ``above=0.3, below=1``
    fixed and variable   104 % of the budget, 75 % of the price around it  ``fixed=1.04,
                                                                           above=0.75``
    ===================  ================================================  ======================

    The marginal rate of emergency care in England was 30 %, later 70 %; the last row is the shape
    of aligned payment and incentive (NHS England, 2022/23).

    Parameters
    ----------
    services
        The services that are paid for so; all cost if ``None``.
    fixed
        What is paid in any case, as a share of the budget for these services.
    above
        Share of the price of care above it that is paid, from 0 to 1.
    below
        Share of the price of care that falls short of it that is not paid; ``above`` if ``None``.
    to
        The provider.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> from fundholder import settle
    >>> marginal = ProviderPayment(above=0.3, below=1)
    >>> settle(marginal, actual=[120.0, 90.0], budget=[100.0] * 2)["kept"].to_pylist()
    [106.0, 90.0]
    """

    services: Sequence[str] | None = None
    fixed: float = 1.0
    above: float = 1.0
    below: float | None = None
    to: str = PROVIDER

    def __post_init__(self) -> None:
        arguments = Arguments()
        object.__setattr__(self, "services", read_services(arguments, self.services))
        arguments.check()
        self._term()

    def __str__(self) -> str:
        care = f"{named(self.services)}care is paid by the holder"
        below = self.above if self.below is None else self.below
        if self.fixed == self.above == below == 1:
            return f"{care} at its price"
        budget = f"{of_budget(self.fixed)} for it"
        if self.above == below == 0:
            return f"{care} with {budget}, whatever it is worth; the rest is the {self.to}'s"
        return (
            f"{care} with {budget}, and {_of(self.above)}the price above; "
            f"{_of(below)}what falls short is not paid; the rest is the {self.to}'s"
        )

    def _term(self) -> _engine.UnitTerm:
        arguments = Arguments()
        check_party(arguments, self.to)
        fixed = arguments.any_number("fixed", self.fixed)
        above = arguments.any_number("above", self.above)
        below = above if self.below is None else arguments.any_number("below", self.below)
        arguments.check()
        reject_percent(arguments, "fixed", fixed, 10.0)
        return engine_term(arguments, (fixed, above, below))


def _of(share: float) -> str:
    return "none of " if share == 0 else f"{percent(share)} of "
