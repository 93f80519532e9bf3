"""Tables read from files, in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from .._errors import FundholderError, InputError, InputTypeError, Problem
from .._tables.batches import valid_batch, valid_schema
from .atomic_write import SUFFIXES
from .csv_file import open_csv

BATCH_ROWS = 1 << 18
Opened = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def read(path: str | Path, labels: Sequence[str] = ()) -> pa.RecordBatchReader:
    """Read a Parquet, CSV or Arrow file in batches, so that it may be larger than memory.

    Parameters
    ----------
    path
        A file whose name ends in .parquet, .csv or .arrow.
    labels
        Columns of a CSV file that are text even where they look like numbers; always so are
        ``practice``, ``band``, ``person``, ``pcn``, ``icb`` and ``region``. An empty cell, or one
        that says NULL, is null. The others are whole numbers, numbers or text, as all of their
        cells are.

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
    if not is_file(path):
        raise InputError([Problem.path(path, "must be a file that exists")])
    with readable(path):
        schema, batches = OPENERS[path.suffix](path, labels)
        return pa.RecordBatchReader.from_batches(valid_schema(schema), _readable(path, batches))


def is_file(path: Path) -> bool:
    """Whether the file exists; no file has a name that none can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_all(path: str | Path, labels: Sequence[str] = ()) -> pa.Table:
    """All rows of a file."""
    return read(path, labels).read_all()


@contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Say in one line what is wrong with a file, whatever its reader raises."""
    try:
        yield
    except FundholderError:
        raise
    except Exception as error:
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        text = f"{path}: cannot be read: {reason}"
        raise InputError([Problem(text, code="unreadable", value=str(path))]) from error


def _readable(path: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with readable(path):
        yield from map(valid_batch, batches)


def _parquet(path: Path, labels: Sequence[str]) -> Opened:
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(path)
    return file.schema_arrow, file.iter_batches(batch_size=BATCH_ROWS)


def _arrow(path: Path, labels: Sequence[str]) -> Opened:
    source = pa.ipc.open_file(pa.memory_map(str(path)))
    return source.schema, map(source.get_batch, range(source.num_record_batches))


OPENERS = {".parquet": _parquet, ".arrow": _arrow, ".csv": open_csv}
