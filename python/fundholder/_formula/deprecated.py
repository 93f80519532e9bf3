"""Values of arguments that are on their way out."""

from __future__ import annotations

from typing import Any

from .._tables.warning import deprecated


def current_value(argument: str, value: Any) -> Any:
    """The value of an argument, "error" for its deprecated name "refuse"."""
    if value != "refuse" or not isinstance(value, str):
        return value
    deprecated(f'{argument}="refuse"', f'{argument}="error"')
    return "error"
