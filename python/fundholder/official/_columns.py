"""Columns of results, and what publications have called them over the years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ._headings import Layout

NOTHING = ("", "NULL")
"""Texts that mean: not known."""


@dataclass(frozen=True)
class Column:
    """A column of a result, and the headings that publications have given it over the years."""

    name: str
    headings: tuple[str, ...]
    required: bool = True
    nothing: tuple[str, ...] = NOTHING
    """Texts that mean: not known."""


def layout(columns: Iterable[Column]) -> Layout:
    """What the columns that a file must have may be called."""
    return [column.headings for column in columns if column.required]
