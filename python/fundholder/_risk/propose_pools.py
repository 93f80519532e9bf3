"""Pools: neighbours merged until chance is small enough."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.stop_loss import StopLoss
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import arrow_table
from .._tables.columns import plain_column
from .._tables.hierarchy import Areas, read_areas
from .._tables.provenance import traced
from .agreement import read_agreement
from .bin_covering import Parent, add_up, most_pools
from .cost_model import CostModel
from .population import COLUMNS, check_people, read_people

RESULT_COLUMNS = ("pool", "people", "pool_people", "p_outside", "meets")
"""Names that the result of ``propose_pools`` uses itself."""


def propose_pools(
    population: Any,
    costs: CostModel,
    *,
    within: str,
    tolerance: float,
    probability: float,
    by: str = "practice",
    boundaries: str | None = None,
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    threads: int | None = None,
) -> pa.Table:
    """Merge neighbours until each pool keeps to its expected cost, with as many pools as possible.

    A pool meets the tolerance where its net cost of the year is further than ``tolerance`` from
    its expected cost in at most ``probability`` of years. That is decided by the exact distribution
    of each pool that is proposed.

    Parameters
    ----------
    population
        As for ``variance``, with the columns ``by``, ``within`` and ``boundaries``. A reader is
        read into memory.
    costs
        The cost model.
    within
        The column of parents: units of one parent are neighbours, and no pool has units of two.
        Units whose parent is null have no neighbours and are not merged.
    tolerance
        Share of expected cost, between 0 and 1.
    probability
        Share of years, between 0 and 1.
    by
        The column of the units that are merged.
    boundaries
        The column of existing groups, such as PCNs, whose units stay together. A unit whose group
        is null is free.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``.
    practice_sd
        SD of a yearly lognormal effect of mean 1 on every cost of a practice.
    threads
        By default, as many as the processors that the process may use.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``<within>``, ``pool`` (the parent and a number: "QOP-01"), ``people``,
        ``pool_people``, ``p_outside`` (share of years in which the pool is outside) and ``meets``,
        in the order of the units' names. A parent that is too small as a whole is one pool that
        does not meet. The same for any order of the rows.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``; also where a unit lies in two parents or two groups, or a group in two
        parents: all at once.

    Notes
    -----
    The largest number of pools is bin covering, which is NP-hard. For each parent, a number of
    pools is tried by putting the largest group first, each to the pool that is smallest so far,
    and by exchanges that enlarge the smallest pool; the number is searched for by the exact
    distribution. For sizes that add up, this finds at least 3/4 of the most pools possible as their
    number grows (Assmann, Johnson, Kleitman and Leung 1984). Size is the squared mean of a pool's
    cost over its variance: it adds up where groups have the same variance per £.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> lists = pa.table({"practice": ["A", "B", "C", "D", "E"], "icb": ["X", "X", "X", "X", "Y"],
    ...                   "count": [9_000, 6_000, 5_000, 8_000, 2_000]})
    >>> pools = propose_pools(lists, costs, within="icb", tolerance=0.1, probability=0.05,
    ...                       stop_loss=20_000)
    >>> pools.select(["practice", "pool", "meets"]).to_pylist()[-1]
    {'practice': 'E', 'pool': 'Y-01', 'meets': False}
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by)
    columns = {"by": by, "within": within}
    if boundaries is not None:
        columns["boundaries"] = boundaries
    for name, value in columns.items():
        arguments.column(name, value)
        if list(columns.values()).count(value) > 1:
            arguments.reject(name, value, "a column of its own")
        elif name != "boundaries" and value in RESULT_COLUMNS:
            arguments.reject(name, value, "a column that the result does not have itself")
    tolerances = arguments.fractions("tolerance", [tolerance])
    arguments.fractions("probability", [probability])
    agreement = read_agreement(arguments, costs, stop_loss=stop_loss, practice_sd=practice_sd)
    threads = arguments.threads(threads)
    arguments.check()
    valuation = agreement.valuation(costs)
    tolerance, allowed = float(tolerance), float(probability)
    table = arrow_table("population", population)
    areas = read_areas(table, by, within, boundaries)
    units = read_people(table, costs, levels, threads)
    distribution = traced(units.variance(0, valuation, [], None, [], [], exact=False))
    row_of = {label: row for row, label in enumerate(distribution[by].to_pylist())}
    distribution = distribution.take([row_of[label] for label in areas.units])
    # Practices are independent, so their moments add up.
    mean = _nine_digits(add_up(areas.block_of_unit, distribution["expected"].to_numpy()))
    variance = _nine_digits(add_up(areas.block_of_unit, distribution["sd"].to_numpy() ** 2))
    neighbours = areas.neighbours(f"no {within}")
    parents = [Parent(name, own, mean[own], variance[own]) for name, own in neighbours]

    def normal(searching: Sequence[Parent]) -> list[list[float]]:
        sizes = [parent.trial_sizes().tolist() for parent in searching]
        return [[math.erfc(tolerance * math.sqrt(s / 2)) for s in pools] for pools in sizes]

    # The normal distribution needs no engine. It gives a number to begin with that is seldom far
    # off.
    most_pools(parents, normal, allowed)
    for parent in parents:
        parent.search(len(parent.outside))
    exact = _ExactJudge(table, costs, valuation, tolerances, allowed, areas, threads)
    most_pools(parents, exact.judge, allowed)

    proposal = _proposal(distribution.select([by, "people"]), within, areas, parents)
    metadata = {
        "fundholder.by": by,
        "fundholder.within": within,
        "fundholder.boundaries": boundaries or "none",
        "fundholder.tolerance": str(tolerance),
        "fundholder.probability": str(allowed),
    }
    return proposal.replace_schema_metadata({**(distribution.schema.metadata or {}), **metadata})


class _ExactJudge:
    """The exact judge of pools: one call of the engine for all that are tried at a time."""

    def __init__(
        self,
        population: pa.Table,
        costs: CostModel,
        valuation: _engine.Valuation,
        tolerances: list[tuple[str, float]],
        allowed: float,
        areas: Areas,
        threads: int,
    ) -> None:
        self._costs, self._valuation = costs, valuation
        self._tolerances, self._allowed, self._threads = tolerances, allowed, threads
        self._block_of_row = areas.block_of_unit[areas.unit_of_row]
        read = [name for name in population.column_names if name in COLUMNS - {"person"}]
        self._population = pa.table({name: plain_column(population[name]) for name in read})

    def judge(self, searching: Sequence[Parent]) -> list[list[float]]:
        """How often pools are outside: the smallest, and where it meets all others too."""
        smallest = [parent.trial_sizes().argmin(0, keepdims=True) for parent in searching]
        judged = self._outside(searching, smallest)
        likely = [i for i, outside in enumerate(judged) if outside[0] <= self._allowed]
        if likely:
            parents = [searching[i] for i in likely]
            pools = [np.arange(parent.tried) for parent in parents]
            for i, outside in zip(likely, self._outside(parents, pools), strict=True):
                judged[i] = outside
        return judged

    def _outside(self, parents: Sequence[Parent], pools: Sequence[IntArray]) -> list[list[float]]:
        """How often the given pools of each parent's trial are outside."""
        pool_of_block = np.full(self._block_of_row.max() + 1, -1)
        ends = np.cumsum([len(numbers) for numbers in pools]).tolist()
        for parent, numbers, end in zip(parents, pools, ends, strict=True):
            row_of_pool = np.full(parent.tried, -1)
            row_of_pool[numbers] = np.arange(end - len(numbers), end)
            pool_of_block[parent.blocks] = row_of_pool[parent.trial]
        pool = pool_of_block[self._block_of_row]
        people = self._population.append_column("pool", pa.array(pool)).filter(pa.array(pool >= 0))
        pooled = read_people(people, self._costs, ["pool"], self._threads)
        tolerances = self._tolerances
        distributions, _ = pooled.variance(0, self._valuation, [], None, tolerances, [], exact=True)
        shares = distributions[f"p_outside_{tolerances[0][0]}"].to_pylist()
        return [shares[i:j] for i, j in zip([0, *ends[:-1]], ends, strict=True)]


def _proposal(units: pa.Table, within: str, areas: Areas, parents: Sequence[Parent]) -> pa.Table:
    """One row for each unit: its pool, the people of it, and whether it meets."""
    pool = np.empty(len(areas.units), np.int64)
    names: list[str] = []
    shares: list[float] = []
    meets: list[bool] = []
    for parent in parents:
        pool[parent.blocks] = len(names) + parent.pool
        names += [parent.name] * len(parent.outside)
        shares += parent.outside
        meets += [parent.meets] * len(parent.outside)
    pool = pool[areas.block_of_unit]
    people = add_up(pool, units["people"].to_numpy()).astype(np.int64)
    pools = pa.table(
        {
            "pool": _numbered(names),
            "pool_people": people,
            "p_outside": shares,
            "meets": meets,
        }
    ).take(pa.array(pool))
    units = units.add_column(1, within, areas.parent_labels())
    for name in pools.column_names:
        units = units.append_column(name, pools[name])
    return units.select([*units.column_names[:2], *RESULT_COLUMNS])


def _numbered(names: list[str]) -> list[str]:
    """Each name with a number of its own, of two digits or as many as its largest needs."""
    times, used = Counter(names), Counter[str]()
    labels = []
    for name in names:
        used[name] += 1
        labels.append(f"{name}-{used[name]:0{max(2, len(str(times[name])))}}")
    return labels


def _nine_digits(values: FloatArray) -> FloatArray:
    """Values to nine digits, which do not depend on the order in which rows were added up."""
    return np.array([float(f"{value:.9g}") for value in values.tolist()])
