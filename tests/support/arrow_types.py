"""Types of text that tables may have, as far as this pyarrow has them."""

from __future__ import annotations

import pyarrow as pa
import pytest

STRING_VIEWS = [pa.string_view()] if hasattr(pa, "string_view") else []
"""From pyarrow 16 on; the oldest that is supported has none."""

reads_polars = pytest.mark.skipif(
    not STRING_VIEWS, reason="text of polars is string views, which this pyarrow does not have"
)
