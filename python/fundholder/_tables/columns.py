"""Columns in the plain types that all functions of Arrow understand."""

from __future__ import annotations

import pyarrow as pa


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionaries, and text as ``string``."""
    if pa.types.is_dictionary(column.type):
        kind = _plain_text(column.type.value_type)
        # Arrow cannot decode a dictionary of views.
        chunks = [chunk.dictionary.cast(kind).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, kind)
    kind = _plain_text(column.type)
    return column if kind == column.type else column.cast(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of the type are text, however it is stored."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _plain_text(kind: pa.DataType) -> pa.DataType:
    return pa.string() if is_text(kind) else kind
