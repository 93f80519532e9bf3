"""Terms on the total of a unit's year: who bears what of it, and of its deviation from a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import _engine
from .._tables.arguments import Arguments, listed
from .shares_of_budget import engine_term, reject_percent
from .stop_loss import check_party
from .words import as_tuples, of_budget, percent, pounds

Band = tuple[float, float | None, float]
"""Where it begins and ends, as shares of the budget (``None``: no end), and the holder's share."""
Rows = list[tuple[float, float, float]]
"""Bands as the engine has them: without an end, one that is infinite."""


@dataclass(frozen=True)
class QuotaShare:
    """A quota share: ``share`` of the cost is ceded ``to`` another party.

    Raises
    ------
    InputError, InputTypeError
        A share that is no number from 0 to 1.

    Examples
    --------
    >>> from fundholder import settle
    >>> settle(QuotaShare(0.25), actual=[100.0])["kept"].to_pylist()
    [75.0]
    """

    share: float
    to: str = "payer"

    def __post_init__(self) -> None:
        self._term()

    def __str__(self) -> str:
        return f"of cost, {percent(self.share)} is met by the {self.to}"

    def _term(self) -> _engine.UnitTerm:
        arguments = Arguments()
        check_party(arguments, self.to)
        share = arguments.any_number("share", self.share)
        arguments.check()
        return _engine.UnitTerm(share)


@dataclass(frozen=True)
class AggregateStopLoss:
    """An aggregate stop-loss: of a unit's cost above ``attachment``, ``share`` is ceded.

    Parameters
    ----------
    attachment
        £ a year, or a share of the budget where ``of_budget``.
    share
        Share of the cost above it that is ceded, from 0 to 1.
    limit
        The most that is ceded, as ``attachment``; none if ``None``.
    of_budget
        Whether ``attachment`` and ``limit`` are shares of the budget.
    to
        Who meets what is ceded.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> from fundholder import settle
    >>> cover = AggregateStopLoss(1.05, share=0.8, of_budget=True)
    >>> settle(cover, actual=[1_100.0], budget=[1_000.0])["ceded"].to_pylist()
    [40.0]
    """

    attachment: float
    share: float = 1.0
    limit: float | None = None
    of_budget: bool = False
    to: str = "payer"

    def __post_init__(self) -> None:
        self._term()

    def __str__(self) -> str:
        amount = of_budget if self.of_budget else pounds
        limit = "" if self.limit is None else f", at most {amount(self.limit)}"
        attachment, share = amount(self.attachment), percent(self.share)
        return f"of cost above {attachment}, {share} is met by the {self.to}{limit}"

    def _term(self) -> _engine.UnitTerm:
        arguments = Arguments()
        check_party(arguments, self.to)
        attachment = arguments.any_number("attachment", self.attachment)
        share = arguments.any_number("share", self.share)
        limit = math.inf if self.limit is None else arguments.any_number("limit", self.limit)
        of_budget = arguments.flag("of_budget", self.of_budget)
        arguments.check()
        if of_budget:
            reject_percent(arguments, "attachment", attachment, 10.0)
            reject_percent(arguments, "limit", limit, 10.0)
        return engine_term(arguments, (attachment, share, limit, of_budget))


@dataclass(frozen=True)
class Corridor:
    """A risk corridor: of each band of the deviation from the budget, the holder bears its share.

    The rest is ceded; of cost below the budget, what is ceded is negative: the holder pays it.

    Parameters
    ----------
    bands
        Rows of (from, to, the holder's share), from and to as shares of the budget, without gaps;
        ``to`` of the last is ``None``. Sources that state the payer's share are converted.
    below
        Bands of cost below the budget; the same if ``None``.
    to
        Who bears the rest.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    The corridor of the Affordable Care Act, 42 USC 18062:

    >>> from fundholder import settle
    >>> corridor = Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)])
    >>> year = settle(corridor, actual=[110.0, 105.0, 92.0], budget=[100.0] * 3)
    >>> year["ceded"].to_pylist()
    [4.1, 1.0, -2.5]
    """

    bands: Sequence[Band]
    below: Sequence[Band] | None = None
    to: str = "payer"

    def __post_init__(self) -> None:
        self._term()
        for name in ("bands", "below"):
            object.__setattr__(self, name, as_tuples(getattr(self, name)))

    def __str__(self) -> str:
        if self.below is None:
            bears = f"of cost above or below the budget, the holder bears {_bands(self.bands)}"
        else:
            above, below = _bands(self.bands), _bands(self.below)
            bears = f"the holder bears of cost above the budget {above}; below it {below}"
        return f"{bears}; the rest is the {self.to}'s"

    def _term(self) -> _engine.UnitTerm:
        arguments = Arguments()
        check_party(arguments, self.to)
        above = _read_bands(arguments, "bands", self.bands)
        below = above if self.below is None else _read_bands(arguments, "below", self.below)
        arguments.check()
        _check_bands(arguments, "bands", above)
        if self.below is not None:
            _check_bands(arguments, "below", below)
        arguments.check()
        return _engine.UnitTerm((above, below))


def _read_bands(arguments: Arguments, name: str, value: Any) -> Rows:
    rows = listed(value)
    if rows is None or not all(isinstance(row, Sequence) and len(row) == 3 for row in rows):
        arguments.reject_type(name, value, "rows of (from, to, the holder's share)")
        return []
    return [
        (
            arguments.any_number(name, start),
            math.inf if end is None else arguments.any_number(name, end),
            arguments.any_number(name, share),
        )
        for start, end, share in rows
    ]


def _check_bands(arguments: Arguments, name: str, bands: Rows) -> None:
    if bands:
        reject_percent(arguments, name, bands[0][1], 1.0)
    end = 0.0
    for start, to, share in bands:
        if start != end:
            low, high = sorted((start, end))
            between = f"{'gap' if start > end else 'overlap'} from {low:.10g} to {high:.10g}"
            arguments.reject(name, start, f"bands from 0 on, without gaps or overlaps: {between}")
        if not to > start:
            arguments.reject(name, to, f"the end of a band, above its beginning, {start:.10g}")
        if not 0 <= share <= 1:
            arguments.reject(name, share, "the holder's share, from 0 to 1")
        end = to
    if end != math.inf:
        arguments.reject(name, end, "bands of which the last has no end")


def _bands(bands: Sequence[Band]) -> str:
    parts = (
        f"{percent(share)} {f'up to {100 * end:.10g} %' if end is not None else 'beyond'}"
        for _, end, share in bands
    )
    return ", ".join(parts)
