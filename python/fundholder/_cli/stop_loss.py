"""The command ``stop-loss``: a sweep of ceilings."""

from __future__ import annotations

import argparse
from typing import Any

import pyarrow as pa

from .. import plots
from .._files.read import read
from .._risk.ceiling_sweep import stop_loss
from .._risk.size_bands import size_bands
from . import options as shared

EXAMPLES = """examples:
  fundholder stop-loss people.parquet costs.csv --ceiling 5000 --ceiling 20000 --out sweep.csv
      for every practice and ceiling: what is ceded, its price a head, and the risk that is left
  fundholder stop-loss people.parquet costs.csv --ceiling 20000 --by-size --out national.csv
      the national summary, by size of list
  fundholder stop-loss people.csv costs.csv --ceiling 20000 --ceiling none --out s.csv --plot cv.png
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "stop-loss",
        summary="what ceilings cede, cost and leave, exactly",
        description="For every unit and ceiling a person-year: the cost that is ceded, its price "
        "a head, and the variation and the probabilities of missing the expected cost that are "
        "left. " + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    shared.add_people(command)
    command.add_argument(
        "--ceiling",
        type=_ceiling,
        action="append",
        required=True,
        metavar="£",
        help="a person-year, or none; may come several times",
    )
    shared.add_practice_sd(command)
    shared.add_thresholds(command)
    command.add_argument(
        "--by-size", action="store_true", help="one row per band of list size and ceiling"
    )
    shared.add_threads(command)
    shared.add_plot(command, "CV by number of people")
    command.set_defaults(run=_run)


def _ceiling(text: str) -> float | None:
    try:
        return None if text == "none" else float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': must be a number of £, or none") from error


def _run(options: argparse.Namespace) -> None:
    by = shared.single_level(options)
    shared.check_outputs(options, options.population, options.costs)
    optional: dict[str, Any] = (
        {} if options.threshold is None else {"thresholds": options.threshold}
    )
    units: pa.Table = stop_loss(
        read(options.population, [by]),
        shared.cost_model(options),
        ceilings=options.ceiling,
        by=by,
        practice_sd=options.practice_sd,
        threads=options.threads,
        **optional,
    )
    figure = None if options.plot is None else plots.cv_by_population(units)
    result = size_bands(units) if options.by_size else units
    shared.write_result(options, result, f"{result.num_rows:,} rows", figure)
