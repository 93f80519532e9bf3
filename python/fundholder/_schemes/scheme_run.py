"""What a scheme came to: measures by size, flows between parties, holders and rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arrays import FloatArray, IntArray
from .block import Block
from .measures import Estimate, Sums, estimate, joined
from .rules import UNITS_PER_POUND
from .scheme import Scheme

Row = tuple[str, int | None, int | None, int | None, str]
"""Scheme, size band (from, below), year and measure."""


class SchemeRun:
    """A scheme that was run: its tables, in £ and shares, with standard errors over paths."""

    def __init__(
        self,
        scheme: Scheme,
        names: Sequence[Any],
        people: IntArray,
        edges: Sequence[int],
        blocks: Sequence[Block],
        metadata: Mapping[str, str],
    ) -> None:
        self.scheme = scheme
        self._names, self._people, self._edges = list(names), people, list(edges)
        self._sums: Sums = joined([block.sums.of for block in blocks])
        self._flows = _joined([block.flows for block in blocks], [_paths(b) for b in blocks])
        self._holders = _joined([block.holders for block in blocks], [_paths(b) for b in blocks])
        self._rewards: IntArray = np.sum([np.asarray(block.rewards) for block in blocks], axis=0)
        self.metadata = dict(metadata)

    def __repr__(self) -> str:
        years, paths = (self.metadata[f"fundholder.{of}"] for of in ("years", "replications"))
        return f"<fundholder.SchemeRun of {self.scheme.name}: {paths} paths of {years} years>"

    def estimates(self) -> dict[Row, Estimate]:
        """Every measure by size band and year, with what each path adds; ``None``: all."""
        bands = [*zip([0, *self._edges], [*self._edges, None], strict=True), (None, None)]
        years = [None, *range(1, int(self.metadata["fundholder.years"]) + 1)]
        estimates: dict[Row, Estimate] = {}
        for measure in self._sums.measures():
            for year in years:
                if year is not None and (measure, year) not in self._sums.of:
                    continue
                above, below = self._sums.ratio(measure, year)
                for band, (start, end) in enumerate(bands):
                    value = estimate(above[band], below[band])
                    if value is not None:
                        estimates[self.scheme.name, start, end, year, measure] = value
        return estimates

    @property
    def table(self) -> pa.Table:
        """``scheme``, ``size_from``, ``size_below``, ``year``, ``measure``, ``value``, its error.

        Sizes are people of a holder, or of a practice that is in no tier; null for all, and where
        there is no end. Years are from 1; null for all. What each measure is, and in which unit,
        stands in docs/schemes.md.
        """
        return self._traced(table_of(self.estimates()))

    def flows(self) -> pa.Table:
        """Who pays whom: ``year``, ``source``, ``destination``, ``kind``, ``mean``, ``sd``.

        £ a year, of all holders and people, over paths. What leaves one party comes to another, so
        that each kind adds up to 0 over the parties.
        """
        keys = sorted(self._flows)
        columns = list(zip(*keys, strict=True)) if keys else [(), (), (), ()]
        amounts = [self._flows[key] / UNITS_PER_POUND for key in keys]
        table = pa.table(
            {
                "year": pa.array(columns[0], pa.int64()),
                "source": pa.array(columns[1], pa.string()),
                "destination": pa.array(columns[2], pa.string()),
                "kind": pa.array(columns[3], pa.string()),
                "mean": pa.array([float(amount.mean()) for amount in amounts], pa.float64()),
                "sd": pa.array([_sd(amount) for amount in amounts], pa.float64()),
            }
        )
        return self._traced(table)

    def holders(self) -> pa.Table:
        """Mean counts: ``year``, ``tier``, ``holders``, ``in_deficit``, ``failed``, ``people``."""
        keys = sorted(self._holders)
        means = [self._holders[key].mean(axis=-1) for key in keys]
        table = pa.table(
            {
                "year": pa.array([year for year, _ in keys], pa.int64()),
                "tier": pa.array([tier for _, tier in keys], pa.string()),
                **{
                    name: pa.array([float(mean[number]) for mean in means], pa.float64())
                    for number, name in enumerate(("holders", "in_deficit", "failed", "people"))
                },
            }
        )
        return self._traced(table)

    def rewards(self) -> pa.Table:
        """``practice``, ``people``, ``reward`` (£) and ``per_head``: expected, a year."""
        years, paths = (int(self.metadata[f"fundholder.{of}"]) for of in ("years", "replications"))
        reward: FloatArray = self._rewards / UNITS_PER_POUND / years / paths
        table = pa.table(
            {
                "practice": self._names,
                "people": self._people,
                "reward": reward,
                "per_head": reward / np.maximum(self._people, 1),
            }
        )
        return self._traced(table)

    def _traced(self, table: pa.Table) -> pa.Table:
        return table.replace_schema_metadata(
            {**self.metadata, "fundholder.scheme": self.scheme.name}
        )


def table_of(estimates: Mapping[Row, Estimate]) -> pa.Table:
    """Estimates in long form."""
    rows = list(estimates)
    names = ("scheme", "size_from", "size_below", "year", "measure")
    types = (pa.string(), pa.int64(), pa.int64(), pa.int64(), pa.string())
    columns = {
        name: pa.array([row[number] for row in rows], kind)
        for number, (name, kind) in enumerate(zip(names, types, strict=True))
    }
    columns["value"] = pa.array([of.value for of in estimates.values()], pa.float64())
    errors = [of.standard_error for of in estimates.values()]
    return pa.table({**columns, "standard_error": pa.array(errors, pa.float64())})


def _paths(block: Block) -> int:
    above, _ = next(iter(block.sums.of.values()))
    return int(above.shape[1])


def _joined(parts: Sequence[Mapping[Any, IntArray]], paths: Sequence[int]) -> dict[Any, IntArray]:
    """Amounts by path of blocks, one after the other; 0 where a block has none."""
    joined_parts: dict[Any, IntArray] = {}
    shapes = {key: amount.shape[:-1] for part in parts for key, amount in part.items()}
    for key, shape in shapes.items():
        of_blocks = [
            part[key] if key in part else np.zeros((*shape, count), np.int64)
            for part, count in zip(parts, paths, strict=True)
        ]
        joined_parts[key] = np.concatenate(of_blocks, axis=-1)
    return joined_parts


def _sd(amounts: FloatArray) -> float | None:
    return float(amounts.std(ddof=1)) if len(amounts) > 1 else None
