"""Random numbers with an address: what a person draws depends on nobody else.

SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a counter times the golden ratio, scrambled by two
rounds of shift and multiply. The counter is (seed, practice, person, draw), each level hashed into
the next, so that any practices and any people of them can be made alone, and draw the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray

Address = NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def below(parent: Address, number: NDArray[np.integer] | int) -> Address:
    """Addresses of the numbered children of each parent; both broadcast."""
    child: Address = np.asarray(number).astype(np.uint64) + np.uint64(1)
    # Unsigned arrays wrap without a warning, which scalars would give.
    child = np.atleast_1d(child) * _GOLDEN + parent
    child ^= child >> np.uint64(30)
    child *= _FIRST
    child ^= child >> np.uint64(27)
    child *= _SECOND
    child ^= child >> np.uint64(31)
    return child


def root(*numbers: int) -> Address:
    """The address of whole numbers of at least 0, of any length, one below the other."""
    address = np.zeros(1, np.uint64)
    for number in numbers:
        words = [number >> shift & 0xFFFFFFFF for shift in range(0, number.bit_length() or 1, 32)]
        for word in [*words, 1 << 32]:
            address = below(address, word)
    return address


def uniform(address: Address, draw: int) -> FloatArray:
    """One number strictly between 0 and 1 for each address."""
    bits = below(address, draw) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52


def many_uniforms(address: Address, draw: int, n: int) -> NDArray[np.float32]:
    """n numbers in [0, 1] for each address, (addresses, n), of 32 bits each, from ``draw`` on."""
    draws = np.arange(draw, draw + (n + 1) // 2)
    bits = below(address[:, None], draws[None, :]).astype("<u8", copy=False).view("<u4")
    numbers: NDArray[np.float32] = bits[:, :n].astype(np.float32)
    numbers *= np.float32(2.0**-32)
    return numbers
