"""The command ``fit``: a formula for the cost of a person."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from .._errors import InputError
from .._files.atomic_write import check_output
from .._files.read import read
from .._files.write import write_all
from .._formula.fit import fit_formula
from .._formula.formula import Formula
from . import options as shared

EXAMPLES = """examples:
  fundholder fit persons.parquet --cost next_year --category age_sex --out formula.csv
      next year's cost by age and sex alone
  fundholder fit persons.csv --cost spent --category age_sex --flags-from copd,ckd --out f.csv
      with two diagnoses
  fundholder fit persons.csv --cost spent --need imd --supply beds --area icb --out formula.csv
      with need, supply and areas, of which budgets take need alone
  fundholder fit persons.csv --cost spent --codes icd10.csv --drop-redundant --out formula.csv
      diagnoses as a file of person, code: each code is a flag
"""

DROPPED = ("nobody", "collinear")
MOST_NAMED = 20


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "fit",
        summary="a formula for the cost of a person, by least squares",
        description="Fit the cost of a person on their category, flags, need, supply and area, and "
        "write the terms to a file that can be read and edited. Any number of people: the file is "
        "read twice, in batches. " + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    command.add_argument("persons", help="one row per person")
    command.add_argument("--cost", required=True, metavar="COLUMN", help="£, mostly of next year")
    _add_terms(command)
    command.add_argument("--weight", metavar="COLUMN", help="survey weights")
    command.add_argument(
        "--cluster", metavar="COLUMN", help="whose people are alike, for standard errors"
    )
    command.add_argument(
        "--nonnegative", action="store_true", help="hold categories, flags and need at 0 or more"
    )
    command.add_argument(
        "--drop-redundant",
        action="store_true",
        help="drop flags of nobody and terms that add nothing (default: reject them)",
    )
    shared.add_threads(command)
    command.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the formula, one row per term"
    )
    command.add_argument(
        "--covariance-out", type=Path, metavar="FILE", help="the covariance of its coefficients"
    )
    command.set_defaults(run=_run)


def _add_terms(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--flags-from",
        type=lambda text: text.split(","),
        default=[],
        metavar="A,B,C",
        help="several flags, with commas between",
    )
    for option, what in (
        ("--category", "labels such as age and sex: a term for each"),
        ("--flag", "a column that is true or false, 1 or 0"),
        ("--need", "a number that describes need"),
        ("--supply", "a number that describes access; held at its mean in budgets"),
    ):
        shared.add_repeated(command, option, "COLUMN", what)
    command.add_argument("--codes", metavar="FILE", help="flags as rows of person, code")
    command.add_argument(
        "--area", metavar="COLUMN", help="an effect for each; held at their mean in budgets"
    )


def _run(options: argparse.Namespace) -> None:
    inputs = (options.persons, options.codes)
    shared.check_all(
        lambda: check_output(*_outputs(options)),
        lambda: _check_apart(options, inputs),
        lambda: read(options.persons),
        lambda: None if options.codes is None else read(options.codes),
    )
    labels = [*options.category, *(n for n in (options.area, options.cluster) if n is not None)]
    formula = fit_formula(
        lambda: read(options.persons, labels),
        cost=options.cost,
        categories=options.category,
        flags=[*options.flag, *options.flags_from],
        codes=None if options.codes is None else read(options.codes, ["code"]),
        need=options.need,
        supply=options.supply,
        area=options.area,
        weight=options.weight,
        cluster=options.cluster,
        nonnegative=options.nonnegative,
        redundant="drop" if options.drop_redundant else "error",
        threads=options.threads,
    )
    _print_summary(formula, options.cost)
    files = {options.out: formula.coefficients}
    if options.covariance_out is not None:
        files[options.covariance_out] = formula.covariance
    write_all(files)
    print(f"Written: {', '.join(map(str, _outputs(options)))}")


def _outputs(options: argparse.Namespace) -> list[Path]:
    return [path for path in (options.out, options.covariance_out) if path is not None]


def _check_apart(options: argparse.Namespace, inputs: tuple[str | None, ...]) -> None:
    shared.check_apart("--out", options.out, *inputs)
    other: Path | None = options.covariance_out
    if other is None:
        return
    shared.check_apart("--covariance-out", other, *inputs)
    if other.resolve() == options.out.resolve():
        problem = shared.path_problem("--covariance-out", other, "be another file than --out")
        raise InputError([problem])


def _print_summary(formula: Formula, cost: str) -> None:
    from rich.console import Console
    from rich.table import Table

    terms = formula.coefficients.to_pylist()
    errors = formula.coefficients.schema.metadata[b"fundholder.errors"].decode()
    explained = "none" if formula.r2 is None else f"{formula.r2:.4f}"
    console = Console(width=150 if not sys.stdout.isatty() else None, highlight=False)
    table = Table(
        title=f"{cost}: {formula.people:,} people, {len(terms):,} terms, R² {explained}",
        caption=f"£ a person, or per unit of the column. Standard errors: {errors}.",
    )
    for name in ("terms of", "fitted", "lowest", "highest", "reference", "dropped", "held at 0"):
        table.add_column(name, justify="left" if name == "terms of" else "right")
    for role in dict.fromkeys(term["role"] for term in terms):
        of_role = [term for term in terms if term["role"] == role]
        fitted = [term["coefficient"] for term in of_role if term["note"] is None]
        notes = Counter(term["note"] for term in of_role)
        ends = (f"{end(fitted):,.2f}" if fitted else "-" for end in (min, max))
        dropped = sum(notes[note] for note in DROPPED)
        counts = (notes["reference"], dropped, notes["held at 0"])
        table.add_row(role, f"{len(fitted):,}", *ends, *(f"{count:,}" for count in counts))
    console.print(table)
    named = [f"{term['term']} ({term['note']})" for term in terms if term["note"] in DROPPED]
    if named:
        more = len(named) - MOST_NAMED
        end = f" and {more:,} more" if more > 0 else ""
        console.print(f"Dropped: {', '.join(named[:MOST_NAMED])}{end}.", markup=False)
