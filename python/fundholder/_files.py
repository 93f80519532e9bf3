"""Tables in files: whole or not at all, with what they were made from."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

from ._errors import InputError, InputTypeError
from ._outputs import SUFFIXES, _whole, check_output

BATCH_ROWS = 1 << 18


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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pa.table({"practice": ["A"], "people": [7000]}), f"{folder}/lists.parquet")
    ...     read(f"{folder}/lists.parquet").read_all().num_rows
    1
    """
    if not hasattr(table, "__arrow_c_stream__"):
        kind = type(table).__name__
        raise InputTypeError([f"table is a {kind}: must be anything with __arrow_c_stream__"])
    table = pa.table(table)
    check_output(path)
    path = Path(path)
    nested = [f.name for f in table.schema if pa.types.is_nested(f.type)]
    if path.suffix == ".csv" and any(not _is_years(table.schema.field(n).type) for n in nested):
        raise InputError([f"{path}: a CSV file holds no lists: write .parquet or .arrow"])
    if path.suffix == ".parquet":
        _whole({path: lambda file: pq.write_table(table, file)})
    elif path.suffix == ".xlsx":
        # Imported here: needed by few.
        from ._excel import write_workbook

        write_workbook({"Table": _long(table).replace_schema_metadata(table.schema.metadata)}, path)
    elif path.suffix == ".arrow":
        _whole({path: lambda file: pyarrow.feather.write_feather(table, file)})
    else:
        metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        text = json.dumps(metadata, indent=2) + "\n"
        beside = path.with_name(f"{path.name}-metadata.json")
        _whole(
            {
                path: lambda file: pyarrow.csv.write_csv(_long(table), file),
                beside: lambda file: Path(file).write_text(text, encoding="utf-8"),
            }
        )


def _is_years(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind))


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


def read(path: str | Path, labels: Sequence[str] = ()) -> pa.RecordBatchReader:
    """Read a Parquet, CSV or Arrow file in batches, so that it may be larger than memory.

    Parameters
    ----------
    path
        A file whose name ends in .parquet, .csv or .arrow.
    labels
        Columns of a CSV file that are text even where they look like numbers; always so are
        ``practice``, ``band``, ``person``, ``pcn``, ``icb`` and ``region``. An empty cell, or one
        that says NULL, is null.

    Raises
    ------
    InputError
        A file that is not there, or not what its name says.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputTypeError([f"{path!r}: must be the path of a file"])
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError([f"{path}: the name must end in {', '.join(SUFFIXES)}"])
    if not path.is_file():
        raise InputError([f"{path}: must be a file that exists"])
    try:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            batches: Any = file.iter_batches(batch_size=BATCH_ROWS)
            return pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
        if path.suffix == ".arrow":
            source = pa.ipc.open_file(pa.memory_map(str(path)))
            batches = (source.get_batch(i) for i in range(source.num_record_batches))
            return pa.RecordBatchReader.from_batches(source.schema, batches)
        text = {"practice", "band", "person", "pcn", "icb", "region", *labels}
        options = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(text, pa.string()),
            null_values=["", "NULL"],
            strings_can_be_null=True,
        )
        return pyarrow.csv.open_csv(path, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError([f"{path}: cannot be read: {error}"]) from error


def read_all(path: str | Path, labels: Sequence[str] = ()) -> pa.Table:
    """All rows of a file."""
    try:
        return read(path, labels).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError([f"{path}: cannot be read: {error}"]) from error
