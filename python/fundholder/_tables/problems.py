"""Problems of one input, collected and raised together."""

from __future__ import annotations

from collections.abc import Iterable

from .._errors import InputError, InputTypeError, Problem

MOST_PROBLEMS = 1_000
"""That are kept; a table may have millions."""


class Problems:
    """What is wrong with an input; ``check`` raises it."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._types: list[Problem] = []
        self._values: list[Problem] = []
        self._more = 0
        self.extend(problems)

    def __bool__(self) -> bool:
        return bool(self._types or self._values)

    def add(self, problem: Problem) -> None:
        """Note a problem."""
        kept = self._types if problem.code == "wrong_type" else self._values
        if len(self._types) + len(self._values) < MOST_PROBLEMS:
            kept.append(problem)
        else:
            self._more += 1

    def extend(self, problems: Iterable[Problem], more: int = 0) -> None:
        """Note several problems, and how many there are beside them."""
        for problem in problems:
            self.add(problem)
        self._more += more

    def check(self) -> None:
        """Raise every problem so far: an ``InputTypeError`` where types alone are wrong."""
        if self._values:
            raise InputError(self._types + self._values, self._more)
        if self._types:
            raise InputTypeError(self._types, self._more)
