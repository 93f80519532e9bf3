"""Is it a third, and is it chance? Practices outside their budgets, exactly and in parts.

    python examples/a_third.py [--charts docs/images]

In 2010 and 2011 it was said that about a third of practices would miss a hospital budget by 10 % or
more, simply due to chance. This computes what chance does to the practices of that time, what has
to be added to reach a third, and what ceilings and pools take away. docs/a_third.md is its reading.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import fundholder as fh

TOLERANCES = (0.05, 0.10, 0.20)
CEILINGS = (100_000.0, 20_000.0, 5_000.0)
#: Distributions with an effect take longer: they are those of every tenth practice by size.
EVERY = 10
#: Its mean list is near that of England.
ICB = "ICB28"

#: Dixon et al., BMJ 2011;343:d6608.
A_THIRD = 0.32
#: Work of the Nuffield Trust on 8,238 practices, reported by HSJ in 2010.
HSJ = (0.53, 0.26, 0.11)
#: Hospital spending, IFS W15/21: people with any, and the CV of a person that follows.
USERS, PERSON_CV = 0.332, 4.59
#: Of people's costs, what a formula with diagnoses explains (Dixon et al. 2011, table 1).
R2 = 0.123

Array = NDArray[np.float64]
#: By ceiling: the share of years outside each tolerance (rows) of each practice.
Shares = dict[float | None, Array]


def main() -> None:
    """Print every figure of docs/a_third.md, and draw its charts if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="draw three PNG files")
    options = parser.parse_args()
    groups = fh.england.population(year=2010)
    costs = fh.CostModel(fh.england.costs(year=2010))
    by_size = fh.variance(groups, costs, method="moments").sort_by("people")["practice"]
    sample = groups_of(groups, "practice", by_size[EVERY // 2 :: EVERY])
    median = groups_of(groups, "practice", by_size[len(by_size) // 2 :][:1])

    distribution = distribution_by_effect(sample, costs)
    practice_sd = effect_for(distribution, 0.10, A_THIRD)
    sweep = fh.stop_loss(sample, costs, ceilings=[None, *CEILINGS])
    chance, both = {}, {None: with_effect(distribution, practice_sd)}
    for ceiling in (None, *CEILINGS):
        chance[ceiling] = outside(at_ceiling(sweep, ceiling))
    for ceiling in CEILINGS:
        limited = fh.variance(sample, costs, stop_loss=ceiling, practice_sd=practice_sd)
        both[ceiling] = outside(limited)
    print_shares(outside(fh.variance(groups, costs)), sweep, chance, both, practice_sd)
    print_without_specialised(sample, chance, both, practice_sd)
    print_concentration(by_people(sample))
    print_tail(distribution)
    print_skewness(median, costs, practice_sd)
    print_pool_sizes(groups, costs, practice_sd)
    print_pools(groups_of(groups, "icb", pa.array([ICB])), costs, practice_sd)

    if options.charts is None:
        print("\nCharts: none asked for (--charts FOLDER).")
        return
    try:
        draw(options.charts, sweep, chance, both, practice_sd, median, costs)
    except fh.plots.MissingPackageError as error:
        print(f"\nCharts: none. {error}")


def groups_of(groups: pa.Table, column: str, labels: pa.Array) -> pa.Table:
    """The rows of some practices or areas."""
    return groups.filter(pc.is_in(groups[column].cast("string"), labels.cast("string")))


def by_people(groups: pa.Table) -> pa.Table:
    """One row for each practice, with its people."""
    lists = groups.group_by("practice").aggregate([("count", "sum")])
    return lists.rename_columns(["practice", "count"])


def outside(table: pa.Table) -> Array:
    """The share of years outside each tolerance (rows) of each practice."""
    return np.array([table[f"p_outside_{t:g}"].to_numpy() for t in TOLERANCES])


def at_ceiling(sweep: pa.Table, ceiling: float | None) -> pa.Table:
    """The rows of one ceiling of a sweep."""
    return sweep.filter(
        pc.is_null(sweep["ceiling"]) if ceiling is None else pc.equal(sweep["ceiling"], ceiling)
    )


def solve(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a smooth, rising function is 0, by secants, to 1e-5 of its value."""
    at_low, at_high = function(low), function(high)
    while abs(at_high) > 1e-5:
        low, at_low, high = high, at_high, high - at_high * (high - low) / (at_high - at_low)
        at_high = function(high)
    return high


# ---- Systematic variation ---------------------------------------------------------------------
EFFECTS = np.exp(np.linspace(-0.6, 0.6, 121))


def distribution_by_effect(groups: pa.Table, costs: fh.CostModel) -> Array:
    """Share of years outside each tolerance, by practice, when all costs are times each effect.

    A year times e is above a limit as often as the year itself is above limit / e. So one
    distribution answers for every effect, and for every practice_sd. With a ceiling that is not so.
    """
    budgets = fh.variance(groups, costs, method="moments")
    over = 1 + np.array(TOLERANCES)
    limits = np.concatenate([over, 2 - over])[:, None] / EFFECTS
    cost = budgets["expected"].to_numpy()[:, None] * limits.ravel()
    rows = np.repeat(np.arange(len(cost)), limits.size)
    at = pa.table({"practice": budgets["practice"].take(rows), "cost": cost.ravel()})
    below = fh.cumulative(groups, costs, at=at)["cumulative"].to_numpy()
    below = below.reshape(len(cost), 2, len(TOLERANCES), len(EFFECTS))
    share: Array = (1 - below[:, 0] + below[:, 1]).swapaxes(0, 1)
    return share


def with_effect(distribution: Array, practice_sd: float) -> Array:
    """Share of years outside each tolerance, by practice, with a lognormal effect of mean 1."""
    variance = math.log1p(practice_sd**2)
    weight = np.exp(-((np.log(EFFECTS) + variance / 2) ** 2) / (2 * variance))
    share: Array = distribution @ weight / weight.sum()
    return share


def effect_for(distribution: Array, tolerance: float, share: float) -> float:
    """The practice_sd with which this share is outside of a tolerance."""
    row = distribution[[TOLERANCES.index(tolerance)]]
    return solve(lambda sd: float(with_effect(row, sd).mean()) - share, 0.05, 0.08)


# ---- What is printed --------------------------------------------------------------------------
def print_shares(
    all_practices: Array, sweep: pa.Table, chance: Shares, both: Shares, practice_sd: float
) -> None:
    """The published shares, and those computed."""

    def row(name: str, cells: list[str]) -> None:
        print(f"{name:<46}" + "".join(f"{cell:>8}" for cell in cells))

    def means(shares: Array) -> list[str]:
        return [f"{100 * share:.1f}" for share in shares.mean(axis=1)]

    row("Practices outside this of their budget, %", ["5 %", "10 %", "20 %", "ceded"])
    row("Published: Dixon et al. 2011", ["", f"{100 * A_THIRD:.0f}"])
    row("Published: HSJ 2010", [f"{100 * share:.0f}" for share in HSJ])
    row(f"Chance alone, all {all_practices.shape[1]:,} practices", means(all_practices))
    print(f"Of {chance[None].shape[1]} practices, every {EVERY}th by size:")
    for shares, words in ((chance, "chance"), (both, f"chance and {practice_sd:.1%} systematic")):
        for ceiling in (None, *CEILINGS):
            part = at_ceiling(sweep, ceiling)
            ceded = pc.sum(part["expected_ceded"]).as_py() / pc.sum(part["expected_gross"]).as_py()
            limited = shares is chance and ceiling
            name = f"  {words}" + (f", ceiling £{ceiling:,.0f}" if ceiling else "")
            row(name, [*means(shares[ceiling]), *([f"{100 * ceded:.1f}"] if limited else [])])


def print_without_specialised(
    sample: pa.Table, chance: Shares, both: Shares, practice_sd: float
) -> None:
    """What excluding specialised services does, with and without a ceiling."""
    costs = fh.CostModel(fh.england.costs(year=2010), fh.england.services(year=2010))
    excluded = fh.CarveOut("specialised", to="nation")
    contracts = {None: fh.Contract([excluded])}
    contracts |= {c: fh.Contract([excluded, fh.StopLoss(c)]) for c in CEILINGS}
    by_chance = {
        ceiling: outside(fh.variance(sample, costs, contract=contract))
        for ceiling, contract in contracts.items()
    }
    # With an effect, one simulation under all contracts takes less time.
    run = fh.simulate(
        sample,
        costs,
        contract={str(ceiling): contract for ceiling, contract in contracts.items()},
        practice_sd=practice_sd,
        services=False,
    )
    simulated = {c: outside(run.summary(contract=str(c), thresholds=TOLERANCES)) for c in contracts}
    print("\nPractices outside 10 % of their budget, %     all services  less specialised")
    for words, with_all, without in (
        ("chance", chance, by_chance),
        (f"chance and {practice_sd:.1%} systematic", both, simulated),
    ):
        for ceiling in (None, *CEILINGS):
            name = f"  {words}" + (f", ceiling £{ceiling:,.0f}" if ceiling else "")
            cells = (100 * of[ceiling][1].mean() for of in (with_all, without))
            print(f"{name:<46}" + "".join(f"{cell:>12.1f}" for cell in cells))


def print_concentration(lists: pa.Table) -> None:
    """How unequal people's costs would have to be, if it were chance."""
    people = lists["count"].to_numpy()

    def shape(cv: float) -> float:
        return math.sqrt(math.log(USERS * (1 + cv**2)))

    def exact(cv: float) -> float:
        band = {"p_any": [USERS], "family": ["lognormal"], "mean": [1_000 / USERS]}
        costs = fh.CostModel(pa.table(band | {"shape": [shape(cv)]}))
        return float(outside(fh.variance(lists, costs))[1].mean())

    def normal(cv: float) -> float:
        return float(np.mean([math.erfc(0.1 * math.sqrt(n / 2) / cv) for n in people]))

    print("\nIf it were chance, everyone alike: CV of a person's cost, share of all cost that the")
    print("costliest 1 % of people have, practices outside 10 % (exactly; by a normal curve)")
    for words, cv in (
        (f"hospital cost, after a formula with R² {R2}", PERSON_CV * math.sqrt(1 - R2)),
        ("hospital cost", PERSON_CV),
        (
            "what a third needs, by a normal curve",
            solve(lambda cv: normal(cv) - A_THIRD, 6, 8),
        ),
        ("what a third needs", solve(lambda cv: exact(cv) - A_THIRD, 6, 8)),
    ):
        costliest = NormalDist().cdf(shape(cv) - NormalDist().inv_cdf(1 - 0.01 / USERS))
        print(f"  {words:<42}{cv:>7.2f}{costliest:>8.1%}{exact(cv):>8.1%}{normal(cv):>8.1%}")


def print_tail(distribution: Array) -> None:
    """That no one practice_sd gives all three figures of HSJ."""
    print("\nSystematic SD that gives each figure of HSJ, and the shares it gives")
    print(f"{'':<24}{'SD':>7}{'5 %':>7}{'10 %':>7}{'20 %':>7}")
    for tolerance, share in zip(TOLERANCES, HSJ, strict=True):
        sd = effect_for(distribution, tolerance, share)
        cells = "".join(
            f"{100 * outside:>7.1f}" for outside in with_effect(distribution, sd).mean(axis=1)
        )
        print(f"{f'{share:.0%} outside {tolerance:.0%}':<24}{100 * sd:>7.1f}{cells}")


def print_skewness(median: pa.Table, costs: fh.CostModel, practice_sd: float) -> None:
    """Years over budget and under it, of one practice."""
    people = pc.sum(median["count"]).as_py()
    print(f"\nThe practice of median size, {people:,} people")
    print(f"{'':<44}{'CV':>7}{'skewness':>10}{'10 % over':>11}{'10 % under':>12}")
    for sd, effect in ((0.0, "chance"), (practice_sd, f"chance and {practice_sd:.1%} systematic")):
        for ceiling in (None, 20_000.0):
            (distribution,) = fh.variance(
                median, costs, stop_loss=ceiling, practice_sd=sd
            ).to_pylist()
            name = f"  {effect}" + (f", ceiling £{ceiling:,.0f}" if ceiling else "")
            print(
                f"{name:<44}{distribution['cv']:>7.1%}{distribution['skewness']:>10.2f}"
                f"{distribution['p_over_0.1']:>11.1%}{distribution['p_under_0.1']:>12.1%}"
            )


def print_pool_sizes(groups: pa.Table, costs: fh.CostModel, practice_sd: float) -> None:
    """The smallest pool that is outside in 1 year of 20."""
    print("\nPeople of a pool that is outside in no more than 5 % of years")
    print(f"{'':<44}{'5 %':>10}{'10 %':>10}")
    for ceiling in (None, *CEILINGS):
        sizes = [
            fh.minimum_population(
                costs, population=groups, tolerance=t, probability=0.05, stop_loss=ceiling
            )["people"][0].as_py()
            for t in TOLERANCES[:2]
        ]
        name = "  chance" + (f", ceiling £{ceiling:,.0f}" if ceiling else "")
        print(f"{name:<44}{sizes[0]:>10,}{sizes[1]:>10,}")
    (smallest,) = fh.minimum_population(
        costs, population=groups, tolerance=0.1, probability=0.05, practice_sd=practice_sd
    ).to_pylist()
    size = "no pool is large enough" if smallest["people"] is None else f"{smallest['people']:,}"
    print(f"With one effect of {practice_sd:.1%} on the whole pool, {size}: the largest is outside")
    print(f"10 % in {smallest['p_outside_limit']:.1%} of years.")


def print_pools(icb: pa.Table, costs: fh.CostModel, practice_sd: float) -> None:
    """The pools that the practices of one ICB could form."""
    lists = by_people(icb)
    people = pc.sum(lists["count"]).as_py()
    print(f"\n{ICB}: {lists.num_rows} practices, {people:,} people. Most pools, each outside 10 %")
    print("in no more than 5 % of years, effects of practices independent")
    print(f"{'':<44}{'pools':>7}{'mean people':>13}{'largest':>9}")
    for sd, effect in ((0.0, "chance"), (practice_sd, f"chance and {practice_sd:.1%} systematic")):
        for ceiling in (None, 20_000.0):
            rows = fh.propose_pools(
                icb,
                costs,
                within="icb",
                tolerance=0.1,
                probability=0.05,
                stop_loss=ceiling,
                practice_sd=sd,
            ).to_pylist()
            pools = {row["pool"]: row["pool_people"] for row in rows}
            name = f"  {effect}" + (f", ceiling £{ceiling:,.0f}" if ceiling else "")
            mean = people / len(pools)
            print(f"{name:<44}{len(pools):>7,}{mean:>13,.0f}{max(pools.values()):>9,}")
    (pooled,) = fh.pooling(icb, costs, pool="icb", stop_loss=20_000)["icb"].to_pylist()
    print(f"Cost above £20,000, pooled by the ICB: £{pooled['expected'] / 1e6:,.0f}m a year, CV")
    print(f"{pooled['cv']:.1%} by chance.")


# ---- Charts ---------------------------------------------------------------------------------
def draw(
    folder: Path,
    sweep: pa.Table,
    chance: Shares,
    both: Shares,
    practice_sd: float,
    median: pa.Table,
    costs: fh.CostModel,
) -> None:
    """CV by size, shares outside 10 % by size, and the distribution of the median practice."""
    folder.mkdir(parents=True, exist_ok=True)
    distribution = fh.distribution(median, costs, points=10_000)
    budget = fh.variance(median, costs, method="moments")["expected"][0].as_py()
    charts = {
        "a_third_cv.png": fh.plots.cv_by_population(sweep),
        "a_third_median.png": fh.plots.distribution(
            distribution, budget=budget, quantiles=[0.9, 0.99]
        ),
    }
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    people = at_ceiling(sweep, None)["people"].to_numpy()
    for shares, ceiling, colour, words in (
        (both, None, "#d55e00", f"chance and {practice_sd:.1%} systematic"),
        (both, 20_000.0, "#e69f00", "the same, ceiling £20,000"),
        (chance, None, "#0072b2", "chance alone"),
        (chance, 20_000.0, "#56b4e9", "the same, ceiling £20,000"),
    ):
        share = shares[ceiling][1]
        axes.scatter(
            people,
            share,
            s=6,
            linewidths=0,
            color=colour,
            label=f"{words}: {share.mean():.0%} on average",
        )
    axes.axhline(A_THIRD, color="#555555", linewidth=1, linestyle="--")
    axes.annotate("published: 32 % on average", (0.99, A_THIRD + 0.01), ha="right",
                  xycoords=("axes fraction", "data"), color="#555555")  # fmt: skip
    axes.set_xscale("log")
    ticks = [500, 1_000, 2_000, 5_000, 10_000, 20_000]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("People (log scale)", loc="left")
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_ylim(0, 0.8)
    axes.set_title("Share of years further than 10 % from budget, by size of list", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, markerscale=3)
    charts["a_third_outside.png"] = figure
    for name, chart in charts.items():
        fh.plots.save(chart, folder / name)
    print(f"\nCharts: {', '.join(charts)}")


if __name__ == "__main__":
    main()
