"""The models of Dixon et al. (BMJ 2011;343:d6608, Table 1) fitted on the built-in England.

Three samples of about five million people: the estimation, other people of the same practices, and
everyone of 797 other practices. Prints R² of people and of practices beside the published ones.
The people's constants are fitted to those figures (docs/england_morbidity.md): this shows that the
software walks through the nested models, not that England is so.
"""

from __future__ import annotations

import argparse
import time

from fundholder import england, fit_formula

HELD = 797


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.11, help="of the people, in each sample")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    share, seed = options.share, options.seed
    names = england.population(year=2010)["practice"].unique().to_pylist()
    some = england.persons(practices=HELD, share=0.02, seed=seed, diagnoses="codes").read_all()
    held = some["practice"].unique().to_pylist()
    others = [name for name in names if name not in set(held)]
    print("| model | people | published | practices | published | people fitted on | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for model in england.NESTED_MODELS:
        began = time.perf_counter()
        formula = fit_formula(
            lambda: england.persons(practices=others, share=share, seed=seed),
            cost="cost_next",
            **model.terms,
            redundant="drop",
            errors=False,
        )
        took = time.perf_counter() - began
        people = formula.evaluate(
            england.persons(practices=others, share=(0.5, 0.5 + share), seed=seed),
            cost="cost_next",
        )
        practices = formula.evaluate(england.persons(practices=held, seed=seed), cost="cost_next")
        print(
            f"| {model.name} | {people['r2_person']:.4f} | {model.r2_person:.4f} "
            f"| {practices['r2_practice']:.4f} | {model.r2_practice:.4f} "
            f"| {formula.people:,} | {took:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
