"""The file of a formula, as an analyst may have edited it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError
from .._files.read import read_all
from .._tables.columns import plain_column
from .._tables.unit_tables import holds_labels
from .covariance_file import read_covariance

TEXTS = ("term", "role", "column", "level", "note")
NUMBERS = ("coefficient", "standard_error", "mean")
NEEDED = ("role", "column", "level", "coefficient")
LARGEST = 1e15
FINITE = "a finite number, at most 1e15 in size"
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
        raise InputTypeError([f"{p!r}: must be the path of a file" for p in wrong])
    table = read_all(path, TEXTS)
    _check(path, _schema_problems(table.schema))
    rows = _texts(table).to_pylist()
    _check(path, _problems(rows))
    for row in rows:
        row["mean"] = 0.0 if row.get("mean") is None else row["mean"]
    terms = pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(table.schema.metadata))
    return terms, None if covariance is None else read_covariance(covariance, terms)


def _check(path: str | Path, problems: list[str]) -> None:
    if problems:
        raise InputError([f"{path}: {problem}" for problem in problems])


def _schema_problems(schema: pa.Schema) -> list[str]:
    problems = []
    for name in SCHEMA.names:
        times = schema.names.count(name)
        if times > 1:
            problems.append(f"column '{name}' is there {times} times: must be there once")
        elif not times and name in NEEDED:
            problems.append(f"column '{name}' is missing")
        elif times:
            kind = schema.field(name).type
            if name in TEXTS and not (holds_labels(kind) or pa.types.is_null(kind)):
                problems.append(f"column '{name}' is {kind}: must be text")
            if name not in TEXTS and not _numeric(kind):
                problems.append(f"column '{name}' is {kind}: must be numbers")
    return problems


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


def _texts(table: pa.Table) -> pa.Table:
    """The columns of a formula, with text as such; empty text is null, as it is in CSV."""
    columns = {name: table[name] for name in SCHEMA.names if name in table.column_names}
    for name in columns.keys() & set(TEXTS):
        text = plain_column(columns[name]).cast(pa.string())
        empty = pc.equal(text, "").fill_null(True)
        columns[name] = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return pa.table(columns)


def _problems(rows: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the terms; each is given its name."""
    problems = [] if rows else ["must have a row for each term"]
    seen: set[str] = set()
    for number, row in enumerate(rows):
        problems += _number_problems(number, row)
        role, column, level = row["role"], row["column"], row["level"]
        if role not in ROLES:
            allowed = ", ".join(ROLES)
            problems.append(f"column 'role', row {number}: {role!r}: must be one of {allowed}")
            continue
        if (column is not None, level is not None) not in ROLES[role]:
            needs = " or ".join(NEEDS[kind] for kind in ROLES[role])
            problems.append(f"row {number}: a term of role '{role}' must have {needs}")
        term = row["term"] = f"{column}={level}" if column and level else column or level or role
        if term == "term":
            problems.append(f"row {number}: no term may be called 'term'")
        if term in seen:
            problems.append(f"row {number}: '{term}' again: must be there once")
        seen.add(term)
    return problems


def _number_problems(number: int, row: dict[str, Any]) -> list[str]:
    needed = ["coefficient"] + (["mean"] if row["role"] in ("supply", "area") else [])
    problems = []
    for name in NUMBERS:
        value = row.get(name)
        if (name in needed) if value is None else not abs(value) <= LARGEST:
            text = "null" if value is None else value
            problems.append(f"column '{name}', row {number}: {text}: must be {FINITE}")
    people = row.get("people")
    if people is not None:
        if not 0 <= people < 2**63 or people != int(people):
            allowed = "a whole number, 0 or more"
            problems.append(f"column 'people', row {number}: {people}: must be {allowed}")
        else:
            row["people"] = int(people)
    return problems
