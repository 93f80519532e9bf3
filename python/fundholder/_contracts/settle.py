"""Settlements: the arithmetic of a contract on actual costs and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from .. import _engine
from .._tables.arguments import Arguments
from .._tables.checked import NOT_NEGATIVE, Rule, read_table
from .contract import Contract, check_scores, needed_contract
from .needs import check_budgets, check_people
from .terms import UnitTerm

SETTLED = Rule("a finite number of £ from 0 to 1e14", 0.0, 1e14, smallest=0.0)
SCORE = "score "
"""Before the name of a score in a table beside other columns."""
RULES = {"actual": SETTLED, "budget": SETTLED, "people": NOT_NEGATIVE}


def settle(
    contract: Contract | UnitTerm,
    *,
    actual: Any,
    budget: Any = None,
    people: Any = None,
    scores: Any = None,
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
    scores
        Scores of each unit (0 or more), where a gate or a rate depends on them: a table or a
        mapping with a column for each score by its name, or the column of the only one.

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
    for term in (*agreed.person_terms, *agreed.payments):
        name = type(term).__name__
        allowed = "terms on the total of a unit: use settle_persons, with a row for each person"
        arguments.reject("contract", name, allowed)
    check_budgets(arguments, agreed, "budget", budget)
    check_people(arguments, agreed, people)
    check_scores(arguments, agreed, scores)
    given = {"actual": actual, "budget": budget, "people": people}
    given |= {f"{SCORE}{name}": of for name, of in _scores(arguments, agreed, scores).items()}
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
        "settle",
        pa.table(columns),
        numbers={name: RULES.get(name, NOT_NEGATIVE) for name in columns},
        rows=False,
    )
    settled = _engine.settle(
        agreed.engine_terms(), table, [f"{SCORE}{name}" for name in agreed.scores]
    )
    has_budget = "budget" in columns
    budgets = table["budget"] if has_budget else pa.nulls(rows, pa.float64())
    head = pa.table({"actual": table["actual"], "budget": budgets})
    for name in settled.column_names:
        head = head.append_column(name, settled[name])
    return head


def _scores(arguments: Arguments, contract: Contract, scores: Any) -> dict[str, Any]:
    """The column of each score that a contract reads."""
    if scores is None or not contract.scores:
        return {}
    names = contract.scores
    if not isinstance(scores, Mapping) and not hasattr(scores, "column_names"):
        if len(names) == 1:
            return {names[0]: scores}
        allowed = f"a table or a mapping of {', '.join(names)}"
        arguments.reject_type("scores", scores, allowed)
        return {}
    has = list(scores if isinstance(scores, Mapping) else scores.column_names)
    for name in names:
        if name not in has:
            arguments.reject("scores", has, f"with a column {name!r}, which the contract reads")
    return {name: scores[name] for name in names if name in has}


def _column(arguments: Arguments, name: str, value: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    try:
        column = pa.array(value)
    except (pa.ArrowException, TypeError, ValueError):
        arguments.reject_type(name, value, "a sequence of numbers, an array or a column")
        return pa.nulls(0)
    return column.cast(pa.float64()) if pa.types.is_null(column.type) else column
