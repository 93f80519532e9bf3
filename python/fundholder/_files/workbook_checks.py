"""Checks of sheets, their names and tables against what Excel allows, before any writing."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

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


def name_problems(names: list[str], about: Mapping[str, str]) -> list[str]:
    """Problems of the names of sheets."""
    problems = [] if names else ["tables is empty: must have a table"]
    seen: dict[str, str] = {}
    for name in names:
        plain = name.casefold()
        edges = name.startswith("'") or name.endswith("'")
        good = name.strip() and len(name) <= LONGEST_NAME and plain not in RESERVED
        if not good or edges or re.search(NOT_IN_NAMES, name):
            problems.append(f"sheet {name!r}: must be {ALLOWED_NAME}")
        elif plain in seen:
            problems.append(f"sheet {name!r}: must differ from {seen[plain]!r} in more than case")
        seen.setdefault(plain, name)
    unknown = [name for name in about if name not in names]
    return problems + [f"about {name!r}: must be one of the sheets {names}" for name in unknown]


def table_problems(sheet: str, table: pa.Table) -> list[str]:
    """Problems of the table of a sheet: its size, its headings and its values."""
    problems = []
    if not 0 < table.num_columns <= MOST_COLUMNS:
        problems.append(f"{table.num_columns} columns: must be 1 to {MOST_COLUMNS:,}")
    if table.num_rows >= MOST_ROWS:
        problems.append(f"{table.num_rows:,} rows: must be at most {MOST_ROWS - 1:,}")
    headings = pa.chunked_array([pa.array(table.column_names, pa.string())])
    problems += [f"headings: {text}" for text in problems_of("name", headings)]
    for name, column in zip(table.column_names, table.columns, strict=True):
        problems += problems_of(name, column)
    return [f"sheet {sheet!r}: {problem}" for problem in problems]


def format_problems(formats: Mapping[str, str], sheets: Mapping[str, pa.Table]) -> list[str]:
    """Problems of the formats that columns are given."""
    columns = {name for table in sheets.values() for name in table.column_names}
    named = ", ".join(repr(name_of_format) for name_of_format in FORMATS)
    problems = [
        f"formats of {name!r} is {name_of_format!r}: must be one of {named}"
        for name, name_of_format in formats.items()
        if name_of_format not in FORMATS
    ]
    unknown = [name for name in formats if name not in columns]
    return problems + [f"formats of {name!r}: must be a column of a table" for name in unknown]
