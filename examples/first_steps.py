"""Two practices, two thousand years each, before and after a ceiling of £20,000 a person.

    python examples/first_steps.py

Three people in ten have a cost in a year; £800 a head on average, with a heavy tail.
"""

import pyarrow as pa

import fundholder as fh

band = {"p_any": [0.3], "family": ["lognormal"], "mean": [800 / 0.3], "shape": [1.6]}
practices = pa.table({"practice": ["Elm Road", "Quayside"], "count": [7_000, 12_000]})
run = fh.simulate(practices, fh.CostModel(pa.table(band)), replications=2_000, stop_loss=20_000)
gross, net = run.summary(of="gross").to_pylist(), run.summary(of="net").to_pylist()
for before, after in zip(gross, net, strict=True):
    print(f"{after['practice']}, {after['people']:,} people: CV of a year's cost")
    print(f"  gross {before['cv']:.2%} ± {before['cv_se']:.2%}")
    print(f"  net   {after['cv']:.2%} ± {after['cv_se']:.2%}")
