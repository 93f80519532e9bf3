"""The simulation lane: every person's year, drawn and added up."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _engine
from .._contracts.contract import Contract
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._tables.arguments import Arguments
from .._tables.memory import free_memory
from .._tables.progress import progress_bar
from .._tables.warning import warn
from .agreement import read_agreement
from .cost_model import CostModel
from .persistence import Persistence
from .population import check_population, check_result_columns
from .simulation import Simulation

MAX_REPLICATIONS = 2**30
MAX_SEED = 2**64 - 1
MAX_YEARS = 100


def simulate(
    population: Any,
    costs: CostModel,
    *,
    replications: int = 1000,
    seed: int = 0,
    by: str | Sequence[str] = "practice",
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | Mapping[str, Contract | Term] | None = None,
    services: bool = True,
    years: int = 1,
    persistence: Persistence | None = None,
    practice_sd: float = 0.0,
    practice_permanent: float = 0.0,
    national_sd: float = 0.0,
    threads: int | None = None,
    progress: bool = False,
) -> Simulation:
    """Simulate every person's year, before and after the contract, and add it up to units.

    Every draw is a pure function of the seed, the person and the replication, and totals are whole
    numbers of a hundredth of a penny: the result is the same to the last bit for any number of
    threads, any size of batch and on any processor, in any order of the rows if they have a
    ``person``, and when practices are simulated apart and put together.

    Parameters
    ----------
    population
        Anything with ``__arrow_c_stream__``, one row per person or per group of identical people:

        ========  ==========================================================================
        practice  string, dictionary or integer; required
        band      the person's band in ``costs``; may be absent where there is one
        count     people the row stands for, a whole number of at least 0; default 1. Where it is
                  missing, and ``person`` too, a column that seems to hold sizes ("people",
                  "list_size", "NUMBER_OF_PATIENTS") is rejected with the word to use
        scale     multiplies every cost of the row, at least 0; default 1
        p_any     replaces the band's probability of any cost, from 0 to 1; null keeps it
        person    integer or string, different for each row of a practice: what the draws belong
                  to; without it, the rows of a practice are numbered in order. One that comes
                  twice is rejected: 8 bytes of memory for each row
        others    further levels for ``by``: string, dictionary or integer; the rows where one is
                  null form a unit of their own
        ========  ==========================================================================

        A table is checked in full before the first draw. A reader of batches (anything without a
        length) is read once, checked batch by batch, and may be larger than memory.
    costs
        The cost model.
    replications
        Simulated years, at least 1; with several ``years``, paths of so many.
    seed
        From 0 to 2**64 - 1. Runs with the same seed share their draws, so that differences between
        contracts are paired.
    by
        The columns whose values are units: one or several levels.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``: the short form of a contract.
    contract
        A ``Contract`` or one term of one, or several by name: they share every draw, so that their
        differences (``Simulation.compare``) are paired.
    services
        Whether the totals of each service are kept, where the cost model has services.
    years
        Years of a path, from 1 to 100: results have a column ``year``, from 1. The years of path p
        are replications p * years to p * years + years - 1 of a run of single years.
    persistence
        How the years of a person are tied by rank: a ``Persistence``. Each year's distribution
        stays what it is. ``None``: a person's years are independent.
    practice_permanent
        Share of the variance of a practice's effect (of its logarithm) that stays over the years of
        a path, from 0 to 1.
    practice_sd, national_sd
        SD of a yearly lognormal effect of mean 1 that multiplies every cost of a practice, or of
        everyone, before the contract; 0.078 is 7.8 %.
    threads
        By default, as many as the processors that the process may use.
    progress
        Show a progress bar where standard error is a terminal.

    Returns
    -------
    Simulation
        Memory grows with units times replications, 16 bytes each or with effects 24, and not with
        people.

    Raises
    ------
    InputError, InputTypeError
        Before the first draw for arguments and tables; at the batch for readers. Also where totals
        would overflow, or are larger than the memory that is free. An interrupt (Ctrl-C) ends the
        run within a second.

    Notes
    -----
    The environment variable ``FUNDHOLDER_PROCESSOR`` ("avx512", "avx2" or "baseline") chooses among
    the instructions that the processor has; by default, the widest.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> practices = pa.table({"practice": ["A", "B"], "count": [7_000, 12_000]})
    >>> run = simulate(practices, costs, replications=1000, seed=1, stop_loss=20_000)
    >>> run.summary().select(["practice", "people", "cv", "cv_se"]).to_pylist()[0]["people"]
    7000
    """
    arguments = Arguments()
    check_population(arguments, population)
    if not isinstance(costs, CostModel):
        arguments.reject_type("costs", costs, "a CostModel")
    replications = arguments.integer("replications", replications, 1, MAX_REPLICATIONS)
    seed = arguments.integer("seed", seed, 0, MAX_SEED)
    years = arguments.integer("years", years, 1, MAX_YEARS)
    if replications * years > MAX_REPLICATIONS:
        allowed = f"at most {MAX_REPLICATIONS // years} paths of {years} years"
        arguments.reject("replications", replications, allowed)
    check_ties(arguments, years, persistence, practice_permanent)
    levels = arguments.names("by", by)
    check_result_columns(arguments, levels)
    if years > 1 and "year" in levels:
        arguments.reject("by", "year", "a column that results do not have under the same name")
    agreements = {
        name: read_agreement(
            arguments,
            costs,
            stop_loss=stop_loss,
            contract=agreed,
            practice_sd=practice_sd,
            national_sd=national_sd,
        )
        for name, agreed in _by_name(arguments, contract).items()
    }
    keeps_services = arguments.flag("services", services)
    threads = arguments.threads(threads)
    arguments.check()

    # A stop-loss on all cost has its own, faster way through the engine.
    alone = agreements.get("")
    ceiling = None if alone is None else alone.contract.only_stop_loss()
    simple = ceiling is not None or (alone is not None and not alone.contract.terms)
    contracts = [] if simple else [agreed.columns() for agreed in agreements.values()]
    with progress_bar(progress, population, replications * years) as shown:
        run = _engine.simulate(
            population,
            costs._model,
            streamed=not hasattr(population, "__len__"),
            replications=replications * years,
            years=years,
            first=0,
            persistence=engine_ties(persistence),
            seed=seed,
            by=levels,
            stop_loss=ceiling,
            contracts=contracts,
            services=keeps_services,
            practice_sd=float(practice_sd),
            practice_permanent=float(practice_permanent),
            national_sd=float(national_sd),
            threads=threads,
            processor=processor(),
            memory=free_memory(),
            shown=shown,
        )
    for text in run.warnings:
        warn(text)
    agreed = {name: agreement.contract for name, agreement in agreements.items()}
    return Simulation(run, agreed, costs.services if keeps_services else [])


def processor() -> str:
    """The instructions that a run uses: those that the environment names, or the widest."""
    return os.environ.get("FUNDHOLDER_PROCESSOR") or _engine.processors()[0]


def engine_ties(persistence: Persistence | None) -> _engine.Persistence | None:
    """The engine's form of a persistence, or of none."""
    return None if persistence is None else _engine.Persistence(*persistence._engine_form())


def check_ties(arguments: Arguments, years: int, persistence: Any, permanent: Any) -> None:
    """Check how the years of a path are tied."""
    if not isinstance(persistence, Persistence | None):
        arguments.reject_type("persistence", persistence, "a Persistence, or None")
    share = arguments.number("practice_permanent", permanent)
    if share > 1:
        arguments.reject("practice_permanent", permanent, "a number from 0 to 1")
    for name, value in (("persistence", persistence), ("practice_permanent", share)):
        if value and years == 1:
            arguments.reject(name, value, "left out where there is but one year: give years")


def _by_name(arguments: Arguments, contract: Any) -> dict[str, Any]:
    if not isinstance(contract, Mapping):
        return {"": contract}
    if not contract or not all(isinstance(name, str) and name for name in contract):
        arguments.reject("contract", list(contract), "contracts by name, one at least")
    return dict(contract)
