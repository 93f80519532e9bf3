"""The exact distribution of a unit's yearly cost: as a table, and at given costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from .._contracts.contract import Contract, check_person_terms
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._tables.arguments import Arguments, listed
from .._tables.provenance import traced
from .agreement import Basis, check_basis, read_agreement
from .cost_model import CostModel
from .population import check_people, read_people


def distribution(
    population: Any,
    costs: CostModel,
    *,
    by: str = "practice",
    units: Sequence[str | int] | None = None,
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | None = None,
    services: str | Sequence[str] | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    of: Basis = "net",
    points: int = 1000,
    threads: int | None = None,
) -> pa.Table:
    """The exact distribution of units' yearly cost, as a table.

    Parameters
    ----------
    population, costs, stop_loss, services, practice_sd, national_sd, of, threads
        As for ``variance``.
    contract
        As for ``variance``, of terms on a person's year alone.
    by
        The column whose values are units.
    units
        Names of units; by default, all.
    points
        Rows of a unit, at least; from 10 to 1,000,000. A distribution with a long tail has more,
        four in each SD; one that stands on few prices, or that does not vary, has fewer.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``cost`` (£, equally spaced for each unit), ``probability`` (of the cost where
        few are possible, else the density there times the step: together they keep the mean and
        the SD of the distribution), ``cumulative`` (of no more than the cost). It holds all but
        1e-10 of the distribution at either end; of a heavy tail of few people, all but 1e-4.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``; also units that are not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.5], "family": ["fixed"], "mean": [10.0]}))
    >>> two = pa.table({"practice": ["A"], "count": [2]})
    >>> distribution(two, costs).select(["cost", "probability"]).to_pylist()[0]
    {'cost': 0.0, 'probability': 0.25}
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by, single=True)
    agreement = read_agreement(
        arguments,
        costs,
        stop_loss=stop_loss,
        contract=contract,
        services=services,
        practice_sd=practice_sd,
        national_sd=national_sd,
    )
    check_basis(arguments, of)
    check_person_terms(arguments, agreement.contract)
    points = arguments.integer("points", points, 10, 1_000_000)
    names = None if units is None else _unit_names(arguments, units)
    threads = arguments.threads(threads)
    arguments.check()
    people = read_people(population, costs, levels, threads)
    valuation = agreement.valuation(costs, of)
    return agreement.described(traced(people.distribution(0, valuation, names, points)))


def _unit_names(arguments: Arguments, units: Any) -> list[str]:
    allowed = "a list of different names of units"
    items = listed(units)
    if items is None:
        arguments.reject_type("units", units, allowed)
        return []
    return arguments.names("units", [str(unit) for unit in items])


def cumulative(
    population: Any,
    costs: CostModel,
    *,
    at: Any,
    by: str = "practice",
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | None = None,
    services: str | Sequence[str] | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    of: Basis = "net",
    threads: int | None = None,
) -> pa.Table:
    """The exact probability that a unit's yearly cost is no more than a given cost.

    Parameters
    ----------
    population, costs, by, stop_loss, contract, services, practice_sd, national_sd, of, threads
        As for ``distribution``.
    at
        A table ``<by>``, ``cost`` (£); a unit may stand there many times.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``cost``, ``cumulative``, in the order of ``at``.

    Raises
    ------
    InputError, InputTypeError
        As for ``distribution``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.5], "family": ["fixed"], "mean": [10.0]}))
    >>> two = pa.table({"practice": ["A"], "count": [2]})
    >>> at = pa.table({"practice": ["A", "A"], "cost": [9.0, 10.0]})
    >>> cumulative(two, costs, at=at)["cumulative"].to_pylist()
    [0.25, 0.75]
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by, single=True)
    agreement = read_agreement(
        arguments,
        costs,
        stop_loss=stop_loss,
        contract=contract,
        services=services,
        practice_sd=practice_sd,
        national_sd=national_sd,
    )
    check_basis(arguments, of)
    check_person_terms(arguments, agreement.contract)
    threads = arguments.threads(threads)
    arguments.check()
    people = read_people(population, costs, levels, threads)
    valuation = agreement.valuation(costs, of)
    return agreement.described(traced(people.cumulative(0, valuation, at)))
