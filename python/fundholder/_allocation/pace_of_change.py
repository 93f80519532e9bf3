"""Pace of change: how fast allocations approach their targets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.unit_tables import check_free, nullable
from .pace_convergence import GivenConvergence
from .pace_input import PaceInput, check_year, read_pace
from .pace_rule_base import Rule
from .rounding import from_steps

MOST_YEARS = 200
"""At the largest growth of 100 % a year, money stays far from overflow."""


def pace_of_change(
    units: Any,
    *,
    baseline: str,
    target: str,
    rule: Rule,
    growth: float | str | None = None,
    total: float | None = None,
    next_target: str | None = None,
    rounding: float = 0.01,
    by: str = "practice",
) -> pa.Table:
    """Allocations between last year's money and the target, by a rule.

    Parameters
    ----------
    units
        A table with one row for each unit.
    baseline
        The column of last year's money, in £, £k or any other unit.
    target
        The column of targets in the same year and unit, above 0.
    rule
        ``Convergence``, ``GivenConvergence``, ``Floor``, ``NobodyLosesCash`` or ``FullMove``.
    growth
        Base growth, above -1 and at most 1 (0.0437 is 4.37 %): a number for all, or a column.
    total
        The money to be shared out. ``Convergence`` and ``GivenConvergence`` need ``growth`` and
        take no total, unless they hold one; ``NobodyLosesCash`` and ``FullMove`` need one of the
        two; ``Floor`` needs one or both. Where there is no total, it is what baselines with base
        growth add up to; where there is no growth, it is the same for all and leads to the total.
    next_target
        The column of targets of the year that is set, if they are known, as
        ``official.read_icb_allocations`` has them. By default, each target grows by the base growth
        of its unit.
    rounding
        The step of an allocation: 0.01, 1, 10, 100 ... of the unit of money. Publications in £k
        have a step of 1 where money is in £k, and of 1,000 where it is in £.
    by
        The column of units.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``baseline``, ``target``, ``dft_open`` (baseline / target - 1), ``growth`` (base
        growth), ``convergence`` (allocation / (baseline * (1 + growth)) - 1 before rounding, or
        what an additive rule adds to growth; null without a baseline), ``allocation``,
        ``next_target`` (of the year that is set; rules that share out a total scale it to the
        total), ``dft`` (allocation / next_target - 1). In the order of the units' names.
        Allocations of rules that share out a total add up to it exactly, rounded to the step by
        largest remainders; others are rounded one by one.

    Raises
    ------
    InputError, InputTypeError
        All problems at once: also a total below the baselines where nobody may lose cash.

    Examples
    --------
    Nobody loses cash, and growth of 5 % goes to those below target (BMJ Global Health
    2020;5:e002763):

    >>> import pyarrow as pa
    >>> from fundholder import NobodyLosesCash
    >>> regions = pa.table({"region": ["A", "B", "C"], "money": [500, 300, 200],
    ...                     "fair": [400, 350, 250]})
    >>> year = pace_of_change(regions, by="region", baseline="money", target="fair", growth=0.05,
    ...                       rule=NobodyLosesCash())
    >>> year["allocation"].to_pylist()
    [500.0, 325.96, 224.04]
    >>> [round(100 * dft, 1) for dft in year["dft"].to_pylist()]
    [19.0, -11.3, -14.7]
    """
    arguments = Arguments()
    given = read_pace(
        units,
        baseline=baseline,
        target=target,
        rule=rule,
        growth=growth,
        total=total,
        next_target=next_target,
        rounding=rounding,
        by=by,
        arguments=arguments,
    )
    year, step = given.year, given.step
    amounts = rule.amounts(year)
    allocation = np.array([from_steps(steps, step) for steps in rule.steps(year, step)])
    aim = year.fair if rule.shares_total else year.target
    columns = {
        "baseline": year.baseline,
        "target": given.target,
        "dft_open": year.baseline / given.target - 1,
        "growth": year.growth,
        "convergence": nullable(rule.convergence(year, amounts)),
        "allocation": allocation,
        "next_target": aim,
        "dft": allocation / aim - 1,
    }
    metadata = {
        "by": by,
        "rule": repr(rule),
        "growth": "by total" if growth is None else str(growth),
        "total": repr(math.fsum(allocation)),
        "next_target": next_target or "grown",
        "rounding": f"{step:g}",
    }
    return given.units.table(columns, metadata)


def years_to_target(
    units: Any,
    *,
    baseline: str,
    target: str,
    rule: Rule,
    growth: float | str,
    within: float = 0.01,
    years: int = 50,
    by: str = "practice",
) -> pa.Table:
    """Years of a rule until each unit is near its target.

    Parameters
    ----------
    units, baseline, target, growth, by
        As for ``pace_of_change``. Growth is the same every year, and each target grows by that of
        its unit. Nothing is rounded.
    rule
        Any rule but ``GivenConvergence``.
    within
        How near: the distance from target, either way, that counts as there; 0.01 is 1 %.
    years
        How far to look, from 1 to 200.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``years`` until the unit is first there: 0 where it is already, null where it is
        not within the horizon. In the order of the units' names.

    Raises
    ------
    InputError, InputTypeError
        As for ``pace_of_change``.

    Examples
    --------
    At 0.5 % a year at most, 5 % over target takes nine years to come within 1 %:

    >>> import pyarrow as pa
    >>> from fundholder import Convergence
    >>> boards = pa.table({"icb": ["N", "S"], "money": [105, 100], "fair": [100, 100]})
    >>> years_to_target(boards, by="icb", baseline="money", target="fair", growth=0.04,
    ...                 rule=Convergence(0.2, 0.005))["years"].to_pylist()
    [9, 0]
    """
    arguments = Arguments()
    near = arguments.number("within", within, below=1.0)
    horizon = arguments.integer("years", years, 1, MOST_YEARS)
    check_free(arguments, "by", by, ["years"])
    if isinstance(rule, GivenConvergence):
        arguments.reject("rule", rule, "a rule that knows each year's convergence")
    given = read_pace(
        units,
        baseline=baseline,
        target=target,
        rule=rule,
        growth=growth,
        total=None,
        next_target=None,
        rounding=0.01,
        by=by,
        arguments=arguments,
    )
    first = _first_years(given, rule, near, horizon)
    metadata = {
        "by": by,
        "rule": repr(rule),
        "growth": str(growth),
        "within": f"{near:g}",
        "years": str(horizon),
    }
    column = pa.array(first, pa.int64(), mask=first < 0)
    return given.units.table({"years": column}, metadata)


def _first_years(given: PaceInput, rule: Rule, near: float, horizon: int) -> np.ndarray:
    """The first year in which each unit is near its target; -1 if it is not."""
    year = given.year
    # A rule that leads right to the limit is within it, whatever the last digits are.
    near += 1e-9
    first = np.where(abs(year.baseline / given.target - 1) <= near, 0, -1)
    # Money is followed without rounding, so that small units do not move by it.
    year = replace(year, total=math.fsum(year.grown))
    for number in range(1, horizon + 1):
        amounts = rule.amounts(check_year(rule, year))
        aim = year.fair if rule.shares_total else year.target
        first = np.where((first < 0) & (abs(amounts / aim - 1) <= near), number, first)
        if (first >= 0).all():
            break
        year = replace(year, baseline=amounts)
        target = year.target * (1 + year.growth)
        year = replace(year, target=target, total=math.fsum(year.grown))
    return first
