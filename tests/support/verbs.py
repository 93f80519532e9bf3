"""Calls of every verb, with what they name."""

from __future__ import annotations

#: By name: a call to which a number of threads is given.
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
#: A program that makes what the calls name.
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
