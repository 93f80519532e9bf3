"""Contracts: terms in the order in which they apply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from .. import _engine
from .._tables.arguments import Arguments, listed
from .contract_file import read_terms, write_terms
from .provider_payment import ProviderPayment
from .scores import Gate
from .shared_savings import SharedSavings
from .stop_loss import CarveOut, StopLoss
from .terms import PERSON_TERMS, TERMS, UNIT_TERMS, PersonTerm, Term, UnitTerm
from .unit_terms import Corridor

STAGES = ("a person's year", "payments of providers for some services", "the total of a unit")
"""What terms are on, in the order in which they apply."""

SETTLING = (Corridor, SharedSavings)
ONE_SETTLES = (
    "one Corridor or SharedSavings: each settles the whole deviation from the budget; to share "
    "savings inside bands, give the Corridor other bands `below`"
)


@dataclass(frozen=True, init=False)
class Contract:
    """A contract: terms, each of what those before it left.

    Terms on a person's year come first, payments of providers for some services next, and those on
    the total of a unit after them.

    Parameters
    ----------
    terms
        ``StopLoss`` and ``CarveOut``, then ``ProviderPayment``, then ``QuotaShare``,
        ``AggregateStopLoss``, ``Corridor`` and ``SharedSavings``. A corridor or shared savings
        settles the deviation from the budget and is the last. Each ``Gate`` is on the reward of the
        shared savings, wherever it stands.

    Raises
    ------
    InputError, InputTypeError
        A term of another type, or out of its order.

    Examples
    --------
    >>> from fundholder import AggregateStopLoss, QuotaShare
    >>> print(Contract([StopLoss(20_000), QuotaShare(0.25), AggregateStopLoss(60_000)]))
    1. of cost above £20,000 a person-year, all is met by the pool
    2. of cost, 25 % is met by the payer
    3. of cost above £60,000, all is met by the payer
    """

    terms: tuple[Term, ...]

    def __init__(self, terms: Iterable[Term]) -> None:
        arguments = Arguments()
        allowed = f"a list of {', '.join(term.__name__ for term in TERMS)}"
        rows: list[Any] = listed(terms) or []
        if listed(terms) is None:
            arguments.reject_type("terms", terms, allowed)
        for term in rows:
            if not isinstance(term, TERMS):
                arguments.reject_type("terms", term, allowed)
        moving = [term for term in rows if not isinstance(term, Gate)]
        settling = [type(term).__name__ for term in moving if isinstance(term, SETTLING)]
        if len(settling) > 1:
            arguments.reject("terms", " and ".join(settling), ONE_SETTLES)
        if settling and not isinstance(moving[-1], SETTLING):
            arguments.reject("terms", settling[-1], "the last term of a contract")
        stages = [_stage(term) for term in moving]
        for term, stage, earlier in zip(moving[1:], stages[1:], stages, strict=False):
            if stage < earlier:
                allowed = f"before the terms on {STAGES[earlier]}"
                arguments.reject("terms", type(term).__name__, allowed)
        paid = [name for term in moving if _stage(term) == 1 for name in term.services]
        for name in sorted({name for name in paid if paid.count(name) > 1}):
            arguments.reject("services", name, "in one ProviderPayment")
        if len(moving) < len(rows) and not any(isinstance(term, SharedSavings) for term in rows):
            arguments.reject("terms", "Gate", "beside SharedSavings, whose reward it is on")
        arguments.check()
        object.__setattr__(self, "terms", tuple(rows))

    @property
    def person_terms(self) -> tuple[PersonTerm, ...]:
        """The terms on a person's year."""
        return tuple(term for term in self.terms if isinstance(term, PERSON_TERMS))

    @property
    def payments(self) -> tuple[ProviderPayment, ...]:
        """Payments of providers for some services."""
        terms = (term for term in self.terms if isinstance(term, ProviderPayment))
        return tuple(term for term in terms if _stage(term) == 1)

    @property
    def unit_terms(self) -> tuple[UnitTerm, ...]:
        """The terms on the total of a unit."""
        terms = (term for term in self.terms if isinstance(term, UNIT_TERMS))
        return tuple(term for term in terms if _stage(term) == 2)

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of the scores that gates and rates depend on."""
        names = [term.score for term in self._gates()]
        for term in self.unit_terms:
            names += term.scores() if isinstance(term, SharedSavings) else []
        return tuple(dict.fromkeys(names))

    def engine_terms(self) -> list[_engine.UnitTerm]:
        """The engine's terms on the total of a unit."""
        return [
            term._term(self.scores, self._gates())
            if isinstance(term, SharedSavings)
            else term._term()
            for term in self.unit_terms
        ]

    def _care(self) -> tuple[CarveOut, ...]:
        """What providers are paid for, as what would be carved out after the person terms."""
        return tuple(CarveOut(payment.services or ()) for payment in self.payments)

    def _gates(self) -> list[Gate]:
        return [term for term in self.terms if isinstance(term, Gate)]

    @staticmethod
    def read(path: str | PathLike[str]) -> Contract:
        """Read a contract from a file of TOML or JSON, as ``write`` makes it.

        Raises
        ------
        InputError
            A file that cannot be read; every term, key and value that is not allowed, with the
            nearest key there is.
        """
        return Contract(read_terms(Path(path)))

    def write(self, path: str | PathLike[str]) -> None:
        """Write the contract to a file of TOML or JSON that people can read and edit.

        Examples
        --------
        A file of TOML::

            # of hospital cost above £5,000 a person-year, all is met by the health authority
            [[terms]]
            term = "stop_loss"
            ceiling = 5000
            services = ["hospital"]
            to = "health authority"
        """
        write_terms(self.terms, Path(path))

    def only_stop_loss(self) -> _engine.StopLoss | None:
        """The engine's stop-loss on all cost, where there is nothing else."""
        match self.terms:
            case (StopLoss(services=None) as term,):
                return term._terms()
        return None

    def __str__(self) -> str:
        lines = (f"{number}. {term}" for number, term in enumerate(self.terms, 1))
        return "\n".join(lines) or "the holder bears all"


def _stage(term: Any) -> int:
    """What a term is on, as its place in ``STAGES``."""
    if isinstance(term, PERSON_TERMS):
        return 0
    return 1 if isinstance(term, ProviderPayment) and term.services is not None else 2


def read_contract(arguments: Arguments, stop_loss: Any = None, contract: Any = None) -> Contract:
    """The contract of a call: a ``Contract`` or a term of one, or its short form, a ceiling."""
    if contract is not None and stop_loss is not None:
        arguments.reject("stop_loss", stop_loss, "None where a contract is given: one of its terms")
    if contract is not None:
        contract = Contract([contract]) if isinstance(contract, TERMS) else contract
        if isinstance(contract, Contract):
            return contract
        arguments.reject_type("contract", contract, "a Contract, or one term of one")
    elif isinstance(stop_loss, StopLoss):
        return Contract([stop_loss])
    elif stop_loss is not None:
        return Contract([StopLoss(arguments.money("stop_loss", stop_loss))])
    return Contract([])


def needed_contract(arguments: Arguments, contract: Any) -> Contract:
    """The contract of a call that has no short form: a ``Contract``, or a term of one."""
    if contract is None:
        arguments.reject_type("contract", None, "a Contract, or one term of one")
    return read_contract(arguments, contract=contract)


def check_services(
    arguments: Arguments,
    contract: Contract,
    services: list[str],
    among: str = "services of the cost model",
) -> None:
    """Check that a cost model, or what else is ``among``, has the services that terms are on."""
    for term in (*contract.person_terms, *contract.payments):
        check_names(arguments, term.services or (), services, among)


def check_names(
    arguments: Arguments,
    names: Iterable[str],
    services: list[str],
    among: str = "services of the cost model",
) -> None:
    """Check that a cost model, or what else is ``among``, has these services."""
    allowed = f"{among}: {', '.join(services)}"
    for name in names:
        if name not in services:
            none = "None: the cost model has no services"
            arguments.reject("services", name, allowed if services else none)


def check_person_terms(arguments: Arguments, contract: Contract) -> None:
    """Check that a contract has no terms on the total of a unit."""
    for term in (*contract.payments, *contract.unit_terms):
        name = type(term).__name__
        arguments.reject("contract", name, "terms on a person's year: variance takes the others")


def check_scores(arguments: Arguments, contract: Contract, scores: Any) -> None:
    """Check that scores are given where a contract reads them."""
    if contract.scores and scores is None:
        names = ", ".join(contract.scores)
        arguments.reject_type("scores", None, f"the scores of each unit: {names}")
