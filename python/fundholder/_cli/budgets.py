"""Budgets of ``fundholder allocate``, and the way towards them."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._allocation.allocate import allocate
from .._allocation.pace_convergence import Convergence
from .._allocation.pace_input import MONEY
from .._allocation.pace_of_change import pace_of_change
from .._allocation.pace_rules import Floor, FullMove, NobodyLosesCash
from .._errors import Problem
from .._files.read import read
from .._formula.formula import Formula
from .._tables.checked import POSITIVE
from .._tables.problems import Problems
from .unit_columns import UnitColumns

RULES = {
    "convergence": Convergence(),
    "floor": Floor(),
    "no-cash-loss": NobodyLosesCash(),
    "full": FullMove(),
}
PACE_COLUMNS = ("baseline", "dft_open", "growth", "convergence", "allocation", "dft")


def read_unit_columns(options: argparse.Namespace, by: str) -> UnitColumns | None:
    """Indices, levels and baselines of units, from a file."""
    numbers = {} if options.formula is None else dict.fromkeys(options.index, POSITIVE)
    if options.baseline is not None:
        numbers[options.baseline] = MONEY
    if not numbers and not options.level:
        return None
    return UnitColumns(options.units or options.input, by, numbers, options.level)


def budgets_by_column(options: argparse.Namespace, by: str) -> pa.Table:
    """Budgets by need that stands in a column."""
    rows = read(options.input, [by])
    return allocate(
        rows,
        need=options.need,
        total=options.total,
        by=by,
        index=options.index or None,
        exclude=_units(options.exclude, rows.schema, by),
        threads=options.threads,
    )


def budgets_by_formula(
    options: argparse.Namespace, by: str, formula: Formula, further: UnitColumns | None
) -> pa.Table:
    """Budgets by need that a formula expects, with its error where there is a covariance."""
    labels = [by, *formula.columns("category", "area")]
    codes = None if options.codes is None else read(options.codes, ["code"])
    people = read(options.input, labels)
    need = formula.need(people, by=by, codes=codes, threads=options.threads)
    rows = need.select([by, "people", "need"])
    if options.index and further is not None:
        columns = further.of(need[by].to_pylist())
        for name in options.index:
            rows = rows.append_column(name, pa.array(columns[name], pa.float64()))
    budgets = allocate(
        rows,
        need="need",
        total=options.total,
        by=by,
        index=options.index or None,
        exclude=_units(options.exclude, rows.schema, by),
        threads=options.threads,
    )
    if options.covariance is None:
        return budgets
    error = need.filter(pc.is_in(need[by], budgets[by].combine_chunks()))
    relative = pc.divide(
        error["formula_sd"], pc.if_else(pc.equal(error["need"], 0.0), None, error["need"])
    )
    return budgets.append_column("formula_sd", pc.multiply(relative, budgets["budget"]))


def _units(texts: list[str], schema: pa.Schema, by: str) -> list[Any]:
    """Names of units of the type that they have in the table."""
    index = schema.get_field_index(by)
    if index < 0 or not pa.types.is_integer(schema.field(index).type):
        return list(texts)
    return [int(text) if re.fullmatch(r"-?\d+", text) else text for text in texts]


def with_pace(
    budgets: pa.Table, by: str, baseline: list[Any], options: argparse.Namespace
) -> pa.Table:
    """Budgets as targets of the year that is set, and the same shares of last year's money."""
    problems = Problems()
    for unit, budget in zip(budgets[by].to_pylist(), budgets["budget"].to_pylist(), strict=True):
        if budget == 0:
            text = f"{by} {unit!r} has a budget of 0: must be above 0, to be a target"
            problems.add(Problem(text, code="not_allowed", column=by, value=unit))
    problems.check()
    money = pa.array(baseline, pa.float64())
    # Without any money, pace_of_change has something to say.
    scale = (pc.sum(money).as_py() or 1.0) / pc.sum(budgets["budget"]).as_py()
    units = pa.table(
        {
            by: budgets[by],
            "baseline": money,
            "target": pc.multiply(budgets["budget"], scale),
            "budget": budgets["budget"],
        }
    )
    rule = RULES[options.rule]
    year = pace_of_change(
        units,
        baseline="baseline",
        target="target",
        next_target="budget",
        rule=rule,
        growth=options.growth,
        total=options.total if rule.shares_total else None,
        by=by,
    )
    metadata = (year.schema.metadata or {}) | (budgets.schema.metadata or {})
    for name in PACE_COLUMNS:
        budgets = budgets.append_column(name, year[name])
    return budgets.replace_schema_metadata(metadata)
