"""Excel workbooks: one formatted sheet for each table, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, starmap
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._engine import version
from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table
from .._tables.problems import Problems
from .atomic_write import Fill, check_output, write_atomically
from .workbook_checks import CONTENTS, checked_texts, format_problems, name_problems, table_problems
from .workbook_columns import held_column
from .workbook_sheets import fill_workbook


def write_workbook(
    tables: Mapping[str, Any],
    path: str | Path,
    *,
    about: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
) -> None:
    """Write an Excel workbook with a sheet for each table, and a sheet of contents before them.

    Headings are bold and stay in view, columns can be filtered, and numbers are shown by the kind
    of their column: money in £, shares, indices, distances, growth and coefficients of variation
    in per cent, counts with thousands separators. The file appears whole or not at all, and is the
    same, byte for byte, for the same tables.

    Parameters
    ----------
    tables
        Name of sheet -> a result of this package, or anything with ``__arrow_c_stream__``. Null
        and empty text are empty cells; a table without rows is a sheet of headings.
    path
        A name that ends in .xlsx, in a folder that exists; a file of that name is replaced.
    about
        Name of sheet -> what it is about, for the sheet of contents, which also has the metadata
        of each table: version, seed, digests of the inputs.
    formats
        Name of column -> "money", "pence", "percent", "count", "number", "plain" or "general",
        where the kind is not to be told from the name.

    Raises
    ------
    InputError
        Before anything is written and all at once: names that Excel does not allow for a sheet, or
        that differ only in case; more than 1,048,575 rows or 16,384 columns; NaN and infinity,
        whole numbers above 2^53, days before 1 March 1900, control characters, text of more than
        32,767 letters; columns of lists or structs; no openpyxl. ``InputTypeError`` for what is no
        table, or no path.

    Notes
    -----
    Text is written as text, also where it begins with an equals sign. Numbers have 16 digits.

    Examples
    --------
    >>> import tempfile
    >>> lists = pa.table({"practice": ["A", "B"], "people": [7000, 12000],
    ...                   "budget": [5.6e6, 9.9e6]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_workbook({"Budgets": lists}, f"{folder}/budgets.xlsx")
    """
    fill = workbook_fill(tables, path, about=about, formats=formats)
    write_atomically({Path(path): fill})


def workbook_fill(
    tables: Mapping[str, Any],
    path: str | Path,
    *,
    about: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
) -> Fill:
    """What fills the file of a workbook, once all of it is checked."""
    arguments = Arguments()
    if not isinstance(tables, Mapping) or not all(isinstance(name, str) for name in tables):
        arguments.reject_type("tables", tables, "a dict, name of sheet -> table")
        arguments.check()
    for name, table in tables.items():
        if not hasattr(table, "__arrow_c_stream__"):
            arguments.reject_type(f"sheet {name!r}", table, "anything with __arrow_c_stream__")
    texts = checked_texts(arguments, "about", about)
    kinds = checked_texts(arguments, "formats", formats)
    arguments.check()
    check_output(path)
    path = Path(path)
    sheets = {name: _flat(arrow_table(f"sheet {name!r}", table)) for name, table in tables.items()}
    wrong_name = (
        [] if path.suffix == ".xlsx" else [Problem.path(path, "the name must end in .xlsx")]
    )
    of_tables = starmap(table_problems, sheets.items())
    Problems(
        chain(
            wrong_name,
            name_problems(list(tables), texts),
            format_problems(kinds, sheets),
            chain.from_iterable(of_tables),
        )
    ).check()
    contents = _contents(sheets, texts)
    Problems(table_problems(CONTENTS, contents)).check()
    return lambda file: fill_workbook(file, contents, sheets, kinds)


def _flat(table: pa.Table) -> pa.Table:
    columns = [held_column(column) for column in table.columns]
    return pa.table(columns, names=table.column_names, metadata=table.schema.metadata)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _contents(sheets: Mapping[str, pa.Table], about: Mapping[str, str]) -> pa.Table:
    """The first sheet: one row for each sheet, and one for each line of its metadata."""
    lines: list[tuple[str, int | None, str | None, str | None]] = []
    for sheet, table in sheets.items():
        lines.append((sheet, table.num_rows, None, about.get(sheet)))
        metadata = {b"fundholder.version": version.encode(), **(table.schema.metadata or {})}
        for key, value in sorted(metadata.items()):
            if key.startswith(b"fundholder."):
                lines.append((sheet, None, _text(key), _text(value)))
    names = {"sheet": pa.string(), "rows": pa.int64(), "item": pa.string(), "what": pa.string()}
    return pa.table(
        {
            name: pa.array([line[i] for line in lines], data_type)
            for i, (name, data_type) in enumerate(names.items())
        }
    )
