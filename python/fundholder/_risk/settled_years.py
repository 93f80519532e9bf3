"""Simulated years under a contract: what moves between its parties, and how contracts differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract, check_scores
from .._contracts.flows import MOVED, Flow, flows
from .._contracts.shared_savings import SharedSavings
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .holders import Holders

UNNAMED = (
    "None, as this simulation has one contract without a name: simulate with contract={name: ...}, "
    "in which None is no contract"
)


@dataclass(frozen=True)
class SettledYears:
    """A run of one level under a contract, and what each of its terms moves in each year."""

    run: _engine.Simulation
    contract: Contract
    moved: pa.Table | None

    def amounts(self, kind: str) -> FloatArray | None:
        """What all terms move of a kind, by unit and replication (£)."""
        if self.moved is None:
            return None
        names = [f"{kind}_{n}" for n in range(len(self.contract.unit_terms))]
        if kind == "ceded":
            names += [f"person_{n}" for n in range(len(self.contract.person_terms))]
            names += [f"payment_{n}" for n in range(len(self.contract.payments))]
        replications = int(self.run.metadata["fundholder.replications"])
        zero = np.zeros((len(self.moved), replications))
        return sum((years(self.moved[name]) for name in names), zero)

    def transfers(self) -> dict[str, pa.Array]:
        """Columns of a summary: expected transfers and their probability, each with its error."""
        columns: dict[str, pa.Array] = {}
        for kind in MOVED if self.contract.unit_terms else ():
            amounts = self.amounts(kind)
            assert amounts is not None, "terms on the total of a unit are settled"
            columns |= _estimate(f"expected_{kind}", amounts)
            if kind != "ceded":
                columns |= _share(f"p_{kind}", amounts > 0, self._may_pay(kind))
        return columns

    def _may_pay(self, kind: str) -> bool:
        """Whether a term can pay a bonus or a penalty at all: shared savings with a share of it."""
        share = {"bonus": "share", "penalty": "loss_share"}[kind]
        terms = (term for term in self.contract.unit_terms if isinstance(term, SharedSavings))
        return any(getattr(term, share) != 0 for term in terms)

    def flows(self, totals: pa.Table) -> Iterator[Flow[FloatArray]]:
        """What moves, of a level with these ``totals`` of the run."""
        gross = years(totals["gross"])
        if self.moved is None:
            ceded = gross - years(totals["net"])
            return flows(self.contract, gross, [ceded] * len(self.contract.person_terms), [], [])
        column = {name: years(self.moved[name]) for name in self.moved.column_names[2:]}
        persons = [column[f"person_{n}"] for n in range(len(self.contract.person_terms))]
        payments = [column[f"payment_{n}"] for n in range(len(self.contract.payments))]
        units = [
            {kind: column[f"{kind}_{n}"] for kind in MOVED}
            for n in range(len(self.contract.unit_terms))
        ]
        return flows(self.contract, gross, persons, payments, units)


def settled_years(
    run: _engine.Simulation,
    contracts: Mapping[str, Contract],
    level: str | None,
    contract: str | None,
    holders: Holders,
) -> SettledYears:
    """The run of a level under the contract of this name; there may be only one."""
    arguments = Arguments()
    names = list(contracts)
    name = names[0] if contract is None and len(names) == 1 else contract
    if name is None or name not in contracts:
        allowed = f"one of the contracts of this simulation: {', '.join(names)}"
        if names == [""]:
            allowed = UNNAMED
        arguments.reject("contract", contract, allowed)
        arguments.check()
    agreed = contracts[str(name)]
    check_scores(arguments, agreed, holders.scores)
    arguments.check()
    if not run.cessions:
        return SettledYears(run, agreed, None)
    ceded = run.cessions[names.index(str(name))]
    count = len({column for columns in run.cessions for column in columns})
    sds = (float(run.metadata[f"fundholder.{of}_sd"]) for of in ("practice", "national"))
    held = [column + count for column in ceded] if any(sds) else []
    persons = len(agreed.person_terms)
    care = zip(agreed.payments, ceded[persons:], held[persons:] or repeat(None), strict=False)
    payments = [
        (at, held_at, term._term(), *holders.for_care(arguments, term.services or ()))
        for term, at, held_at in care
    ]
    arguments.check()
    settled, moved = run.settled(
        level,
        [ceded[:persons], held[:persons]],
        payments,
        agreed.engine_terms(),
        holders.of(agreed),
    )
    return SettledYears(settled, agreed, moved)


def years(column: pa.ChunkedArray) -> FloatArray:
    """A column of lists as a matrix: a row for each unit, a column for each replication."""
    values: FloatArray = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(column), -1)


def yearly(values: FloatArray) -> pa.Array:
    """The matrix as a column of lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def flow_table(units: pa.Table, by: str, moved: Iterator[Flow[FloatArray]]) -> pa.Table:
    """Flows of every unit: source, destination, kind, expected amount, its SD and its error."""
    tables = []
    for *names_of, amounts in moved:
        count = len(units)
        parties = [[name] * count for name in names_of]
        expected = _estimate("expected", amounts)
        sd = pa.array(amounts.std(axis=1, ddof=1) if amounts.shape[1] > 1 else [None] * count)
        columns = [units[by], *parties, *expected.values(), sd.cast(pa.float64())]
        names = [by, "source", "destination", "kind", *expected, "sd"]
        tables.append(pa.table(columns, names=names))
    return pa.concat_tables(tables)


def differences(units: pa.Table, by: str, a: FloatArray, b: FloatArray) -> pa.Table:
    """What is kept under one contract less another on the same draws, with paired errors."""
    columns: dict[str, object] = {by: units[by], "people": units["people"]}
    columns |= _estimate("expected", a - b)
    replications = a.shape[1]
    if replications < 2:
        return pa.table(columns | {"sd": [None] * len(a), "sd_se": [None] * len(a)})
    sds, influences = zip(*(_sd_and_influence(x) for x in (a, b)), strict=True)
    columns["sd"] = sds[0] - sds[1]
    influence = influences[0] - influences[1]
    columns["sd_se"] = np.sqrt((influence**2).sum(axis=1)) / replications
    return pa.table(columns)


def _sd_and_influence(amounts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """SDs, and how each year moves them."""
    deviations = amounts - amounts.mean(axis=1, keepdims=True)
    sd = amounts.std(axis=1, ddof=1)
    squares = deviations**2
    twice = np.where(sd > 0, 2 * sd, 1.0)[:, None]
    return sd, (squares - squares.mean(axis=1, keepdims=True)) / twice


def _estimate(name: str, amounts: FloatArray) -> dict[str, pa.Array]:
    replications = amounts.shape[1]
    error: Sequence[float | None] | FloatArray = [None] * len(amounts)
    if replications > 1:
        error = amounts.std(axis=1, ddof=1) / math.sqrt(replications)
    return {name: pa.array(amounts.mean(axis=1)), f"{name}_se": pa.array(error, pa.float64())}


def _share(
    name: str, happens: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], may_happen: bool
) -> dict[str, pa.Array]:
    """A share of years, with the SD of its posterior under Jeffreys' prior; 0 where it is known."""
    count, years_with = happens.shape[1], happens.sum(axis=1)
    a, b = years_with + 0.5, count - years_with + 0.5
    error = np.sqrt(a * b / ((count + 1.0) ** 2 * (count + 2.0))) * may_happen
    return {name: pa.array(years_with / count), f"{name}_se": pa.array(error)}
