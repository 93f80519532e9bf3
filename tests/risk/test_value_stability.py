"""Did a digit move?

A change here is value-breaking: the same seed gives other digits. It belongs under that heading of
the changelog, with a new version, or is a mistake.

Origin: version 0.1.0 before its release, the same on every processor level of an
x86-64. They say nothing of whether the distribution is right: other tests do. In this folder,

    python -c "import test_value_stability as t; print({k: t.totals(k) for k in t.TOTALS})"

makes the totals of families; those of people with names are what ``named_people`` gives.
"""

from __future__ import annotations

import pyarrow as pa
import pytest

from fundholder import CostModel, _engine, simulate

FAMILIES = ["lognormal", "gamma", "weibull", "pareto", "fixed"]
# Family: £ gross and £ net in two replications of 50 people.
TOTALS = {
    "yearly": {
        "fixed": ([67648.486, 25699.9302], [67648.486, 25699.9302]),
        "gamma": ([28698.2417, 28543.3472], [26100.5325, 26872.9522]),
        "lognormal": ([50939.6488, 61982.6104], [36951.0857, 24240.8718]),
        "pareto": ([49753.3947, 47860.0453], [46755.7641, 44017.3621]),
        "weibull": ([69948.2357, 41628.187], [50504.4877, 29802.1083]),
    },
    "events": {
        "fixed": ([54118.7888, 25699.9301], [53353.9402, 25699.9301]),
        "gamma": ([13444.7485, 56074.0249], [13444.7485, 30163.3066]),
        "lognormal": ([19228.2163, 47544.2088], [19228.2163, 23050.7029]),
        "pareto": ([37857.2955, 43969.4926], [37721.5159, 39067.1022]),
        "weibull": ([45675.9091, 83832.7957], [39332.8661, 39590.1093]),
    },
}


def totals(kind: str) -> dict[str, tuple[list[float], list[float]]]:
    shapes = pa.array([1.6, 0.5, 0.7, 2.5, None], pa.float64())
    distribution = {"band": FAMILIES, "family": FAMILIES, "mean": [3_000.0] * 5, "shape": shapes}
    if kind == "yearly":
        costs = CostModel(pa.table({"p_any": [0.3] * 5, **distribution}))
    else:
        costs = CostModel.events(pa.table({"rate": [0.3] * 5, **distribution}))
    run = simulate(
        pa.table({"practice": FAMILIES, "band": FAMILIES, "count": [50] * 5}),
        costs,
        replications=2,
        seed=2026,
        stop_loss=6_000,
        practice_sd=0.1,
        national_sd=0.02,
    )
    return {row["practice"]: (row["gross"], row["net"]) for row in run.totals().to_pylist()}


@pytest.mark.parametrize("processor", _engine.processors())
@pytest.mark.parametrize("kind", TOTALS)
def test_the_digits_are_those_of_version_0_1_0(
    kind: str, processor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDHOLDER_PROCESSOR", processor)
    assert totals(kind) == TOTALS[kind]


def named_people() -> list[list[float]]:
    people = pa.table(
        {
            "practice": ["A81001", "A81001", "17"],
            "person": ["NHS-1", "9434765919", "3"],
            "scale": [0.5, 2.0, 1.0],
            "p_any": [1.0, 1.0, 1.0],
        }
    )
    distribution = {"p_any": [0.3], "family": ["lognormal"], "mean": [1_000.0], "shape": [1.6]}
    run = simulate(people, CostModel(pa.table(distribution)), replications=3, seed=2**63)
    return run.totals()["gross"].to_pylist()


def test_the_digits_of_people_with_names() -> None:
    assert named_people() == [
        [1305.2635, 111.3244, 108.667],
        [640.3334, 4625.1367, 268.1176],
    ]
