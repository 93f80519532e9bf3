"""The command ``settle``: the arithmetic of a contract on actual costs."""

from __future__ import annotations

import argparse
from pathlib import Path

from .._contracts.contract import Contract
from .._contracts.settle import settle
from .._errors import InputError, Problem
from .._files.read import read
from .._tables.checked import arrow_table
from . import options as shared

EXAMPLES = """examples:
  fundholder settle contract.toml outturns.csv --out settled.csv
      what every unit keeps, and who pays the rest: outturns.csv holds actual and, where the
      contract asks for them, budget, people and scores

contract.toml has a table for each term (docs/files.md has them all; inf is no bound):
  [[terms]]
  term = "corridor"
  bands = [[0, 0.03, 1.0], [0.03, 0.08, 0.5], [0.08, inf, 0.2]]
"""
COLUMNS = ("actual", "budget", "people")
RESULTS = ("ceded", "bonus", "penalty", "kept")


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "settle",
        summary="what a contract makes of actual costs",
        description="Settle the years of units under a contract on their totals, in whole "
        "hundredths of a penny. Other columns are carried. " + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    command.add_argument("contract", help="terms in a file of TOML or JSON")
    command.add_argument("units", help="actual, and budget, people and scores")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the result")
    command.set_defaults(run=_run, plot=None)


def _run(options: argparse.Namespace) -> None:
    shared.check_outputs(options, options.contract, options.units)
    contract = Contract.read(options.contract)
    units = arrow_table("units", read(options.units))
    if "actual" not in units.column_names:
        text = f"column 'actual' is missing: {options.units} has {', '.join(units.column_names)}"
        raise InputError([Problem(text, code="missing_column", column="actual")])
    taken = [name for name in RESULTS if name in units.column_names]
    if taken:
        text = f"{options.units} has {', '.join(taken)}: columns of the result, give them others"
        raise InputError([Problem(text, code="duplicate_column", column=taken[0])])
    given = {name: units[name] for name in COLUMNS if name in units.column_names}
    settled = settle(contract, **given, scores=units if contract.scores else None)
    for name in RESULTS:
        units = units.append_column(name, settled[name])
    shared.write_result(options, units, f"{units.num_rows:,} units")
