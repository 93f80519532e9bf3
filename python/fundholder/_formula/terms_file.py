"""The file of a formula, as an analyst may have edited it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError, Problem
from .._files.read import read_all
from .._tables.checked import Rule, read_table
from .._tables.columns import plain_column
from .._tables.problems import Problems
from .covariance_file import read_covariance

TEXTS = ("term", "role", "column", "level", "note")
NUMBERS = ("coefficient", "standard_error", "mean")
NEEDED = ("role", "column", "level", "coefficient")
LARGEST = 1e15
FINITE = "a finite number, at most 1e15 in size"
ANY = Rule("a number", -math.inf, math.inf)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.float64()) for name in NUMBERS),
        ("people", pa.int64()),
    ]
)
ROLES = {
    # role: are column and level there?
    "intercept": [(False, False)],
    "category": [(True, True)],
    "flag": [(True, False), (False, True)],
    "need": [(True, False)],
    "supply": [(True, False)],
    "area": [(True, True)],
}
NEEDS = {
    (False, False): "neither column nor level",
    (True, True): "a column and a level",
    (True, False): "a column and no level",
    (False, True): "no column and a level",
}


def read_formula(
    path: str | Path, covariance: str | Path | None
) -> tuple[pa.Table, pa.Table | None]:
    """The table of terms, with every column that a formula has, and the covariance."""
    wrong = [p for p in (path, covariance) if not isinstance(p, str | os.PathLike | None)]
    wrong += [path] if path is None else []
    if wrong:
        allowed = "the path of a file"
        raise InputTypeError([Problem.argument_type("path", p, allowed) for p in wrong])
    table = read_all(path, TEXTS)
    _check_columns(path, table)
    rows = _texts(table).to_pylist()
    _check(path, _problems(rows))
    for row in rows:
        row["mean"] = 0.0 if row.get("mean") is None else row["mean"]
    terms = pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(table.schema.metadata))
    return terms, None if covariance is None else read_covariance(covariance, terms)


def _check(path: str | Path, problems: Iterable[Problem]) -> None:
    Problems(problem.at(str(path)) for problem in problems).check()


def _check_columns(path: str | Path, table: pa.Table) -> None:
    """Reject columns that are missing, duplicates or of another type; terms have the values."""
    there = [name for name in SCHEMA.names if name in table.column_names or name in NEEDED]
    texts = [name for name in TEXTS if name in there]
    rules = {name: ANY for name in there if name not in TEXTS}
    empty = table.schema.empty_table()
    try:
        read_table(
            "the file", empty, labels=texts, numbers=rules, nullable=SCHEMA.names, rows=False
        )
    except (InputError, InputTypeError) as error:
        raise type(error)([p.at(str(path)) for p in error.problems], error.more) from None


def _texts(table: pa.Table) -> pa.Table:
    """The columns of a formula, with text as such; empty text is null, as it is in CSV."""
    columns = {name: table[name] for name in SCHEMA.names if name in table.column_names}
    for name in columns.keys() & set(TEXTS):
        text = plain_column(columns[name]).cast(pa.string())
        empty = pc.equal(text, "").fill_null(True)
        columns[name] = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return pa.table(columns)


def _problems(rows: list[dict[str, Any]]) -> Iterator[Problem]:
    """What is wrong with the terms; each is given its name."""
    if not rows:
        yield Problem("must have a row for each term", code="empty")
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        yield from _number_problems(number, row)
        role, column, level = row["role"], row["column"], row["level"]
        if role not in ROLES:
            yield Problem.cell("not_allowed", "role", number, role, f"one of {', '.join(ROLES)}")
            continue
        if (column is not None, level is not None) not in ROLES[role]:
            needs = " or ".join(NEEDS[kind] for kind in ROLES[role])
            text = f"row {number}: a term of role '{role}' must have {needs}"
            yield Problem(text, code="inconsistent", row=number, value=role, allowed=needs)
        term = row["term"] = f"{column}={level}" if column and level else column or level or role
        if term == "term":
            text = f"row {number}: no term may be called 'term'"
            yield Problem(text, code="not_allowed", row=number, value=term)
        earlier = first.setdefault(term, number)
        if earlier != number:
            yield Problem.duplicate("term", number, term, earlier)


def _number_problems(number: int, row: dict[str, Any]) -> Iterator[Problem]:
    needed = ["coefficient"] + (["mean"] if row["role"] in ("supply", "area") else [])
    for name in NUMBERS:
        value = row.get(name)
        if value is None and name in needed:
            yield Problem.cell("null", name, number, value, FINITE)
        elif value is not None and not abs(value) <= LARGEST:
            yield Problem.cell("not_allowed", name, number, value, FINITE)
    people = row.get("people")
    if people is not None:
        if not 0 <= people < 2**63 or people != int(people):
            allowed = "a whole number, 0 or more"
            yield Problem.cell("not_allowed", "people", number, people, allowed)
        else:
            row["people"] = int(people)
