"""Contracts: what a budget holder keeps of a cost, and what it passes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import _engine
from .._tables.arguments import Arguments


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

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    Germany's Risikopool met 80 % of a person's cost above EUR 100,000:

    >>> StopLoss(100_000, share=0.8).ceded(250_000)
    120000.0
    """

    ceiling: float
    share: float = 1.0
    limit: float | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        arguments.money("ceiling", self.ceiling)
        if arguments.number("share", self.share) > 1:
            arguments.reject("share", self.share, "a number from 0 to 1")
        if self.limit is not None:
            arguments.money("limit", self.limit)
        arguments.check()

    def ceded(self, cost: float) -> float:
        """The ceded part (£) of one person's cost of the year (£)."""
        arguments = Arguments()
        cost = arguments.money("cost", cost)
        arguments.check()
        return self._terms().ceded(cost)

    def _terms(self) -> _engine.StopLoss:
        limit = None if self.limit is None else float(self.limit)
        return _engine.StopLoss(float(self.ceiling), float(self.share), limit)


def stop_loss_terms(arguments: Arguments, value: Any) -> _engine.StopLoss | None:
    """The engine's terms of a ceiling in £, a ``StopLoss`` or ``None``."""
    if value is None:
        return None
    if isinstance(value, StopLoss):
        return value._terms()
    return _engine.StopLoss(arguments.money("stop_loss", value))
