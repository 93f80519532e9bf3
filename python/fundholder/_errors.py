"""What fundholder refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

LISTED = 20


class FundholderError(Exception):
    """The root of every refusal; ``problems`` holds every reason found, one string each.

    The message lists the first 20 and counts the rest.
    """

    problems: list[str]

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        lines = self.problems[:LISTED]
        if len(self.problems) > LISTED:
            lines = [*lines, f"and {len(self.problems) - LISTED} more"]
        if len(self.problems) > 1:
            lines = [f"{len(self.problems)} problems:", *(f"- {line}" for line in lines)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[Self], tuple[list[str]]]:
        # The default would rebuild from the joined message, one letter per problem.
        return type(self), (self.problems,)


class InputError(FundholderError, ValueError):
    """Input with a value, a column or a unit that is not allowed."""


class InputTypeError(FundholderError, TypeError):
    """Input of a type that is not allowed."""
