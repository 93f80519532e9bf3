"""Every practice of England as it was in 2023, with and without a ceiling of £20,000 a person.

    python examples/real_lists.py [age_sex_imd_2023.csv.gz] [--replications 50]

The file holds NHS Digital's counts of registered patients by practice, age and sex, with the IMD of
the practice; its columns are those of ``england.from_age_sex``. Costs are the built-in ones: lists
are real here, costs are not. The file repeats eight practices in full; ``from_age_sex`` counts
their patients once and warns.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

import fundholder as fh

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT = PROJECT.parent / "shared" / "real" / "practice" / "age_sex_imd_2023.csv.gz"
CEILING = 20_000.0


def main() -> int:
    """Run the example; 2 where the file is not there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--replications", type=int, default=50)
    options = parser.parse_args()
    if not options.path.is_file():
        print(
            f"{options.path}: no such file. Give the path of a CSV file of patients by practice, "
            "age and sex (docs/england.md names its columns).",
            file=sys.stderr,
        )
        return 2
    population = read_lists(options.path)
    costs = fh.CostModel(fh.england.costs(year=2025))
    # One run gives cost before and after the ceiling: the same draws, so differences are paired.
    run = fh.simulate(
        population,
        costs,
        replications=options.replications,
        by=["practice", "region"],
        stop_loss=CEILING,
        progress=True,
    )
    print_size_bands(run)
    print_regions(run)
    print_extremes(run)
    return 0


def read_lists(path: Path) -> pa.Table:
    """The population of a file, and what was wrong with the file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        lists = pyarrow.csv.read_csv(file)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        population = fh.england.from_age_sex(lists)
    for warning in caught:
        print(f"Note: {warning.message}.")
    return population


def print_size_bands(run: fh.Simulation) -> None:
    """Small lists are volatile; a ceiling helps them most."""
    print(f"\nBy size of list, before and after a ceiling of £{CEILING:,.0f} a person: the CV of a")
    print("year's cost, and the share of practices whose year is further than 10 % from their")
    print("mean. The ceiling takes the largest costs of a few people out of the total; small")
    print("lists gain most.")
    print("All in %; after ± stands the Monte Carlo standard error.\n")
    print(
        f"{'people':>15} {'practices':>9} {'CV gross':>15} {'CV net':>15}"
        f" {'outside gross':>15} {'outside net':>15}"
    )
    for band in run.size_bands("practice", thresholds=[0.1]).to_pylist():
        below = band["people_below"]
        size = f"{band['people_from']:,}" + ("+" if below is None else f"-{below - 1:,}")
        print(
            f"{size:>15} {band['units']:>9,} {percent(band, 'cv_gross'):>15}"
            f" {percent(band, 'cv'):>15} {percent(band, 'p_outside_0.1_gross'):>15}"
            f" {percent(band, 'p_outside_0.1'):>15}"
        )


def print_regions(run: fh.Simulation) -> None:
    """At the size of a region chance all but vanishes."""
    print("\nBy region: in a pool of millions of people chance is a fraction of a per cent.")
    print("Regions differ in cost per head because their people do.\n")
    print(f"{'region':>15} {'people':>12} {'£ a head':>9} {'ceded':>7} {'CV net, %':>15}")
    gross = run.summary("region", of="gross").to_pylist()
    for before, after in zip(gross, run.summary("region").to_pylist(), strict=True):
        ceded = 1 - after["expected"] / before["expected"]
        print(
            f"{after['region'] or 'unknown':>15} {after['people']:>12,}"
            f" {before['expected'] / before['people']:>9,.0f} {ceded:>7.1%}"
            f" {percent(after, 'cv'):>15}"
        )


def print_extremes(run: fh.Simulation) -> None:
    """The practices where chance does most, and least."""
    units = run.summary("practice").to_pylist()
    used = sorted((u for u in units if u["cv"] is not None), key=lambda u: u["cv"])
    print(f"\n{len(units) - len(used)} practices have nobody on their list, and no CV.")
    print("The most and the least volatile of the others, net of the ceiling:\n")
    for unit in (*used[-3:][::-1], *used[:3]):
        print(f"{unit['practice']:>15} {unit['people']:>9,} people   CV {percent(unit, 'cv')} %")


def percent(row: dict[str, float], name: str) -> str:
    """A share in per cent, with its standard error."""
    return f"{100 * row[name]:.2f} ± {100 * row[f'{name}_se']:.2f}"


if __name__ == "__main__":
    sys.exit(main())
