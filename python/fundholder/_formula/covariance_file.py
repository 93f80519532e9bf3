"""The file of the covariance of a formula's coefficients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._errors import InputError
from .._files.read import read_all

MOST_PROBLEMS = 1_000
LARGEST = 1e30
CLOSE = 1e-9
"""Of the product of two standard errors: far above the rounding of a file that was edited."""


def read_covariance(path: str | Path, terms: pa.Table) -> pa.Table:
    """``term``, and a column of numbers for each term of the formula, in its order."""
    table = read_all(path, ["term"])
    names = terms["term"].to_pylist()
    rows = table["term"].to_pylist() if table.column_names[:1] == ["term"] else []
    if table.column_names != ["term", *names] or rows != names:
        raise InputError([f"{path}: must have the terms of the formula, in its order"])
    problems = [
        f"{path}: column '{name}' is {table[name].type}: must be numbers"
        for name in names
        if not _numeric(table[name].type)
    ]
    if problems:
        raise InputError(problems)
    columns = [table[name].cast(pa.float64()) for name in names]
    square = np.column_stack([column.to_numpy() for column in columns])
    problems = _problems(square, names)
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise InputError([f"{path}: {text}" for text in problems[:MOST_PROBLEMS]], max(more, 0))
    return pa.table([table["term"], *columns], ["term", *names])


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _problems(square: NDArray[np.float64], names: list[str]) -> list[str]:
    def cells(wrong: NDArray[np.bool_], allowed: str) -> list[str]:
        return [
            f"column '{names[c]}', row {r}: {square[r, c]:g}: must be {allowed}"
            for r, c in np.argwhere(wrong).tolist()
        ]

    finite = np.abs(square) <= LARGEST
    if not finite.all():
        return cells(~finite, f"a finite number, at most {LARGEST:g} in size")
    diagonal = np.diagonal(square)
    negative = cells(np.diag(diagonal < 0), "0 or more: it is a variance")
    sd = np.sqrt(np.maximum(diagonal, 0))
    apart = np.tril(np.abs(square - square.T) > CLOSE * np.outer(sd, sd))
    return negative + cells(apart, "the same as where row and column are exchanged")
