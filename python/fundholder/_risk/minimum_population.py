"""Minimum population: how large a pool must be."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from .._contracts.stop_loss import StopLoss
from .._tables.arguments import Arguments
from .._tables.provenance import traced
from .agreement import read_agreement
from .cost_model import CostModel
from .population import check_population, read_people


def minimum_population(
    costs: CostModel,
    *,
    tolerance: float,
    probability: float,
    population: Any | None = None,
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    threads: int | None = None,
) -> pa.Table:
    """The smallest pool whose year stays within a tolerance of its expected cost often enough.

    Parameters
    ----------
    costs
        The cost model.
    tolerance
        How far from the expected net cost is outside: 0.1 is 10 % either side.
    probability
        The share of years in which the pool may be outside.
    population
        Whose mix of people the pool has, as for ``variance``; needed where the cost model has
        several bands. A pool of n people has n times everybody's shares, which need not be whole;
        pools of several risk classes have 128 people at least.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``.
    practice_sd
        SD of a yearly effect of mean 1 on the whole pool. No pool is large enough where the effect
        alone is outside more often than that.
    threads
        By default, as many as the processors that the process may use.

    Returns
    -------
    pyarrow.Table
        One row: ``tolerance``, ``probability``, ``people`` (null where no pool is large enough),
        ``p_outside`` (at that size: one person fewer is outside more often than ``probability``),
        ``p_outside_limit`` (of an infinitely large pool: 0 without ``practice_sd``).

    Raises
    ------
    InputError, InputTypeError
        All problems at once, before any work. Also where more than 8 billion people were needed.

    Notes
    -----
    Among very small pools a larger one may be outside more often; of the sizes that meet the
    probability where the next smaller does not, this is the one that a search by halving finds.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> pool = minimum_population(costs, tolerance=0.1, probability=0.05, stop_loss=20_000)
    >>> pool["people"].to_pylist()
    [4790]
    """
    arguments = Arguments()
    if not isinstance(costs, CostModel):
        arguments.reject_type("costs", costs, "a CostModel")
    ((_, tolerance),) = arguments.fractions("tolerance", [tolerance]) or [("", 0.5)]
    ((_, probability),) = arguments.fractions("probability", [probability]) or [("", 0.5)]
    threads = arguments.threads(threads)
    agreement = read_agreement(arguments, costs, stop_loss=stop_loss, practice_sd=practice_sd)
    if population is not None:
        check_population(arguments, population)
    elif isinstance(costs, CostModel) and len(set(costs.table["band"].to_pylist())) > 1:
        arguments.reject("population", None, "given where the cost model has several bands")
    arguments.check()
    if population is None:
        population = pa.table({"practice": [0], "count": [1]})
    people = read_people(population, costs, [], threads)
    valuation = agreement.valuation(costs)
    size, outside, limit, metadata = people.minimum_population(valuation, tolerance, probability)
    table = pa.table(
        {
            "tolerance": [tolerance],
            "probability": [probability],
            "people": pa.array([size], pa.int64()),
            "p_outside": pa.array([outside], pa.float64()),
            "p_outside_limit": [limit],
        }
    )
    return traced((table, metadata))
