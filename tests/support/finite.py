"""Are all numbers of a result finite, or null?"""

from __future__ import annotations

import math

import pyarrow as pa


def finite(table: pa.Table) -> bool:
    flat = (
        table[name].combine_chunks().flatten() if pa.types.is_fixed_size_list(kind) else table[name]
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
        if pa.types.is_fixed_size_list(kind) or pa.types.is_floating(kind)
    )
    return all(x is None or math.isfinite(x) for values in flat for x in values.to_pylist())
