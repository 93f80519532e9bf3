"""Shared savings: the payer bears the deviation from the budget, and shares it with the holder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .. import _engine
from .._tables.arguments import Arguments, listed
from .scores import ByScore, Gate
from .shares_of_budget import PAST_ONE, engine_term, reject_percent
from .stop_loss import check_party
from .words import as_tuples, rate_words

Rate = float | Sequence[tuple[float, float]] | ByScore
"""A share of the budget, or rows of people and rate: straight between rows, level after the last.

A unit with fewer people than the first row is rejected. ``ByScore`` is the same by a score.
"""
EngineRate = float | tuple[int | None, list[tuple[float, float]]]
"""A number, or the number of a score (``None``: people) and rows."""
RATE_ALLOWED = "a number, rows of people and rate, or a ByScore"
RATES = ("share", "loss_share", "msr", "mlr", "cap", "loss_limit")
PERCENT_FROM = {"msr": 1.0, "mlr": 1.0, "cap": PAST_ONE, "loss_limit": PAST_ONE}
"""Rates that are shares of the budget, and from where on they are likely to be percent."""


@dataclass(frozen=True)
class SharedSavings:
    """Shared savings: the payer bears the deviation from the budget, and shares it.

    The holder keeps its budget, is paid a bonus where cost is lower, and pays a penalty where it is
    higher. Savings and losses count from the first pound once their least rate is met. Every rate
    may be a table of people and rate, or a ``ByScore``; a ``Gate`` beside it in a contract makes
    the bonus depend on a score.

    Parameters
    ----------
    share, loss_share
        The holder's shares of savings and of losses, from 0 to 1.
    msr, mlr
        Minimum savings rate and minimum loss rate, as shares of the budget.
    cap
        The most that counts for the holder, as a share of the budget; none if ``None``.
    cap_on
        ``"payment"``: savings are shared, and then the payment is capped (Medicare shared savings);
        ``"savings"``: savings are capped and then shared (Next Generation).
    loss_limit
        The most that the holder pays, as a share of the budget; none if ``None``.
    to
        Who is the payer.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> from fundholder import settle
    >>> msr = [(5_000, 0.039), (6_000, 0.036), (7_000, 0.034)]  # 42 CFR 425.604(b)
    >>> terms = SharedSavings(0.5, msr=msr, cap=0.1)
    >>> year = settle(terms, actual=[963.0, 963.0], budget=[1_000.0] * 2, people=[5_000, 6_000])
    >>> year["bonus"].to_pylist()
    [0.0, 18.5]
    """

    share: Rate
    loss_share: Rate = 0.0
    msr: Rate = 0.0
    mlr: Rate = 0.0
    cap: Rate | None = None
    cap_on: Literal["payment", "savings"] = "payment"
    loss_limit: Rate | None = None
    to: str = "payer"

    def __post_init__(self) -> None:
        self._term()
        for name in RATES:
            object.__setattr__(self, name, as_tuples(getattr(self, name)))

    def __str__(self) -> str:
        paid = ", at most" if self.cap_on == "payment" else " of at most"
        cap = "" if self.cap is None else f"{paid} {_rate(self.cap)} of the budget"
        losses = "it bears no losses"
        if self.loss_share != 0:
            losses = f"of losses{_least(self.mlr)}, it pays {_rate(self.loss_share)}"
            if self.loss_limit is not None:
                losses += f", at most {_rate(self.loss_limit)} of the budget"
        return (
            f"the {self.to} bears the deviation from the budget; of savings{_least(self.msr)}, the "
            f"holder is paid {_rate(self.share)}{cap}; {losses}"
        )

    def scores(self) -> list[str]:
        """The scores that rates depend on."""
        rates = (getattr(self, name) for name in RATES)
        return [rate.score for rate in rates if isinstance(rate, ByScore)]

    def _term(
        self, scores: Sequence[str] | None = None, gates: Sequence[Gate] = ()
    ) -> _engine.UnitTerm:
        numbers = self.scores() if scores is None else list(scores)
        arguments = Arguments()
        check_party(arguments, self.to)
        if self.cap_on not in ("payment", "savings"):
            arguments.reject("cap_on", self.cap_on, "'payment' or 'savings'")
        rates: dict[str, Any] = {
            name: _read_rate(arguments, name, getattr(self, name), numbers) for name in RATES
        }
        for name in RATES[:4]:
            if rates[name] is None:
                arguments.reject_type(name, None, RATE_ALLOWED)
        arguments.check()
        for name, at in PERCENT_FROM.items():
            for rate in _values(rates[name]):
                reject_percent(arguments, name, rate, at)
        needed = [rates[name] for name in RATES[:4]]
        on_savings = self.cap_on == "savings"
        rows = [(numbers.index(gate.score), *gate.engine_rows()) for gate in gates]
        parameters = (needed, rates["cap"], on_savings, rates["loss_limit"], rows)
        return engine_term(arguments, parameters)


def _read_rate(arguments: Arguments, name: str, value: Any, scores: list[str]) -> EngineRate | None:
    if isinstance(value, ByScore):
        return scores.index(value.score), [(float(at), float(rate)) for at, rate in value.rows]
    rows = listed(value)
    if value is None or rows is None:
        return None if value is None else arguments.any_number(name, value)
    if not all(isinstance(row, Sequence) and len(row) == 2 for row in rows):
        arguments.reject_type(name, value, RATE_ALLOWED)
        return None
    return None, [
        (arguments.any_number(name, people), arguments.any_number(name, rate))
        for people, rate in rows
    ]


def _values(rate: EngineRate | None) -> list[float]:
    if rate is None:
        return []
    return [row[1] for row in rate[1]] if isinstance(rate, tuple) else [rate]


def _least(rate: Rate) -> str:
    return "" if rate == 0 else f" of {_rate(rate)} of the budget or more"


def _rate(rate: Rate) -> str:
    if isinstance(rate, ByScore):
        return str(rate)
    if not isinstance(rate, Sequence):
        return f"{100 * rate:.10g} %"
    return rate_words(rate, "{} people")
