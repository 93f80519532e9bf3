"""Persistence measured from people with several years: a hidden chain, fitted."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import MONEY, NOT_NEGATIVE, Rule, numbers, read_table
from .._tables.columns import plain_column
from .._tables.problems import MOST_PROBLEMS
from .._tables.warning import warn
from .baum_welch import Observations, balanced, fitted
from .hidden_chain import Chain, scaled
from .persistence import Persistence
from .persistence_table import MOST_CLASSES, MOST_STATES

CLASSES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 0.999)
"""Where classes of rank end by default: narrow where costs are high, as the correlation of costs
is made there, and with an end at the share of people without a cost (15 % in the US)."""
YEAR = Rule("a whole number from 0 to 9999", 0.0, 9999.0, integer=True)
MOST_YEARS = 50
LEAST_PAIRS = 1_000
SHARE = 0.55
"""Of the people of a state at the start, to those of the next healthier one."""
GRADIENT = 1.7
"""Of the start's log density in the normal scores of state and rank: a correlation of 3/4."""


def fit_persistence(
    panel: Any,
    *,
    person: str,
    year: str,
    cost: str,
    weight: str | None = None,
    band: str | None = None,
    classes: Sequence[float] = CLASSES,
    states: int = MOST_STATES,
    stay: float = 0.92,
) -> Persistence:
    """Measure from people with two years or more how the ranks of a person's years hang together.

    The chain is fitted by expectation and maximisation (Baum, Petrie, Soules and Weiss 1970), from
    states ordered by health, and then scaled so that every year keeps its distribution. The start
    counts as 3 % of the moves that are observed: people leave their state with probability
    ``1 - stay`` a year, for any other.

    Parameters
    ----------
    panel
        Anything with ``__arrow_c_stream__``, one row per person and year. A rank is that among all
        people of the year, those with one year included. People of equal cost are spread evenly
        over the classes that they cover, and rows of weight 0 are left out.
    person, year, cost
        Columns of the person, the year (a whole number; a person's years may have gaps, 50 years
        in all at most) and the cost of the year (£, 0 or more).
    weight
        Column of weights; without it, all are alike. A person has the mean weight of his years.
    band
        Column of the risk band, within which ranks are taken; without it, there is one.
    classes
        Where classes of rank end, between 0 and 1, ascending, 15 at most.
    states
        The number of states, from 2 to 8, and no more than classes.
    stay
        The probability of staying a year longer in a state at the start of the fit. Where no
        person has years further apart than one, the decay beyond a year comes from it.

    Returns
    -------
    Persistence
        States "1", "2" and so on, the lowest ranks first.

    Warns
    -----
    UserWarning
        Where no person has years further apart than one.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also fewer than 1,000 pairs of years of one person.

    Examples
    --------
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> random = np.random.default_rng(1)
    >>> health = random.normal(size=2_000)
    >>> costs = np.exp(6 + np.repeat(health, 3) + random.normal(size=6_000))
    >>> panel = pa.table({"id": np.repeat(np.arange(2_000), 3), "cost": costs,
    ...                   "year": np.tile([2023, 2024, 2025], 2_000)})
    >>> years = fit_persistence(panel, person="id", year="year", cost="cost",
    ...                         classes=[0.2, 0.5, 0.8, 0.95], states=4)
    >>> bool(0.4 < years.correlations(lags=1)["rank"][0].as_py() < 0.5)
    True
    """
    arguments = Arguments()
    keys = [arguments.column("person", person)]
    names = [arguments.column("year", year), arguments.column("cost", cost)]
    weighted = arguments.column("weight", weight, optional=True)
    keys += filter(None, [arguments.column("band", band, optional=True)])
    ends = [rank for _, rank in arguments.fractions("classes", classes)]
    if not 1 <= len(ends) < MOST_CLASSES:
        arguments.reject("classes", classes, f"from 1 to {MOST_CLASSES - 1} ends of classes")
    if ends != sorted(ends):
        arguments.reject("classes", classes, "ascending")
    size = arguments.integer("states", states, 2, MOST_STATES)
    if size > len(ends) + 1:
        arguments.reject("states", states, f"{len(ends) + 1} at most, as many as classes")
    lasting = arguments.number("stay", stay, below=1)
    if lasting == 0:
        arguments.reject("stay", stay, "above 0")
    arguments.check()

    rules = dict(zip(names, (YEAR, MONEY), strict=True))
    rules |= {weighted: NOT_NEGATIVE} if weighted else {}
    table = read_table("panel", panel, labels=keys, numbers=rules)
    upper = np.array([*ends, 1.0])
    observed = _observations(arguments, table, keys, names, weighted, upper)
    if observed.years == 2:
        warn(
            "no person of the panel has years further apart than one: the decay of persistence "
            "beyond a year is that of the start of the fit, in which people stay in their state "
            f"with probability {lasting:g} a year (stay)"
        )
    widths = np.diff(upper, prepend=0.0)
    shares, joint = _start(size, widths)
    densities = balanced(joint, shares, widths) / shares[:, None]
    shares, moves, densities = fitted(observed, widths, shares, densities, lasting)
    emitted = scaled(shares[:, None] * densities, shares, widths)
    moved = scaled(shares[:, None] * moves, shares, shares)
    if emitted is None or moved is None:
        text = "the ranks cannot be kept by this chain: take fewer states or other classes"
        raise InputError([Problem(text, code="not_computable", column="states", value=states)])
    order = np.argsort(emitted @ (upper - widths / 2) / shares, kind="stable")
    densities, moves = emitted / shares[:, None], (moved / shares[:, None])[:, order]
    labels = tuple(str(state) for state in range(1, size + 1))
    chain = Chain(labels, shares[order], moves[order], upper, densities[order])
    return Persistence._of(chain, f"fitted to {observed.people:,} people with two years or more")


def _observations(
    arguments: Arguments,
    table: pa.Table,
    keys: list[str],
    names: list[str],
    weighted: str,
    ends: FloatArray,
) -> Observations:
    """The people with two years or more, each by the classes of rank of his years."""
    years, costs = (numbers(table, name) for name in names)
    weights = numbers(table, weighted) if weighted else np.ones(len(years))
    labels = [plain_column(table[key]).combine_chunks().dictionary_encode() for key in keys]
    indices = [np.asarray(label.indices, dtype=np.int64) for label in labels]
    persons, bands = indices[0], indices[1] if len(indices) > 1 else np.zeros_like(indices[0])
    order = np.lexsort((years, persons))
    same = (np.diff(persons[order]) == 0) & (np.diff(years[order]) == 0)
    earlier, later = order[:-1][same], order[1:][same]
    for first, second in zip(earlier[:MOST_PROBLEMS], later[:MOST_PROBLEMS], strict=True):
        given = f"person {table[keys[0]][int(second)].as_py()!r}"
        twice = Problem.duplicate(names[0], int(second), int(years[second]), int(first), given)
        arguments.add(twice)
    arguments.extend([], max(0, len(later) - MOST_PROBLEMS))
    if np.ptp(years) >= MOST_YEARS:
        allowed = f"{MOST_YEARS} years in all at most"
        arguments.reject(names[0], f"{years.min():.0f} to {years.max():.0f}", allowed)
    arguments.check()
    kept = weights > 0
    persons, bands, numbered = persons[kept], bands[kept], years[kept].astype(np.int64)
    groups = numbered * (bands.max(initial=0) + 1) + bands
    lows, highs = _ranks(groups, costs[kept], weights[kept])
    observed = Observations.of(persons, numbered, weights[kept], lows, highs, ends)
    if observed.year_pairs < LEAST_PAIRS:
        count = (
            f"{observed.year_pairs} pairs" if observed.year_pairs else "no person with two years"
        )
        allowed = f"{LEAST_PAIRS:,} pairs of years of one person at least, of weight above 0"
        arguments.reject("panel", count, allowed)
    arguments.check()
    return observed


def _ranks(
    groups: IntArray, costs: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """From which rank to which people of this cost lie in their year and band."""
    order = np.lexsort((costs, groups))
    groups, costs, weights = groups[order], costs[order], weights[order]
    new_group = np.diff(groups, prepend=groups[:1] - 1) != 0
    tie_of = np.cumsum(new_group | (np.diff(costs, prepend=-1.0) != 0)) - 1
    group_of = np.cumsum(new_group) - 1
    sums = np.bincount(tie_of, weights)
    group_of_tie = group_of[np.flatnonzero(np.diff(tie_of, prepend=-1))]
    totals = np.bincount(group_of, weights)
    below = np.concatenate([[0.0], np.cumsum(totals)])[:-1]
    upper = np.cumsum(sums) - below[group_of_tie]
    lows, highs = np.empty(len(order)), np.empty(len(order))
    lows[order] = ((upper - sums) / totals[group_of_tie])[tie_of]
    highs[order] = (upper / totals[group_of_tie])[tie_of]
    return lows, highs


def _start(states: int, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """States ordered by health, fewer the worse it is, with graded densities over the classes."""
    shares: FloatArray = np.power(SHARE, np.arange(states, dtype=np.float64))
    shares /= shares.sum()
    score = np.vectorize(NormalDist().inv_cdf, otypes=[float])
    scores = np.outer(score(shares.cumsum() - shares / 2), score(widths.cumsum() - widths / 2))
    return shares, np.outer(shares, widths) * np.exp(GRADIENT * scores)
