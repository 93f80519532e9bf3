"""Who should hold what? Every scheme from 1991 to 2026 on one population and one set of draws.

    python examples/thirty_five_years.py [--charts docs/images] [--all] [--replications 16]

Fundholding, practice-based commissioning, clinical commissioning groups, neighbourhoods and their
American cousins, side by side over five years: who bears the variation of care, how often a holder
overspends or fails, what that costs, and who pays. docs/thirty_five_years.md is its reading.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import fundholder as fh

#: Every tenth area of the built-in England; ``--all`` takes all 42.
ICBS = ("ICB05", "ICB15", "ICB25", "ICB35")
YEARS, SEED = 5, 1
#: SD of a practice's effect, assumed; 70 % of its variance are permanent.
PRACTICE_SD = 0.05
#: In the order of their years; those of the United States last.
ORDER = (
    *("fundholding-1991", "total-purchasing", "fundholding-community", "pbc-2006", "lcp-2009"),
    *("tier-full", "tier-partial", "tier-provider", "tiers-2010", "pbra-20k"),
    *("ccg-2013", "ccg-devolved", "neighbourhood-50k", "iho-2026"),
    *("us-capitation", "mssp-one-sided", "mssp-two-sided", "reach"),
)
#: Kinds of flows to a holder that meet its losses.
LOSSES = ("deficit", "liability", "reserve", "loan")
#: Members of a capitated group in California: 16m of about 250 groups (Cattaneo and Stroud).
MEMBERS = 64_000

Given = dict[str, Any]


def main() -> None:
    """Print every figure of docs/thirty_five_years.md, and draw its chart if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="draw a PNG file")
    parser.add_argument("--all", action="store_true", help="all areas: minutes, and not seconds")
    parser.add_argument("--replications", type=int, default=16, help="paths of five years (16)")
    options = parser.parse_args()
    population = fh.england.population()
    if not options.all:
        areas = pc.cast(population["icb"], "string")
        population = population.filter(pc.is_in(areas, value_set=pa.array(ICBS)))
    costs = fh.CostModel(fh.england.costs(), fh.england.services())
    given: Given = {"years": YEARS, "replications": options.replications, "seed": SEED}

    every: list[fh.Scheme | str] = [*ORDER, *variants().values()]
    both = fh.compare_schemes(population, costs, every, practice_sd=PRACTICE_SD, **given)
    people = pc.sum(population["count"]).as_py()
    practices = len(pc.unique(population["practice"]))
    print(f"{people:,} people of {practices:,} practices; {options.replications} paths of 5 years")
    print_bearing(both)
    print_overspending(both)
    print_losses(both, people)
    print_failures(both)
    few: list[fh.Scheme | str] = ["us-capitation", *variants().values()]
    print_hazard(both, fh.compare_schemes(population, costs, few, **given))
    print_ranks()
    print_ties(population, costs, both, given)

    if options.charts is None:
        print("\nCharts: none asked for (--charts FOLDER).")
        return
    try:
        draw(options.charts, both.table)
    except fh.plots.MissingPackageError as error:
        print(f"\nCharts: none. {error}")


def variants() -> dict[str, fh.Scheme]:
    """American capitation on other terms, by what is different; a group that fails hands over."""
    scheme = fh.Scheme.read("us-capitation")
    (tier,) = scheme.tiers
    failure = fh.Failure(cash_below=0.0, then="payer")
    larger = replace(tier.holder, people=MEMBERS)
    less, behind = fh.Budget(discount=0.02), fh.Budget(growth=-0.01)
    limit = replace(tier.reserve, partners_limit=200)
    reserve = replace(tier.reserve, start=0.05)
    changes: dict[str, Given] = {
        "10,000 people or more, as in the preset": {},
        "10,000, partners lose up to £200 a head": {"reserve": limit},
        "10,000, a reserve of 5 % at the start": {"reserve": reserve},
        "10,000, paid 2 % below expected cost": {"budget": less},
        "64,000 people or more": {"holder": larger},
        "64,000, paid 2 % below expected cost": {"holder": larger, "budget": less},
        "64,000, payments fall behind by 1 % a year": {"holder": larger, "budget": behind},
    }
    return {
        words: replace(
            scheme, name=f"capitation-{n}", tiers=[replace(tier, failure=failure, **change)]
        )
        for n, (words, change) in enumerate(changes.items())
    }


def measures(run: fh.SchemeRun, column: str = "value") -> dict[tuple[str, int | None], float]:
    """Values of all sizes, by measure and year (``None``: all)."""
    return {
        (row["measure"], row["year"]): row[column]
        for row in run.table.to_pylist()
        if row["size_from"] is None and row["size_below"] is None
    }


def largest_error(comparison: fh.Comparison, measure: str) -> float:
    """The largest standard error of measures of all years whose names begin so."""
    return max(
        error
        for name in ORDER
        for (of, year), error in measures(comparison.runs[name], "standard_error").items()
        if of.startswith(measure) and year is None
    )


def side(run: fh.SchemeRun, party: str) -> str:
    """The column in which a party stands."""
    if party in ("practice", "group"):
        return "holder"
    outside = run.scheme.pays or {}
    return party if party in ("partners", "payer") else "payer" if party in outside else "pool"


def print_bearing(comparison: fh.Comparison) -> None:
    """Who bears the variation of all care."""
    print(f"\nWho bears the variation of all care, %\n{'':23}in it  holder  partners  pool  payer")
    for name in ORDER:
        run = comparison.runs[name]
        of_all = measures(run)
        shares = dict.fromkeys(("holder", "partners", "pool", "payer"), 0.0)
        for (measure, year), value in of_all.items():
            if measure.startswith("variance_share_") and year is None:
                shares[side(run, measure.removeprefix("variance_share_"))] += value
        line = f"{name:22}{100 * of_all['share_in_tiers', None]:6.0f}"
        for width, value in zip((8, 10, 6, 7), shares.values(), strict=True):
            # No minus before a zero.
            line += f"{round(100 * value) or 0:{width}d}"
        print(line)
    worst = largest_error(comparison, "variance_share_")
    print(f"Standard errors: {100 * worst:.1f} points at most.")


def print_overspending(comparison: fh.Comparison) -> None:
    """How often a holder overspends, and what moves, £ a head of those in the scheme."""
    print("\nOf holders' years, % overspent, and by more than 5 %; failures per 1,000;")
    print("£ a head and year of premium, reward and management")
    print(f"{'':23} over  by 5 %  failures  premium  reward  management")
    for name in ORDER:
        values = measures(comparison.runs[name])
        of_all = {measure: value for (measure, year), value in values.items() if year is None}
        print(
            f"{name:22}{100 * of_all['p_overspend']:6.1f}{100 * of_all['p_overspend_0.05']:8.1f}"
            f"{of_all['failures_per_1000']:10.1f}{of_all['premium_per_head']:9.2f}"
            f"{of_all['reward_per_head']:8.2f}{of_all['management_per_head']:12.2f}"
        )
    over = 100 * largest_error(comparison, "p_overspend")
    fails = largest_error(comparison, "failures_per_1000")
    pounds = largest_error(comparison, "reward_per_head")
    print(f"Standard errors: {over:.1f} points, {fails:.1f} failures, £{pounds:.2f} at most.")


def losses(run: fh.SchemeRun, people: int) -> list[tuple[str, float]]:
    """What meets holders' losses, £ a head of all people and year, the largest first."""
    amounts: dict[str, float] = {}
    for row in run.flows().to_pylist():
        if row["kind"] in LOSSES and row["destination"] == "holder" and row["mean"] > 0:
            party = "holder, later" if row["kind"] == "loan" else row["source"]
            amounts[party] = amounts.get(party, 0.0) + row["mean"] / YEARS / people
    return sorted(amounts.items(), key=lambda item: -item[1])


def print_losses(comparison: fh.Comparison, people: int) -> None:
    """Who pays for losses."""
    print("\nWho pays for losses, £ a head of all people and year")
    for name in ORDER:
        paid = [f"{party} {amount:.2f}" for party, amount in losses(comparison.runs[name], people)]
        print(f"{name:22} {'; '.join(of for of in paid if not of.endswith(' 0.00')) or 'nobody'}")


def print_failures(comparison: fh.Comparison) -> None:
    """Failures by year."""
    print("\nFailures per 1,000 holders, by year")
    print(f"{'':22}" + "".join(f"{year:7}" for year in range(1, YEARS + 1)))
    for name in ORDER:
        by_year = measures(comparison.runs[name])
        failures = [by_year["failures_per_1000", year] for year in range(1, YEARS + 1)]
        if any(failures):
            print(f"{name:22}" + "".join(f"{of:7.1f}" for of in failures))


def print_hazard(both: fh.Comparison, chance: fh.Comparison) -> None:
    """How often capitated groups fail, beside what was seen."""
    print("\nCapitated groups that fail in a year, %                 chance  and practices 5 %")
    for words, scheme in variants().items():
        failing = [
            measures(of.runs[scheme.name])["failures_per_1000", None] for of in (chance, both)
        ]
        print(f"{words:52}{failing[0] / 10:10.1f}{failing[1] / 10:19.1f}")
    print(f"{'observed, California, 1996 to 2001':52}{'10 to 14':>29}")


def print_ties(
    population: pa.Table, costs: fh.CostModel, both: fh.Comparison, given: Given
) -> None:
    """What persistence does."""
    one = {"state": ["all"], "rank_from": [0.0], "rank_to": [1.0], "probability": [1.0]}
    alone = fh.Persistence(pa.table({**one, "next_all": [1.0]}), source="independent years")
    names = ("fundholding-1991", "pbc-2006", "ccg-devolved", "iho-2026")
    independent = fh.compare_schemes(
        population, costs, names, practice_sd=PRACTICE_SD, persistence=alone, **given
    )
    yearly = fh.compare_schemes(
        population, costs, names, practice_sd=PRACTICE_SD, practice_permanent=0.0, **given
    )
    print("\nHolders' years overspent, % (failures per 1,000), by what ties the years")
    print(f"{'':22}  as above       no persistence  practices new each year")
    for name in names:
        line = f"{name:22}"
        for comparison, width in ((both, 10), (independent, 21), (yearly, 25)):
            of_all = measures(comparison.runs[name])
            over, fails = (of_all[of, None] for of in ("p_overspend", "failures_per_1000"))
            figure = f"{100 * over:.1f} ({fails:.1f})"
            line += f"{figure:>{width}}" if width > 10 else f"  {figure:13}"
        print(line)


def print_ranks() -> None:
    """How alike two years of one person are, where English costs have American ranks."""
    years, normal = fh.persistence_us(), NormalDist()
    ranks = (np.arange(10_000) + 0.5) / 10_000
    bands: dict[str, list[list[float]]] = {"raw": [], "log": []}
    for band in fh.england.costs().to_pylist():
        within = np.maximum(ranks - 1 + band["p_any"], 0.0) / band["p_any"]
        scores = np.array([normal.inv_cdf(of) if of > 0 else -np.inf for of in within])
        # Lognormal, with no cost below.
        mean, sigma = band["mean"], band["shape"]
        cost = mean * np.exp(sigma * scores - sigma**2 / 2)
        table = years.correlations(lags=4, cost=cost)
        for name, of_bands in bands.items():
            of_bands.append(table[name].to_pylist())
    print("\nTwo years of one person: correlations, the lowest and the highest of a band")
    print(f"{'years apart':22}" + "".join(f"{lag:14}" for lag in range(1, 5)))
    for name, words in (("raw", "of cost"), ("log", "of log(1 + cost)")):
        lags = zip(*bands[name], strict=True)
        ranges = [f"{min(lag):.2f} to {max(lag):.2f}" for lag in lags]
        print(f"{words:22}" + "".join(f"{of:>14}" for of in ranges))


def draw(folder: Path, table: pa.Table) -> None:
    """Draw the chart."""
    presets = table.filter(pc.is_in(table["scheme"], value_set=pa.array(ORDER)))
    figure = fh.plots.variation_by_scheme(presets)
    folder.mkdir(parents=True, exist_ok=True)
    fh.plots.save(figure, folder / "schemes.png")
    print(f"\nChart: {folder / 'schemes.png'}")


if __name__ == "__main__":
    main()
