"""Service mixes measured from people: how the cost of a year is shared, by the size of the year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.checked import NOT_NEGATIVE, numbers, read_table

RANKS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Where classes of years with a cost end by default: narrow where costs are high."""
LARGEST = (0.5, 0.8, 0.99)
"""Shares of the largest service at which years of one class are told apart."""


def fit_services(
    persons: Any,
    *,
    cost: Sequence[str],
    weight: str | None = None,
    ranks: Sequence[float] = RANKS,
) -> pa.Table:
    """Measure from people how the cost of a year is shared by services.

    Years with a cost are put in classes by their rank. Years of a class are told apart by their
    largest service and how much of the cost it is, and by the next one: each such profile has the
    share of the class's cost that its years have, so that the mean of every service is kept.

    Parameters
    ----------
    persons
        Anything with ``__arrow_c_stream__``, one row per person-year.
    cost
        Columns of the cost of the year, £, one for each service.
    weight
        Column of weights; without it, all are alike.
    ranks
        Where classes end, between 0 and 1, ascending.

    Returns
    -------
    pyarrow.Table
        ``rank_from``, ``rank_to``, ``profile``, ``probability``, ``service``, ``share``: what
        ``CostModel(table, services=...)`` takes.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> years = pa.table({"stays": [0.0, 0.0, 900.0], "drugs": [50.0, 0.0, 100.0]})
    >>> mix = fit_services(years, cost=["stays", "drugs"], ranks=[0.5])
    >>> mix["share"].to_pylist()
    [0.0, 1.0, 0.9, 0.1]
    """
    arguments = Arguments()
    services = arguments.names("cost", cost)
    weighted = arguments.column("weight", weight, optional=True)
    ends = [rank for _, rank in arguments.fractions("ranks", ranks)]
    if ends != sorted(ends):
        arguments.reject("ranks", ranks, "ascending")
    arguments.check()
    rules = dict.fromkeys([*services, *filter(None, [weighted])], NOT_NEGATIVE)
    table = read_table("persons", persons, numbers=rules)
    spent = np.column_stack([numbers(table, service) for service in services])
    weights = numbers(table, weighted) if weighted else np.ones(len(spent))
    used = (spent.sum(axis=1) > 0) & (weights > 0)
    if not used.any():
        arguments.reject("persons", "no cost above 0", "years with a cost, one at least")
    arguments.check()
    spent, weights = spent[used], weights[used]
    order = np.lexsort((*spent.T, weights, spent.sum(axis=1)))
    spent, weights = spent[order], weights[order]
    below = np.cumsum(weights) - weights
    middle = (below + weights / 2) / math.fsum(weights)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("rank_from", "rank_to", "profile", "probability", "service", "share")
    }
    class_of = np.searchsorted(ends, middle)
    for number, (low, high) in enumerate(zip([0.0, *ends], [*ends, 1.0], strict=True)):
        inside = class_of == number
        # A class without years has the mix of the nearest one.
        here = inside if inside.any() else class_of == class_of[np.argmin(abs(class_of - number))]
        profiles = _profiles(spent[here], weights[here])
        for profile, (probability, shares) in enumerate(profiles):
            for service, share in zip(services, shares, strict=True):
                row = (low, high, profile, probability, service, share)
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
    return pa.table(columns)


def _profiles(spent: FloatArray, weights: FloatArray) -> list[tuple[float, list[float]]]:
    """Probability and shares of each way in which the cost of these years is shared."""
    shares = spent / spent.sum(axis=1, keepdims=True)
    ranked = np.argsort(-shares, axis=1, kind="stable")
    largest = np.take_along_axis(shares, ranked[:, :1], axis=1)[:, 0]
    second = ranked[:, 1] if shares.shape[1] > 1 else np.zeros(len(shares))
    level = np.searchsorted(LARGEST, largest)
    keys = np.column_stack([ranked[:, 0], level, np.where(level == len(LARGEST), -1, second)])
    _, profile_of = np.unique(keys, axis=0, return_inverse=True)
    amounts = spent * weights[:, None]
    total = float(amounts.sum())
    profiles = []
    for profile in range(int(profile_of.max()) + 1):
        of_services = amounts[profile_of.ravel() == profile].sum(axis=0)
        own = float(of_services.sum())
        if own > 0:
            profiles.append((own / total, (of_services / own).tolist()))
    rest = 1 - math.fsum(probability for probability, _ in profiles)
    probability, first = profiles[0]
    return [(probability + rest, first), *profiles[1:]]
