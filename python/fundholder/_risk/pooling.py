"""Pooling at a next level: cost that stays with each unit, and cost that its pool meets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from .._contracts.contract import Contract, check_person_terms
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._tables.arguments import Arguments
from .._tables.provenance import traced
from .agreement import read_agreement
from .cost_model import CostModel
from .holders import read_holders
from .population import check_people, check_result_columns, read_people


def pooling(
    population: Any,
    costs: CostModel,
    *,
    pool: str,
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | None = None,
    services: str | Sequence[str] | None = None,
    by: str = "practice",
    budgets: Any | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
    threads: int | None = None,
) -> dict[str, pa.Table]:
    """Cost that stays with each unit, and cost that its pool meets, when a part is pooled.

    Parameters
    ----------
    population, costs, services, practice_sd, national_sd, thresholds, quantiles, threads
        As for ``variance``.
    pool
        The column of the next level, where ceded cost is added up.
    stop_loss
        What is pooled: of each person-year the cost above a ceiling in £, or by a ``StopLoss``.
        ``StopLoss(0, share=0.6)`` pools 60 % of every cost.
    contract
        The same as terms on a person's year: all that they cede is pooled.
    by
        The column of the units that keep the rest.
    budgets
        A table ``<by>``, ``budget`` (£) for what stays; by default, the expected net cost.

    Returns
    -------
    dict of pyarrow.Table
        Under ``by``, the columns of ``variance`` for net cost; under ``pool``, the same for ceded
        cost, whose ``expected`` (£) is what the pool has to raise.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``, and where there is nothing to pool: neither a
        ``stop_loss`` nor a ``contract``, or ``pool`` and ``by`` the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> practices = pa.table({"practice": ["A", "B"], "icb": ["X", "X"], "count": [7_000, 12_000]})
    >>> shared = pooling(practices, costs, pool="icb", stop_loss=20_000)
    >>> [round(cost / 1000) for cost in shared["practice"]["expected"].to_pylist()]
    [4620, 7920]
    >>> round(shared["icb"]["expected"][0].as_py() / 1000)
    2660
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by)
    if len(levels) > 1:
        arguments.reject("by", by, "one column")
    pool = arguments.column("pool", pool)
    if pool in levels:
        arguments.reject("pool", pool, "another column than by")
    else:
        check_result_columns(arguments, [pool])
    if stop_loss is None and contract is None:
        arguments.reject_type("stop_loss", None, "a ceiling in £ or a StopLoss, or give a contract")
    tolerances = arguments.fractions("thresholds", thresholds)
    probabilities = arguments.fractions("quantiles", quantiles)
    agreement = read_agreement(
        arguments,
        costs,
        stop_loss=stop_loss,
        contract=contract,
        services=services,
        practice_sd=practice_sd,
        national_sd=national_sd,
    )
    check_person_terms(arguments, agreement.contract)
    threads = arguments.threads(threads)
    arguments.check()
    net, ceded = (agreement.valuation(costs, of) for of in ("net", "ceded"))
    people = read_people(population, costs, [*levels, pool], threads)
    known = read_holders(budgets).of(agreement.contract)
    kept = people.variance(0, net, [], known, tolerances, probabilities, exact=True)
    pooled = people.variance(1, ceded, [], None, tolerances, probabilities, exact=True)
    tables = {levels[0]: traced(kept), pool: traced(pooled)}
    return {name: agreement.described(table) for name, table in tables.items()}
