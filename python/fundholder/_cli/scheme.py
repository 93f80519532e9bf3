"""The command ``scheme``: what schemes there are, what one says, and whether a file is right."""

from __future__ import annotations

import argparse
from pathlib import Path

from .._schemes.scheme import Scheme, schemes
from .._schemes.values import ASSUMPTION
from . import options as shared
from .scheme_runs import add_compare, add_run

EXAMPLES = """examples:
  fundholder scheme list
      the schemes that come with the package
  fundholder scheme show fundholding-1991 --out mine.toml
      what it says, and where each value is from; and a copy to edit
  fundholder scheme check mine.toml
      every mistake of a file, with the nearest name there is
  fundholder scheme run tiers-2010 --years 5 --replications 100 --out tiers.csv
      the built-in England over five years: who bears what, who fails, and who pays
  fundholder scheme compare pbra-20k ccg-devolved mine.toml --out schemes.xlsx
      the same people and the same draws under each
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "scheme",
        summary="who holds which budget, on which terms",
        description="Schemes: tiers of budgets, their holders, contracts and reserves.",
        examples=EXAMPLES,
    )
    actions = command.add_subparsers(required=True, metavar="action")
    for add in (_add_list, _add_show, _add_check, add_run, add_compare):
        add(actions)


def _add_list(actions: shared.Commands) -> None:
    text = "the schemes that come with the package"
    command = actions.add_parser("list", help=text, description=text)
    command.set_defaults(run=_list, plot=None)


def _add_show(actions: shared.Commands) -> None:
    text = "a scheme in words, and where each value is from"
    command = actions.add_parser("show", help=text, description=text)
    command.add_argument("scheme", help="its name, or a file of TOML")
    command.add_argument("--out", type=Path, metavar="FILE", help="a copy to edit")
    command.set_defaults(run=_show, plot=None)


def _add_check(actions: shared.Commands) -> None:
    text = "check a file, and count what it assumes"
    command = actions.add_parser("check", help=text, description=text)
    command.add_argument("scheme", help="a file of TOML")
    command.set_defaults(run=_check, plot=None)


def _list(_: argparse.Namespace) -> None:
    rows = schemes().to_pylist()
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:{width}}  {row['title']}")


def _show(options: argparse.Namespace) -> None:
    scheme = Scheme.read(options.scheme)
    if options.out is not None:
        shared.check_apart("--out", options.out, options.scheme)
        scheme.write(options.out)
    print(scheme, end="\n\n")
    for row in scheme.assumptions.to_pylist():
        print(f"{row['key']} = {row['value']}  [{row['source']}]")
    if options.out is not None:
        print(f"\nWritten: {options.out}")


def _check(options: argparse.Namespace) -> None:
    scheme = Scheme.read(options.scheme)
    sources = scheme.assumptions["source"].to_pylist()
    names = ", ".join(tier.name for tier in scheme.tiers)
    print(f"{options.scheme}: {scheme.name}, tiers {names}")
    print(f"{len(sources)} values, {sources.count(ASSUMPTION)} of them assumptions")
    if scheme.missing_scores:
        print(f"a run needs scores: {', '.join(scheme.missing_scores)}")
