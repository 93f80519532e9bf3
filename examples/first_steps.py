"""A small practice and a large pool under three ceilings: premium, and what risk is left.

python examples/first_steps.py
"""

import pyarrow as pa

import fundholder as fh

band = {"p_any": [0.3], "family": ["lognormal"], "mean": [800 / 0.3], "shape": [1.6]}
practices = pa.table({"practice": ["Elm Road", "Quayside"], "count": [7_000, 100_000]})
sweep = fh.stop_loss(practices, fh.CostModel(pa.table(band)), ceilings=[5_000, 20_000, None])
for row in sweep.to_pylist():
    ceiling = "none" if row["ceiling"] is None else f"£{row['ceiling']:,.0f}"
    print(
        f"{row['practice']}, ceiling {ceiling}: CV {row['cv']:.2%}, "
        f"outside 5 % in {row['p_outside_0.05']:.1%} of years, "
        f"premium £{row['premium_per_head']:.0f} a head"
    )
