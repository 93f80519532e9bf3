"""Are all numbers of a result finite, or null?"""

from __future__ import annotations

import math

import pyarrow as pa


def finite(table: pa.Table) -> bool:
    flat = (
        table[name].combine_chunks().flatten()
        if pa.types.is_fixed_size_list(data_type)
        else table[name]
        for name, data_type in zip(table.column_names, table.schema.types, strict=True)
        if pa.types.is_fixed_size_list(data_type) or pa.types.is_floating(data_type)
    )
    return all(x is None or math.isfinite(x) for values in flat for x in values.to_pylist())
