"""Tables written to files: whole or not at all, with what they were made from."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError, Problem
from .atomic_write import check_output, write_atomically
from .workbook import write_workbook


def write(table: Any, path: str | Path) -> None:
    """Write a table as Parquet, CSV, Arrow or Excel, by the ending of its name.

    The file appears whole or not at all. The metadata of a result (seed, version, digests of the
    inputs) stands in the schema of Parquet and Arrow files, and beside a CSV file in
    ``<name>-metadata.json``. An Excel workbook is that of ``write_workbook``, with a sheet "Table".
    CSV files and workbooks have one row for each replication of a list.

    Parameters
    ----------
    table
        A result of this package, or anything with ``__arrow_c_stream__``.
    path
        A name that ends in .parquet, .csv, .arrow or .xlsx, in a folder that exists; a file of
        that name is replaced.

    Raises
    ------
    InputError
        Before anything is written; ``InputTypeError`` for what is no table, or no path.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> from fundholder import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pa.table({"practice": ["A"], "people": [7000]}), f"{folder}/lists.parquet")
    ...     read(f"{folder}/lists.parquet").read_all().num_rows
    1
    """
    if not hasattr(table, "__arrow_c_stream__"):
        allowed = "anything with __arrow_c_stream__"
        text = f"table is a {type(table).__name__}: must be {allowed}"
        raise InputTypeError([Problem(text, code="wrong_type", column="table", allowed=allowed)])
    table = pa.table(table)
    check_output(path)
    path = Path(path)
    nested = [f.name for f in table.schema if pa.types.is_nested(f.type)]
    if path.suffix == ".csv" and any(not _is_years(table.schema.field(n).type) for n in nested):
        problem = Problem.path(path, "a CSV file holds no lists: write .parquet or .arrow")
        raise InputError([problem])
    if path.suffix == ".parquet":
        write_atomically({path: partial(_write_parquet, table)})
    elif path.suffix == ".xlsx":
        write_workbook({"Table": _long(table).replace_schema_metadata(table.schema.metadata)}, path)
    elif path.suffix == ".arrow":
        write_atomically({path: partial(_write_arrow, table)})
    else:
        metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        text = json.dumps(metadata, indent=2) + "\n"
        beside = path.with_name(f"{path.name}-metadata.json")
        write_atomically(
            {
                path: partial(_write_csv, _long(table)),
                beside: lambda file: Path(file).write_text(text, encoding="utf-8"),
            }
        )


def _write_parquet(table: pa.Table, file: str) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file)


def _write_arrow(table: pa.Table, file: str) -> None:
    import pyarrow.feather

    pyarrow.feather.write_feather(table, file)


def _write_csv(table: pa.Table, file: str) -> None:
    import pyarrow.csv

    pyarrow.csv.write_csv(table, file)


def _is_years(data_type: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(data_type))


def _long(table: pa.Table) -> pa.Table:
    """One row for each replication, where there are lists."""
    lists = [f.name for f in table.schema if _is_years(f.type)]
    if not lists:
        return table
    size = table.schema.field(lists[0]).type.list_size
    row = pa.array([i for i in range(table.num_rows) for _ in range(size)], pa.int64())
    columns = {name: table[name].take(row) for name in table.column_names if name not in lists}
    columns["replication"] = pa.array(list(range(size)) * table.num_rows, pa.int64())
    for name in lists:
        columns[name] = pc.list_flatten(table[name])
    return pa.table(columns)
