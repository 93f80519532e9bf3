"""Sums by unit that are exact until the last rounding, so that no order of rows changes a digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ._areas import plain_text

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_ROWS = 1 << 20
"""Rows of one addition; below 2**26 the sums of its halves of mantissas are exact floats."""

_LOW_BITS = 27
_MANTISSA_BITS = 53
_EXPONENTS = 1 << 12
"""More than the binary exponents that a float can have, -1073 to 1024."""

_EXPONENT_OF_KEY_0 = -1100


class Labels:
    """The units of a stream: each gets the next number when it is first seen."""

    def __init__(self) -> None:
        self._number: dict[Any, int] = {}

    def __len__(self) -> int:
        return len(self._number)

    def encode(self, column: pa.Array) -> IntArray:
        """The number of each row's unit; -1 is null."""
        if not pa.types.is_dictionary(column.type):
            column = plain_text(column).dictionary_encode()
        labels = [*column.dictionary.to_pylist(), None]
        index = column.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        number = np.full(len(labels), -1, np.int64)
        # A dictionary may hold labels that no row has.
        for used in (np.flatnonzero(np.bincount(index + 1, minlength=1)) - 1).tolist():
            if labels[used] is not None:
                number[used] = self._number.setdefault(labels[used], len(self._number))
        rows: IntArray = number[index]
        return rows

    def in_order(self) -> tuple[list[Any], IntArray]:
        """The labels in their order, and the number of each."""
        labels = sorted(self._number)
        return labels, np.array([self._number[label] for label in labels], np.int64)


class Sums:
    """Exact sums of several columns by unit.

    A float is a mantissa of 53 bits times a power of two. Mantissas of one unit and one power are
    added as integers, in two halves so that 2**26 of them fit; powers meet only in ``totals``.
    """

    def __init__(self, columns: int) -> None:
        self._columns = [_ExactColumn() for _ in range(columns)]

    def add(self, unit: IntArray, values: Sequence[FloatArray]) -> None:
        """Add rows: the number of each row's unit, and the finite values of every column."""
        for start in range(0, len(unit), MOST_ROWS):
            rows = slice(start, start + MOST_ROWS)
            for column, value in zip(self._columns, values, strict=True):
                column.add(unit[rows], value[rows])

    def totals(self, units: int) -> list[FloatArray]:
        """The sum of each column for the units 0 to ``units - 1``, correctly rounded."""
        return [column.totals(units) for column in self._columns]


class _ExactColumn:
    def __init__(self) -> None:
        self._key: IntArray = np.empty(0, np.int64)
        self._halves: IntArray = np.empty((2, 0), np.int64)
        self._waiting: list[tuple[IntArray, IntArray]] = []
        self._rows_waiting = 0

    def add(self, unit: IntArray, value: FloatArray) -> None:
        mantissa, exponent = np.frexp(value)
        whole = np.ldexp(mantissa, _MANTISSA_BITS).astype(np.int64)
        keys = unit * _EXPONENTS + (exponent - _EXPONENT_OF_KEY_0)
        key, place = np.unique(keys, return_inverse=True)
        high, low = whole >> _LOW_BITS, whole & ((1 << _LOW_BITS) - 1)
        halves = np.array([np.bincount(place, half, len(key)) for half in (high, low)], np.int64)
        self._waiting.append((key, halves))
        self._rows_waiting += len(key)
        if self._rows_waiting > len(self._key) + MOST_ROWS:
            self._merge()

    def _merge(self) -> None:
        keys = np.concatenate([self._key, *(key for key, _ in self._waiting)])
        halves = np.concatenate([self._halves, *(half for _, half in self._waiting)], axis=1)
        order = np.argsort(keys, kind="stable")
        self._key, first = np.unique(keys[order], return_index=True)
        if len(first):
            halves = np.add.reduceat(halves[:, order], first, axis=1)
        self._halves, self._waiting, self._rows_waiting = halves, [], 0

    def totals(self, units: int) -> FloatArray:
        self._merge()
        unit, exponent = np.divmod(self._key, _EXPONENTS)
        exponent += _EXPONENT_OF_KEY_0 - _MANTISSA_BITS
        high = np.ldexp(self._halves[0].astype(np.float64), exponent + _LOW_BITS)
        low = np.ldexp(self._halves[1].astype(np.float64), exponent)
        parts = np.stack([high, low], axis=1).ravel().tolist()
        ends = (2 * np.searchsorted(unit, np.arange(units + 1))).tolist()
        return np.array([math.fsum(parts[i:j]) for i, j in pairwise(ends)])
