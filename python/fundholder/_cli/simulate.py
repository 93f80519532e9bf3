"""The command ``simulate``: the simulation of a population in a file."""

from __future__ import annotations

import argparse

import pyarrow as pa

from .._errors import InputError, Problem
from .._files.read import read
from .._risk.cost_model import CostModel
from .._risk.simulate import simulate
from .._risk.simulation import Simulation
from . import options as shared

EXAMPLES = """examples:
  fundholder simulate people.parquet costs.csv --out totals.parquet
      every practice in every simulated year
  fundholder simulate people.parquet costs.csv --by icb --ceiling 20000 --summary --out icb.csv
      CV, probabilities and quantiles of every ICB, net of a ceiling of £20,000 a person
  fundholder simulate people.csv costs.csv --contract c.toml --budgets b.csv --summary --out k.csv
      what every practice keeps of its deviation from budgets of your own: practice, budget
  fundholder simulate people.csv events.csv --events --seed 7 --out totals.arrow
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "simulate",
        summary="the simulation of a population in a file",
        description="Simulate every person of a population and add the years up to units. "
        + shared.reads_and_writes(),
        examples=EXAMPLES,
    )
    shared.add_people(command)
    command.add_argument("--summary", action="store_true", help="estimates instead of totals")
    shared.add_budgets(command, "mean cost")
    shared.add_contract(command)
    shared.add_contract_file(command)
    shared.add_effects(command)
    shared.add_draws(command)
    shared.add_threads(command)
    command.set_defaults(run=_run)


def simulation(
    options: argparse.Namespace,
    population: pa.Table | pa.RecordBatchReader,
    costs: CostModel,
    by: list[str],
) -> Simulation:
    """Simulate what the options say."""
    return simulate(
        population,
        costs,
        replications=options.replications,
        seed=options.seed,
        by=by,
        stop_loss=shared.contract(options),
        contract=shared.contract_file(options),
        practice_sd=options.practice_sd,
        national_sd=options.national_sd,
        threads=options.threads,
        progress=True,
    )


def _run(options: argparse.Namespace) -> None:
    by = shared.single_level(options)
    of_units = (options.contract, options.budgets, options.scores)
    shared.check_outputs(options, options.population, options.costs, options.services, *of_units)
    if options.budgets is not None and not options.summary and options.contract is None:
        text = "--budgets is compared with by --summary and by the terms of a --contract: give one"
        raise InputError([Problem(text, code="argument", column="--budgets")])
    costs = shared.cost_model(options)
    run = simulation(options, read(options.population, [by]), costs, [by])
    table = run.summary if options.summary else run.totals
    result = table(budgets=shared.budgets(options, by), scores=shared.scores(options, by))
    shared.write_result(options, result, shared.units_and_people(result, by))
