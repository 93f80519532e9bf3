"""The command line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from . import __version__, england
from ._contracts import StopLoss
from ._costs import CostModel
from ._errors import FundholderError, InputError
from ._files import SUFFIXES, check_output, read, write
from ._simulation import Simulation, simulate

BAD_INPUT = 2
INTERRUPTED = 130

ENGLAND_EXAMPLES = """examples:
  fundholder england
      all of England, 1,000 years, a ceiling of £20,000 a person
  fundholder england --year 2010 --ceiling 50000 --replications 200
  fundholder england --practice-sd 0.078 --out results
      practices that differ by 7.8 % a year beyond chance; files to ./results
"""

SIMULATE_EXAMPLES = """examples:
  fundholder simulate people.parquet costs.csv --out totals.parquet
      every practice in every simulated year
  fundholder simulate people.parquet costs.csv --by icb --ceiling 20000 --summary --out icb.csv
      CV, probabilities and quantiles of every ICB, net of a ceiling of £20,000 a person
  fundholder simulate people.csv events.csv --events --seed 7 --out totals.arrow
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 is success, 2 is bad input, 130 is an interrupt."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except FundholderError as error:
        print(f"fundholder: {error}", file=sys.stderr)
        if ", row " in str(error):
            print("Rows count from 0, the first below the header.", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("fundholder: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fundholder",
        description="A risk engine for health budgets held by small populations.",
        epilog=ENGLAND_EXAMPLES + SIMULATE_EXAMPLES.removeprefix("examples:\n"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fundholder {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser(
        "england",
        help="the national simulation on the built-in population",
        description="Simulate every person of the built-in, synthetic England, and print by size "
        "of list how far a year's spending lands from its mean by chance, before and after a "
        "ceiling.",
        epilog=ENGLAND_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--year", type=int, default=2025, help="2010 or 2025 (default)")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="save practice, icb, region .parquet",
    )
    _add_terms(command, ceiling=20_000.0)
    command.set_defaults(run=_england)

    command = commands.add_parser(
        "simulate",
        help="the simulation of a population in a file",
        description="Simulate every person of a population and add the years up to units. Files "
        f"are read and written by their endings: {', '.join(SUFFIXES)}.",
        epilog=SIMULATE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("population", help="practice, and band, count, scale, p_any, person")
    command.add_argument("costs", help="band, p_any, family, mean, shape")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the result")
    command.add_argument(
        "--by", action="append", metavar="COLUMN", help="the level of the units (default: practice)"
    )
    command.add_argument("--events", action="store_true", help="costs are Poisson events: rate")
    command.add_argument("--summary", action="store_true", help="estimates instead of totals")
    _add_terms(command, ceiling=None)
    command.set_defaults(run=_simulate)
    return parser


def _add_terms(command: argparse.ArgumentParser, ceiling: float | None) -> None:
    shown = "none" if ceiling is None else f"{ceiling:g}"
    command.add_argument(
        "--ceiling", type=float, default=ceiling, metavar="£", help=f"a person-year ({shown})"
    )
    command.add_argument("--share", type=float, default=1.0, help="ceded above it (1)")
    command.add_argument("--limit", type=float, metavar="£", help="most ceded a person-year (none)")
    command.add_argument(
        "--practice-sd", type=float, default=0.0, help="yearly, 0.05: 5 percent (0)"
    )
    command.add_argument("--national-sd", type=float, default=0.0, help="the same, of everyone (0)")
    command.add_argument("--replications", type=int, default=1000, help="simulated years (1000)")
    command.add_argument("--seed", type=int, default=0, help="same seed, same digits (0)")
    command.add_argument("--threads", type=int, help="default: all processors")


def _run(
    options: argparse.Namespace,
    population: pa.Table | pa.RecordBatchReader,
    costs: CostModel,
    by: list[str],
) -> Simulation:
    contract = None
    if options.ceiling is not None:
        contract = StopLoss(options.ceiling, options.share, options.limit)
    elif options.share != 1 or options.limit is not None:
        raise InputError(["--share and --limit say what is ceded above a ceiling: give --ceiling"])
    return simulate(
        population,
        costs,
        replications=options.replications,
        seed=options.seed,
        by=by,
        stop_loss=contract,
        practice_sd=options.practice_sd,
        national_sd=options.national_sd,
        threads=options.threads,
        progress=True,
    )


def _england(options: argparse.Namespace) -> None:
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
    run = _run(options, population, costs, levels)
    seconds = time.perf_counter() - started
    _print_size_bands(run, options, seconds)
    if options.out is not None:
        options.out.mkdir(exist_ok=True)
    for level, path in files.items():
        write(_both(run, level), path)
    if files:
        print(f"Written: {', '.join(str(path) for path in files.values())}")


def _both(run: Simulation, level: str) -> pa.Table:
    """The summary of a level, net and gross side by side."""
    net, gross = run.summary(level), run.summary(level, of="gross")
    for name in gross.column_names:
        if name not in (level, "people"):
            net = net.append_column(f"gross_{name}", gross[name])
    return net


def _print_size_bands(run: Simulation, options: argparse.Namespace, seconds: float) -> None:
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
        cells = [f"{_percent(band, 'cv_gross')} / {_percent(band, 'cv_net')}"]
        for t in ("0.05", "0.1", "0.2"):
            gross, net = f"outside_{t}_gross", f"outside_{t}_net"
            cells.append(f"{_percent(band, gross)} / {_percent(band, net)}")
        table.add_row(size, f"{band['units']:,}", *cells, _percent(band, "ceded_share"))
    console.print(table)


def _percent(band: dict[str, float | None], name: str) -> str:
    value, error = band[name], band[f"{name}_se"]
    if value is None:
        return "-"
    return f"{100 * value:.2f}" + ("" if error is None else f"±{100 * error:.2f}")


def _simulate(options: argparse.Namespace) -> None:
    by = options.by or ["practice"]
    if len(by) > 1:
        raise InputError([f"--by was given {len(by)} times: must be one level for one file"])
    check_output(options.out)
    for path in map(Path, (options.population, options.costs)):
        if path.exists() and options.out.exists() and path.samefile(options.out):
            raise InputError([f"--out is {options.out}: must not be a file that is read"])
    costs = (CostModel.events if options.events else CostModel)(read(options.costs))
    run = _run(options, read(options.population, by), costs, by)
    result = run.summary() if options.summary else run.totals()
    write(result, options.out)
    people = sum(result["people"].to_pylist())
    print(f"Written: {options.out}: {result.num_rows:,} by {by[0]}, {people:,} people")
