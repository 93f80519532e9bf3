"""Tiers: which services a budget is for, who holds it, and on which terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .._contracts.contract import Contract
from .._contracts.contract_file import nearest
from .._contracts.terms import TERMS
from .._tables.arguments import Arguments, listed
from .budget_rule import Budget, Premium, Result
from .checks import names, nonblank, share
from .failure import OUTCOMES, Failure, Reserve
from .management import Behaviour, Management
from .participation import Holder, Participation

Scores = Mapping[str, float | Sequence[tuple[float, float]]]
"""Score -> a number, or rows of probability and score: quantiles, straight between rows."""
PARTS: dict[str, tuple[str, type[Any]]] = {
    "holder": ("a Holder", Holder),
    "who": ("a Participation", Participation),
    "contract": ("a Contract", Contract),
    "premium": ("a Premium", Premium),
    "budget": ("a Budget", Budget),
    "result": ("a Result", Result),
    "reserve": ("a Reserve", Reserve),
    "failure": ("a Failure, or None", Failure),
    "management": ("a Management", Management),
    "behaviour": ("a Behaviour", Behaviour),
}
"""The parts of a tier: what is allowed, and its type."""


@dataclass(frozen=True)
class Tier:
    """A tier: a budget for some services, its holders, and their terms.

    Parameters
    ----------
    name
        Of the tier.
    scope
        Services that the budget is for, or service -> share of its cost (above 0, at most 1); all
        services if ``None``.
    holder, who
        Who holds the budgets, and which of them take part.
    contract, premium
        What of a holder's cost is met elsewhere, and what it pays for terms on a person's year. A
        term without services is on the whole scope.
    budget, result, reserve, failure
        How the budget is set, and what becomes of the result.
    management, behaviour
        What the tier costs to run, and what holders change in care.
    scores
        For every score that the contract reads, a number, or rows of probability and score:
        quantiles, straight between the rows and level beyond them. Scores may be left to the run.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also a term, or a behaviour, on services outside of the scope.

    Examples
    --------
    >>> from fundholder import Contract, StopLoss
    >>> drugs = Tier("drugs", scope=["prescribing"], contract=Contract([StopLoss(5_000)]))
    >>> drugs.scope
    {'prescribing': 1.0}
    """

    name: str
    scope: Mapping[str, float] | Sequence[str] | None = None
    holder: Holder = field(default_factory=Holder)
    who: Participation = field(default_factory=Participation)
    contract: Contract = field(default_factory=lambda: Contract([]))
    premium: Premium = field(default_factory=Premium)
    budget: Budget = field(default_factory=Budget)
    result: Result = field(default_factory=Result)
    reserve: Reserve = field(default_factory=Reserve)
    failure: Failure | None = None
    management: Management = field(default_factory=Management)
    behaviour: Behaviour = field(default_factory=Behaviour)
    scores: Scores | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        if nonblank(arguments, "name", self.name, "the name of a tier") in OUTCOMES:
            allowed = f"other than {', '.join(OUTCOMES)}, which follow a failure"
            arguments.reject("name", self.name, allowed)
        if isinstance(self.contract, TERMS):
            object.__setattr__(self, "contract", Contract([self.contract]))
        for name, (allowed, kind) in PARTS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) and not (name == "failure" and value is None):
                arguments.reject_type(name, value, allowed)
        object.__setattr__(self, "scope", _read_scope(arguments, self.scope))
        arguments.check()
        if self.failure is not None and self.failure.then == "merge":
            for name, own in (("level", "practice"), ("shared_by", "own")):
                if getattr(self.result, name) == own:
                    allowed = f"other than {own!r} where holders that fail merge"
                    arguments.reject(name, own, allowed)
        self._check_services(arguments)
        object.__setattr__(self, "scores", self._read_scores(arguments))
        arguments.check()

    @property
    def shares(self) -> dict[str, float] | None:
        """The scope: service -> share of its cost; ``None`` for all services."""
        return dict(self.scope) if isinstance(self.scope, Mapping) else None

    @property
    def missing_scores(self) -> tuple[str, ...]:
        """Scores that the contract reads and the tier does not have: a run needs them."""
        return tuple(name for name in self.contract.scores if name not in (self.scores or {}))

    def _check_services(self, arguments: Arguments) -> None:
        scope = self.shares
        if scope is None:
            return
        terms = (*self.contract.person_terms, *self.contract.payments)
        used = [name for term in terms for name in term.services or ()]
        for name in dict.fromkeys([*used, *self.behaviour.all_services]):
            if name not in scope:
                allowed = f"services of the scope: {', '.join(scope)}{nearest(name, scope)}"
                arguments.reject("services", name, allowed)

    def _read_scores(self, arguments: Arguments) -> Scores | None:
        if self.scores is None:
            return None
        if not isinstance(self.scores, Mapping):
            arguments.reject_type("scores", self.scores, "a table of scores by name")
            return None
        known = self.contract.scores
        for name in self.scores:
            if name not in known:
                listing = ", ".join(known) or "none"
                allowed = f"a score that the contract reads: {listing}{nearest(str(name), known)}"
                arguments.reject("scores", name, allowed)
        return {name: _read_score(arguments, value) for name, value in self.scores.items()} or None


def _read_scope(arguments: Arguments, value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return dict.fromkeys(names(arguments, "scope", value, "services"), 1.0)
    services = names(arguments, "scope", list(value), "services")
    shares = {name: share(arguments, "scope", value[name]) for name in services}
    for name, part in shares.items():
        if part == 0:
            allowed = f"above 0: leave {name} out, where it is not in the scope"
            arguments.reject("scope", value[name], allowed)
    return shares


def _read_score(arguments: Arguments, value: Any) -> float | tuple[tuple[float, float], ...]:
    rows = listed(value)
    if rows is None:
        return arguments.number("scores", value)
    allowed = "a number, or rows of probability and score, ascending"
    if not rows or not all(isinstance(row, Sequence) and len(row) == 2 for row in rows):
        arguments.reject_type("scores", value, allowed)
        return 0.0
    read = tuple(
        (share(arguments, "scores", at), arguments.number("scores", to)) for at, to in rows
    )
    if any(one[0] >= other[0] or one[1] > other[1] for one, other in pairwise(read)):
        arguments.reject("scores", value, allowed)
    return read
