"""Checks of the values of a scheme that several of its parts share."""

from __future__ import annotations

import operator
from dataclasses import fields
from numbers import Number
from typing import Any, get_args

from .._contracts.contract_file import nearest
from .._contracts.stop_loss import HOLDER
from .._tables.arguments import Arguments, listed

MOST_YEARS = 100
"""Of a scheme, and of a rule over years."""
MOST_PEOPLE = 10**9
"""Of a holder."""


def share(arguments: Arguments, name: str, value: Any) -> float:
    """A number from 0 to 1."""
    number = arguments.any_number(name, value)
    if not 0 <= number <= 1:
        arguments.reject(name, value, "a number from 0 to 1")
    return number


def optional_integer(arguments: Arguments, name: str, value: Any, high: int) -> None:
    """Check a whole number of at least 1, where one is given."""
    if value is not None:
        arguments.integer(name, value, 1, high)


def choice(arguments: Arguments, name: str, value: Any, literal: Any) -> str:
    """One of the values of a ``Literal``; an empty text where it is none."""
    values = get_args(literal)
    if not isinstance(value, str) or value not in values:
        allowed = f"one of {', '.join(map(repr, values))}{nearest(str(value), values)}"
        arguments.reject(name, value, allowed)
        return ""
    return value


def only_with(arguments: Arguments, name: str, value: Any, rule: str, unset: Any = None) -> None:
    """Reject a value that is read under another rule alone."""
    given = value is not None if unset is None else isinstance(value, Number) and value != unset
    if given:
        arguments.reject(name, value, f"{unset}: it is read {rule}")


def nonblank(arguments: Arguments, name: str, value: Any, what: str) -> str:
    """Text that is not blank."""
    if not isinstance(value, str):
        arguments.reject_type(name, value, what)
        return ""
    if not value.strip() or not is_text(value):
        arguments.reject(name, value, what)
    return value


def is_text(value: str) -> bool:
    """Whether a file can hold the text: not where it has halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def party(arguments: Arguments, name: str, value: Any) -> None:
    """Check the name of a party."""
    what = f"the name of a party other than the {HOLDER}"
    if nonblank(arguments, name, value, what) == HOLDER:
        arguments.reject(name, value, what)


def plain_numbers(part: Any) -> None:
    """Keep numbers of other libraries as Python's, which files can hold; values were checked."""
    for field in fields(part):
        value = getattr(part, field.name)
        if type(value) in (int, float):
            continue
        if hasattr(value, "__index__"):
            object.__setattr__(part, field.name, operator.index(value))
        elif hasattr(value, "__float__"):
            object.__setattr__(part, field.name, float(value))


def service_names(arguments: Arguments, name: str, value: Any) -> tuple[str, ...] | None:
    """Names of services, each once; ``None`` for all of the scope."""
    return None if value is None else names(arguments, name, value, "services")


def names(arguments: Arguments, name: str, value: Any, what: str) -> tuple[str, ...]:
    """One name or several, each once."""
    allowed = f"a list of names of {what}, each once"
    items = [value] if isinstance(value, str) else listed(value)
    if items is None or not all(isinstance(item, str) for item in items):
        arguments.reject_type(name, value, allowed)
        return ()
    if not items or len(set(items)) < len(items) or not all(map(_is_name, items)):
        arguments.reject(name, value, allowed)
    return tuple(items)


def _is_name(item: str) -> bool:
    return bool(item.strip()) and is_text(item)
