"""Text in CSV files that a spreadsheet would take for a formula: marked, and as it was.

A ' is written before it, and before text that begins with such a mark itself (OWASP: CSV
Injection).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._tables.columns import is_text, plain_column

FORMULA = r"^'*[=+\-@\t\r]"
NUMBER = r"^[+\-]?[0-9]*\.?[0-9]*$"
"""A sign, or a number with one: no formula."""
MARK = r"^'('*[=+\-@\t\r])"


def as_cells(table: pa.Table) -> pa.Table:
    """The table with formulas marked, in its headings too."""
    columns = [plain_column(column) for column in table.columns]
    columns = [_marked(column) if is_text(column.type) else column for column in columns]
    return pa.table(columns, names=_marked(_texts(table.column_names)).to_pylist())


def from_cells(rows: pa.RecordBatch | pa.Table) -> pa.RecordBatch | pa.Table:
    """The rows as they were before ``as_cells``."""
    columns = [_unmarked(c) if is_text(c.type) else c for c in rows.columns]
    names = _unmarked(_texts(rows.schema.names)).to_pylist()
    return type(rows).from_arrays(columns, names=names)


def _texts(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string())


def _marked(texts: Any) -> Any:
    number = pc.match_substring_regex(texts, NUMBER)
    formula = pc.and_not(pc.match_substring_regex(texts, FORMULA), number)
    return pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)


def _unmarked(texts: Any) -> Any:
    return pc.replace_substring_regex(texts, MARK, r"\1")
