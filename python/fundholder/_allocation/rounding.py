"""Money in whole steps, such as pence."""

from __future__ import annotations

import math
from typing import Any

from .._tables.arguments import Arguments

MOST_MONEY = 1e13
"""£10 trillion: up to 2**53 pence, about nine times as much, each penny has a float of its own."""

SLACK = 1e-6
"""£: what adding up floats may have put between a total and its whole number of pence."""


def pence_of(arguments: Arguments, name: str, value: Any) -> int:
    """An amount in £ as pence; rejected if it is not a whole number of them."""
    pounds = arguments.number(name, value, below=MOST_MONEY)
    pence = round(pounds * 100)
    if abs(pounds - pence / 100) > SLACK:
        arguments.reject(name, value, f"a whole number of pence, such as {pence / 100:.2f}")
    return pence


def to_steps(amount: float, step: float) -> int:
    """The nearest whole number of steps of money; of two equally near, the even one.

    ``step`` is one hundredth or a whole number.
    """
    return round(amount * 100) if step < 1 else round(amount / step)


def from_steps(steps: int, step: float) -> float:
    """The amount that is a whole number of steps, correctly rounded."""
    return steps / 100 if step < 1 else float(steps * int(step))


def check_step(arguments: Arguments, name: str, value: Any) -> float:
    """A hundredth, or a power of ten up to a billion, of the unit of money."""
    step = arguments.number(name, value)
    nearest = min([0.01, *(10.0**power for power in range(10))], key=lambda a: abs(a - step))
    if not math.isclose(step, nearest, rel_tol=1e-9):
        arguments.reject(name, value, "0.01, 1, 10, 100 ... up to 1e9, in the unit of money")
    return nearest
