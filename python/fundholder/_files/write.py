"""Tables written to files: whole or not at all, with what they were made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError, Problem
from .._tables.checked import arrow_table
from .atomic_write import Fill, Output, check_output, write_atomically
from .csv_cells import as_cells
from .workbook import workbook_fill

BATCH_CELLS = 1 << 18
"""Rows of a CSV file that are made at a time."""


def write(table: Any, path: str | Path) -> None:
    """Write a table as Parquet, CSV, Arrow or Excel, by the ending of its name.

    The file appears whole or not at all. The metadata of a result (seed, version, digests of the
    inputs) stands in the schema of Parquet and Arrow files, and beside a CSV file in
    ``<name>-metadata.json``. An Excel workbook is that of ``write_workbook``, with a sheet "Table".
    CSV files and workbooks have one row for each replication of a list. Text that a spreadsheet
    would take for a formula, as it begins with = + - or @, has a ' before it in a CSV file, which
    ``read`` takes away again; in a workbook it is text.

    Parameters
    ----------
    table
        A result of this package, or anything with ``__arrow_c_stream__``.
    path
        A name that ends in .parquet, .csv, .arrow or .xlsx, in a folder that exists; a file of
        that name is replaced and its mode kept. Of a link, the file is replaced to which it leads.

    Raises
    ------
    InputError
        Before anything is written, but for what the system has against it, as when the disk is
        full; ``InputTypeError`` for what is no table, or no path.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> from fundholder import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pa.table({"practice": ["A"], "people": [7000]}), f"{folder}/lists.parquet")
    ...     read(f"{folder}/lists.parquet").read_all().num_rows
    1
    """
    write_atomically(_fills(table, path))


def write_all(tables: Mapping[Path, Any], figures: Mapping[Path, Fill] | None = None) -> None:
    """Write each table to its path, and figures beside them: all of the files or none."""
    fills: dict[Path, Fill] = {}
    for path, table in tables.items():
        fills |= _fills(table, path)
    write_atomically(fills | dict(figures or {}))


def _fills(table: Any, path: str | Path) -> dict[Path, Fill]:
    """What fills the file, or the files, of a table."""
    if not hasattr(table, "__arrow_c_stream__"):
        allowed = "anything with __arrow_c_stream__"
        text = f"table is a {type(table).__name__}: must be {allowed}"
        raise InputTypeError([Problem(text, code="wrong_type", column="table", allowed=allowed)])
    table = arrow_table("table", table)
    check_output(path)
    path = Path(path)
    nested = [f.name for f in table.schema if pa.types.is_nested(f.type)]
    if path.suffix == ".csv" and any(not _is_years(table.schema.field(n).type) for n in nested):
        problem = Problem.path(path, "a CSV file holds no lists: write .parquet or .arrow")
        raise InputError([problem])
    if path.suffix == ".parquet":
        return {path: partial(_write_parquet, table)}
    if path.suffix == ".xlsx":
        table = _long(table).replace_schema_metadata(table.schema.metadata)
        return {path: workbook_fill({"Table": table}, path)}
    if path.suffix == ".arrow":
        return {path: partial(_write_arrow, table)}
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    text = json.dumps(metadata, indent=2) + "\n"
    beside = path.with_name(f"{path.name}-metadata.json")
    return {path: partial(_write_csv, table), beside: lambda file: file.write(text.encode())}


def _write_parquet(table: pa.Table, file: Output) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file)


def _write_arrow(table: pa.Table, file: Output) -> None:
    import pyarrow.feather

    pyarrow.feather.write_feather(table, file)


def _write_csv(table: pa.Table, file: Output) -> None:
    import pyarrow.csv

    with pyarrow.csv.CSVWriter(file, as_cells(_long(table.slice(0, 0))).schema) as writer:
        rows = max(1, BATCH_CELLS // _years(table))
        for start in range(0, table.num_rows, rows):
            writer.write_table(as_cells(_long(table.slice(start, rows))))


def _is_years(data_type: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(data_type))


def _years(table: pa.Table) -> int:
    """Replications of the lists of a table."""
    return max([1, *(int(f.type.list_size) for f in table.schema if _is_years(f.type))])


def _long(table: pa.Table) -> pa.Table:
    """One row for each replication, where there are lists."""
    lists = [f.name for f in table.schema if _is_years(f.type)]
    if not lists:
        return table
    size = table.schema.field(lists[0]).type.list_size
    row = np.repeat(np.arange(table.num_rows), size)
    columns = {name: table[name].take(row) for name in table.column_names if name not in lists}
    columns["replication"] = pa.array(np.tile(np.arange(size), table.num_rows), pa.int64())
    for name in lists:
        columns[name] = pc.list_flatten(table[name])
    return pa.table(columns)
