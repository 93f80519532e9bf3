"""The command ``allocate``: budgets, and the way towards them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pyarrow as pa

from .._files.atomic_write import check_output
from .._files.read import read
from .._files.workbook import write_workbook
from .._formula.formula import Formula
from . import options as shared
from .allocate_checks import check_options
from .budgets import RULES, budgets_by_column, budgets_by_formula, read_unit_columns, with_pace
from .unit_columns import add_up

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
    shared.add_threads(command)
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
    by = shared.single_level(options)
    files = [options.formula, options.codes, options.covariance, options.units]
    shared.check_all(
        lambda: check_output(options.out),
        lambda: shared.check_apart("--out", options.out, options.input, *files),
        lambda: check_options(options, by),
        *(lambda f=f: read(f) for f in (options.input, *files) if f is not None),
    )
    formula = None
    if options.formula is not None:
        formula = Formula.read(options.formula, covariance=options.covariance)
    further = read_unit_columns(options, by)
    if formula is None:
        budgets = budgets_by_column(options, by)
    else:
        budgets = budgets_by_formula(options, by, formula, further)
    columns = {} if further is None else further.of(budgets[by].to_pylist())
    if options.rule is not None:
        budgets = with_pace(budgets, by, columns[options.baseline], options)
    sheets = {"Budgets": budgets}
    for level in options.level:
        sheets[_sheet(level)] = add_up(budgets, level, columns[level])
    _write(options, by, sheets)


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
