"""Do results travel between processes, and do calls work in a process that was forked?"""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from typing import Any

import pyarrow as pa
import pytest

import fundholder as fh
from commands import printed
from verbs import PREPARED, VERBS


def same(a: Any, b: Any) -> bool:
    """Are two objects of the same kind, with the same tables?"""
    if isinstance(a, fh.Simulation):
        tables = all(
            a.totals(level).equals(b.totals(level), check_metadata=True)
            and a.summary(level).equals(b.summary(level), check_metadata=True)
            and a.size_bands(level).equals(b.size_bands(level), check_metadata=True)
            for level in a.levels
        )
        return tables and a.levels == b.levels and a.metadata == b.metadata
    if isinstance(a, fh.SchemeRun):
        tables = all(
            getattr(a, name)().equals(getattr(b, name)(), check_metadata=True)
            for name in ("flows", "holders", "rewards")
        )
        return tables and a.table.equals(b.table, check_metadata=True)
    if isinstance(a, fh.Comparison):
        return list(a.runs) == list(b.runs) and all(
            same(run, b.runs[name]) for name, run in a.runs.items()
        )
    if isinstance(a, fh.CostModel):
        return bool(a.table.equals(b.table)) and repr(a) == repr(b)
    if isinstance(a, fh.Formula):
        return bool(a.coefficients.equals(b.coefficients)) and a.r2 == b.r2
    if isinstance(a, fh.FundholderError):
        return str(a) == str(b) and [p.__dict__ for p in a.problems] == [
            p.__dict__ for p in b.problems
        ]
    if isinstance(a, fh.Validation | fh.Evaluation | fh.Decomposition):
        return type(a) is type(b) and all(
            same(getattr(a, field.name), getattr(b, field.name)) for field in dataclasses.fields(a)
        )
    if isinstance(a, pa.Table):
        return bool(a.equals(b, check_metadata=True))
    return bool(a == b)


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    """Every kind of public object."""
    names: dict[str, Any] = {}
    exec(PREPARED, names)
    lists, costs, persons = names["lists"], names["costs"], names["persons"]
    with pytest.raises(fh.InputError) as caught:
        fh.simulate(pa.table({"count": [1.5]}), costs)
    units = pa.table({"practice": [7, 8, 9], "icb": ["X", "X", None]})
    years = pa.table({"cost": [0.0, 10.0, 20.0, 30.0]})
    events = pa.table({"rate": [2.0], "family": ["gamma"], "mean": [100.0], "shape": [1.0]})
    formula = names["formula"]
    several = pa.table(
        {
            "practice": [f"P{i % 40}" for i in range(400)],
            "person": list(range(400)),
            "old": [i % 2 for i in range(400)],
            "cost": [float(i % 17) for i in range(400)],
        }
    )
    services = pa.table({"rank_from": [0.0], "rank_to": [1.0], "service": ["a"], "share": [1.0]})
    one_band = pa.table({"p_any": [0.3], "family": ["fixed"], "mean": [900.0]})
    run = fh.run_scheme(
        pa.table({"practice": ["A"], "count": [50]}),
        fh.CostModel(one_band, services),
        fh.Scheme("all care", [fh.Tier("all")]),
        years=2,
        replications=4,
    )
    return {
        "decomposition": fh.decompose(names["outturns"], lists, costs),
        "evaluation": formula.evaluate(persons, cost="cost"),
        "validation": fh.validate_formula(several, cost="cost", flags="old", by="practice"),
        "costs of a formula": formula.cost_model(persons, cost="cost", bands=2),
        **{
            rule.__name__: rule()
            for rule in (
                fh.Convergence,
                fh.Floor,
                fh.FullMove,
                fh.GivenConvergence,
                fh.NobodyLosesCash,
            )
        },
        "simulation": fh.simulate(lists, costs, replications=8, by=["practice", "icb"]),
        "simulation of one year": fh.simulate(lists, costs, replications=1),
        "simulation with effects": fh.simulate(
            units, costs, replications=5, by=["practice", "icb"], practice_sd=0.1, stop_loss=500
        ),
        "simulation under a contract": fh.simulate(
            lists,
            costs,
            replications=5,
            practice_sd=0.1,
            contract=fh.Contract([fh.StopLoss(500), fh.QuotaShare(0.5)]),
        ),
        "costs": costs,
        "events": fh.CostModel.events(events),
        "observed costs": fh.CostModel.from_costs(years, cost="cost"),
        "formula": fh.fit_formula(persons, cost="cost", flags="old"),
        "stop_loss": fh.StopLoss(20_000, share=0.5, limit=1_000),
        "carve-out": fh.CarveOut("drugs"),
        "provider payment": fh.ProviderPayment("drugs", above=0.3),
        "gate": fh.Gate("quality", minimum=40),
        "rate by score": fh.ByScore("quality", [(0, 0.5)]),
        "quota share": fh.QuotaShare(0.5),
        "aggregate stop-loss": fh.AggregateStopLoss(1.2, of_budget=True),
        "corridor": fh.Corridor([(0, None, 0.5)]),
        "shared savings": fh.SharedSavings(0.5, msr=[(1_000, 0.02)]),
        "persistence": fh.persistence_us(),
        **{
            part.__name__: part()
            for part in (
                fh.Behaviour,
                fh.Budget,
                fh.Holder,
                fh.Management,
                fh.Participation,
                fh.Premium,
                fh.Reserve,
                fh.Result,
            )
        },
        "failure": fh.Failure(in_a_row=2, then="payer"),
        "tier": fh.Tier("all"),
        "scheme": fh.Scheme.read("tiers-2010"),
        "run of a scheme": run,
        "comparison": fh.Comparison([run]),
        "settlement": fh.settle_persons(
            fh.StopLoss(5),
            pa.table({"practice": ["A"], "person": [1], "cost": [9.0]}),
            cost="cost",
        ),
        "contract": fh.Contract([fh.StopLoss(500), fh.QuotaShare(0.5)]),
        "error": caught.value,
    }


def test_every_public_object_can_be_pickled_and_copied(objects: dict[str, Any]) -> None:
    for kind, thing in objects.items():
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert same(thing, pickle.loads(pickle.dumps(thing, protocol))), (kind, protocol)
        assert same(thing, copy.copy(thing)) and same(thing, copy.deepcopy(thing)), kind
    classes = {getattr(fh, name) for name in fh.__all__ if isinstance(getattr(fh, name), type)}
    errors = {fh.FundholderError, fh.InputError, fh.InputTypeError}
    assert classes - errors <= {type(thing) for thing in objects.values()}


def test_the_state_of_a_simulation_is_checked() -> None:
    from fundholder import _engine

    with pytest.raises(fh.InputError, match="the state of a simulation cannot be read"):
        _engine.Simulation([("practice", pa.table({"people": [1]}))], {}, [])


@pytest.mark.skipif(sys.platform != "linux", reason="fork is the default on Linux alone")
def test_a_forked_child_computes_what_its_parent_does() -> None:
    # A child has none of its parent's threads: a pool that both were to share would never answer.
    calls = {name: verb.format(n="None") for name, verb in VERBS.items()}
    calls |= {
        "totals": "run.totals()",
        "summary": "run.summary()",
        "size_bands": "run.size_bands()",
        "persons": "fh.simulate(named, costs, replications=2)",
        "persons, one thread": "fh.simulate(named, costs, replications=2, threads=1)",
        "long table": "fh.allocate(long, need='need', total=1)",
        "write": "[fh.write(lists, f'{folder}/lists.{e}') for e in ('csv', 'parquet', 'arrow')]",
        "read": "[fh.read(f'{folder}/lists.{e}').read_all() for e in ('csv', 'parquet', 'arrow')]",
    }
    program = f"""{PREPARED}
import multiprocessing, tempfile
folder = tempfile.mkdtemp()
run = fh.simulate(lists, costs, replications=8)
named = pa.table({{"practice": ["A"] * 4_000, "person": list(range(4_000))}})
long = pa.table({{"practice": [str(i) for i in range(300_000)], "need": [1.0] * 300_000}})
CALLS = {calls!r}
if __name__ == "__main__":
    for call in CALLS.values():
        eval(call)
    hung = []
    for name, call in CALLS.items():
        child = multiprocessing.get_context("fork").Process(target=eval, args=(call, globals()))
        child.start()
        child.join(60)
        if child.exitcode != 0:
            hung.append((name, child.exitcode))
            child.kill()
    print(hung)
"""
    assert printed("-c", program, RAYON_NUM_THREADS="2").splitlines()[-1] == "[]"
