"""Budgets, and the way towards them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._allocation.allocate import RESULT_COLUMNS as TAKEN_BY_BUDGETS
from .._allocation.allocate import allocate
from .._allocation.pace_input import MONEY, RATE
from .._allocation.pace_input import RESULT_COLUMNS as TAKEN_BY_PACE
from .._allocation.pace_of_change import pace_of_change
from .._allocation.pace_rules import Convergence, Floor, FullMove, NobodyLosesCash
from .._allocation.rounding import whole_pence
from .._errors import InputError
from .._files.atomic_write import check_output
from .._files.read import read
from .._files.workbook import write_workbook
from .._formula.formula import Formula
from .._tables.arguments import Arguments
from .._tables.unit_tables import POSITIVE, check_free
from . import options as shared
from .unit_columns import LEVEL_COLUMNS, UnitColumns, add_up

EXAMPLES = """examples:
  fundholder allocate practices.csv --need weighted --total 1e9 --index mff --out budgets.csv
      £1 billion by need and a market forces factor, to the penny
  fundholder allocate practices.csv --need weighted --total 1e9 --level icb --out budgets.xlsx
      a workbook with a sheet of practices and one of ICBs
  fundholder allocate persons.parquet --formula formula.csv --total 1e9 --out budgets.parquet
      need is what the formula expects of each practice's people
  fundholder allocate a.csv --need wp --total 9e8 --baseline money --rule no-cash-loss --out b.csv
      what each practice gets this year, on the way from last year's money to its budget
"""

RULES = {
    "convergence": Convergence(),
    "floor": Floor(),
    "no-cash-loss": NobodyLosesCash(),
    "full": FullMove(),
}
TAKE_GROWTH = ("convergence", "floor")
PACE_COLUMNS = ("baseline", "dft_open", "growth", "convergence", "allocation", "dft")


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "allocate",
        summary="budgets by need that add up to the penny",
        description="Share out a pot in proportion to need, which stands in a column or comes from "
        "a formula. People are added up while they are read, so that the file may be larger than "
        "memory. " + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    command.add_argument("input", help="units with people, groups with count, or persons")
    command.add_argument("--need", metavar="COLUMN", help="need of the row")
    command.add_argument("--total", type=float, required=True, metavar="£", help="the pot")
    command.add_argument(
        "--by", action="append", metavar="COLUMN", help="the units (default: practice)"
    )
    for option, what in (
        ("--index", "an index of unavoidable cost"),
        ("--level", "add budgets up to it, on a sheet of their own"),
    ):
        shared.add_repeated(command, option, "COLUMN", what)
    shared.add_repeated(command, "--exclude", "UNIT", "takes no part")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the budgets")
    _add_formula(command.add_argument_group("need from a formula"))
    _add_pace(command.add_argument_group("pace of change, with the budget as the target"))
    command.set_defaults(run=_run)


def _add_formula(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--formula", metavar="FILE", help="of fundholder fit; the input is persons")
    group.add_argument("--codes", metavar="FILE", help="flags of persons, as person, code")
    group.add_argument("--covariance", metavar="FILE", help="of the formula, for its error")
    group.add_argument(
        "--units",
        metavar="FILE",
        help="one row per unit, with its indices, levels and baseline (default: the input, "
        "where they must be the same for all of a unit)",
    )


def _add_pace(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--baseline", metavar="COLUMN", help="last year's money, £")
    group.add_argument("--rule", choices=RULES, help="how budgets are approached")
    group.add_argument("--growth", type=float, metavar="SHARE", help="base growth, 0.05: 5 percent")


def _run(options: argparse.Namespace) -> None:
    by = shared.one_level(options)
    files = [options.formula, options.codes, options.covariance, options.units]
    shared.check_all(
        lambda: check_output(options.out),
        lambda: shared.check_apart("--out", options.out, options.input, *files),
        lambda: _check(options, by),
        *(lambda f=f: read(f) for f in (options.input, *files) if f is not None),
    )
    formula = None
    if options.formula is not None:
        formula = Formula.read(options.formula, covariance=options.covariance)
    held = _held(options, by)
    budgets = (
        _by_column(options, by) if formula is None else _by_formula(options, by, formula, held)
    )
    columns = {} if held is None else held.of(budgets[by].to_pylist())
    if options.rule is not None:
        budgets = _with_pace(budgets, by, columns[options.baseline], options)
    sheets = {"Budgets": budgets}
    for level in options.level:
        sheets[_sheet(level)] = add_up(budgets, level, columns[level])
    _write(options, by, sheets)


# ---- Checks --------------------------------------------------------------------------------------
def _check(options: argparse.Namespace, by: str) -> None:
    """Reject, before any work, what can be known without it."""
    arguments = Arguments()
    whole_pence(arguments, "--total", options.total)
    check_free(arguments, "--by", by, TAKEN_BY_BUDGETS)
    if options.rule is not None:
        check_free(arguments, "--by", by, TAKEN_BY_PACE)
    growth = options.growth
    if growth is not None and RATE.wrong(np.array([growth])).size:
        arguments.reject("--growth", growth, RATE.text)
    for option, names in (("--index", options.index), ("--level", options.level)):
        if names:
            arguments.names(option, names)
    for level in options.level:
        check_free(arguments, "--level", level, (by, *LEVEL_COLUMNS, *PACE_COLUMNS))
    shared.check_all(arguments.check, lambda: _check_together(options))


def _check_together(options: argparse.Namespace) -> None:
    problems = []
    if (options.need is None) == (options.formula is None):
        problems.append("need is a column or comes from a formula: give --need or --formula")
    with_formula = [n for n in ("codes", "covariance", "units") if getattr(options, n) is not None]
    if options.formula is None:
        problems += [f"--{name} goes with a formula: give --formula" for name in with_formula]
    if options.units is not None and not (options.index or options.level or options.baseline):
        problems.append("--units holds columns of --index, --level or --baseline: give one of them")
    if (options.baseline is None) != (options.rule is None):
        problems.append("--baseline and --rule go together: give both")
    if options.growth is not None and options.rule not in TAKE_GROWTH:
        problems.append(f"--growth goes with --rule {' or '.join(TAKE_GROWTH)}")
    if options.rule == "convergence" and options.growth is None:
        problems.append("--rule convergence is a step beside base growth: give --growth")
    if options.level and options.out.suffix != ".xlsx":
        problems.append(f"--out is {options.out}: must end in .xlsx for a sheet for each --level")
    if problems:
        raise InputError(problems)


# ---- Work ----------------------------------------------------------------------------------------
def _held(options: argparse.Namespace, by: str) -> UnitColumns | None:
    """What a file says of units beside their need."""
    numbers = {} if options.formula is None else dict.fromkeys(options.index, POSITIVE)
    if options.baseline is not None:
        numbers[options.baseline] = MONEY
    if not numbers and not options.level:
        return None
    return UnitColumns(options.units or options.input, by, numbers, options.level)


def _by_column(options: argparse.Namespace, by: str) -> pa.Table:
    rows = read(options.input, [by])
    return allocate(
        rows,
        need=options.need,
        total=options.total,
        by=by,
        index=options.index or None,
        exclude=_units(options.exclude, rows.schema, by),
    )


def _by_formula(
    options: argparse.Namespace, by: str, formula: Formula, held: UnitColumns | None
) -> pa.Table:
    labels = [by, *formula.columns("category", "area")]
    codes = None if options.codes is None else read(options.codes, ["code"])
    need = formula.need(read(options.input, labels), by=by, codes=codes)
    rows = need.select([by, "people", "need"])
    if options.index and held is not None:
        columns = held.of(need[by].to_pylist())
        for name in options.index:
            rows = rows.append_column(name, pa.array(columns[name], pa.float64()))
    budgets = allocate(
        rows,
        need="need",
        total=options.total,
        by=by,
        index=options.index or None,
        exclude=_units(options.exclude, rows.schema, by),
    )
    if options.covariance is None:
        return budgets
    error = need.filter(pc.is_in(need[by], budgets[by].combine_chunks()))
    relative = pc.divide(
        error["formula_sd"], pc.if_else(pc.equal(error["need"], 0.0), None, error["need"])
    )
    return budgets.append_column("formula_sd", pc.multiply(relative, budgets["budget"]))


def _units(texts: list[str], schema: pa.Schema, by: str) -> list[Any]:
    """Names of units as they are in the table."""
    place = schema.get_field_index(by)
    if place < 0 or not pa.types.is_integer(schema.field(place).type):
        return list(texts)
    return [int(text) if re.fullmatch(r"-?\d+", text) else text for text in texts]


def _with_pace(
    budgets: pa.Table, by: str, baseline: list[Any], options: argparse.Namespace
) -> pa.Table:
    """Budgets as targets of the year that is set, and the same shares of last year's money."""
    problems = [
        f"{by} {unit!r} has a budget of 0: must be above 0, to be a target"
        for unit, budget in zip(budgets[by].to_pylist(), budgets["budget"].to_pylist(), strict=True)
        if budget == 0
    ]
    if problems:
        raise InputError(problems)
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


def _sheet(level: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", "_", f"By {level}")[:31]


def _write(options: argparse.Namespace, by: str, sheets: dict[str, pa.Table]) -> None:
    budgets = sheets["Budgets"]
    people = sum(budgets["people"].to_pylist())
    money = "allocation" if options.rule is not None else "budget"
    what = f"{budgets.num_rows:,} by {by}, {people:,.0f} people, "
    what += f"£{sum(round(100 * x) for x in budgets[money].to_pylist()) / 100:,.2f}"
    if options.rule is not None:
        what += f" of targets of £{options.total:,.2f}"
    if options.out.suffix != ".xlsx":
        shared.write_result(options, budgets, what)
        return
    write_workbook(sheets, options.out)
    print(f"Written: {options.out}: {what}; sheets {', '.join(sheets)}")
