"""The distribution of the largest observed costs."""

from __future__ import annotations

from typing import Any

from .._tables.arguments import Arguments


def check_tail(arguments: Arguments, tail: Any) -> None:
    """Check the name of the distribution of the largest costs."""
    if tail is not None and not isinstance(tail, str):
        arguments.reject_type("tail", tail, "'gpd' or None")
    elif tail not in ("gpd", None):
        arguments.reject("tail", tail, "'gpd' or None")
