"""Batches of pyarrow's objects, checked before the engine looks into them.

A damaged file can make columns whose parts do not fit together, and reading such a column may reach
anywhere in memory. Only pyarrow knows how long the parts are, so that it is asked, once for each
batch: 5 ns for a text, nothing for a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def valid_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, whose columns are what they say."""
    batch.validate(full=True)
    return batch


def valid_schema(schema: pa.Schema) -> pa.Schema:
    """The schema, whose columns have names and metadata that can be text everywhere."""
    try:
        names = schema.names
    except UnicodeDecodeError as error:
        raise pa.ArrowInvalid(f"the name of a column is no text: {error}") from None
    for name in names:
        if "\0" in name:
            raise pa.ArrowInvalid(f"the name of a column holds a NUL: {name!r}")
    for metadata in (schema.metadata, *(field.metadata for field in schema)):
        for key, value in (metadata or {}).items():
            try:
                (key + value).decode()
            except UnicodeDecodeError as error:
                raise pa.ArrowInvalid(f"the metadata {key!r} are no text: {error}") from None
    return schema


def checked_batches(source: Any) -> tuple[pa.Schema, Iterator[pa.RecordBatch]] | None:
    """The schema and the batches of an object of pyarrow; nothing for any other."""
    if isinstance(source, pa.RecordBatch):
        source = pa.Table.from_batches([source])
    if isinstance(source, pa.Table):
        source = source.to_reader()
    if not isinstance(source, pa.RecordBatchReader):
        return None
    return valid_schema(source.schema), map(valid_batch, source)
