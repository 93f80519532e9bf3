"""Arguments and units of pace of change: read, and checked before any work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.checked import Rule as Bounds
from .._tables.problems import Problems
from .._tables.unit_tables import Units, check_free, read_units
from .pace_convergence import GivenConvergence
from .pace_rule_base import GROWTH, GROWTH_OR_TOTAL, TOTAL, Rule, Year
from .rounding import MOST_MONEY, SLACK, check_step, from_steps, to_steps

RESULT_COLUMNS = (
    "baseline",
    "target",
    "dft_open",
    "growth",
    "convergence",
    "allocation",
    "next_target",
    "dft",
)

MONEY = Bounds(f"a finite number, 0 or more, at most {MOST_MONEY:g}", 0.0, MOST_MONEY)
TARGET = Bounds(f"a finite number above 0, at most {MOST_MONEY:g}", 0.0, MOST_MONEY, True)
RATE = Bounds("a number above -1, at most 1 (0.0437 is 4.37 %)", -1.0, 1.0, True)


@dataclass(frozen=True)
class PaceInput:
    """Units with last year's money and target, and the year that is to be set."""

    units: Units
    rule: Rule
    target: FloatArray
    """In the year of the baseline."""

    year: Year
    step: float


def read_pace(
    units: Any,
    *,
    baseline: str,
    target: str,
    rule: Any,
    growth: Any,
    total: Any,
    next_target: Any,
    rounding: Any,
    by: str,
    arguments: Arguments,
) -> PaceInput:
    """Check the arguments and the table of ``pace_of_change``."""
    for name, column in (("baseline", baseline), ("target", target), ("by", by)):
        arguments.column(name, column)
    check_free(arguments, "by", by, RESULT_COLUMNS)
    if next_target is not None:
        arguments.column("next_target", next_target)
    step = check_step(arguments, "rounding", rounding)
    rate = _growth(arguments, growth)
    steps = None if total is None else _total(arguments, total, step)
    if not isinstance(rule, Rule):
        arguments.reject_type("rule", rule, "a rule of pace of change, such as Convergence()")
    else:
        _check_money(arguments, rule, growth, total)
    arguments.check()

    rules = {baseline: MONEY, target: TARGET}
    if next_target is not None:
        rules[next_target] = TARGET
    if isinstance(growth, str):
        rules[growth] = RATE
    if isinstance(rule, GivenConvergence):
        rules[rule.column] = RATE
    table = read_units("units", units, by, rules)
    money = table.numbers[baseline]
    _check_sum(baseline, money)
    rates = table.numbers[growth] if isinstance(growth, str) else np.full(len(money), rate)
    if growth is None:
        assert steps is not None
        rates = np.full(len(money), from_steps(steps, step) / math.fsum(money) - 1)
    grown = math.fsum(money * (1 + rates))
    if steps is None:
        steps = to_steps(grown, step)
    _check_shared(from_steps(steps, step), grown, step)
    aim = table.numbers[target] * (1 + rates)
    if next_target is not None:
        aim = table.numbers[next_target]
    given = table.numbers[rule.column] if isinstance(rule, GivenConvergence) else None
    year = Year(money, aim, rates, from_steps(steps, step), given)
    return PaceInput(table, rule, table.numbers[target], check_year(rule, year), step)


def check_year(rule: Rule, year: Year) -> Year:
    """Reject a year to which the rule cannot be applied."""
    Problems(rule.problems(year)).check()
    return year


def _check_money(arguments: Arguments, rule: Rule, growth: Any, total: Any) -> None:
    given = (growth is not None) + (total is not None)
    wrong = given == 0 or (rule.money == GROWTH_OR_TOTAL and given == 2)
    wrong |= rule.money == TOTAL and total is None
    if wrong or (rule.money == GROWTH and total is not None):
        arguments.reject("rule", rule, f"given {rule.money}")


def _check_sum(baseline: str, money: FloatArray) -> None:
    problems = Problems()
    sum_of_baselines = math.fsum(money)
    if not 0 < sum_of_baselines <= MOST_MONEY:
        allowed = f"above 0, at most {MOST_MONEY:g}"
        text = f"column {baseline!r} adds up to {sum_of_baselines:g}: must be {allowed}"
        problems.add(Problem(text, code="not_allowed", column=baseline, allowed=allowed))
    problems.check()


def _check_shared(total: float, grown: float, step: float) -> None:
    problems = Problems()
    if not total or not grown > 0:
        sums = f"baselines with base growth add up to {grown:g}, the total is {total:g}"
        allowed = f"both must be above 0, the total at least one step of {step:g}"
        problems.add(Problem(f"{sums}: {allowed}", code="inconsistent", allowed=allowed))
    problems.check()


def _growth(arguments: Arguments, growth: Any) -> float:
    if growth is None or isinstance(growth, str):
        return 0.0
    rate = _signed_number(arguments, growth)
    if RATE.wrong(np.array([rate])).size:
        arguments.reject("growth", growth, f"a column, or {RATE.allowed}")
        return 0.0
    return rate


def _signed_number(arguments: Arguments, growth: Any) -> float:
    """A number that may be negative, as a float."""
    if isinstance(growth, bool | bytes) or not hasattr(growth, "__float__"):
        arguments.reject_type("growth", growth, f"a column, or {RATE.allowed}")
        return 0.0
    try:
        return float(growth)
    except (OverflowError, TypeError, ValueError):
        return math.nan


def _total(arguments: Arguments, total: Any, step: float) -> int:
    money = arguments.number("total", total, below=MOST_MONEY)
    steps = to_steps(money, step)
    if total == 0 or abs(from_steps(steps, step) - money) > SLACK:
        arguments.reject("total", total, f"above 0 and a whole number of steps of {step:g}")
    return steps
