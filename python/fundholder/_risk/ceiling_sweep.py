"""Sweeps of ceilings: what each takes away of the risk, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract
from .._contracts.stop_loss import StopLoss
from .._errors import InputError
from .._tables.arguments import Arguments, listed
from .._tables.provenance import traced
from .agreement import read_agreement
from .cost_model import CostModel
from .population import check_people, read_people


def stop_loss(
    population: Any,
    costs: CostModel,
    *,
    ceilings: Sequence[float | None],
    by: str | Sequence[str] = "practice",
    services: str | Sequence[str] | None = None,
    practice_sd: float = 0.0,
    thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    threads: int | None = None,
) -> pa.Table | dict[str, pa.Table]:
    """A sweep of ceilings: what each cedes, what it costs a head, and what risk it leaves.

    Parameters
    ----------
    population, costs, services, practice_sd, threads
        As for ``variance``.
    ceilings
        £ a person-year, each once; ``None`` is no ceiling.
    by
        The column whose values are units, or a list of such columns.
    thresholds
        Tolerances around the expected cost, between 0 and 1.

    Returns
    -------
    pyarrow.Table
        One row per unit and ceiling, in the order of units and then of ``ceilings``: ``<by>``,
        ``ceiling`` (£, null for none), ``people``, ``expected_gross``, ``expected_net`` and
        ``expected_ceded`` (£), ``ceded_share`` (of gross), ``premium_per_head`` (£: what is ceded
        over people), ``cv`` and ``cv_gross`` (after and before the ceiling), ``p_outside_<t>`` and
        ``p_outside_<t>_gross`` (probability of a year further than that from the expected cost).
        Null where a figure is not defined, as the gross ones of a cost whose variance is infinite.
        A dict of tables by level if ``by`` is a list.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``; also ceilings that come twice.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> lists = pa.table({"practice": ["A"], "count": [7_000]})
    >>> sweep = stop_loss(lists, costs, ceilings=[5_000, 20_000, None])
    >>> [round(x, 2) for x in sweep["premium_per_head"].to_pylist()]
    [351.74, 140.01, 0.0]
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by)
    sweep = _ceilings(arguments, ceilings)
    tolerances = arguments.fractions("thresholds", thresholds)
    agreement = read_agreement(arguments, costs, services=services, practice_sd=practice_sd)
    threads = arguments.threads(threads)
    arguments.check()
    gross = agreement.valuation(costs, "gross")
    contracts = [Contract([] if ceiling is None else [StopLoss(ceiling)]) for ceiling in sweep]
    nets = [replace(agreement, contract=contract).valuation(costs) for contract in contracts]
    people = read_people(population, costs, levels, threads)
    tables = {
        level: _sweep(people, i, level, sweep, nets, gross, tolerances)
        for i, level in enumerate(levels)
    }
    return tables[by] if isinstance(by, str) else tables


def _ceilings(arguments: Arguments, ceilings: Any) -> list[float | None]:
    allowed = "different ceilings in £, 0 or more, or None for no ceiling"
    items = listed(ceilings)
    if items is None:
        arguments.reject_type("ceilings", ceilings, f"a sequence of {allowed}")
        return []
    values: list[float | None] = []
    for ceiling in items:
        value = None if ceiling is None else arguments.money("ceilings", ceiling)
        if value in values:
            arguments.reject("ceilings", ceiling, f"unique: {allowed}")
        values.append(value)
    if not values:
        arguments.reject("ceilings", ceilings, allowed)
    return values


def _sweep(
    people: _engine.People,
    level_index: int,
    level: str,
    ceilings: list[float | None],
    valuation: list[_engine.Valuation],
    gross: _engine.Valuation,
    tolerances: list[tuple[str, float]],
) -> pa.Table:
    nets = [
        traced(people.variance(level_index, net, [], None, tolerances, [], exact=True))
        for net in valuation
    ]
    before: pa.Table | None
    if None in ceilings:
        before = nets[ceilings.index(None)]
    else:
        try:
            before, _ = people.variance(level_index, gross, [], None, tolerances, [], exact=True)
        except InputError:
            before = None  # the gross variance is infinite, and no row needs it
    expected_gross = np.array(people.expected(level_index, gross))
    count, rows = len(ceilings), nets[0].num_rows
    # Unit by unit, ceiling by ceiling: the i-th row of each table, and its ceiling.
    order = np.arange(rows * count).reshape(count, rows).T.ravel()
    joined = pa.concat_tables(nets).take(order)
    units = pa.array(np.repeat(np.arange(rows), count))
    heads = joined["people"].to_numpy().astype(float)
    gross_cost = np.repeat(expected_gross, count)
    net_cost = joined["expected"].to_numpy()
    ceded = np.maximum(gross_cost - net_cost, 0.0)

    def before_ceiling(name: str) -> Any:
        if before is None:
            return pa.nulls(len(units), pa.float64())
        return before[name].take(units)

    columns: dict[str, Any] = {
        level: joined[level],
        "ceiling": pa.array(ceilings * rows, pa.float64()),
        "people": joined["people"],
        "expected_gross": gross_cost,
        "expected_net": net_cost,
        "expected_ceded": ceded,
        "ceded_share": _ratio(ceded, gross_cost),
        "premium_per_head": _ratio(ceded, heads),
        "cv": joined["cv"],
        "cv_gross": before_ceiling("cv"),
    }
    for text, _ in tolerances:
        name = f"p_outside_{text}"
        columns[name] = joined[name]
        columns[f"{name}_gross"] = before_ceiling(name)
    metadata = dict(nets[0].schema.metadata or {})
    metadata.pop(b"fundholder.stop_loss", None)
    return pa.table(columns).replace_schema_metadata(metadata)


def _ratio(above: Any, below: Any) -> pa.Array:
    """``above / below``; null where ``below`` is 0."""
    positive = below > 0
    return pa.array(above / np.where(positive, below, 1.0), mask=~positive)
