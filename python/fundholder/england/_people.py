"""From groups of identical people to one row per person, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import IntArray
from .._tables.checked import numbers, read_table
from ._checks import PEOPLE, check_integer, unambiguous_table


def people(groups: Any, *, batch_rows: int = 1_000_000) -> pa.RecordBatchReader:
    """Expand groups into one row per person, row by row, a batch at a time.

    Nothing larger than the groups and one batch is held, so all of England streams through a few
    hundred megabytes.

    Parameters
    ----------
    groups
        Any Arrow-compatible table with ``practice`` (string, dictionary or integer) and ``count``
        (whole numbers of at least 0): from :func:`population`, :func:`from_age_sex` or elsewhere.
        Every other column is carried.
    batch_rows
        People per batch; the last batch has the rest.

    Returns
    -------
    pyarrow.RecordBatchReader
        The columns of ``groups`` in their order, with ``count`` replaced by ``person`` (int64):
        people of a practice numbered from 0 in the order of its rows. Batches share the
        dictionaries of the groups. A practice with nobody has no row.

    Raises
    ------
    InputError, InputTypeError
        A missing column, a practice without a name, a count that is missing, negative or not a
        whole number: all at once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import england
    >>> groups = pa.table({"practice": ["A", "B", "A"], "count": [2, 1, 1]})
    >>> england.people(groups).read_all()["person"].to_pylist()
    [0, 1, 0, 2]
    """
    arguments = Arguments()
    check_integer(arguments, "batch_rows", batch_rows, 1)
    arguments.check()
    table = unambiguous_table("groups", groups)
    read = read_table("groups", table, labels=["practice"], numbers={"count": PEOPLE}, rows=False)
    count = numbers(read, "count").astype(np.int64)
    first_person = _people_before(table["practice"], count)

    position = table.column_names.index("count")
    carried = _as_batch(table.remove_column(position))
    fields = list(carried.schema)
    fields.insert(position, pa.field("person", pa.int64(), nullable=False))
    schema = pa.schema(fields, metadata=table.schema.metadata)

    def batches() -> Iterator[pa.RecordBatch]:
        end = np.cumsum(count)
        start = end - count
        total = int(count.sum())
        for low in range(0, total, batch_rows):
            high = min(low + batch_rows, total)
            first = int(np.searchsorted(end, low, side="right"))
            last = int(np.searchsorted(end, high - 1, side="right")) + 1
            people_of_row = np.minimum(end[first:last], high) - np.maximum(start[first:last], low)
            number = np.arange(low, high)
            number += np.repeat((first_person - start)[first:last], people_of_row)
            rows = pa.array(np.repeat(np.arange(first, last, dtype=np.int32), people_of_row))
            columns = carried.take(rows).columns
            columns.insert(position, pa.array(number))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    """The table in one piece, each dictionary once."""
    combined = table.unify_dictionaries().combine_chunks()
    columns = [
        column.chunk(0) if column.num_chunks else pa.array([], column.type)
        for column in combined.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=combined.schema)


def _people_before(practice: pa.ChunkedArray, count: IntArray) -> IntArray:
    """For each row, how many people of its practice the rows above it hold."""
    if pa.types.is_dictionary(practice.type):
        practice = practice.unify_dictionaries()
    else:
        practice = practice.dictionary_encode()
    chunks = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in practice.chunks]
    code = np.concatenate([np.array([], np.int32), *chunks])
    order = np.argsort(code, kind="stable")
    cumulative = np.cumsum(count[order]) - count[order]
    opens = np.diff(code[order], prepend=-1) != 0
    opening = np.maximum.accumulate(np.where(opens, cumulative, 0))
    before = np.empty_like(count)
    before[order] = cumulative - opening
    return before
