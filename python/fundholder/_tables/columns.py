"""Types of columns: is it text, a label, a number? And columns in types that Arrow can filter."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def is_text(data_type: pa.DataType) -> bool:
    """Whether values of the type are text, however it is stored."""
    types = pa.types
    view = getattr(types, "is_string_view", lambda _: False)
    return bool(types.is_string(data_type) or types.is_large_string(data_type) or view(data_type))


def is_label(data_type: pa.DataType) -> bool:
    """Whether values of the type name things: text, whole numbers, or a dictionary of them."""
    if pa.types.is_dictionary(data_type):
        data_type = data_type.value_type
    return is_text(data_type) or bool(pa.types.is_integer(data_type))


def is_number(data_type: pa.DataType) -> bool:
    """Whether values of the type are numbers."""
    types = pa.types
    return bool(
        types.is_integer(data_type) or types.is_floating(data_type) or types.is_decimal(data_type)
    )


def plain_table(table: pa.Table) -> pa.Table:
    """The table with plain columns."""
    columns = [plain_column(column) for column in table.columns]
    return pa.table(columns, table.schema.names, metadata=table.schema.metadata)


def as_doubles(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of numbers as doubles; older Arrow cannot cast half floats."""
    if not pa.types.is_float16(column.type):
        return column.cast(pa.float64(), safe=False)
    chunks = [
        pa.array(
            np.where(chunk.is_null(), 0, chunk.to_numpy(zero_copy_only=False)).astype(np.float64),
            mask=np.asarray(chunk.is_null()),
        )
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, pa.float64())


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionaries and runs, and text as ``string``: what Arrow can filter."""
    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type):
        plain = _plain_text(column.type.value_type)
        # Arrow cannot decode a dictionary of views.
        chunks = [chunk.dictionary.cast(plain).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, plain)
    plain = _plain_text(column.type)
    return column if plain == column.type else column.cast(plain)


def _plain_text(data_type: pa.DataType) -> pa.DataType:
    return pa.string() if is_text(data_type) else data_type
