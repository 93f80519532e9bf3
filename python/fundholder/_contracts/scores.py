"""Scores: gates that a reward needs, and rates that depend on a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .._tables.arguments import Arguments, listed
from .words import as_tuples, rate_words

Rows = list[tuple[float, float]]


@dataclass(frozen=True)
class ByScore:
    """A rate that depends on a score: straight between its rows, level after the last.

    Parameters
    ----------
    score
        The name of the score.
    rows
        Rows of score (0 or more, ascending) and rate. A unit below the first is rejected.

    Raises
    ------
    InputError, InputTypeError
        Another name or other rows.

    Examples
    --------
    Medicare shared savings, ENHANCED: of losses the holder bears 1 - score x 75 %, between 40 %
    and 75 % (42 CFR 425.610):

    >>> from fundholder import SharedSavings, settle
    >>> losses = ByScore("quality", [(0, 0.75), (100 / 3, 0.75), (80, 0.4)])
    >>> terms = SharedSavings(0.75, loss_share=losses)
    >>> year = settle(terms, actual=[110.0], budget=[100.0], scores={"quality": [60.0]})
    >>> year["penalty"].to_pylist()
    [5.5]
    """

    score: str
    rows: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        arguments = Arguments()
        check_score(arguments, self.score)
        read_rows(arguments, "rows", self.rows, "rows of score and rate")
        arguments.check()
        object.__setattr__(self, "rows", as_tuples(self.rows))

    def __str__(self) -> str:
        return rate_words(self.rows, f"a {self.score} score of {{}}")


@dataclass(frozen=True)
class Gate:
    """A gate: the share of a reward that a score earns, of the shared savings of its contract.

    One of three kinds: with ``minimum`` alone all or nothing; with ``full`` in proportion to the
    score, and nothing below ``minimum``; with ``steps`` the share of the last step that is met. It
    multiplies the holder's share of savings, before a payment is capped.

    Parameters
    ----------
    score
        The name of the score.
    minimum
        The score that must be reached.
    full
        The score that earns all.
    steps
        Rows of score (ascending) and share, from 0 to 1; nothing below the first.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also where no kind is given, or ``steps`` beside another.

    Examples
    --------
    Final share = score / 100 x maximum share (Medicare shared savings, 2024):

    >>> from fundholder import Contract, SharedSavings, settle
    >>> contract = Contract([Gate("quality", full=100), SharedSavings(0.75)])
    >>> year = settle(contract, actual=[90.0], budget=[100.0], scores={"quality": [80.0]})
    >>> year["bonus"].to_pylist()
    [6.0]
    """

    score: str = "score"
    minimum: float | None = None
    full: float | None = None
    steps: Sequence[tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        check_score(arguments, self.score)
        for name in ("minimum", "full"):
            if getattr(self, name) is not None:
                arguments.number(name, getattr(self, name))
        if self.steps is not None:
            read_rows(arguments, "steps", self.steps, "rows of score and share", most=1.0)
        given = [name for name in ("minimum", "full", "steps") if getattr(self, name) is not None]
        if not given or (self.steps is not None and len(given) > 1):
            arguments.reject("gate", given, "minimum, full, both, or steps alone")
        arguments.check()
        if self.full is not None and self.full <= (self.minimum or 0.0):
            arguments.reject("full", self.full, "a score above the minimum, and above 0")
        arguments.check()
        object.__setattr__(self, "steps", as_tuples(self.steps))

    def __str__(self) -> str:
        of = f"a {self.score} score of"
        if self.steps is not None:
            steps = (f"{100 * share:.10g} % from {at:.10g}" for at, share in self.steps)
            return f"of a bonus, {of} {', '.join(steps)} is paid; below, nothing"
        least = "" if self.minimum is None else f"{of} {self.minimum:.10g} or more"
        if self.full is None:
            return f"a bonus needs {least}"
        needs = f", and needs {least}" if least else ""
        return f"a bonus is in proportion to the {self.score} score, all at {self.full:.10g}{needs}"

    def engine_rows(self) -> tuple[Rows, bool]:
        """Rows of score and share, and whether it is straight between them."""
        if self.steps is not None:
            return [(float(at), float(share)) for at, share in self.steps], False
        minimum = float(self.minimum or 0.0)
        if self.full is None:
            return [(minimum, 1.0)], False
        return [(minimum, minimum / self.full), (float(self.full), 1.0)], True


def check_score(arguments: Arguments, value: Any) -> None:
    """Check the name of a score."""
    if not isinstance(value, str):
        arguments.reject_type("score", value, "the name of a score")
    elif not value.strip():
        arguments.reject("score", value, "the name of a score")


def read_rows(
    arguments: Arguments, name: str, value: Any, allowed: str, most: float | None = None
) -> Rows:
    """Rows of two numbers, 0 or more, of which the first ascend."""
    rows = listed(value)
    if not rows or not all(isinstance(row, Sequence) and len(row) == 2 for row in rows):
        arguments.reject_type(name, value, allowed)
        return []
    read = [(arguments.number(name, at), arguments.number(name, share)) for at, share in rows]
    if any(one[0] >= other[0] for one, other in pairwise(read)):
        arguments.reject(name, value, f"{allowed}, ascending")
    if most is not None and any(share > most for _, share in read):
        arguments.reject(name, value, f"{allowed}, the share from 0 to {most:.10g}")
    return read
