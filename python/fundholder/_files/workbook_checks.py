"""Checks of sheets, their names and tables against what Excel allows, before any writing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from .._errors import Problem
from .._tables.problems import Problems
from .workbook_columns import FORMATS, MOST_COLUMNS, MOST_ROWS, problems_of

CONTENTS = "Contents"
RESERVED = (CONTENTS.casefold(), "history")
"""The first sheet here, and a name that Excel keeps for itself."""
LONGEST_NAME = 31
NOT_IN_NAMES = r"[\[\]:*?/\\\x00-\x1f]"
ALLOWED_NAME = (
    f"a name of 1 to {LONGEST_NAME} letters without [ ] : * ? / \\, that does not begin or end "
    f"with ' and is neither {CONTENTS} nor History"
)


def checked_texts(problems: Problems, name: str, value: Any) -> dict[str, str]:
    """The dict of texts in an argument, empty for ``None``; anything else is a problem."""
    allowed = "a dict of text by text, or None"
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.add(Problem.argument_type(name, value, allowed))
        return {}
    wrong = {key: text for key, text in value.items() if not _are_texts(key, text)}
    for key, text in wrong.items():
        problems.add(Problem.argument_type(f"{name}[{key!r:.40}]", text, allowed))
    return {} if wrong else dict(value)


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) and is_unicode(value) for value in values)


def is_unicode(text: str) -> bool:
    """Whether the text can be written: lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def name_problems(names: list[str], about: Mapping[str, str]) -> Iterator[Problem]:
    """Problems of the names of sheets."""
    if not names:
        yield Problem("tables is empty: must have a table", code="empty", column="tables")
    seen: dict[str, str] = {}
    for name in names:
        plain = name.casefold()
        edges = name.startswith("'") or name.endswith("'")
        good = name.strip() and len(name) <= LONGEST_NAME and plain not in RESERVED
        if not good or edges or re.search(NOT_IN_NAMES, name) or not is_unicode(name):
            yield _name_problem(f"sheet {name!r}", name, ALLOWED_NAME)
        elif plain in seen:
            text = f"sheet {name!r}: must differ from {seen[plain]!r} in more than case"
            yield Problem(text, code="duplicate", value=name)
        seen.setdefault(plain, name)
    for name in about:
        if name not in names:
            yield _name_problem(f"about {name!r}", name, f"one of the sheets {names}")


def _name_problem(what: str, name: str, allowed: str) -> Problem:
    return Problem(f"{what}: must be {allowed}", code="argument", value=name, allowed=allowed)


def table_problems(sheet: str, table: pa.Table) -> Iterator[Problem]:
    """Problems of the table of a sheet: its size, its headings and its values."""
    where = f"sheet {sheet!r}"
    for size, most, what in (
        (table.num_columns, MOST_COLUMNS, "columns"),
        (table.num_rows, MOST_ROWS - 1, "rows"),
    ):
        least = 1 if what == "columns" else 0
        if not least <= size <= most:
            allowed = f"1 to {most:,}" if least else f"at most {most:,}"
            text = f"{where}: {size:,} {what}: must be {allowed}"
            yield Problem(text, code="too_large", value=size, allowed=allowed)
    headings = pa.chunked_array([pa.array(table.column_names, pa.string())])
    for problem in problems_of("name", headings):
        yield problem.at(f"{where}: headings")
    for name, column in zip(table.column_names, table.columns, strict=True):
        for problem in problems_of(name, column):
            yield problem.at(where)


def format_problems(
    formats: Mapping[str, str], sheets: Mapping[str, pa.Table]
) -> Iterator[Problem]:
    """Problems of the formats that columns are given."""
    columns = {name for table in sheets.values() for name in table.column_names}
    named = ", ".join(repr(name_of_format) for name_of_format in FORMATS)
    for name, name_of_format in formats.items():
        if name_of_format not in FORMATS:
            yield _name_problem(
                f"formats of {name!r} is {name_of_format!r}", name, f"one of {named}"
            )
    for name in formats:
        if name not in columns:
            yield _name_problem(f"formats of {name!r}", name, "a column of a table")
