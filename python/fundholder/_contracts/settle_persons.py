"""Settlements of persons: a contract on the actual costs of people, by service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import NOT_NEGATIVE, Rule, numbers, read_table
from .._tables.unit_tables import read_units
from .contract import Contract, check_scores, check_services, needed_contract
from .flows import MOVED, Flow, flows
from .needs import check_budgets
from .scores import Gate
from .settle import settle
from .shared_savings import SharedSavings
from .stop_loss import CarveOut
from .terms import PersonTerm, Term

UNITS_PER_POUND = 10_000
"""Hundredths of a penny: what is settled."""
SPENT = Rule("a finite number of £ from 0 to 1e9", 0.0, 1e9)
UNIT_COLUMNS = ("people", "gross", *MOVED, "kept")


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
    scores: Any = None,
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
        A table ``<by>``, ``budget`` (£), where a term compares cost with it; and with a column for
        each service that a ``ProviderPayment`` names: the budget for it.
    scores
        A table ``<by>`` with a column for each score (0 or more) that gates and rates depend on.

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
    agreed = needed_contract(arguments, contract)
    services = arguments.names("cost", cost)
    by, person = arguments.column("by", by), arguments.column("person", person)
    if by in UNIT_COLUMNS:
        arguments.reject("by", by, "a column that results do not have under the same name")
    if services:
        check_services(arguments, agreed, services, "of the columns of cost")
    check_budgets(arguments, agreed, "budgets", budgets)
    check_scores(arguments, agreed, scores)
    persons_and_care = [*agreed.person_terms, *agreed._care()]
    _check_nested(arguments, persons_and_care, services)
    arguments.check()
    table = read_table(
        "persons", persons, labels=[by, person], numbers=dict.fromkeys(services, SPENT)
    )
    units, unit_of_person, spent = _add_up(table, by, person, services)

    def by_unit(amounts: IntArray) -> IntArray:
        sums = np.zeros(len(units), np.int64)
        np.add.at(sums, unit_of_person, amounts)
        return sums

    gross, people = by_unit(spent.sum(axis=1)), np.bincount(unit_of_person, minlength=len(units))
    subjects = [by_unit(c) for c in _ceded(persons_and_care, services, spent)]
    persons_cede = subjects[: len(agreed.person_terms)]
    kept = gross - sum(persons_cede, np.zeros_like(gross))
    providers_bear = []
    for payment, subject in zip(agreed.payments, subjects[len(persons_cede) :], strict=True):
        for_care = _of_units("budgets", budgets, by, units, payment.services or ())
        total = None if for_care is None else sum(for_care, np.zeros(len(units)))
        paid = settle(replace(payment, services=None), actual=_pounds(subject), budget=total)
        providers_bear.append(_units(numbers(paid, "ceded")))
        kept = kept - providers_bear[-1]
    budget = _of_units("budgets", budgets, by, units, ["budget"]) if agreed.unit_terms else None
    scored = _of_units("scores", scores, by, units, agreed.scores)
    moved = []
    for term in agreed.unit_terms:
        alone = [part for part in agreed.terms if part is term or isinstance(part, Gate)]
        settled = settle(
            Contract(alone if isinstance(term, SharedSavings) else [term]),
            actual=_pounds(kept),
            budget=None if budget is None else budget[0],
            people=people.astype(float),
            scores=None if scored is None else dict(zip(agreed.scores, scored, strict=True)),
        )
        moved.append({kind: _units(numbers(settled, kind)) for kind in MOVED})
        kept = _units(numbers(settled, "kept"))
    sums = {kind: sum((m[kind] for m in moved), np.zeros_like(gross)) for kind in MOVED}
    sums["ceded"] = sum([*persons_cede, *providers_bear], sums["ceded"])
    columns = {name: _pounds(of) for name, of in {"gross": gross, **sums, "kept": kept}.items()}
    result = pa.table({by: units, "people": people, **columns})
    transfers = flows(agreed, gross, persons_cede, providers_bear, moved)
    return Settlement(result, _flow_table(by, units, transfers))


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


def _ceded(terms: Sequence[PersonTerm], services: list[str], spent: IntArray) -> Iterator[IntArray]:
    """What each term cedes of every person, one after the other."""
    left = {frozenset([service]): spent[:, i] for i, service in enumerate(services)}
    for term in terms:
        on = set(term.services or services)
        inside = [group for group in left if group <= on]
        subject = sum((left.pop(group) for group in inside), np.zeros(len(spent), np.int64))
        ceded = subject
        if not isinstance(term, CarveOut):
            excess = np.maximum(subject - term.ceiling * UNITS_PER_POUND, 0) * term.share
            limit = np.inf if term.limit is None else term.limit * UNITS_PER_POUND
            ceded = np.rint(np.minimum(excess, limit)).astype(np.int64)
        yield ceded
        left[frozenset().union(*inside)] = subject - ceded


def _of_units(
    argument: str, table: Any, by: str, units: pa.Array, columns: Sequence[str]
) -> list[FloatArray] | None:
    """Columns of a table of units, in the order of these; nothing without a table or columns."""
    if table is None or not columns:
        return None
    read = read_units(argument, table, by, dict.fromkeys(columns, NOT_NEGATIVE))
    row = pc.index_in(units, pa.array(read.names, units.type))
    arguments = Arguments()
    for unit, at in zip(units.to_pylist(), row.to_pylist(), strict=True):
        if at is None:
            arguments.reject(argument, unit, "for every unit: this one has none")
    arguments.check()
    return [read.numbers[column][row.to_numpy()] for column in columns]


def _flow_table(by: str, units: pa.Array, moved: Iterator[Flow[IntArray]]) -> pa.Table:
    names = [by, "source", "destination", "kind", "amount"]
    return pa.concat_tables(
        pa.table([units, *([name] * len(units) for name in parties), _pounds(amounts)], names=names)
        for *parties, amounts in moved
    )


def _units(pounds: FloatArray) -> IntArray:
    units: IntArray = np.rint(pounds * UNITS_PER_POUND).astype(np.int64)
    return units


def _pounds(units: IntArray) -> FloatArray:
    pounds: FloatArray = units / UNITS_PER_POUND
    return pounds
