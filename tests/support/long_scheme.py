"""A run of two schemes in blocks, to be killed or interrupted: ``python long_scheme.py FOLDER``.

Says "ready" before the run, and then "interrupted" or "over".
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from drawn_years import cost_model
from fundholder import Contract, Failure, QuotaShare, Reserve, Scheme, SchemeRun, StopLoss, Tier
from fundholder._schemes.run import run_schemes

COUNT = 60
PEOPLE = pa.table({"practice": np.arange(COUNT), "count": np.arange(COUNT) * 60 + 500})
TIER = Tier(
    "all",
    contract=Contract([StopLoss(8_000, to="pool"), QuotaShare(0.1)]),
    reserve=Reserve(start=0.01, keep=1.0, debt=0.02),
    failure=Failure(in_a_row=2, over=0.02, then="merge"),
)
SCHEMES = [Scheme("alone", [TIER]), Scheme("bare", [Tier("bare")])]
PATHS, AT_ONCE = 46, 4


def run(**options: Any) -> list[SchemeRun]:
    """The schemes on the same draws."""
    given: dict[str, Any] = {
        "years": 3,
        "replications": PATHS,
        "seed": 9,
        "persistence": None,
        "practice_sd": 0.03,
        "practice_permanent": 0.7,
        "national_sd": 0.01,
        "budgets": None,
        "scores": None,
        "behaviour": False,
        "edges": (1_000, 3_000),
        "out": None,
        "resume": True,
        "threads": 2,
        "progress": False,
    }
    return run_schemes(PEOPLE, cost_model(), SCHEMES, **given | options)


if __name__ == "__main__":
    print("ready", flush=True)
    try:
        run(out=Path(sys.argv[1]), at_once=AT_ONCE)
        print("over", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
