"""Settlements of persons: a contract on the actual costs of people, by service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import NOT_NEGATIVE, Rule, numbers, read_table
from .._tables.unit_tables import read_units
from .contract import Contract, check_services, read_contract
from .settle import settle
from .stop_loss import HOLDER, CarveOut
from .terms import PersonTerm, Term, UnitTerm

UNITS_PER_POUND = 10_000
"""Hundredths of a penny: what is settled."""
SPENT = Rule("a finite number of £ from 0 to 1e9", 0.0, 1e9)
PROVIDER = "provider"
"""The party that is paid for care."""
UNIT_COLUMNS = ("people", "gross", "ceded", "bonus", "penalty", "kept")

Flow = tuple[str, str, str, IntArray]


@dataclass(frozen=True)
class Settlement:
    """What a contract makes of actual costs.

    Attributes
    ----------
    units
        ``<by>``, ``people``, and (£) ``gross``, ``ceded``, ``bonus``, ``penalty``, ``kept``.
    flows
        ``<by>``, ``source``, ``destination``, ``kind`` ("cost", "recovery", "bonus", "penalty") and
        ``amount`` (£; below 0 it goes the other way): a row for each unit, term and kind. Every
        amount leaves one party and comes to another.
    """

    units: pa.Table
    flows: pa.Table


def settle_persons(
    contract: Contract | Term,
    persons: Any,
    *,
    cost: str | Sequence[str],
    by: str = "practice",
    person: str = "person",
    budgets: Any = None,
) -> Settlement:
    """Settle the actual costs of people under a contract, in whole hundredths of a penny.

    Parameters
    ----------
    contract
        A ``Contract``, or one term of one.
    persons
        Anything with ``__arrow_c_stream__``, one row per person-year or several, whose costs are
        added up first.
    cost
        Columns of cost (£, 0 or more), one for each service; the services of terms are their names.
    by, person
        Columns of the unit and of the person.
    budgets
        A table ``<by>``, ``budget`` (£), where a term compares cost with it.

    Returns
    -------
    Settlement
        ``units`` and ``flows``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once.

    Examples
    --------
    Germany's Risikopool met 80 % of a person's cost above EUR 100,000:

    >>> import pyarrow as pa
    >>> from fundholder import StopLoss
    >>> persons = pa.table({"practice": ["A", "A"], "person": [1, 2], "spent": [250_000.0, 9_000]})
    >>> settled = settle_persons(StopLoss(100_000, 0.8), persons, cost="spent")
    >>> settled.units.select(["ceded", "kept"]).to_pylist()
    [{'ceded': 120000.0, 'kept': 139000.0}]
    """
    arguments = Arguments()
    if contract is None:
        arguments.reject_type("contract", None, "a Contract, or one term of one")
    agreed = read_contract(arguments, contract=contract)
    services = arguments.names("cost", cost)
    by, person = arguments.column("by", by), arguments.column("person", person)
    if by in UNIT_COLUMNS:
        arguments.reject("by", by, "a column that results do not have under the same name")
    check_services(arguments, agreed, services)
    _check_nested(arguments, agreed.person_terms, services)
    arguments.check()
    table = read_table(
        "persons", persons, labels=[by, person], numbers=dict.fromkeys(services, SPENT)
    )
    units, unit_of_person, spent = _add_up(table, by, person, services)
    accounts = _Accounts(len(units), unit_of_person)
    gross = accounts.by_unit(spent.sum(axis=1))
    flows: list[Flow] = []
    kept = accounts.by_unit(_persons_keep(agreed.person_terms, services, spent, accounts, flows))
    carved = sum((flow[3] for flow in flows if flow[2] == "cost"), np.zeros_like(gross))
    flows.append((HOLDER, PROVIDER, "cost", gross - carved))
    people = np.bincount(unit_of_person, minlength=len(units))
    if agreed.unit_terms:
        budget = _budgets(budgets, by, units)
        for term in agreed.unit_terms:
            kept = _unit_keeps(term, kept, budget, people, flows)
    by_kind = {kind: np.zeros_like(gross) for kind in ("recovery", "bonus", "penalty")}
    for source, _, kind, amounts in flows:
        if kind != "cost":
            by_kind[kind] += amounts
        elif source != HOLDER:
            by_kind["recovery"] += amounts
    columns = {
        by: units,
        "people": people,
        "gross": _pounds(gross),
        "ceded": _pounds(by_kind["recovery"]),
        "bonus": _pounds(by_kind["bonus"]),
        "penalty": _pounds(by_kind["penalty"]),
        "kept": _pounds(kept),
    }
    return Settlement(pa.table(columns), _flow_table(by, units, flows))


@dataclass(frozen=True)
class _Accounts:
    count: int
    unit_of_person: IntArray

    def by_unit(self, amounts: IntArray) -> IntArray:
        sums = np.zeros(self.count, np.int64)
        np.add.at(sums, self.unit_of_person, amounts)
        return sums


def _check_nested(arguments: Arguments, terms: Sequence[PersonTerm], services: list[str]) -> None:
    for number, term in enumerate(terms):
        on = set(term.services or services)
        for earlier, before in enumerate(terms[:number]):
            shared = set(before.services or services)
            if not isinstance(before, CarveOut) and shared & on and not shared <= on:
                arguments.reject(
                    "terms",
                    f"term {number + 1}",
                    f"on all services of term {earlier + 1}, a stop-loss before it, or on none",
                )


def _add_up(
    table: pa.Table, by: str, person: str, services: list[str]
) -> tuple[pa.Array, IntArray, IntArray]:
    """Units in their order, and the unit and the costs of each person."""
    units = table[by].combine_chunks().dictionary_encode()
    persons = table[person].combine_chunks().dictionary_encode()
    order = units.dictionary.take(pc.sort_indices(units.dictionary))
    unit = pc.index_in(table[by], order).to_numpy().astype(np.int64)
    key = unit * max(len(persons.dictionary), 1) + persons.indices.to_numpy()
    _, first, person_of_row = np.unique(key, return_index=True, return_inverse=True)
    spent = np.zeros((len(first), len(services)), np.int64)
    amounts = np.column_stack([_units(numbers(table, service)) for service in services])
    np.add.at(spent, person_of_row.ravel(), amounts)
    return order, unit[first], spent


def _persons_keep(
    terms: Sequence[PersonTerm],
    services: list[str],
    spent: IntArray,
    accounts: _Accounts,
    flows: list[Flow],
) -> IntArray:
    """What is left of every person, term by term."""
    left = {frozenset([service]): spent[:, i] for i, service in enumerate(services)}
    for term in terms:
        on = set(term.services or services)
        inside = [group for group in left if group <= on]
        subject = sum((left.pop(group) for group in inside), np.zeros(len(spent), np.int64))
        if isinstance(term, CarveOut):
            ceded = subject
            flows.append((term.to, PROVIDER, "cost", accounts.by_unit(ceded)))
        else:
            excess = np.maximum(subject - term.ceiling * UNITS_PER_POUND, 0) * term.share
            limit = np.inf if term.limit is None else term.limit * UNITS_PER_POUND
            ceded = np.rint(np.minimum(excess, limit)).astype(np.int64)
            flows.append((term.to, HOLDER, "recovery", accounts.by_unit(ceded)))
        left[frozenset().union(*inside)] = subject - ceded
    return sum(left.values(), np.zeros(len(spent), np.int64))


def _unit_keeps(
    term: UnitTerm, kept: IntArray, budget: FloatArray | None, people: IntArray, flows: list[Flow]
) -> IntArray:
    settled = settle(term, actual=_pounds(kept), budget=budget, people=people.astype(float))
    ceded, bonus, penalty, after = (
        _units(numbers(settled, name)) for name in ("ceded", "bonus", "penalty", "kept")
    )
    flows.append((term.to, HOLDER, "recovery", ceded))
    flows.append((term.to, HOLDER, "bonus", bonus))
    flows.append((HOLDER, term.to, "penalty", penalty))
    return after


def _budgets(budgets: Any, by: str, units: pa.Array) -> FloatArray | None:
    if budgets is None:
        return None
    read = read_units("budgets", budgets, by, {"budget": NOT_NEGATIVE})
    row = pc.index_in(units, pa.array(read.names, units.type))
    arguments = Arguments()
    for unit, at in zip(units.to_pylist(), row.to_pylist(), strict=True):
        if at is None:
            arguments.reject("budgets", unit, "for every unit: this one has none")
    arguments.check()
    budget: FloatArray = read.numbers["budget"][row.to_numpy()]
    return budget


def _flow_table(by: str, units: pa.Array, flows: Sequence[Flow]) -> pa.Table:
    names = [by, "source", "destination", "kind", "amount"]

    def tables() -> Iterator[pa.Table]:
        for source, destination, kind, amounts in flows:
            parties = [[name] * len(units) for name in (source, destination, kind)]
            yield pa.table([units, *parties, _pounds(amounts)], names=names)

    return pa.concat_tables(tables())


def _units(pounds: FloatArray) -> IntArray:
    units: IntArray = np.rint(pounds * UNITS_PER_POUND).astype(np.int64)
    return units


def _pounds(units: IntArray) -> FloatArray:
    pounds: FloatArray = units / UNITS_PER_POUND
    return pounds
