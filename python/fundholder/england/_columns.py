"""Building Arrow columns whose strings are stored once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ._figures import AGES, BANDS, SEXES


def coded(codes: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """dictionary<int32, string> from positions in a list of names."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string()))


def band_columns(band: NDArray[np.integer]) -> dict[str, pa.DictionaryArray]:
    """The sex, age and band columns of rows whose position among the 14 bands is given."""
    return {
        "sex": coded(band // len(AGES), SEXES),
        "age": coded(band % len(AGES), AGES),
        "band": coded(band, BANDS),
    }
