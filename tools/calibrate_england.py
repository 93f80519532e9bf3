"""Fit the constants of ``fundholder.england`` that no source publishes. Needs scipy.

    python tools/calibrate_england.py

Prints what stands in ``_figures.py``:

- the two free knots of each year's list sizes, so that the published mean and SD hold;
- p_any of a band with an inpatient cost of £1,000 a head, so that 33.2 % of people have any cost;
- the common sigma, so that the costliest 1 % of people and of users have the published shares of
  cost over the whole population: a closed-form mixture of lognormals, nothing is sampled.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.stats import norm

from fundholder import england
from fundholder._tables.arrays import FloatArray
from fundholder.england import _figures as figures
from fundholder.england._lists import list_sizes

#: The fitted knots, by their probability.
FREE_KNOTS = {2010: (0.75, 0.99), 2025: (0.85, 0.995)}


def fit_list_sizes(year: int) -> dict[float, float]:
    """Sizes at the free knots that give the published mean and SD."""
    published = figures.LIST_SIZES[year]
    free = FREE_KNOTS[year]

    def with_sizes(sizes: FloatArray) -> figures.ListSizes:
        moved = dict(zip(free, sizes.tolist(), strict=True))
        return replace(
            published, knots=tuple((p, moved.get(p, s) if p else s) for p, s in published.knots)
        )

    def miss(sizes: FloatArray) -> FloatArray:
        people = list_sizes(with_sizes(sizes))
        return np.array([people.mean() - published.mean, people.std() - published.sd])

    start = np.array([dict(published.knots)[p] for p in free])
    # Sizes are whole people, so steps must be wide enough to move many of them.
    fit = least_squares(miss, start, diff_step=1e-2)
    return dict(zip(free, fit.x.tolist(), strict=True))


def cells(year: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share of people, expected cost per head and inpatient cost by band and quintile."""
    groups = england.population(year=year).select(["band", "imd_quintile", "scale", "count"])
    groups = groups.set_column(0, "band", groups["band"].cast("string"))
    cell = groups.group_by(["band", "imd_quintile", "scale"]).aggregate([("count", "sum")])
    band = np.array([figures.BANDS.index(b) for b in cell["band"].to_pylist()])
    people = cell["count_sum"].to_numpy()
    per_head = figures.COST_PER_HEAD[band] * cell["scale"].to_numpy()
    return people / people.sum(), per_head, figures.INPATIENT_PER_HEAD[band]


def concentration(
    share: FloatArray, p_any: FloatArray, per_head: FloatArray, sigma: float
) -> tuple[float, float, float]:
    """Cost shares of the costliest 1 % of people and of users, and the person CV."""
    users = share * p_any
    mean = per_head / p_any
    mu = np.log(mean) - sigma**2 / 2
    total = (users * mean).sum()

    def top(people: float) -> float:
        above = brentq(lambda x: (users * norm.sf((x - mu) / sigma)).sum() - people, 0, 30)
        return float((users * mean * norm.sf((above - mu) / sigma - sigma)).sum() / total)

    second = (users * mean**2).sum() * np.exp(sigma**2)
    return top(0.01), top(0.01 * users.sum()), float(np.sqrt(second / total**2 - 1))


def fit_costs(year: int) -> None:
    """Print use, sigma and what they reach."""
    share, per_head, inpatient = cells(year)
    gradient = (inpatient / 1000) ** figures.USE_POWER
    use = figures.USERS / (share * gradient).sum()

    def miss(sigma: FloatArray) -> list[float]:
        people, users, _ = concentration(share, use * gradient, per_head, float(sigma[0]))
        return [people - figures.TOP_1_PERCENT_OF_PEOPLE, users - figures.TOP_1_PERCENT_OF_USERS]

    sigma = float(least_squares(miss, [1.4]).x[0])
    people, users, cv = concentration(share, use * gradient, per_head, sigma)
    print(f"  USE_AT_1000 {use:.5f}  SIGMA {sigma:.4f}")
    print(f"  top 1 % of people {people:.4f}, of users {users:.4f}, person CV {cv:.3f}")
    print(f"  largest p_any {(use * gradient).max():.3f}, smallest {(use * gradient).min():.3f}")


if __name__ == "__main__":
    for fitted_year in figures.YEARS:
        print(fitted_year)
        for probability, size in fit_list_sizes(fitted_year).items():
            print(f"  list size at P{100 * probability:g}: {size:,.2f}")
        fit_costs(fitted_year)
