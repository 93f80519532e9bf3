"""What several subjects share: one cost model, one small population, and the real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fundholder import CostModel


@pytest.fixture(scope="session")
def costs() -> CostModel:
    """Three in ten have a cost; lognormal, sigma 1.6, £800 a head."""
    return CostModel(
        pa.table(
            {"p_any": [0.3], "family": ["lognormal"], "mean": [800 / 0.3], "shape": [1.6]},
        )
    )


@pytest.fixture(scope="session")
def banded() -> CostModel:
    """Two bands of different families."""
    return CostModel(
        pa.table(
            {
                "band": ["young", "old"],
                "p_any": [0.2, 0.6],
                "family": ["lognormal", "gamma"],
                "mean": [1_500.0, 4_000.0],
                "shape": [1.6, 0.5],
            }
        )
    )


@pytest.fixture(scope="session")
def people() -> pa.Table:
    """3,000 people with identities, bands, scales and probabilities of their own, in 7 practices.

    Rows are in no order; practices lie in three ICBs.
    """
    rng = np.random.Generator(np.random.PCG64(11))
    n = 3_000
    practice = rng.integers(0, 7, n)
    own = rng.random(n)
    return pa.table(
        {
            "practice": [f"P{i}" for i in practice],
            "icb": [f"ICB{i % 3}" for i in practice],
            "person": rng.permutation(n),
            "band": np.where(rng.random(n) < 0.7, "young", "old"),
            "scale": rng.uniform(0.2, 3.0, n),
            "p_any": pa.array(own, mask=own < 0.5),
        }
    )


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real data beside the project; tests that need it are skipped without it."""
    for parent in Path(__file__).resolve().parents:
        for folder in (parent / "shared" / "real", parent / "real"):
            if folder.is_dir():
                return folder
    pytest.skip("the real data (shared/real) are not beside the project")
