"""Sheets of a workbook, filled row by row."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa

from .._engine import version
from .atomic_write import Output
from .workbook_checks import CONTENTS
from .workbook_columns import FORMATS, ColumnFormat, column_format

ALWAYS = datetime.datetime(1980, 1, 1)
"""Written instead of the time, so that the same tables are the same file; the first day of zip."""
BATCH_ROWS = 1 << 16


def fill_workbook(
    file: Output, contents: pa.Table, sheets: Mapping[str, pa.Table], formats: Mapping[str, str]
) -> None:
    """Fill a file with a sheet of contents and a sheet for each table."""
    import openpyxl
    from openpyxl.writer.excel import ExcelWriter

    book = openpyxl.Workbook(write_only=True)
    book.properties.creator = f"fundholder {version}"
    book.properties.created = book.properties.modified = ALWAYS
    try:
        _sheet(book, CONTENTS, contents, {}, filtered=False)
        for title, table in sheets.items():
            _sheet(book, title, table, formats, filtered=True)
    except BaseException:
        # Of a sheet that is left open, Python would complain once more.
        for sheet in book.worksheets:
            with suppress(Exception):
                sheet.close()
        raise
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    with ZipFile(made) as timed, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for part in timed.infolist():
            untimed = ZipInfo(part.filename, ALWAYS.timetuple()[:6])
            untimed.compress_type = ZIP_DEFLATED
            archive.writestr(untimed, timed.read(part))


def _sheet(
    book: Any, title: str, table: pa.Table, formats: Mapping[str, str], *, filtered: bool
) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    columns = [
        column_format(name, column)
        for name, column in zip(table.column_names, table.columns, strict=True)
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
    sheet: Any, table: pa.Table, columns: list[ColumnFormat], formats: Mapping[str, str]
) -> Iterable[list[Any]]:
    """The cells of each row; one cell of each column is filled again and again."""
    from openpyxl.cell import WriteOnlyCell

    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet)
        cell.number_format = FORMATS[formats.get(column.name, column.format)]
        cells.append((cell, column.format == "text"))
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
