"""Headings of published files: what of them differs between editions, and which row they are."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

HEADING_ROWS = 10
"""Rows of a sheet in which the headings are looked for; publishers put titles above them."""
YEAR = re.compile(r"(?<!\d)(20\d{2})[-/_ ]?(\d{2})(?!\d)")
"""A financial year: 2023/24, 2023-24 or 202324."""

Layout = Sequence[Sequence[str]]
"""What each column that a file must have may be called; <yy> stands for a year of two digits."""


class HeadingRow(NamedTuple):
    """The row of a sheet that has most columns of a layout."""

    row: int
    columns: int
    complete: bool


def plain_heading(heading: str) -> str:
    """A heading without what differs between files: case, line breaks, underscores, the year."""
    words = " ".join(heading.replace("_", " ").split()).casefold()
    return re.sub(r"^\d{4}[/-]\d{2} | \d{4}[/-]\d{2}$", "", words)


def is_called(heading: str, names: Iterable[str]) -> bool:
    """Whether a heading of a file is one of these names."""
    plain = plain_heading(heading)
    return any(_pattern(name).fullmatch(plain) for name in names)


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(plain_heading(name)).replace("<yy>", r"\d{2}"))


def heading_row(rows: Sequence[Sequence[Any]], layouts: Sequence[Layout]) -> HeadingRow:
    """The row of headings of the layout that fits best; the first where there is none."""
    best = HeadingRow(0, 0, False)
    for i, row in enumerate(rows[:HEADING_ROWS]):
        texts = [value for value in row if isinstance(value, str) and value.strip()]
        for layout in layouts:
            hits = sum(any(is_called(text, names) for text in texts) for names in layout)
            here = HeadingRow(i, hits, hits == len(layout))
            best = max(best, here, key=lambda r: (r.complete, r.columns))
    return best


def financial_year(texts: Iterable[str]) -> str | None:
    """The one financial year that texts name, as 2023/24; none where they name none or several."""
    named = {match.groups() for text in texts for match in YEAR.finditer(text)}
    years = {f"{start}/{end}" for start, end in named if (int(start) + 1) % 100 == int(end)}
    return years.pop() if len(years) == 1 else None
