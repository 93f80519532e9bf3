"""A pot shared out in proportion to need, to the penny."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments, listed
from .._tables.arrays import FloatArray
from .._tables.largest_remainder import largest_remainder
from .._tables.unit_tables import (
    check_free,
    nullable,
    ratio,
    result_table,
)
from .need import Component, NeedOfUnits, read_need
from .rounding import pence_of

RESULT_COLUMNS = (
    "people",
    "need",
    "need_index",
    "cost_index",
    "share",
    "budget",
    "budget_per_head",
)


def allocate(
    persons_or_units: Any,
    *,
    need: str | Mapping[str, str],
    total: float | Mapping[str, float],
    by: str = "practice",
    index: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    exclude: Sequence[str | int] = (),
    threads: int | None = None,
) -> pa.Table:
    """Budgets in proportion to need that add up to the pot, to the penny.

    Parameters
    ----------
    persons_or_units
        A row for each unit, with the column ``people``; or a row for each group of identical
        people, with the column ``count``; or a row for each person, with neither. A unit may have
        many rows. A reader is read once, batch by batch, so that it may be larger than memory.
    need
        The column of need, in any unit of measurement. With ``people``, or for persons, it is the
        need of the whole row: a unit's weighted population, a person's expected cost. With
        ``count`` it is the need of one person of the row, and counts ``count`` times. A person's
        may be negative, as a linear formula's may be; a unit's may not. For a pot made of
        components, a dict ``{component: column}``.
    total
        The pot in £, a whole number of pence, at most £10 trillion. With components, a dict
        ``{component: £}``.
    by
        The column whose values are units.
    index
        Columns of cost indices, above 0, that multiply the need of a row before it is shared out,
        such as a market forces factor. With components, these columns for all of them, or a dict
        ``{component: columns}``.
    exclude
        Names of units that take no part.
    threads
        By default, as many as the processors that the process may use.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``people``, ``need``, ``need_index`` (need per head relative to that of all:
        (need / people) / (total need / total people)), ``cost_index`` where there is one (weighted
        by need, its mean is 1), ``share``, ``budget`` (£), ``budget_per_head`` (£). In the order
        of the units' names. Null where a unit has no people, no need, or components no money.
        With components: ``<by>``, ``people``, then ``need_<c>``, ``cost_index_<c>``, ``share_<c>``
        and ``budget_<c>`` for each, and ``need_index`` (share of the money relative to the share of
        people), ``share``, ``budget`` and ``budget_per_head`` of all.

    Raises
    ------
    InputError, InputTypeError
        All problems at once: also a unit of negative need, one with need and no people, no need at
        all, and units in ``exclude`` that are not there.

    Notes
    -----
    Pence are shared out by the largest remainder (Hamilton's method): each unit has its exact
    quota rounded down, and those that lose most by that have a penny more; of equals, the first by
    name. The order of rows changes nothing: of each need, what is cut off before it is added lies
    below 2**-66 of the largest in its column, and what is left is added exactly.

    Examples
    --------
    >>> import pyarrow as pa
    >>> lists = pa.table({"practice": ["A", "B", "C"], "people": [5_000, 7_000, 8_000],
    ...                   "weighted": [6_000.0, 7_000.0, 7_000.0], "mff": [1.0, 1.0, 1.1]})
    >>> budgets = allocate(lists, need="weighted", total=1_000_000, index="mff")
    >>> budgets["budget"].to_pylist()
    [289855.07, 338164.25, 371980.68]
    >>> [round(x, 4) for x in budgets["need_index"].to_pylist()]
    [1.2, 1.0, 0.875]

    Two components, each with a pot of its own:

    >>> both = allocate(lists, need={"hospital": "weighted", "drugs": "people"},
    ...                 total={"hospital": 900, "drugs": 100})
    >>> both.select(["budget_hospital", "budget_drugs", "budget"]).to_pylist()[0]
    {'budget_hospital': 270.0, 'budget_drugs': 25.0, 'budget': 295.0}
    """
    arguments = Arguments()
    arguments.column("by", by)
    check_free(arguments, "by", by, RESULT_COLUMNS)
    components = _components(arguments, need, total, index)
    _check_names(arguments, by, components)
    excluded = _excluded(arguments, exclude)
    threads = arguments.threads(threads)
    arguments.check()
    need_of_units, rows = read_need(persons_or_units, by, components, threads)
    units = need_of_units.without(by, excluded)
    units.check(by, components)
    metadata = {
        "by": by,
        "need": _described(components, "need"),
        "index": _described(components, "index"),
        "total": _described(components, "total"),
        "excluded": ", ".join(map(str, excluded)) or "none",
        "rows": str(rows),
    }
    return result_table(by, units.names, _columns(units, components), metadata)


# ---- Arguments ----------------------------------------------------------------------------------
def _components(arguments: Arguments, need: Any, total: Any, index: Any) -> list[Component]:
    if isinstance(need, str):
        arguments.column("need", need)
        pence = pence_of(arguments, "total", total)
        return [Component(None, need, _index(arguments, "index", index), pence)]
    if not isinstance(need, Mapping):
        arguments.reject_type("need", need, "the name of a column, or a dict of them by component")
        return []
    if not need or not all(isinstance(text, str) for text in (*need, *need.values())):
        arguments.reject("need", need, "a dict {component: column}, not empty")
        return []
    for column in need.values():
        arguments.column("need", column)
    if not isinstance(total, Mapping):
        arguments.reject_type("total", total, "a dict {component: £}, as need is one")
        return []
    if set(total) != set(need):
        arguments.reject("total", total, f"a dict with the components {', '.join(need)}")
        return []
    if not isinstance(index, Mapping):
        everywhere = _index(arguments, "index", index)
        by_component = dict.fromkeys(need, everywhere)
    else:
        for name in set(index) - set(need):
            arguments.reject("index", name, f"one of the components {', '.join(need)}")
        by_component = {c: _index(arguments, f"index[{c!r}]", index.get(c)) for c in need}
    return [
        Component(c, need[c], by_component[c], pence_of(arguments, f"total[{c!r}]", total[c]))
        for c in need
    ]


def _check_names(arguments: Arguments, by: Any, components: Sequence[Component]) -> None:
    """Reject components whose columns would have the name of another."""
    for component in components:
        if component.name is None:
            continue
        columns = [component.column(c) for c in ("need", "cost_index", "share", "budget")]
        for column in columns:
            if column in (by, *RESULT_COLUMNS):
                allowed = f"another name: the result has {column!r} for something else"
                arguments.reject("need", component.name, allowed)


def _index(arguments: Arguments, name: str, value: Any) -> tuple[str, ...]:
    return () if value is None else tuple(arguments.names(name, value))


def _excluded(arguments: Arguments, exclude: Any) -> list[str | int]:
    allowed = "a list of names of units"
    units = listed(exclude)
    if units is None:
        arguments.reject_type("exclude", exclude, allowed)
        return []
    if not all(isinstance(unit, str | int) and not isinstance(unit, bool) for unit in units):
        arguments.reject_type("exclude", exclude, allowed)
    return units


def _described(components: Sequence[Component], field: str) -> str:
    texts = []
    for component in components:
        value = getattr(component, field)
        text = value if isinstance(value, str) else (", ".join(value) or "none")
        texts.append(text if component.name is None else f"{component.name}: {text}")
    return "; ".join(texts)


# ---- Shares -------------------------------------------------------------------------------------
def _columns(units: NeedOfUnits, components: Sequence[Component]) -> dict[str, Any]:
    people_share = units.people / math.fsum(units.people)
    people = units.people.astype(np.int64) if units.integer_people else units.people
    columns: dict[str, Any] = {"people": people}
    budgets = []
    for component, need, weighted in zip(components, units.need, units.weighted, strict=True):
        share = weighted / math.fsum(weighted)
        pence = largest_remainder(component.pence, weighted.tolist())
        budgets.append(pence)
        columns[component.column("need")] = need
        if component.name is None:
            columns["need_index"] = nullable(ratio(need / math.fsum(need), people_share))
        if component.index:
            columns[component.column("cost_index")] = nullable(ratio(share, need / math.fsum(need)))
        columns[component.column("share")] = share
        if component.name is not None:
            columns[component.column("budget")] = [p / 100 for p in pence]
    pence = [sum(parts) for parts in zip(*budgets, strict=True)]
    if components[0].name is not None:
        share = _share_of_money(columns, components)
        columns["need_index"] = nullable(ratio(share, people_share))
        columns["share"] = nullable(share)
    budget = np.array([p / 100 for p in pence])
    columns["budget"] = budget
    columns["budget_per_head"] = nullable(ratio(budget, units.people))
    return columns


def _share_of_money(columns: Mapping[str, Any], components: Sequence[Component]) -> FloatArray:
    """The share of all components' money, before it is rounded to pence; NaN without money."""
    parts = [component.pence * columns[component.column("share")] for component in components]
    money = np.array([math.fsum(row) for row in np.array(parts).T.tolist()])
    return ratio(money, sum(component.pence for component in components))
