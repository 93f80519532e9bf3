"""Targets of several pots together, and of the levels that units lie in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.checked import NOT_NEGATIVE, arrow_table, read_table
from .._tables.problems import Problems
from .._tables.unit_sums import sums_by_unit
from .._tables.unit_tables import check_free, read_units, result_table
from .weighted_capitation import RESULT_COLUMNS, of_targets


def combine_targets(pots: Mapping[str, Any], *, by: str = "practice") -> pa.Table:
    """The targets of several pots, added up unit by unit.

    Parameters
    ----------
    pots
        ``{name of the pot: result of weighted_capitation}``, all of the same units, people and
        unit of money.
    by
        The column of units.

    Returns
    -------
    pyarrow.Table
        ``<by>``, what the first table kept by ``also``, ``people``, ``target_<pot>`` for each,
        ``target`` (their sum), ``target_per_head``, ``overall_weighted_people`` (the population in
        proportion to targets) and ``need_index`` (``overall_weighted_people / people``). In the
        order of the units' names.

    Raises
    ------
    InputError, InputTypeError
        All problems at once: also units or people that differ between pots.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import weighted_capitation
    >>> lists = pa.table({"practice": ["A", "B"], "people": [40, 60], "acute": [50, 50],
    ...                   "drugs": [30, 70]})
    >>> both = combine_targets({
    ...     "hospital": weighted_capitation(lists, components={"acute": 1}, pot=9_000),
    ...     "drugs": weighted_capitation(lists, components={"drugs": 1}, pot=1_000)})
    >>> both.select(["practice", "target_hospital", "target_drugs", "target"]).to_pylist()[0]
    {'practice': 'A', 'target_hospital': 4500.0, 'target_drugs': 300.0, 'target': 4800.0}
    """
    arguments = Arguments()
    arguments.column("by", by)
    if not isinstance(pots, Mapping):
        arguments.reject_type("pots", pots, "a dict {name: result of weighted_capitation}")
    elif not pots or not all(isinstance(name, str) for name in pots):
        arguments.reject("pots", pots, "a dict {name: result of weighted_capitation}, not empty")
    else:
        for name in pots:
            if f"target_{name}" in (by, *RESULT_COLUMNS):
                allowed = f"another name: the result has 'target_{name}' for something else"
                arguments.reject("pots", name, allowed)
    arguments.check()
    rules = dict.fromkeys(["people", "target"], NOT_NEGATIVE)
    given = {name: arrow_table(f"pots[{name!r}]", pot) for name, pot in pots.items()}
    taken = {by, *RESULT_COLUMNS}
    kept = [name for name in next(iter(given.values())).column_names if name not in taken]
    # A table of several pots may be combined with a further one: its parts are not kept.
    kept = [name for name in kept if not name.startswith("target_")]
    tables = {
        name: read_units(f"pots[{name!r}]", table, by, rules, kept if not i else ())
        for i, (name, table) in enumerate(given.items())
    }
    first_name, first = next(iter(tables.items()))
    problems = Problems()
    for name, table in tables.items():
        if table.names != first.names:
            odd = sorted(map(str, set(table.names) ^ set(first.names)))
            text = (
                f"pots[{name!r}]: {by} {odd[0]!r} is not in both it and pots[{first_name!r}]: "
                "all must have the same units"
            )
            problems.add(Problem(text, code="inconsistent"))
        elif (where := np.flatnonzero(table.numbers["people"] != first.numbers["people"])).size:
            unit = first.names[where[0]]
            text = (
                f"pots[{name!r}]: the people of {by} {unit!r} differ from those of "
                f"pots[{first_name!r}]: must be the same"
            )
            problems.add(Problem(text, code="inconsistent"))
    problems.check()
    targets = {f"target_{name}": table.numbers["target"] for name, table in tables.items()}
    rows = np.array(list(targets.values())).T.tolist()
    people = first.numbers["people"]
    together = of_targets(np.array([math.fsum(row) for row in rows]), people)
    return first.table({"people": people} | targets | together, {"by": by, "pots": ", ".join(pots)})


def targets_by(targets: Any, level: str) -> pa.Table:
    """Targets and need indices of places, ICBs or any other level.

    Parameters
    ----------
    targets
        A result of ``weighted_capitation`` or ``combine_targets`` that kept the column ``level``
        by ``also``.
    level
        The column of strings or integers that says where each unit lies. Units where it is null
        are added up in a last row of their own, so that nothing of the total is lost.

    Returns
    -------
    pyarrow.Table
        ``<level>``, ``units`` (how many), ``people``, every column ``target_<pot>`` there is,
        ``target``, ``target_per_head``, ``overall_weighted_people`` and ``need_index``, as in
        ``targets``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import weighted_capitation
    >>> lists = pa.table({"practice": ["A", "B", "C"], "icb": ["N", "S", "N"],
    ...                   "people": [40, 60, 20], "acute": [50, 60, 10]})
    >>> targets = weighted_capitation(lists, components={"acute": 1}, pot=1_200, also="icb")
    >>> targets_by(targets, "icb").select(["icb", "units", "target", "need_index"]).to_pylist()
    [{'icb': 'N', 'units': 2, 'target': 600.0, 'need_index': 1.0}, \
{'icb': 'S', 'units': 1, 'target': 600.0, 'need_index': 1.0}]
    """
    arguments = Arguments()
    arguments.column("level", level)
    check_free(arguments, "level", level, (*RESULT_COLUMNS, "units"))
    arguments.check()
    table = arrow_table("targets", targets)
    added = ["people", *(n for n in table.column_names if n.startswith("target_"))]
    added = [name for name in added if name != "target_per_head"] + ["target"]
    rules = dict.fromkeys(added, NOT_NEGATIVE)
    checked = read_table("targets", table, labels=[level], numbers=rules, nullable=[level])
    names, count, columns = sums_by_unit("targets", checked)
    people, target = columns.pop("people"), columns.pop("target")
    return result_table(
        level,
        names,
        {"units": count, "people": people} | columns | of_targets(target, people),
        {"by": level},
    )
