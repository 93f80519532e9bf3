"""The command ``variance``: the exact distribution of every unit's year."""

from __future__ import annotations

import argparse
from typing import Any

from .. import plots
from .._errors import InputError, Problem
from .._files.read import read
from .._risk.agreement import BASES
from .._risk.variance import METHODS, variance
from . import options as shared

EXAMPLES = """examples:
  fundholder variance people.parquet costs.csv --ceiling 20000 --out practices.parquet
      CV, probabilities of missing the budget and quantiles of every practice, exactly
  fundholder variance people.parquet costs.csv --by icb --practice-sd 0.078 --out icb.csv
      chance beside systematic variation, for every ICB
  fundholder variance people.csv costs.csv --budgets budgets.csv --threshold 0.1 --out missed.csv
      against budgets of your own: a file of practice, budget
  fundholder variance people.csv costs.csv --quantile 0.9 --out q.csv --plot funnel.png
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "variance",
        summary="how far a year's cost lands from the budget, exactly",
        description="The distribution of every unit's yearly cost, without simulation: its "
        "spread, chance and systematic variation apart, the probabilities of missing the budget, "
        "and quantiles. " + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    shared.add_people(command)
    shared.add_budgets(command, "expected cost")
    shared.add_contract(command)
    shared.add_contract_file(command)
    shared.add_effects(command)
    shared.add_thresholds(command)
    command.add_argument(
        "--quantile",
        type=float,
        action="append",
        metavar="P",
        help="a probability; may come several times (0.5, 0.9, 0.99, 0.995)",
    )
    command.add_argument("--of", choices=BASES, default="net", help="which cost (net)")
    command.add_argument("--method", choices=METHODS, default="exact", help="(exact)")
    shared.add_threads(command)
    shared.add_plot(command, "quantiles by number of people")
    shared.add_draws(command.add_argument_group("for --method simulation"))
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    by = shared.single_level(options)
    if options.plot is not None and options.method == "moments":
        text = "--plot shows quantiles, which --method moments does not give"
        problem = Problem(text, code="argument", column="--plot", value=str(options.plot))
        raise InputError([problem])
    shared.check_outputs(
        options,
        options.population,
        options.costs,
        options.services,
        options.contract,
        options.budgets,
        options.scores,
    )
    optional: dict[str, Any] = {"thresholds": options.threshold, "quantiles": options.quantile}
    result = variance(
        read(options.population, [by]),
        shared.cost_model(options),
        by=by,
        budgets=shared.budgets(options, by),
        stop_loss=shared.contract(options),
        contract=shared.contract_file(options),
        scores=shared.scores(options, by),
        practice_sd=options.practice_sd,
        national_sd=options.national_sd,
        method=options.method,
        of=options.of,
        replications=options.replications,
        seed=options.seed,
        threads=options.threads,
        progress=True,
        **{name: value for name, value in optional.items() if value is not None},
    )
    figure = None if options.plot is None else plots.quantiles_by_population(result)
    shared.write_result(options, result, shared.units_and_people(result, by), figure)
