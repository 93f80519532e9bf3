"""What fundholder rejects, and how it says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

LISTED = 20


class FundholderError(Exception):
    """The root of every rejection; ``problems`` holds every reason found, one string each.

    The message lists the first 20 and counts the rest. Of more than a thousand, the rest are only
    counted, as ``more``.
    """

    problems: list[str]
    more: int

    def __init__(self, problems: Sequence[str], more: int = 0) -> None:
        self.problems = list(problems)
        self.more = more
        total = len(self.problems) + more
        lines = self.problems[:LISTED]
        if total > LISTED:
            lines = [*lines, f"and {total - LISTED} more"]
        if total > 1:
            lines = [f"{total} problems:", *(f"- {line}" for line in lines)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[Self], tuple[list[str], int]]:
        # The default would rebuild from the joined message, one letter per problem.
        return type(self), (self.problems, self.more)


class InputError(FundholderError, ValueError):
    """Input with a value, a column or a unit that is not allowed."""


class InputTypeError(FundholderError, TypeError):
    """Input of a type that is not allowed."""
