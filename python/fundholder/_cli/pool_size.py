"""The command ``pool-size``: how large a pool must be."""

from __future__ import annotations

import argparse
from pathlib import Path

from .._files.read import read
from .._risk.minimum_population import minimum_population
from . import options as shared

EXAMPLES = """examples:
  fundholder pool-size costs.csv --tolerance 0.1 --probability 0.05 --ceiling 20000
      the smallest pool that lands outside ±10 % in at most 1 year in 20
  fundholder pool-size costs.csv --tolerance 0.05 --probability 0.05 --population people.parquet
      of people mixed as in a file, where costs have several bands
  fundholder pool-size costs.csv --tolerance 0.1 --probability 0.1 --practice-sd 0.05 --out pool.csv
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "pool-size",
        summary="the smallest pool that stays within a tolerance, exactly",
        description="The smallest number of people whose yearly cost lies further than a tolerance "
        "from its expected value in no more than a given share of years. "
        + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    shared.add_costs(command)
    command.add_argument(
        "--tolerance", type=float, required=True, metavar="SHARE", help="0.1: 10 percent each way"
    )
    command.add_argument(
        "--probability", type=float, required=True, metavar="SHARE", help="of years outside, most"
    )
    command.add_argument(
        "--population", metavar="FILE", help="whose mix of people (default: one band alone)"
    )
    shared.add_contract(command)
    shared.add_practice_sd(command)
    shared.add_threads(command)
    command.add_argument("--out", type=Path, metavar="FILE", help="the result")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    shared.check_outputs(options, options.population, options.costs)
    result = minimum_population(
        shared.cost_model(options),
        tolerance=options.tolerance,
        probability=options.probability,
        population=None if options.population is None else read(options.population),
        stop_loss=shared.contract(options),
        practice_sd=options.practice_sd,
        threads=options.threads,
    )
    print(_answer(**result.to_pylist()[0]))
    if options.out is not None:
        shared.write_result(options, result, "1 row")


def _answer(
    *,
    tolerance: float,
    probability: float,
    people: int | None,
    p_outside: float | None,
    p_outside_limit: float,
) -> str:
    outside = f"further than {100 * tolerance:g} % from its expected cost"
    if people is None or p_outside is None:
        return (
            f"No pool is large enough: of any size, its year is {outside} in "
            f"{100 * p_outside_limit:.4g} % of years or more, not {100 * probability:g} %."
        )
    return f"{people:,} people: a year is {outside} in {100 * p_outside:.4g} % of years."
