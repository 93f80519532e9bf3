"""The file of a formula, as an analyst may have edited it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._errors import InputError, InputTypeError
from .._files import read

TEXTS = ("term", "role", "column", "level", "note")
NUMBERS = ("coefficient", "standard_error", "mean")
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
    if wrong:
        raise InputTypeError([f"{p!r}: must be the path of a file" for p in wrong])
    source = read(path, TEXTS)
    table = source.read_all()
    problems = [
        f"{path}: column '{name}' is missing"
        for name in ("role", "column", "level", "coefficient")
        if name not in table.column_names
    ]
    problems += [
        f"{path}: column '{name}' is {table.schema.field(name).type}: must be numbers"
        for name in (*NUMBERS, "people")
        if name in table.column_names and not _numeric(table.schema.field(name).type)
    ]
    if problems:
        raise InputError(problems)
    rows = [_row(row) for row in table.to_pylist()]
    problems = [f"{path}: {problem}" for problem in _problems(rows)]
    if problems:
        raise InputError(problems)
    terms = pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [
                *((name, pa.string()) for name in TEXTS),
                *((name, pa.float64()) for name in NUMBERS),
                ("people", pa.int64()),
            ],
            metadata=table.schema.metadata,
        ),
    )
    return terms, None if covariance is None else _covariance(covariance, terms)


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    column, level = row["column"], row["level"]
    term = f"{column}={level}" if column and level else column or level or row["role"]
    made = {name: row.get(name) for name in (*TEXTS, *NUMBERS, "people")}
    made["term"] = term
    return made


def _problems(rows: list[dict[str, Any]]) -> list[str]:
    problems = [] if rows else ["must have a row for each term"]
    seen: set[tuple[Any, Any]] = set()
    for number, row in enumerate(rows):
        role = row["role"]
        if role not in ROLES:
            allowed = ", ".join(ROLES)
            problems.append(f"column 'role', row {number}: {role!r}: must be one of {allowed}")
            continue
        given = (row["column"] is not None, row["level"] is not None)
        if given not in ROLES[role]:
            needs = " or ".join(NEEDS[kind] for kind in ROLES[role])
            problems.append(f"row {number}: a term of role '{role}' must have {needs}")
        place = (row["column"], row["level"])
        if place in seen:
            problems.append(f"row {number}: '{row['term']}' again: must be there once")
        seen.add(place)
        needed = ["coefficient"] + (["mean"] if role in ("supply", "area") else [])
        for name in needed:
            value = row[name]
            if value is None or not math.isfinite(value):
                text = "null" if value is None else value
                problems.append(f"column '{name}', row {number}: {text}: must be a finite number")
        if "mean" not in needed and row["mean"] is None:
            row["mean"] = 0.0
    return problems


def _covariance(path: str | Path, terms: pa.Table) -> pa.Table:
    table = read(path, ["term"]).read_all()
    names = terms["term"].to_pylist()
    if table.column_names != ["term", *names] or table["term"].to_pylist() != names:
        raise InputError([f"{path}: must have the terms of the formula, in its order"])
    numbers = [
        name
        for name in names
        if table[name].null_count or not pa.types.is_floating(table[name].type)
    ]
    # A column of zeros reads back from CSV as whole numbers.
    whole = [name for name in numbers if pa.types.is_integer(table[name].type)]
    if set(numbers) - set(whole):
        raise InputError([f"{path}: column '{n}' must be finite numbers" for n in numbers])
    for name in whole:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.float64()))
    return table
