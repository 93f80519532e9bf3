"""Settlements: the arithmetic of a contract on actual costs and budgets."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from .. import _engine
from .._tables.arguments import Arguments
from .._tables.checked import NOT_NEGATIVE, Rule, numbers, read_table
from .contract import Contract, needed_contract
from .terms import UnitTerm

SETTLED = Rule("a finite number of £ from 0 to 1e14", 0.0, 1e14, smallest=0.0)
RULES = {"actual": SETTLED, "budget": SETTLED, "people": NOT_NEGATIVE}


def settle(
    contract: Contract | UnitTerm, *, actual: Any, budget: Any = None, people: Any = None
) -> pa.Table:
    """Settle the years of units under a contract, in whole hundredths of a penny.

    Each share is rounded once, and the rest stays where it was, so that nothing is lost.

    Parameters
    ----------
    contract
        A ``Contract``, or one term of one.
    actual
        Cost of each unit (£, 0 or more): a sequence, an array or a column.
    budget
        Budget of each unit (£), where a term compares cost with it.
    people
        People of each unit, where a rate depends on them.

    Returns
    -------
    pyarrow.Table
        ``actual``, ``budget`` (null without budgets), ``ceded`` (below 0 where the holder pays),
        ``bonus``, ``penalty`` and ``kept`` (£), in the order given:
        kept = actual - ceded - bonus + penalty.

    Raises
    ------
    InputError, InputTypeError
        Columns of other lengths, values that are not allowed, a budget or people that a term needs
        and that are missing, a unit smaller than a table of rates serves.

    Examples
    --------
    Target $500, actual $495.50 a member-month, 125,000 months, half of savings shared:

    >>> from fundholder import SharedSavings
    >>> months = 125_000
    >>> year = settle(SharedSavings(0.5), actual=[495.5 * months], budget=[500 * months])
    >>> year["bonus"].to_pylist()
    [281250.0]
    """
    arguments = Arguments()
    agreed = needed_contract(arguments, contract)
    for term in agreed.person_terms:
        name = type(term).__name__
        arguments.reject("contract", name, "terms on the total of a unit: people are not given")
    given = {"actual": actual, "budget": budget, "people": people}
    columns = {
        name: _column(arguments, name, value) for name, value in given.items() if value is not None
    }
    if actual is None:
        arguments.reject_type("actual", None, "the cost of each unit")
    rows = len(columns.get("actual", ()))
    for name, column in columns.items():
        if len(column) != rows:
            arguments.reject(name, f"{len(column)} values", f"as long as actual: {rows} values")
    arguments.check()
    table = read_table(
        "settle", pa.table(columns), numbers={name: RULES[name] for name in columns}, rows=False
    )
    values = {name: numbers(table, name) for name in columns}
    terms = [term._term() for term in agreed.unit_terms]
    lists = {name: column.tolist() for name, column in values.items()}
    ceded, bonus, penalty, kept = _engine.settle(
        terms, lists["actual"], lists.get("budget"), lists.get("people")
    )
    return pa.table(
        {
            "actual": values["actual"],
            "budget": values.get("budget", pa.nulls(rows, pa.float64())),
            "ceded": pa.array(ceded, pa.float64()),
            "bonus": pa.array(bonus, pa.float64()),
            "penalty": pa.array(penalty, pa.float64()),
            "kept": pa.array(kept, pa.float64()),
        }
    )


def _column(arguments: Arguments, name: str, value: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    try:
        column = pa.array(value)
    except (pa.ArrowException, TypeError, ValueError):
        arguments.reject_type(name, value, "a sequence of numbers, an array or a column")
        return pa.nulls(0)
    return column.cast(pa.float64()) if pa.types.is_null(column.type) else column
