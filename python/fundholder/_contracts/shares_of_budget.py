"""Shares of a budget: whether they are percent, and terms of them as the engine has them."""

from __future__ import annotations

import math
from typing import Any

from .. import _engine
from .._errors import InputError
from .._tables.arguments import Arguments

PAST_ONE = math.nextafter(1.0, 2.0)
"""From here on a share that may be 1 is percent."""
MOST = 1e6
"""Above it the engine says what is allowed."""


def reject_percent(arguments: Arguments, name: str, share: float, at: float) -> None:
    """Reject a share of the budget that is ``at`` or more, as it is likely to be percent."""
    if at <= share <= MOST:
        least = "of at most 1" if at == PAST_ONE else f"below {at:g}"
        percent = f"{share:.10g} is {100 * share:.10g} %: {share / 100:.10g} is {share:.10g} %"
        arguments.reject(name, share, f"a share of the budget {least} ({percent})")


def engine_term(arguments: Arguments, parameters: Any) -> _engine.UnitTerm:
    """The engine's term; what it rejects comes together with what was noted before."""
    try:
        term = _engine.UnitTerm(parameters)
    except InputError as error:
        arguments.extend(error.problems, error.more)
        arguments.check()
        raise
    arguments.check()
    return term
