"""The command ``england``: the national simulation on the built-in population."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import pyarrow as pa

from .. import england
from .._files.atomic_write import check_output, new_folder
from .._files.write import write_all
from .._risk.cost_model import CostModel
from .._risk.simulation import Simulation
from . import options as shared
from .simulate import simulation

EXAMPLES = """examples:
  fundholder england
      all of England, 1,000 years, a ceiling of £20,000 a person
  fundholder england --year 2010 --ceiling 50000 --replications 200
  fundholder england --practice-sd 0.078 --out results
      practices that differ by 7.8 % a year beyond chance; files to ./results
"""


def add_command(commands: shared.Commands) -> None:
    """Add the command to the others."""
    command = shared.command_parser(
        commands,
        "england",
        summary="the national simulation on the built-in population",
        description="Simulate every person of the built-in, synthetic England, and print by size "
        "of list how far a year's spending lands from its mean by chance, before and after a "
        "ceiling.",
        examples=EXAMPLES,
    )
    command.add_argument("--year", type=int, default=2025, help="2010 or 2025 (default)")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="save practice, icb, region .parquet",
    )
    shared.add_contract(command, ceiling=20_000.0)
    shared.add_effects(command)
    shared.add_draws(command)
    shared.add_threads(command)
    command.set_defaults(run=_run, contract=None)


def _run(options: argparse.Namespace) -> None:
    levels = ["practice", "icb", "region"]
    files = {}
    if options.out is not None:
        files = {level: options.out / f"{level}.parquet" for level in levels}
        # The folder itself may be new; the one that it stands in must be there.
        new = not options.out.exists()
        folder = options.out.parent if new else options.out
        check_output(*(folder / path.name for path in files.values()))
    population = england.population(year=options.year)
    costs = CostModel(england.costs(year=options.year))
    started = time.perf_counter()
    run = simulation(options, population, costs, levels)
    seconds = time.perf_counter() - started
    _print_size_bands(run, options, seconds)
    if files:
        with new_folder(options.out):
            write_all({path: _both(run, level) for level, path in files.items()})
        print(f"Written: {', '.join(str(path) for path in files.values())}")


def _both(run: Simulation, level: str) -> pa.Table:
    """The summary of a level, net and gross side by side."""
    net, gross = run.summary(level), run.summary(level, of="gross")
    for name in gross.column_names:
        if name not in (level, "people"):
            net = net.append_column(f"gross_{name}", gross[name])
    return net


def _print_size_bands(run: Simulation, options: argparse.Namespace, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    bands = run.size_bands("practice").to_pylist()
    people = sum(band["people"] for band in bands)
    console = Console(width=150 if not sys.stdout.isatty() else None, highlight=False)
    console.print(
        f"England {options.year} (built-in, synthetic): {people:,} people, "
        f"{sum(band['units'] for band in bands):,} practices, "
        f"{options.replications:,} simulated years in {seconds:.1f} s."
    )
    ceiling = "no ceiling" if options.ceiling is None else f"£{options.ceiling:,.0f} a person-year"
    table = Table(
        title=f"How far a year's spending lands from its mean by list size; ceiling: {ceiling}",
        caption="% with Monte Carlo standard errors; gross / net of the ceiling. "
        "Outside: share of practices whose year is further than that from their mean.",
    )
    for name in ("list size", "practices", "CV"):
        table.add_column(name, justify="right")
    for tolerance in (5, 10, 20):
        table.add_column(f"outside ±{tolerance} %", justify="right")
    table.add_column("ceded", justify="right")
    for band in bands:
        if not band["units"]:
            continue
        below = band["people_below"]
        size = (
            f"{band['people_from']:,}+"
            if below is None
            else f"{band['people_from']:,}-{below - 1:,}"
        )
        cells = [f"{_percent(band, 'cv_gross')} / {_percent(band, 'cv')}"]
        for t in ("0.05", "0.1", "0.2"):
            gross, net = f"p_outside_{t}_gross", f"p_outside_{t}"
            cells.append(f"{_percent(band, gross)} / {_percent(band, net)}")
        table.add_row(size, f"{band['units']:,}", *cells, _percent(band, "ceded_share"))
    console.print(table)


def _percent(band: dict[str, float | None], name: str) -> str:
    value, error = band[name], band[f"{name}_se"]
    if value is None:
        return "-"
    return f"{100 * value:.2f}" + ("" if error is None else f"±{100 * error:.2f}")
