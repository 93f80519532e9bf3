"""From lists to budgets to risk: need, targets, the way towards them, and a year's chance.

    python examples/lists_to_budgets.py [FOLDER] [--out budgets.xlsx]

Without a folder, on practices of the built-in England: a formula is fitted on some people, says
what those of other practices need, and shares out a pot. With a folder of two published files,
gp_wp_target_2018-19_formula.csv.gz and nhs_allocations_2025_26.xlsx: NHS England's own targets of
7,325 practices and allocations of 42 ICBs are computed again and held against what was published.
The workbook needs the extra ``excel``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import fundholder as fh

CEILING = 20_000.0
RULE = fh.Convergence(rate=0.2, cap=0.005)
NEEDS = ["general_acute", "community", "mental_health", "maternity"]
WEIGHTS = [0.7443451385, 0.0641386621, 0.1498554525, 0.0416607469]
HOSPITAL_POT, DRUGS_POT = 65_214_610_640.0, 8_936_517_990.0


def main() -> int:
    """Run the example; 2 where a file is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    try:
        sheets = published(options.folder) if options.folder else built_in()
        with tempfile.TemporaryDirectory() as folder:
            path = options.out or Path(folder) / "budgets.xlsx"
            fh.write_workbook(sheets, path)
            print(f"\nA workbook of {', '.join(sheets)}: {path.stat().st_size:,} bytes.")
    except fh.FundholderError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def built_in() -> dict[str, pa.Table]:
    """Persons to need, to targets, to allocations, to the chance of missing them."""
    sample = fh.england.persons(practices=80, share=0.25).read_all()
    terms = fh.england.NESTED_MODELS[1].terms | {"redundant": "drop", "cluster": "practice"}
    formula = fh.fit_formula(sample, cost="cost_next", **terms)
    print(f"Age, sex and diagnoses of {formula.people:,} people: R² {formula.r2:.3f}.")
    costs = formula.cost_model(sample, cost="cost_next", bands=10)

    lists = fh.england.persons(practices=6).read_all()
    need = formula.need(lists)
    people, expected = need["people"].to_numpy(), sum(need["need"].to_pylist())
    # Until now, everyone's practice had the same for every head.
    last = pa.array(np.round(people * 0.96 * expected / people.sum(), 2))
    total = round(sum(last.to_pylist()), 2)
    targets = fh.allocate(need, need="need", total=total).append_column("last_year", last)
    money: dict[str, Any] = {"baseline": "last_year", "target": "budget"}
    year = fh.pace_of_change(targets, rule=RULE, growth=expected / total - 1, **money)

    population, measures = costs.population(lists), {"thresholds": [0.05], "quantiles": [0.9]}
    on_target = fh.variance(population, costs, **measures)
    budgets = year.select(["practice", "allocation"]).rename_columns(["practice", "budget"])
    spread = fh.variance(population, costs, budgets=budgets, **measures)
    risk = fh.with_formula_error(spread, need)
    print("\nWhat a practice would spend beyond its money by 5 %, in how many of 100 years:\n")
    print("practice   people  need  from target  chance  formula error  on target  this year")
    tables = [table.to_pylist() for table in (targets, year, on_target, risk)]
    for unit, pace, aim, now in zip(*tables, strict=True):
        print(
            f"{unit['practice']} {unit['people']:>9,} {unit['need_index']:>5.2f}"
            f" {pace['dft_open']:>+12.1%} {now['chance_sd'] / now['expected']:>7.1%}"
            f" {now['formula_sd'] / now['budget']:>14.1%} {100 * aim['p_over_0.05']:>10.1f}"
            f" {100 * now['p_over_0.05']:>10.1f}"
        )
    return {"Targets": targets, "Pace of change": year, "Risk": risk}


def published(folder: Path) -> dict[str, pa.Table]:
    """The national chain of 2018/19 and the pace of change of 2025/26, and what chance adds."""
    lists = fh.official.read_weighted_populations(folder / "gp_wp_target_2018-19_formula.csv.gz")
    unmet: dict[str, Any] = {"unmet_need": ("avoidable_mortality", 0.1), "also": ["icb"]}
    components, index = dict(zip(NEEDS, WEIGHTS, strict=True)), ["mff", "eaca"]
    hospital = fh.weighted_capitation(
        lists, components=components, pot=HOSPITAL_POT, cost_index=index, **unmet
    )
    drugs = fh.weighted_capitation(lists, components={"prescribing": 1.0}, pot=DRUGS_POT, **unmet)
    targets = fh.combine_targets({"hospital": hospital, "drugs": drugs})
    computed = targets["target"].to_numpy()
    off = abs(computed / lists["target"].to_numpy() - 1).max()
    count, total = len(computed), computed.sum()
    print(f"2018/19: £{total:,.0f}; {count:,} targets within {off:.1e} of those there.")

    boards = fh.official.read_icb_allocations(folder / "nhs_allocations_2025_26.xlsx")
    core = boards.filter(pa.compute.equal(boards["stream"], "core"))
    money = {"baseline": "baseline", "target": "target", "growth": "growth", "by": "icb"}
    year = fh.pace_of_change(core, rule=RULE, next_target="next_target", rounding=1_000, **money)
    same = pa.compute.equal(year["allocation"], core["allocation"]).to_pylist()
    print(f"2025/26: {sum(same)} of {len(core)} core allocations are those published, to £1,000.")

    people = lists["people"].to_numpy()
    counts = np.maximum(1, np.round(people)).astype(np.int64)
    groups = pa.table({"practice": lists["practice"], "count": counts, "scale": computed / people})
    distribution = {"p_any": [0.3], "family": ["lognormal"], "mean": [1 / 0.3], "shape": [1.6]}
    risk = fh.variance(
        groups, fh.CostModel(pa.table(distribution)), stop_loss=CEILING, thresholds=[0.05]
    )
    outside = np.average(risk["p_outside_0.05"].to_numpy(), weights=people)
    print(f"Chance, net of £{CEILING:,.0f} a person: missed by 5 % in {outside:.0%} of years.")
    return {"Targets": targets, "ICBs": fh.targets_by(targets, "icb"), "Pace": year, "Risk": risk}


if __name__ == "__main__":
    sys.exit(main())
