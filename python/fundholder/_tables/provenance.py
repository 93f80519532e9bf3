"""Provenance: what a result was made from, carried in its metadata."""

from __future__ import annotations

import pyarrow as pa


def traced(answer: tuple[pa.Table, dict[str, str]]) -> pa.Table:
    """A result that carries what it was made from."""
    table, metadata = answer
    return table.replace_schema_metadata(dict(sorted(metadata.items())))
