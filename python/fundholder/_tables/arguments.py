"""Arguments of the public functions, checked all at once before any work."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from typing import Any

from .._errors import Problem
from .problems import Problems

LEAST_MONEY, MOST_MONEY = 1e-9, 1e15
"""£, of an amount that is not 0: powers of all between stay within double precision."""
LONGEST_NAME = 1_000
"""Characters of the name of a column."""
NEAREST = 1e-12
"""Of a probability to 0 and to 1: nearer, distributions are not told apart."""


class Arguments(Problems):
    """The arguments of one call; ``check`` raises all that is wrong with them."""

    def reject(self, name: str, value: Any, allowed: str) -> None:
        """Note that ``value`` is not allowed."""
        self.add(Problem.argument(name, value, allowed))

    def reject_type(self, name: str, value: Any, allowed: str) -> None:
        """Note that the type of ``value`` is not allowed."""
        self.add(Problem.argument_type(name, value, allowed))

    def integer(self, name: str, value: Any, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        allowed = f"a whole number from {low} to {high}"
        try:
            number = operator.index(value)
        except TypeError:
            self.reject_type(name, value, allowed)
            return low
        if not low <= number <= high or isinstance(value, bool):
            self.reject(name, value, allowed)
            return low
        return number

    def threads(self, value: Any) -> int:
        """How many threads; without a number, as many as the process may use."""
        if value is None:
            known = hasattr(os, "sched_getaffinity")
            value = len(os.sched_getaffinity(0)) if known else os.cpu_count()
        return self.integer("threads", value, 1, 1024)

    def flag(self, name: str, value: Any) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.reject_type(name, value, "True or False")
        return bool(value)

    def number(self, name: str, value: Any, *, below: float = math.inf) -> float:
        """A finite number of at least 0 and below ``below``."""
        allowed = "a finite number of at least 0"
        if below < math.inf:
            allowed += f" and below {below:g}"
        number = _number(value)
        if number is None:
            self.reject_type(name, value, allowed)
            return 0.0
        if not 0 <= number < below:
            self.reject(name, value, allowed)
            return 0.0
        return number

    def any_number(self, name: str, value: Any) -> float:
        """A number, whose value is checked elsewhere."""
        number = _number(value)
        if number is None:
            self.reject_type(name, value, "a number")
            return 0.0
        return number

    def money(self, name: str, value: Any) -> float:
        """An amount in £: 0, or one that the engine serves."""
        allowed = "a finite number of £, 0 or more (0, or from 1e-9 to 1e15)"
        number = _number(value)
        if number is None:
            self.reject_type(name, value, allowed)
            return 0.0
        if number != 0 and not LEAST_MONEY <= number <= MOST_MONEY:
            self.reject(name, value, allowed)
            return 0.0
        return number

    def column(self, name: str, value: Any, *, optional: bool = False) -> str:
        """One column name; an empty one where there is none."""
        if isinstance(value, str):
            self._check_name(name, value)
            return value
        if not (optional and value is None):
            allowed = "the name of a column" + (", or None" if optional else "")
            self.reject_type(name, value, allowed)
        return ""

    def names(self, name: str, value: Any) -> list[str]:
        """One column name or several, each once."""
        allowed = "the name of a column, or a list of different ones"
        if isinstance(value, str):
            self._check_name(name, value)
            return [value]
        names = listed(value)
        if names is None:
            self.reject_type(name, value, allowed)
            return []
        if not all(isinstance(item, str) for item in names):
            self.reject_type(name, value, allowed)
            return []
        if not names or len(set(names)) < len(names):
            self.reject(name, value, allowed)
        for item in names:
            self._check_name(name, item)
        return names

    def _check_name(self, name: str, value: str) -> None:
        try:
            value.encode()
            good = "\0" not in value and len(value) <= LONGEST_NAME
        except UnicodeEncodeError:
            good = False
        if not good:
            self.reject(name, value, f"text of at most {LONGEST_NAME:,} characters, without NUL")

    def fractions(self, name: str, values: Any) -> list[tuple[str, float]]:
        """Different numbers between 0 and 1, each with how it was written."""
        allowed = f"different numbers between 0 and 1 (from {NEAREST:g} to 1 - {NEAREST:g})"
        items = listed(values)
        if items is None:
            self.reject_type(name, values, f"a sequence of {allowed}")
            return []
        fractions: list[tuple[str, float]] = []
        for value in items:
            number = _number(value)
            if number is None:
                self.reject_type(name, value, allowed)
                continue
            if not NEAREST <= number <= 1 - NEAREST or number in [other for _, other in fractions]:
                self.reject(name, value, allowed)
            fractions.append((str(value), number))
        return fractions


def listed(value: Any) -> list[Any] | None:
    """The items of a sequence or an iterator; nothing for text and for what has no items."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return None
    try:
        return list(value)
    except TypeError:
        return None


def _number(value: Any) -> float | None:
    """A number as a float, infinite where it is too large; nothing for anything else."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        return None
