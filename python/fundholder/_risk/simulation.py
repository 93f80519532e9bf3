"""The simulation lane: every person's year, drawn and added up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pyarrow as pa

from .. import _engine
from .._contracts.stop_loss import StopLoss, stop_loss_terms
from .._tables.arguments import Arguments
from .._tables.progress import progress_bar
from .cost_model import CostModel
from .population import (
    EFFECT_SD_BELOW,
    check_population,
    check_result_columns,
    warn_of_lookalikes,
)

MAX_REPLICATIONS = 2**30
MAX_SEED = 2**64 - 1


def simulate(
    population: Any,
    costs: CostModel,
    *,
    replications: int = 1000,
    seed: int = 0,
    by: str | Sequence[str] = "practice",
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
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
        count     people the row stands for, a whole number of at least 0; default 1
        scale     multiplies every cost of the row, at least 0; default 1
        p_any     replaces the band's probability of any cost, from 0 to 1; null keeps it
        person    integer or string, different for each row of a practice: what the draws belong
                  to; without it, the rows of a practice are numbered in order. One that comes
                  twice is rejected if the two come within about a million rows
        others    further levels for ``by``: string, dictionary or integer; the rows where one is
                  null form a unit of their own
        ========  ==========================================================================

        A table is checked in full before the first draw. A reader of batches (anything without a
        length) is read once, checked batch by batch, and may be larger than memory.
    costs
        The cost model.
    replications
        Simulated years, at least 1.
    seed
        From 0 to 2**64 - 1. Runs with the same seed share their draws, so that differences between
        contracts are paired.
    by
        The columns whose values are units: one or several levels.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``.
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
        Memory grows with units times replications, not with people.

    Raises
    ------
    InputError, InputTypeError
        Before the first draw for arguments and tables; at the batch for readers. Also where totals
        would overflow. An interrupt (Ctrl-C) ends the run within a second.

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
    levels = arguments.names("by", by)
    check_result_columns(arguments, levels)
    terms = stop_loss_terms(arguments, stop_loss)
    practice_sd = arguments.number("practice_sd", practice_sd, below=EFFECT_SD_BELOW)
    national_sd = arguments.number("national_sd", national_sd, below=EFFECT_SD_BELOW)
    threads = arguments.threads(threads)
    arguments.check()
    warn_of_lookalikes(population)

    with progress_bar(progress, population, replications) as shown:
        run = _engine.simulate(
            population,
            costs._model,
            streamed=not hasattr(population, "__len__"),
            replications=replications,
            seed=seed,
            by=levels,
            stop_loss=terms,
            practice_sd=practice_sd,
            national_sd=national_sd,
            threads=threads,
            processor=os.environ.get("FUNDHOLDER_PROCESSOR") or _engine.processor_levels()[0],
            shown=shown,
        )
    return Simulation(run)


class Simulation:
    """The simulated years of every unit, at each level that was asked for."""

    def __init__(self, run: _engine.Simulation) -> None:
        self._run = run

    def __repr__(self) -> str:
        replications = self._run.metadata["fundholder.replications"]
        return f"<fundholder.Simulation of {replications} replications by {self.levels}>"

    @property
    def levels(self) -> list[str]:
        """The columns that were asked for as ``by``."""
        return self._run.levels

    @property
    def metadata(self) -> dict[str, str]:
        """Seed, version, terms and digests of the inputs; it travels with every table.

        The digest of the population does not depend on the order of rows that have a ``person``.
        """
        return dict(sorted(self._run.metadata.items()))

    def _traced(self, table: pa.Table) -> pa.Table:
        return table.replace_schema_metadata(self.metadata)

    def totals(self, by: str | None = None) -> pa.Table:
        """Every unit's cost in every replication.

        Parameters
        ----------
        by
            The level; needed where there are several.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``people``, ``gross`` and ``net``: lists of ``replications`` costs in £.
            In the order of the units' names.
        """
        return self._traced(self._run.totals(self._level(by)))

    def summary(
        self,
        by: str | None = None,
        budgets: Any | None = None,
        thresholds: Sequence[float] = (0.05, 0.10, 0.20),
        quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
        *,
        of: Literal["net", "gross", "ceded"] = "net",
    ) -> pa.Table:
        """What each unit's years look like, each estimate with its Monte Carlo standard error.

        Parameters
        ----------
        by
            The level; needed where there are several.
        budgets
            A table ``<by>``, ``budget`` (£) with a row for each unit; by default, the mean cost.
        thresholds
            Tolerances around the budget, between 0 and 1.
        quantiles
            Probabilities, between 0 and 1.
        of
            Which cost: net of the contract, gross, or ceded.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``people``, ``expected`` (£), ``budget`` (£), ``sd`` (£), ``cv``,
            ``skewness``, ``chance_sd`` and ``systematic_sd`` (£, for net cost: the SD with the
            effects held at 1, and what they add; variances add up), ``p_over_<t>``,
            ``p_under_<t>``, ``p_outside_<t>`` (share of years above budget * (1 + t), below
            budget * (1 - t), either), ``q<p>`` (£). Each estimate is followed by ``<name>_se``.
            Null where a figure is not defined: errors from one replication, the CV of a unit
            without cost.

        Notes
        -----
        Errors of moments are from influence functions, of probabilities from the Jeffreys
        posterior, of quantiles by Maritz and Jarrett (1978). A budget that is the mean of the same
        years is taken as fixed.
        """
        arguments = Arguments()
        tolerances = arguments.fractions("thresholds", thresholds)
        probabilities = arguments.fractions("quantiles", quantiles)
        if of not in ("net", "gross", "ceded"):
            arguments.reject("of", of, "'net', 'gross' or 'ceded'")
        arguments.check()
        level = self._level(by)
        return self._traced(self._run.summary(level, budgets, of, tolerances, probabilities))

    def size_bands(
        self,
        by: str | None = None,
        edges: Sequence[int] = (2_000, 4_000, 6_000, 8_000, 12_000, 20_000),
        thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    ) -> pa.Table:
        """The national summary by size of list: one row per band of ``people``.

        Parameters
        ----------
        by
            The level; needed where there are several.
        edges
            The numbers of people at which bands begin, after the first, which begins at 1.
        thresholds
            Tolerances around each unit's mean cost.

        Returns
        -------
        pyarrow.Table
            ``people_from``, ``people_below`` (null for the last), ``units``, ``people``,
            ``cv_gross`` and ``cv_net`` (mean over units), ``outside_<t>_gross`` and
            ``outside_<t>_net`` (share of units outside in a year), ``ceded_share`` (of gross
            cost), each followed by its standard error, over the years as they came out: 0 where
            all were alike. Units without people are left out.
        """
        arguments = Arguments()
        ascending = "different whole numbers in ascending order"
        if isinstance(edges, str | bytes) or not isinstance(edges, Iterable):
            arguments.reject_type("edges", edges, ascending)
            edges = ()
        found = [arguments.integer("edges", edge, 2, 2**62) for edge in edges]
        if found != sorted(set(found)):
            arguments.reject("edges", edges, ascending)
        tolerances = arguments.fractions("thresholds", thresholds)
        arguments.check()
        return self._traced(self._run.size_bands(self._level(by), found, tolerances))

    def _level(self, by: str | None) -> str | None:
        arguments = Arguments()
        if not isinstance(by, str | None):
            arguments.reject_type("by", by, f"one of {', '.join(self.levels)}")
        arguments.check()
        return by
