"""Excel workbooks: one formatted sheet for each table, whole or not at all."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa

from .._engine import version
from .._errors import InputError, InputTypeError
from .atomic_write import check_output, write_atomically
from .workbook_columns import (
    FORMATS,
    MOST_COLUMNS,
    MOST_ROWS,
    Shown,
    held_column,
    problems_of,
    shown,
)

CONTENTS = "Contents"
RESERVED = (CONTENTS.casefold(), "history")
"""The first sheet here, and a name that Excel keeps for itself."""
LONGEST_NAME = 31
NOT_IN_NAMES = r"[\[\]:*?/\\\x00-\x1f]"
ALLOWED_NAME = (
    f"a name of 1 to {LONGEST_NAME} letters without [ ] : * ? / \\, that does not begin or end "
    f"with ' and is neither {CONTENTS} nor History"
)
ALWAYS = datetime.datetime(1980, 1, 1)
"""Written instead of the time, so that the same tables are the same file; the first day of zip."""
BATCH_ROWS = 1 << 16


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
    if not isinstance(tables, Mapping) or not all(isinstance(name, str) for name in tables):
        kind = type(tables).__name__
        raise InputTypeError([f"tables is a {kind}: must be a dict, name of sheet -> table"])
    wrong = [
        f"sheet {name!r} is a {type(table).__name__}: must be anything with __arrow_c_stream__"
        for name, table in tables.items()
        if not hasattr(table, "__arrow_c_stream__")
    ]
    if wrong:
        raise InputTypeError(wrong)
    check_output(path)
    path = Path(path)
    problems = [] if path.suffix == ".xlsx" else [f"{path}: the name must end in .xlsx"]
    problems += _name_problems(list(tables), about or {})
    sheets = {name: _flat(table) for name, table in tables.items()}
    problems += _format_problems(formats or {}, sheets)
    contents = _contents(sheets, about or {})
    for name, table in (*sheets.items(), (CONTENTS, contents)):
        problems += _problems(name, table)
    if problems:
        raise InputError(problems)
    write_atomically({path: lambda file: _fill(file, contents, sheets, formats or {})})


# ---- Checks --------------------------------------------------------------------------------------
def _name_problems(names: list[str], about: Mapping[str, str]) -> list[str]:
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


def _problems(sheet: str, table: pa.Table) -> list[str]:
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


def _format_problems(formats: Mapping[str, str], sheets: Mapping[str, pa.Table]) -> list[str]:
    columns = {name for table in sheets.values() for name in table.column_names}
    named = ", ".join(repr(kind) for kind in FORMATS)
    problems = [
        f"formats of {name!r} is {kind!r}: must be one of {named}"
        for name, kind in formats.items()
        if kind not in FORMATS
    ]
    unknown = [name for name in formats if name not in columns]
    return problems + [f"formats of {name!r}: must be a column of a table" for name in unknown]


def _flat(source: Any) -> pa.Table:
    table = pa.table(source)
    columns = [held_column(column) for column in table.columns]
    return pa.table(columns, names=table.column_names, metadata=table.schema.metadata)


# ---- Writing -------------------------------------------------------------------------------------
def _fill(
    file: str, contents: pa.Table, sheets: Mapping[str, pa.Table], formats: Mapping[str, str]
) -> None:
    import openpyxl
    from openpyxl.writer.excel import ExcelWriter

    book = openpyxl.Workbook(write_only=True)
    book.properties.creator = f"fundholder {version}"
    book.properties.created = book.properties.modified = ALWAYS
    _sheet(book, CONTENTS, contents, {}, filtered=False)
    for title, table in sheets.items():
        _sheet(book, title, table, formats, filtered=True)
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    with ZipFile(made) as timed, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for part in timed.infolist():
            untimed = ZipInfo(part.filename, ALWAYS.timetuple()[:6])
            untimed.compress_type = ZIP_DEFLATED
            archive.writestr(untimed, timed.read(part))


def _contents(sheets: Mapping[str, pa.Table], about: Mapping[str, str]) -> pa.Table:
    """The first sheet: one row for each sheet, and one for each line of its metadata."""
    lines: list[tuple[str, int | None, str | None, str | None]] = []
    for sheet, table in sheets.items():
        lines.append((sheet, table.num_rows, None, about.get(sheet)))
        metadata = {b"fundholder.version": version.encode(), **(table.schema.metadata or {})}
        for key, value in sorted(metadata.items()):
            if key.startswith(b"fundholder."):
                lines.append((sheet, None, key.decode(), value.decode()))
    names = {"sheet": pa.string(), "rows": pa.int64(), "item": pa.string(), "what": pa.string()}
    return pa.table(
        {
            name: pa.array([line[i] for line in lines], kind)
            for i, (name, kind) in enumerate(names.items())
        }
    )


def _sheet(
    book: Any, title: str, table: pa.Table, formats: Mapping[str, str], *, filtered: bool
) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    columns = [
        shown(name, column) for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    for i, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(i)].width = column.width
    if filtered:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{table.num_rows + 1}"
    headings = [_text(WriteOnlyCell(sheet), column.name) for column in columns]
    for cell in headings:
        cell.font = Font(bold=True)
    sheet.append(headings)
    for row in _rows(sheet, table, columns, formats):
        sheet.append(row)


def _rows(
    sheet: Any, table: pa.Table, columns: list[Shown], formats: Mapping[str, str]
) -> Iterable[list[Any]]:
    """The cells of each row; one cell of each column is filled again and again."""
    from openpyxl.cell import WriteOnlyCell

    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet)
        cell.number_format = FORMATS[formats.get(column.name, column.kind)]
        cells.append((cell, column.kind == "text"))
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield [
                None
                if value in (None, "")
                else _text(cell, value)
                if text
                else _number(cell, value)
                for (cell, text), value in zip(cells, values, strict=True)
            ]


def _text(cell: Any, value: str) -> Any:
    """Also where it looks like a formula or an error of Excel."""
    cell.value = value
    cell.data_type = "s"
    return cell


def _number(cell: Any, value: Any) -> Any:
    cell.value = value
    return cell
