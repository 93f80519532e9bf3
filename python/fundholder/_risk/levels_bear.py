"""Commissioning by level: which level pays for which services, and what each of them bears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from .._contracts.contract import Contract, check_names, check_person_terms
from .._contracts.stop_loss import CarveOut, StopLoss
from .._contracts.terms import Term
from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table
from .._tables.provenance import traced
from .agreement import read_agreement
from .cost_model import CostModel
from .population import check_people, read_people

NATION = "nation"
"""A level that a population need not name: everyone."""


def levels_bear(
    population: Any,
    costs: CostModel,
    services_by_level: Mapping[str, str | Sequence[str]],
    *,
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
    threads: int | None = None,
) -> dict[str, pa.Table]:
    """The exact distribution of what every level bears, where each pays for some services.

    Parameters
    ----------
    population, costs, practice_sd, national_sd, thresholds, quantiles, threads
        As for ``variance``; the cost model has services.
    services_by_level
        Levels (columns of the population, or "nation") and the services that each pays for; every
        service once. The first level is the holder; any other may have none, ``[]``, and bear what
        is passed to it.
    stop_loss, contract
        What the holder passes on, person by person: each term ``to`` one of the levels. A ceiling
        in £ passes to the last level.

    Returns
    -------
    dict of pyarrow.Table
        By level, the columns of ``variance`` for what its units bear: of the holder, its services
        net of the contract; of the others, their services and what the contract passes to them.
        Expected costs of all levels add up to gross.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``; also a service of no level or of two, and a term ``to`` another party.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import CostModel, england
    >>> costs = CostModel(england.costs(), england.services())
    >>> lists = pa.table({"practice": ["A", "B"], "band": ["male 65-74"] * 2, "count": [800, 900]})
    >>> local = ["primary care", "prescribing", "community", "outpatient", "a&e"]
    >>> levels = {"practice": local, "nation": [s for s in costs.services if s not in local]}
    >>> bears = levels_bear(lists, costs, levels, stop_loss=5_000)
    >>> [round(sum(table["expected"].to_pylist()) / 1000) for table in bears.values()]
    [2288, 5406]
    """
    arguments = Arguments()
    names = list(services_by_level) if isinstance(services_by_level, Mapping) else []
    if not names:
        arguments.reject_type("services_by_level", services_by_level, "services by level")
    check_people(arguments, population, costs, names)
    services = {
        name: [] if name != names[0] and _none(given) else arguments.names(name, given)
        for name, given in zip(names, map(services_by_level.get, names), strict=True)
    }
    model = costs.services if isinstance(costs, CostModel) else []
    for of_level in services.values():
        check_names(arguments, of_level, model)
    for service in model:
        levels = [name for name in names if service in services[name]]
        if len(levels) != 1:
            has = f"is of {' and '.join(levels)}" if levels else "has no level"
            text = f"services_by_level: service {service} {has}: must be of one level"
            problem = Problem(text, code="argument", column="services_by_level", value=service)
            arguments.add(problem)
    options = {"practice_sd": practice_sd, "national_sd": national_sd}
    agreed = read_agreement(arguments, costs, stop_loss=stop_loss, contract=contract, **options)
    check_person_terms(arguments, agreed.contract)
    terms = list(agreed.contract.person_terms)
    if contract is None and not isinstance(stop_loss, StopLoss):
        terms = [replace(term, to=names[-1]) for term in terms]
    for term in terms:
        if term.to not in names[1:]:
            name = type(term).__name__
            default = f": {term.to!r} is the default of {name}" if term.to == type(term).to else ""
            levels_of_others = f"one of the levels {', '.join(names[1:])}"
            arguments.reject("to", term.to, levels_of_others + default)
    tolerances = arguments.fractions("thresholds", thresholds)
    probabilities = arguments.fractions("quantiles", quantiles)
    thread_count = arguments.threads(threads)
    arguments.check()
    others = [CarveOut(services[name], to=name) for name in names[1:] if services[name]]
    # Terms on all services are on those of the holder.
    own = [replace(term, services=term.services or services[names[0]]) for term in terms]
    bound = replace(agreed, contract=Contract([*others, *own]))
    if NATION in names:
        table = arrow_table("population", population)
        if NATION not in table.column_names:
            population = table.append_column(NATION, pa.array([NATION] * len(table)))
    people = read_people(population, costs, names, thread_count)
    tables = {}
    for level, name in enumerate(names):
        valuation = bound.valuation(costs, "ceded", name) if level else bound.valuation(costs)
        answer = people.variance(level, valuation, [], None, tolerances, probabilities, exact=True)
        tables[name] = bound.described(traced(answer))
    return tables


def _none(services: Any) -> bool:
    return isinstance(services, list | tuple) and not services
