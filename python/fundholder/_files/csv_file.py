"""CSV files read in blocks, with the types that all of their cells have."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.problems import Problems
from .csv_cells import from_cells
from .signals import on_another_thread

BLOCK_BYTES = 1 << 22
"""That are read at a time, down to the end of a line; no line is longer."""
LABELS = ("practice", "band", "person", "pcn", "icb", "region")
"""Columns that are text even where they look like numbers."""
NUMBERS = (pa.int64(), pa.float64())
TIMES = (pa.date32(), pa.timestamp("s"), pa.timestamp("ns"))
ENCODED = "UTF-8, as spreadsheets save it by the name CSV UTF-8"


def open_csv(path: Path, labels: Sequence[str]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The columns of a CSV file, and its batches.

    Types are those of the whole file: one of several blocks is read twice. A file whose rows are no
    table is rejected before the first batch.
    """
    texts = dict.fromkeys((*LABELS, *labels), pa.string())
    names: list[str] | None = None
    types: dict[str, pa.DataType] = {}
    rows = blocks = 0
    for block in _blocks(path):
        table = _checked_table(path, block, names, texts, rows)
        names, rows, blocks = table.column_names, rows + table.num_rows, blocks + 1
        for field in table.schema:
            types[field.name] = _common_type(types.get(field.name, field.type), field.type)
    if names is None:
        raise InputError([Problem(f"{path}: cannot be read: is empty", code="unreadable")])
    schema = pa.schema([(name, types[name]) for name in names])
    batches = iter(table.cast(schema).to_batches()) if blocks == 1 else _batches(path, types)
    return from_cells(schema.empty_table()).schema, map(from_cells, batches)


def _batches(path: Path, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """All batches, once the types are known."""
    names = None
    for block in _blocks(path):
        table = _table(block, names, types)
        names = table.column_names
        yield from table.to_batches()


def _blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in parts of whole lines, of which the first has the headings."""
    rest = b""
    with path.open("rb") as file:
        while read := file.read(BLOCK_BYTES):
            block = rest + read
            end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
            if end == 0 and len(read) == BLOCK_BYTES:
                text = f"{path}: cannot be read: has a line of more than {BLOCK_BYTES:,} bytes"
                raise InputError([Problem(text, code="unreadable", value=str(path))])
            rest = block[end:]
            if end:
                yield block[:end]
    if rest:
        yield rest


def _checked_table(
    path: Path,
    block: bytes,
    names: list[str] | None,
    types: dict[str, pa.DataType],
    rows: int,
) -> pa.Table:
    """The table of a block that follows so many rows; rejects rows that are not of its columns."""
    try:
        block.decode()
        return _table(block, names, types)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        Problems(problem.at(str(path)) for problem in _row_problems(block, names, rows)).check()
        raise


def _table(block: bytes, names: list[str] | None, types: dict[str, pa.DataType]) -> pa.Table:
    import pyarrow.csv

    convert = pyarrow.csv.ConvertOptions(
        column_types=types,
        null_values=["", "NULL"],
        strings_can_be_null=True,
        # 0 and 1 are numbers, also where the rest of the column is in another block.
        true_values=["true", "True", "TRUE"],
        false_values=["false", "False", "FALSE"],
    )
    read = pyarrow.csv.ReadOptions(column_names=names)
    rows = pa.BufferReader(block)
    return on_another_thread(
        lambda: pyarrow.csv.read_csv(rows, read_options=read, convert_options=convert)
    )


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type of a column that has cells of both types."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    for ordered in (NUMBERS, TIMES):
        if one in ordered and other in ordered:
            return max(one, other, key=ordered.index)
    return pa.string()


def _row_problems(block: bytes, names: list[str] | None, rows: int) -> Iterator[Problem]:
    """Rows with more or fewer cells than there are columns, and text in another encoding."""
    for line in filter(None, block.removeprefix(codecs.BOM_UTF8).splitlines()):
        # Latin-1 is any bytes, so that a row can be told from its commas.
        cells = next(csv.reader([line.decode("latin-1")]))
        if names is None:
            names, row = cells, None
        else:
            row, rows = rows, rows + 1
            if len(cells) != len(names):
                allowed = f"{len(names)}, one for each heading"
                yield Problem(
                    f"row {row}: number of cells is {len(cells)}: must be {allowed}",
                    code="unreadable",
                    row=row,
                    value=len(cells),
                    allowed=allowed,
                )
                continue
        for name, cell in zip(names, cells, strict=True):
            try:
                cell.encode("latin-1").decode()
            except UnicodeDecodeError:
                where = f"column {name!r}, row {row}" if row is not None else "headings"
                yield Problem(
                    f"{where}: {cell!r}: must be {ENCODED}",
                    code="unreadable",
                    column=name,
                    row=row,
                    value=cell,
                    allowed=ENCODED,
                )
