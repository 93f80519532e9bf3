"""The practices of England that benchmarks run on: real ones where they are beside the project."""

from __future__ import annotations

import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from fundholder import CostModel, england

REAL = Path(__file__).parents[2] / "shared" / "real" / "practice" / "age_sex_imd_2023.csv.gz"


def lists() -> tuple[pa.Table, CostModel]:
    """The practices of England, and what their people cost."""
    costs = CostModel(england.costs(year=2025))
    if not REAL.is_file():
        return england.population(year=2025), costs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The file repeats eight practices.
        return england.from_age_sex(pyarrow.csv.read_csv(REAL)), costs
