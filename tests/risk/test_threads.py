"""Does a call have the threads that it is given, and none that it shares with others?"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from commands import printed
from fundholder import InputError

VERBS = {
    "simulate": "fh.simulate(lists, costs, replications=8, threads={n})",
    "variance": "fh.variance(lists, costs, threads={n})",
    "moments": "fh.variance(lists, costs, method='moments', threads={n})",
    "distribution": "fh.distribution(lists, costs, threads={n})",
    "cumulative": "fh.cumulative(lists, costs, at=at, threads={n})",
    "stop_loss": "fh.stop_loss(lists, costs, ceilings=[5_000], threads={n})",
    "minimum_population": "fh.minimum_population(costs, tolerance=.2, probability=.1, threads={n})",
    "pooling": "fh.pooling(lists, costs, pool='icb', stop_loss=5_000, threads={n})",
    "propose_pools": "fh.propose_pools(lists, costs, within='icb', tolerance=.2, probability=.1,"
    " threads={n})",
    "decompose": "fh.decompose(outturns, lists, costs, threads={n})",
    "fit_formula": "fh.fit_formula(persons, cost='cost', flags='old', threads={n})",
    "predict": "formula.predict(persons, threads={n})",
    "need": "formula.need(persons, threads={n})",
    "evaluate": "formula.evaluate(persons, cost='cost', threads={n})",
    "cost_model": "formula.cost_model(persons, cost='cost', bands=2, threads={n})",
    "allocate": "fh.allocate(persons, need='cost', total=100, threads={n})",
}
PREPARED = """
import os, threading, time
os.environ["RAYON_NUM_THREADS"] = "16"
import pyarrow as pa
import fundholder as fh

lists = pa.table({"practice": ["A", "B", "C"], "icb": ["X", "X", "Y"], "count": [500, 600, 700]})
costs = fh.CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0],
                               "shape": [1.6]}))
at = pa.table({"practice": ["A"], "cost": [1e5]})
outturns = pa.table({"practice": ["A", "B", "C"], "budget": [3e5, 3.6e5, 4.2e5],
                     "outturn": [2.9e5, 3.9e5, 4.0e5]})
persons = pa.table({"practice": ["A", "A", "B", "B"] * 5, "old": [0, 1, 1, 0] * 5,
                    "cost": [100.0, 400.0, 500.0, 90.0] * 5})
formula = fh.fit_formula(persons, cost="cost", flags="old", threads=1)
threads = lambda: len(os.listdir("/proc/self/task"))
time.sleep(0.2)  # until the threads of the fit have ended
before = threads()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_no_thread_is_left_behind_by_any_verb() -> None:
    # A pool of the process would stay, with 16 threads; libraries may have begun a few of theirs.
    calls = "\n".join(verb.format(n=3) for verb in VERBS.values())
    program = f"{PREPARED}\n{calls}\ntime.sleep(0.2)\nprint(threads() - before)"
    assert int(printed("-c", program)) < 16 // 2


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the calls name."""
    names: dict[str, Any] = {}
    exec(PREPARED, names)
    return names


@pytest.mark.parametrize("verb", VERBS)
def test_the_number_of_threads_is_checked(names: dict[str, Any], verb: str) -> None:
    with pytest.raises(InputError, match="threads is 0") as caught:
        eval(VERBS[verb].format(n=0), names)
    assert caught.value.problems[0].column == "threads"
