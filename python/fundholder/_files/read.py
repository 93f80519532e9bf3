"""Tables read from files, in batches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._errors import InputError, InputTypeError, Problem
from .atomic_write import SUFFIXES

BATCH_ROWS = 1 << 18


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
        allowed = "must be the path of a file"
        problem = Problem(f"{path!r}: {allowed}", code="wrong_type", value=path, allowed=allowed)
        raise InputTypeError([problem])
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError([Problem.path(path, f"the name must end in {', '.join(SUFFIXES)}")])
    if not path.is_file():
        raise InputError([Problem.path(path, "must be a file that exists")])
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            file = pyarrow.parquet.ParquetFile(path)
            batches: Any = file.iter_batches(batch_size=BATCH_ROWS)
            return pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
        if path.suffix == ".arrow":
            source = pa.ipc.open_file(pa.memory_map(str(path)))
            batches = (source.get_batch(i) for i in range(source.num_record_batches))
            return pa.RecordBatchReader.from_batches(source.schema, batches)
        import pyarrow.csv

        labelled = {"practice", "band", "person", "pcn", "icb", "region", *labels}
        options = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(labelled, pa.string()),
            null_values=["", "NULL"],
            strings_can_be_null=True,
        )
        return pyarrow.csv.open_csv(path, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        text = f"{path}: cannot be read: {error}"
        raise InputError([Problem(text, code="unreadable", value=str(path))]) from error


def read_all(path: str | Path, labels: Sequence[str] = ()) -> pa.Table:
    """All rows of a file."""
    try:
        return read(path, labels).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        text = f"{path}: cannot be read: {error}"
        raise InputError([Problem(text, code="unreadable", value=str(path))]) from error
