"""The people of MEPS 2012 to 2014, two years of each, as the real data beside the project have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

YEARS = (2012, 2013, 2014)
COLUMNS = {"person": "dupersid", "year": "year", "cost": "totexp", "weight": "perwtf"}


def panel(real: Path) -> pa.Table:
    """A row for each person and year with a weight."""
    tables = []
    for year in YEARS:
        path = real / "person" / f"meps_{year}.csv.gz"
        if not path.exists():
            pytest.skip(f"the people of MEPS ({path}) are not beside the project")
        table = pyarrow.csv.read_csv(path).select(["dupersid", "perwtf", "totexp"])
        years = pa.array([year] * len(table))
        tables.append(table.append_column("year", years).filter(pc.field("perwtf") > 0))
    return pa.concat_tables(tables)


def both_years(people: pa.Table) -> list[tuple[Any, Any, Any]]:
    """Costs of two years in a row and the mean weight, of 2012-13 and of 2013-14."""
    made = []
    for year in YEARS[:-1]:
        first, second = (
            [table[name].to_numpy() for name in ("dupersid", "totexp", "perwtf")]
            for table in (people.filter(pc.field("year") == y) for y in (year, year + 1))
        )
        _, i, j = np.intersect1d(first[0], second[0], return_indices=True)
        made.append((first[1][i], second[1][j], (first[2][i] + second[2][j]) / 2))
    return made


def correlation(x: Any, y: Any, weight: Any) -> float:
    """The weighted correlation."""
    x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    xy, xx, yy = (np.average(a * b, weights=weight) for a, b in ((x, y), (x, x), (y, y)))
    return float(xy / np.sqrt(xx * yy))


def top_that_stays(x: Any, y: Any, weight: Any, top: float = 0.05) -> float:
    """The share of the costliest of a year, by weight, who are among them in the next."""

    def costliest(values: Any) -> Any:
        order = np.argsort(-values, kind="stable")
        above = np.cumsum(weight[order]) <= top * weight.sum()
        chosen = np.zeros(len(values), bool)
        chosen[order[above]] = True
        return chosen

    first, second = costliest(x), costliest(y)
    return float(weight[first & second].sum() / weight[first].sum())
