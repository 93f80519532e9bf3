"""Simulated years of every unit, and estimates of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract
from .._tables.arguments import Arguments
from .._tables.provenance import traced
from .budget_totals import warn_of_other_totals
from .contract_years import ContractYears
from .holders import read_holders
from .settled_years import yearly
from .size_bands import check_edges


class Simulation(ContractYears):
    """The simulated years of every unit, at each level of ``by``."""

    def __repr__(self) -> str:
        replications = self._run.metadata["fundholder.replications"]
        of_years = "" if self.years == 1 else f" of {self.years} years"
        return f"<fundholder.Simulation of {replications} replications{of_years} by {self.levels}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (*self._run.state(), self._contracts, self._services)

    def totals(
        self,
        by: str | None = None,
        contract: str | None = None,
        *,
        services: bool = False,
        budgets: Any | None = None,
        scores: Any | None = None,
    ) -> pa.Table:
        """Every unit's cost in every replication.

        Parameters
        ----------
        by
            The level; needed where there are several.
        contract
            The name of a contract; needed where there are several.
        services
            Whether there are columns of services, too.
        budgets
            A table ``<by>``, ``budget`` (£) for terms that compare cost with it; by default, the
            mean of what the terms before them leave. A column for each service of a
            ``ProviderPayment`` is the budget for it; by default, the mean of what it is worth.
        scores
            A table ``<by>`` with a column for each score (0 or more) that gates and rates read.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``year`` where a path has several, ``people``, ``gross`` and
            ``net``: lists of ``replications`` costs in £.
            Under a contract that is more than a stop-loss on all cost also ``ceded``, ``bonus``,
            ``penalty`` and ``kept``, which is ``net`` and
            ``gross`` - ``ceded`` - ``bonus`` + ``penalty``. With services, ``gross_<service>``,
            which add up to ``gross``. In the order of the units' names.
        """
        if self.years > 1:
            given: dict[str, Any] = {"services": services, "budgets": budgets, "scores": scores}
            return self._by_year(lambda year: year.totals(by, contract, **given))
        level = self._level(by)
        settled = self._settled(level, contract, read_holders(budgets, scores))
        table = settled.run.totals(level, [])
        for kind in ("ceded", "bonus", "penalty"):
            amounts = settled.amounts(kind)
            if amounts is not None:
                table = table.append_column(kind, yearly(amounts))
        if settled.moved is not None:
            table = table.append_column("kept", table["net"])
        if services:
            of_services = self._run.totals(level, self._services)
            for name in (f"gross_{service}" for service in self._services):
                table = table.append_column(name, of_services[name])
        return self._traced(table, settled)

    def summary(
        self,
        by: str | None = None,
        budgets: Any | None = None,
        thresholds: Sequence[float] = (0.05, 0.10, 0.20),
        quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
        *,
        of: Literal["net", "gross", "ceded"] = "net",
        contract: str | None = None,
        scores: Any | None = None,
    ) -> pa.Table:
        """Estimates of each unit's years, each with its Monte Carlo standard error.

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
            Which cost: net of the contract, gross, or ceded (all that the holder does not keep).
        contract
            The name of a contract; needed where there are several.
        scores
            As for ``totals``.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``people``, ``expected`` (£), ``budget`` (£), ``sd`` (£), ``cv``,
            ``skewness``, ``chance_sd`` and ``systematic_sd`` (£, for net cost: the SD with the
            effects held at 1, and what they add; variances add up), ``p_over_<t>``,
            ``p_under_<t>``, ``p_outside_<t>`` (share of years above budget * (1 + t), below
            budget * (1 - t), either), ``q<p>`` (£). Each estimate is followed by ``<name>_se``.
            Null where a figure is not defined: errors from one replication, the CV of a unit
            without cost. Of net cost under terms on the total of a unit also ``expected_ceded``,
            ``expected_bonus``, ``p_bonus`` (probability of any), ``expected_penalty`` and
            ``p_penalty``.

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
        if self.years > 1:
            given: dict[str, Any] = {"of": of, "contract": contract, "scores": scores}
            return self._by_year(
                lambda year: year.summary(by, budgets, thresholds, quantiles, **given)
            )
        level = self._level(by)
        holders = read_holders(budgets, scores)
        settled = self._settled(level, contract, holders)
        totals = holders.totals(settled.contract)
        table, metadata = settled.run.summary(level, totals, of, tolerances, probabilities)
        table = traced((table, metadata | self._metadata(settled.run)))
        if of == "net":
            for name, column in settled.transfers().items():
                table = table.append_column(name, column)
        if totals is not None and not (of == "net" and settled.contract.unit_terms):
            warn_of_other_totals(table, of, lambda: self._expected_gross(level))
        return table

    def size_bands(
        self,
        by: str | None = None,
        edges: Sequence[int] = (2_000, 4_000, 6_000, 8_000, 12_000, 20_000),
        thresholds: Sequence[float] = (0.05, 0.10, 0.20),
        *,
        contract: str | None = None,
        scores: Any | None = None,
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
        contract
            The name of a contract; needed where there are several.
        scores
            As for ``totals``.

        Returns
        -------
        pyarrow.Table
            ``people_from``, ``people_below`` (null for the last), ``units``, ``people``, then
            ``ceded_share`` (of gross cost), ``cv`` and ``cv_gross`` (mean over units, after and
            before the contract), ``p_outside_<t>`` and ``p_outside_<t>_gross`` (share of units
            outside in a year), each followed by its standard error ``<name>_se``, over the years as
            they came out: 0 where all were alike. Units without people are left out.
        """
        arguments = Arguments()
        starts = check_edges(arguments, edges)
        tolerances = arguments.fractions("thresholds", thresholds)
        arguments.check()
        if self.years > 1:
            given = {"contract": contract, "scores": scores}
            return self._by_year(lambda year: year.size_bands(by, edges, thresholds, **given))
        level = self._level(by)
        settled = self._settled(level, contract, read_holders(scores=scores))
        return self._traced(settled.run.size_bands(level, starts, tolerances), settled)

    def _expected_gross(self, level: str | None) -> float:
        table, _ = self._run.summary(level, None, "gross", [], [])
        return math.fsum(table["expected"].to_pylist())


def _restored(
    levels: list[tuple[str, pa.Table]],
    metadata: dict[str, str],
    cessions: list[list[int]],
    contracts: dict[str, Contract],
    services: list[str],
) -> Simulation:
    return Simulation(_engine.Simulation(levels, metadata, cessions), contracts, services)
