"""Weighted capitation: a pot shared out by weighted populations, as the national formula does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.checked import NOT_NEGATIVE, POSITIVE
from .._tables.unit_tables import check_free, nullable, ratio, read_units
from .capitation_input import check_populations, column_names, read_unmet_need, read_weights

RESULT_COLUMNS = (
    "people",
    "need",
    "weighted_people",
    "cost_index",
    "target",
    "target_per_head",
    "overall_weighted_people",
    "need_index",
)

MOST_POT = 1e15


def weighted_capitation(
    units: Any,
    *,
    components: Mapping[str, float],
    pot: float,
    unmet_need: tuple[str, float] | None = None,
    cost_index: str | Sequence[str] = (),
    remoteness: str | None = None,
    by: str = "practice",
    people: str = "people",
    also: str | Sequence[str] = (),
    normalise: bool = False,
) -> pa.Table:
    """Target allocations of one pot: need weights, unmet need, cost indices, remoteness.

    Parameters
    ----------
    units
        A table with one row for each unit.
    components
        ``{column: weight}``: weighted populations, each of which adds up to the population, and
        the share of the pot that each stands for. Weights add up to 1.
    pot
        The money, in £, £k or any other unit.
    unmet_need
        ``(column, share)``: a weighted population that takes ``share`` of the whole, from 0 to 1,
        beside the components. NHS England's is avoidable mortality, at 10 %.
    cost_index
        Columns of indices of unavoidable cost, above 0, that multiply need: the market forces
        factor, the emergency ambulance cost adjustment.
    remoteness
        A column of money per head that is added on top, in the unit of ``pot``; 0 where a unit is
        not remote. Targets then add up to more than the pot, as they do in the published formula.
    by, people
        The columns of units and of the population.
    also
        Columns that the result keeps, such as levels for ``targets_by``.
    normalise
        Scale each weighted population to the population, where it does not add up to it.

    Returns
    -------
    pyarrow.Table
        ``<by>``, the columns of ``also``, ``people``, ``need`` (the components mixed),
        ``weighted_people`` (unmet need mixed in; adds up to the population), ``cost_index`` (the
        product of the indices; its mean is 1, weighted by ``weighted_people``), ``target``,
        ``target_per_head``, ``overall_weighted_people`` (the population in proportion to targets)
        and ``need_index`` (``overall_weighted_people / people``: target per head relative to the
        national mean, cost indices and remoteness included). In the order of the units' names;
        null where there are no people.

    Raises
    ------
    InputError, InputTypeError
        All problems at once: also weighted populations that do not add up to the population within
        0.001 %, weights that do not add up to 1, and targets for a unit without people.

    Notes
    -----
    With H the mix of components, A the unmet need, s its share and c the cost indices::

        target = pot * ((1 - s) H + s A) c / sum(((1 - s) H + s A) c) + remoteness * people

    The chain of NHS England's allocations to clinical commissioning groups from 2016/17; every
    target of its practices for 2018/19 is reproduced within 1e-9 of itself. There, remoteness is
    the same amount per head for every practice of a remote place.

    Examples
    --------
    >>> import pyarrow as pa
    >>> lists = pa.table({"practice": ["A", "B"], "people": [4_000, 6_000],
    ...                   "acute": [4_500.0, 5_500.0], "mental": [3_500.0, 6_500.0],
    ...                   "early_deaths": [5_000.0, 5_000.0], "mff": [0.95, 1.05]})
    >>> targets = weighted_capitation(lists, components={"acute": 0.8, "mental": 0.2},
    ...                               unmet_need=("early_deaths", 0.1), cost_index="mff",
    ...                               pot=10_000_000)
    >>> targets.select(["practice", "need", "weighted_people"]).to_pylist()[0]
    {'practice': 'A', 'need': 4300.0, 'weighted_people': 4370.0}
    >>> [round(target) for target in targets["target"].to_pylist()]
    [4125509, 5874491]
    """
    arguments = Arguments()
    weights = read_weights(arguments, components)
    unmet, share = read_unmet_need(arguments, unmet_need)
    indices = column_names(arguments, "cost_index", cost_index)
    kept = column_names(arguments, "also", also)
    arguments.column("people", people)
    arguments.column("by", by)
    for name, column in (("by", by), *(("also", column) for column in kept)):
        check_free(arguments, name, column, RESULT_COLUMNS)
    if by in kept:
        arguments.reject("also", by, "columns other than that of units")
    if remoteness is not None:
        arguments.column("remoteness", remoteness)
    if not isinstance(normalise, bool):
        arguments.reject_type("normalise", normalise, "True or False")
    money = arguments.number("pot", pot, below=MOST_POT)
    if pot == 0:
        arguments.reject("pot", pot, "above 0")
    arguments.check()

    populations = [*weights, *([] if unmet is None else [unmet])]
    rules = dict.fromkeys([people, *populations], NOT_NEGATIVE) | dict.fromkeys(indices, POSITIVE)
    if remoteness is not None:
        rules[remoteness] = NOT_NEGATIVE
    table = read_units("units", units, by, rules, kept)
    check_populations(table, people, populations, normalise)

    numbers = table.numbers
    size = numbers[people]
    scaled = {c: _scale(numbers[c], size) if normalise else numbers[c] for c in populations}
    need = _weighted_sum([(weight, scaled[column]) for column, weight in weights.items()])
    mixed = need if unmet is None else _weighted_sum([(1 - share, need), (share, scaled[unmet])])
    weighted = _scale(mixed, size)
    cost = np.ones(len(size))
    for index in indices:
        cost = cost * numbers[index]
    cost = cost * (math.fsum(weighted) / math.fsum(weighted * cost))
    target = money * (weighted * cost) / math.fsum(weighted * cost)
    if remoteness is not None:
        target = target + numbers[remoteness] * size
    columns = {"people": size, "need": need, "weighted_people": weighted, "cost_index": cost}
    return table.table(
        columns | of_targets(target, size),
        {
            "by": by,
            "components": _described(weights),
            "unmet_need": "none" if unmet is None else f"{share:g} {unmet}",
            "cost_index": ", ".join(indices) or "none",
            "remoteness": remoteness or "none",
            "pot": repr(money),
        },
    )


def of_targets(target: FloatArray, people: FloatArray) -> dict[str, Any]:
    """The columns that follow from targets and people."""
    overall = _scale(target, people)
    return {
        "target": target,
        "target_per_head": nullable(ratio(target, people)),
        "overall_weighted_people": overall,
        "need_index": nullable(ratio(overall, people)),
    }


def _scale(values: FloatArray, people: FloatArray) -> FloatArray:
    """Values in proportion that add up to the population; 0 where all are."""
    total = math.fsum(values)
    return values * (math.fsum(people) / total) if total else np.zeros(len(values))


def _weighted_sum(parts: Sequence[tuple[float, FloatArray]]) -> FloatArray:
    rows = np.array([weight * values for weight, values in parts]).T.tolist()
    return np.array([math.fsum(row) for row in rows])


def _described(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{weight!r} {column}" for column, weight in weights.items())
