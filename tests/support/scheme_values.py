"""What runs of schemes came to, by measure, and flows by party."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from fundholder import SchemeRun
from fundholder._schemes.measures import Estimate


def lists(sizes: list[int]) -> pa.Table:
    """Practices of these sizes, for a model of one band."""
    return pa.table({"practice": [f"P{i:02}" for i in range(len(sizes))], "count": sizes})


def values(run: SchemeRun, year: int | None = None) -> dict[str, Estimate]:
    """Measures of all holders, in a year or over all of them."""
    rows = run.estimates().items()
    return {row[4]: estimate for row, estimate in rows if row[1:4] == (None, None, year)}


def nets(run: SchemeRun) -> dict[tuple[int, str], dict[str, float]]:
    """By year and kind of flow: what each party has of it, £."""
    sums: dict[tuple[int, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in run.flows().to_pylist():
        of = sums[row["year"], row["kind"]]
        of[row["destination"]] += row["mean"]
        of[row["source"]] -= row["mean"]
    return sums


def mean_flow(run: SchemeRun, year: int, kind: str) -> tuple[float, float]:
    """The mean of a kind of flow in a year, £, and the standard error over paths."""
    paths = int(run.metadata["fundholder.replications"])
    rows = [r for r in run.flows().to_pylist() if (r["year"], r["kind"]) == (year, kind)]
    (row,) = rows
    return row["mean"], row["sd"] / paths**0.5
