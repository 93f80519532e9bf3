"""Simulated years under contracts: who pays whom, and how contracts differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract
from .._tables.arguments import Arguments
from .holders import Holders, read_holders
from .settled_years import SettledYears, differences, flow_table, settled_years, years


class ContractYears:
    """The simulated years of every unit, and the contracts that they are settled under."""

    def __init__(
        self,
        run: _engine.Simulation,
        contracts: Mapping[str, Contract] | None = None,
        services: Sequence[str] = (),
    ) -> None:
        self._run = run
        self._contracts = dict(contracts or {"": Contract([])})
        self._services = list(services)

    @property
    def levels(self) -> list[str]:
        """The columns that ``by`` named."""
        return self._run.levels

    @property
    def contracts(self) -> dict[str, Contract]:
        """The contracts by name; one without a name stands under ""."""
        return dict(self._contracts)

    @property
    def years(self) -> int:
        """The years of a path."""
        return int(self._run.metadata.get("fundholder.years", 1))

    def year(self, year: int) -> Self:
        """The simulation of one year of every path, from 1: a run of single years."""
        arguments = Arguments()
        year = arguments.integer("year", year, 1, self.years)
        arguments.check()
        if self.years == 1:
            return self
        run = self._run.of_year(year - 1, self.years)
        return type(self)(run, self._contracts, self._services)

    def _by_year(self, table_of: Callable[[Self], pa.Table]) -> pa.Table:
        """The tables of all years below each other, with a column ``year`` after the first."""
        tables = []
        for year in range(1, self.years + 1):
            table = table_of(self.year(year))
            tables.append(table.add_column(1, "year", pa.array([year] * len(table))))
        return pa.concat_tables(tables)

    @property
    def services(self) -> list[str]:
        """The services whose totals are kept."""
        return list(self._services)

    @property
    def metadata(self) -> dict[str, str]:
        """Seed, version, terms and digests of the inputs; it travels with every table.

        A contract that is more than a stop-loss on all cost is told in words, several by name. The
        digest of the population does not depend on the order of rows that have a ``person``.
        """
        return self._metadata(self._run)

    def _metadata(self, run: _engine.Simulation) -> dict[str, str]:
        """What the tables of a run say, under a contract or none."""
        told = {
            f"fundholder.contract{'.' if name else ''}{name}": str(contract)
            for name, contract in self._contracts.items()
            if contract.terms and contract.only_stop_loss() is None
        }
        return dict(sorted((run.metadata | told).items()))

    def _traced(self, table: pa.Table, settled: SettledYears) -> pa.Table:
        return table.replace_schema_metadata(self._metadata(settled.run))

    def flows(
        self,
        by: str | None = None,
        contract: str | None = None,
        *,
        budgets: Any | None = None,
        scores: Any | None = None,
    ) -> pa.Table:
        """What moves between the parties of a contract: who pays whom, for what.

        Parameters
        ----------
        by, contract, budgets, scores
            As for ``totals``.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``source``, ``destination``, ``kind`` ("cost", "recovery", "bonus",
            "penalty"), ``expected`` (£ a year), ``expected_se`` and ``sd``: a row for each term and
            kind. An amount below 0 goes the other way. Every amount leaves one party and comes to
            another, so that each kind adds up to 0 over the parties, and the costs of a unit to its
            gross cost.
        """
        if self.years > 1:
            return self._by_year(
                lambda year: year.flows(by, contract, budgets=budgets, scores=scores)
            )
        level = self._level(by)
        table = self._run.totals(level, [])
        settled = self._settled(level, contract, read_holders(budgets, scores))
        name = table.column_names[0]
        return self._traced(flow_table(table, name, settled.flows(table)), settled)

    def compare(
        self,
        a: str,
        b: str,
        by: str | None = None,
        *,
        budgets: Any | None = None,
        scores: Any | None = None,
    ) -> pa.Table:
        """What units keep under contract ``a`` less what they keep under ``b``, year by year.

        Parameters
        ----------
        a, b
            Names of two contracts.
        by, budgets, scores
            As for ``totals``.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``people``, ``expected`` (£: the mean difference) and ``sd`` (£: the
            difference of the SDs), each followed by its standard error. Contracts share every
            draw, so that the errors are those of paired years.
        """
        if self.years > 1:
            return self._by_year(
                lambda year: year.compare(a, b, by, budgets=budgets, scores=scores)
            )
        level = self._level(by)
        holders = read_holders(budgets, scores)
        settled = [self._settled(level, name, holders) for name in (a, b)]
        kept = [of.run.totals(level, []) for of in settled]
        name = kept[0].column_names[0]
        result = differences(kept[0], name, years(kept[0]["net"]), years(kept[1]["net"]))
        return self._traced(result, settled[0])

    def _settled(self, level: str | None, contract: str | None, holders: Holders) -> SettledYears:
        return settled_years(self._run, self._contracts, level, contract, holders)

    def _level(self, by: str | None) -> str | None:
        arguments = Arguments()
        if not isinstance(by, str | None):
            arguments.reject_type("by", by, f"one of {', '.join(self.levels)}")
        else:
            arguments.column("by", by, optional=True)
        arguments.check()
        return by
