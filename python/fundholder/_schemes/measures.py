"""Measures of schemes: ratios of sums over holders, path by path, with standard errors.

Sums of a path are kept, so that blocks of paths are put together to the same digits, and schemes on
one set of draws are compared path by path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._tables.arrays import FloatArray, IntArray

Key = tuple[str, int]
"""A measure, and the year, from 1."""


class Bands:
    """Holders sorted by the size band that they are in."""

    def __init__(self, people: IntArray, edges: Sequence[int]) -> None:
        band = np.searchsorted(np.asarray(edges), people, side="right")
        self._order = np.argsort(band, kind="stable")
        self._is_sorted = bool((np.diff(band) >= 0).all())
        self._present, self._starts = np.unique(band[self._order], return_index=True)
        self._count = len(edges) + 1

    def sums(self, values: Any) -> FloatArray:
        """Sums over the holders of each band, and of all: (bands + 1, paths)."""
        values = np.asarray(values)
        if values.dtype == bool:
            values = values.astype(np.int64)
        result = np.zeros((self._count + 1, values.shape[1]))
        if len(self._order):
            ordered = values if self._is_sorted else values[self._order]
            result[self._present] = np.add.reduceat(ordered, self._starts, axis=0)
        # In the order of bands, as many paths as there may be.
        for row in result[:-1]:
            result[-1] += row
        return result


@dataclass
class Sums:
    """Numerators and denominators of measures, by band and path."""

    of: dict[Key, tuple[FloatArray, FloatArray]] = field(default_factory=dict)

    def add(self, measure: str, year: int, above: FloatArray, below: FloatArray) -> None:
        """Add sums of bands to a measure of a year: its numerator, and its denominator."""
        parts: tuple[FloatArray, ...] = (above, below)
        known = self.of.get((measure, year))
        if known is not None:
            parts = tuple(old + new for old, new in zip(known, parts, strict=True))
        self.of[measure, year] = (parts[0], parts[1])

    def share_denominator(self, prefix: str, of: str, *, but: str) -> None:
        """Give measures that begin with ``prefix`` the denominators of one, all but one."""
        for (name, year), (above, _) in list(self.of.items()):
            if name.startswith(prefix) and name != but:
                self.of[name, year] = (above, self.of[f"{prefix}{of}", year][1])

    def measures(self) -> list[str]:
        """The names of the measures."""
        return list(dict.fromkeys(name for name, _ in self.of))

    def ratio(self, measure: str, year: int | None) -> tuple[FloatArray, FloatArray]:
        """The parts of a measure in a year, or over all years."""
        if year is not None:
            return self.of[measure, year]
        parts = [part for (name, _), part in self.of.items() if name == measure]
        return sum_of([above for above, _ in parts]), sum_of([below for _, below in parts])


@dataclass(frozen=True)
class Estimate:
    """A value and how each path moves it."""

    value: float
    influence: FloatArray

    @property
    def standard_error(self) -> float | None:
        """The standard error over paths; none of a single path."""
        paths = len(self.influence)
        if paths < 2:
            return None
        return float(np.sqrt((self.influence**2).sum() / (paths * (paths - 1))))


def estimate(above: FloatArray, below: FloatArray) -> Estimate | None:
    """The ratio of means over paths; none where there is nothing below."""
    mean = float(below.mean())
    if mean == 0:
        return None
    value = float(above.mean()) / mean
    return Estimate(value, (above - value * below) / mean)


def sum_of(arrays: Sequence[Any]) -> Any:
    """The sum in the order given."""
    total = arrays[0]
    for array in arrays[1:]:
        total = total + array
    return total


def joined(parts: Sequence[Mapping[Key, tuple[FloatArray, FloatArray]]]) -> Sums:
    """The sums of blocks of paths, one block after the other."""
    keys = list(dict.fromkeys(key for part in parts for key in part))
    return Sums(
        {
            key: (
                np.concatenate([part[key][0] for part in parts], axis=1),
                np.concatenate([part[key][1] for part in parts], axis=1),
            )
            for key in keys
        }
    )
