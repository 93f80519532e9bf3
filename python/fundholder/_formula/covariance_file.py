"""The file of the covariance of a formula's coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._errors import FundholderError, InputError, Problem
from .._files.read import read_all
from .._tables.checked import Rule, read_table
from .._tables.problems import Problems

COVARIANCE = Rule("a finite number, at most 1e30 in size", -1e30, 1e30)
CLOSE = 1e-9
"""Of the product of two standard errors: far above the rounding of a file that was edited."""


def read_covariance(path: str | Path, terms: pa.Table) -> pa.Table:
    """``term``, and a column of numbers for each term of the formula, in its order."""
    table = read_all(path, ["term"])
    names = terms["term"].to_pylist()
    rows = table["term"].to_pylist() if table.column_names[:1] == ["term"] else []
    if table.column_names != ["term", *names] or rows != names:
        text = f"{path}: must have the terms of the formula, in its order"
        raise InputError([Problem(text, code="inconsistent")])
    try:
        numbers = read_table(str(path), table, numbers=dict.fromkeys(names, COVARIANCE))
    except FundholderError as error:
        raise type(error)([p.at(str(path)) for p in error.problems], error.more) from None
    square = np.column_stack([numbers[name].to_numpy() for name in names])
    Problems(problem.at(str(path)) for problem in _problems(square, names)).check()
    return pa.table([table["term"], *numbers.columns], ["term", *names])


def _problems(square: NDArray[np.float64], names: list[str]) -> Iterator[Problem]:
    def cells(wrong: NDArray[np.bool_], allowed: str) -> Iterator[Problem]:
        for r, c in np.argwhere(wrong).tolist():
            yield Problem.cell("inconsistent", names[c], r, float(square[r, c]), allowed)

    diagonal = np.diagonal(square)
    yield from cells(np.diag(diagonal < 0), "0 or more: it is a variance")
    sd = np.sqrt(np.maximum(diagonal, 0))
    apart = np.tril(np.abs(square - square.T) > CLOSE * np.outer(sd, sd))
    yield from cells(apart, "the same as where row and column are exchanged")
