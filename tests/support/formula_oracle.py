"""A formula by plain numpy, written apart from the engine, and people to try both on.

The design matrix is dense, with a column for every term, in the order of the formula's table. Least
squares go through a QR decomposition; the covariance of the coefficients is a sandwich. HC1 is of
MacKinnon and White (1985): n / (n - k) times White's. By cluster it is that of Liang and Zeger
(1986), times G / (G - 1) (n - 1) / (n - k). Both are what statsmodels gives for weighted least
squares, where n is the number of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from operator import mul
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

F64 = np.ndarray
ROLES: dict[str, Any] = {
    "categories": ["age", "sex"],
    "flags": ["diabetes", "stroke"],
    "need": ["deprivation", "born"],
    "supply": ["beds"],
    "area": "region",
}


def some_people(n: int = 400, seed: int = 1) -> pa.Table:
    """People of 12 practices in 4 regions, in no order; a third cost nothing."""
    rng = np.random.Generator(np.random.PCG64(seed))
    age = rng.choice(8, n, p=[0.2, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1])
    ill = rng.random(n) < 0.05 + 0.03 * age
    cost = (200 + 300 * age + 2_000 * ill) * rng.lognormal(0, 1, n) * (rng.random(n) < 0.67)
    practice = rng.integers(0, 12, n)
    return pa.table(
        {
            "person": rng.permutation(n) + 1_000,
            "practice": [f"P{i:02d}" for i in practice],
            "age": [f"{10 * i:02d}-{10 * i + 9:02d}" for i in age],
            "sex": rng.choice(["F", "M"], n, p=[0.55, 0.45]),
            "diabetes": ill,
            "stroke": (rng.random(n) < 0.1).astype(np.int8),
            "deprivation": rng.gamma(4, 5, n),
            "born": 2_012.0 - 10 * age - rng.integers(0, 10, n),
            "beds": 3 + rng.random(n),
            "region": [f"R{i % 4}" for i in practice],
            "weight": rng.uniform(0.5, 3, n),
            "cost": np.round(cost, 2),
        }
    )


def some_codes(people: pa.Table, seed: int = 2) -> pa.Table:
    """``person``, ``code``: six diagnoses, none to three a person."""
    rng = np.random.Generator(np.random.PCG64(seed))
    person = people["person"].to_numpy()
    has = rng.random((len(person), 6)) < 0.12
    rows, codes = np.nonzero(has)
    return pa.table({"person": person[rows], "code": [f"E{10 + i}" for i in codes]})


@dataclass(frozen=True)
class Design:
    """A column for every term; those of ``reference`` are not fitted."""

    terms: list[str]
    roles: list[str]
    matrix: F64
    reference: list[bool]

    @property
    def fitted(self) -> F64:
        return np.flatnonzero(~np.array(self.reference))


def design(
    table: pa.Table,
    *,
    categories: Sequence[str] = (),
    flags: Sequence[str] = (),
    need: Sequence[str] = (),
    supply: Sequence[str] = (),
    area: str | None = None,
    codes: pa.Table | None = None,
) -> Design:
    """The columns of a formula: every level of the first category, then references left out."""
    columns: list[tuple[str, str, F64, bool]] = []

    def add(name: str, role: str, values: Any, reference: bool = False) -> None:
        columns.append((name, role, np.asarray(values, float), reference))

    def levels(name: str, role: str, full: bool) -> None:
        values = table[name].to_pylist()
        count = Counter(values)
        own = np.array(values)
        most = min(count, key=lambda level: (-count[level], level))
        for level in sorted(count):
            add(f"{name}={level}", role, own == level, level == most and not full)

    if not categories:
        add("intercept", "intercept", np.ones(table.num_rows))
    for i, name in enumerate(categories):
        levels(name, "category", full=i == 0)
    for name in flags:
        add(name, "flag", table[name].to_pylist())
    if codes is not None:
        coded = set(zip(codes["person"].to_pylist(), codes["code"].to_pylist(), strict=True))
        for code in sorted({code for _, code in coded}):
            add(code, "flag", [(person, code) in coded for person in table["person"].to_pylist()])
    for role, names in (("need", need), ("supply", supply)):
        for name in names:
            add(name, role, table[name].to_pylist())
    if area is not None:
        levels(area, "area", full=False)
    terms, roles, values, reference = zip(*columns, strict=True)
    return Design(list(terms), list(roles), np.column_stack(values), list(reference))


@dataclass(frozen=True)
class Fit:
    """Coefficients and their covariance by term; those of references are 0."""

    design: Design
    coefficients: F64
    covariance: F64
    mean: F64
    r2: float

    @property
    def standard_errors(self) -> F64:
        return np.sqrt(np.diag(self.covariance))

    def neutral(self, matrix: F64) -> F64:
        """The matrix with supply and area at their means of the sample that was fitted."""
        held = np.isin(self.design.roles, ["supply", "area"])
        return np.where(held, self.mean, matrix)


def fit(
    table: pa.Table,
    *,
    cost: str = "cost",
    weight: str | None = None,
    cluster: str | None = None,
    **roles: Any,
) -> Fit:
    """Weighted least squares with robust errors; people of weight 0 are as if absent."""
    if weight is not None:
        table = table.filter(pc.greater(table[weight], 0))
    columns = design(table, **roles)
    w = np.ones(table.num_rows) if weight is None else table[weight].to_numpy().astype(float)
    y = table[cost].to_numpy().astype(float)
    x = columns.matrix[:, columns.fitted]
    labels = None if cluster is None else table[cluster].to_pylist()
    beta, covariance = least_squares(x, y, w, labels)
    size = len(columns.terms)
    all_beta, all_covariance = np.zeros(size), np.zeros((size, size))
    all_beta[columns.fitted] = beta
    all_covariance[np.ix_(columns.fitted, columns.fitted)] = covariance
    mean = np.average(columns.matrix, axis=0, weights=w)
    return Fit(columns, all_beta, all_covariance, mean, r2(y, x @ beta, w))


def least_squares(
    x: F64, y: F64, w: F64 | None = None, cluster: Sequence[Any] | None = None
) -> tuple[F64, F64]:
    """Coefficients and their robust covariance."""
    w = np.ones_like(y) if w is None else w
    n, k = x.shape
    size = abs(x).max(axis=0)
    q, r = np.linalg.qr(np.sqrt(w)[:, None] * x / size)
    beta = np.linalg.solve(r, q.T @ (np.sqrt(w) * y)) / size
    inverse = np.linalg.inv(r) / size[:, None]
    scores = x * (w * (y - x @ beta))[:, None]
    factor = n / (n - k)
    if cluster is not None:
        scores = np.array(list(by_unit(cluster, scores).values()))
        factor = len(scores) / (len(scores) - 1) * (n - 1) / (n - k)
    bread = inverse @ inverse.T
    return beta, factor * bread @ (scores.T @ scores) @ bread


def exact(x: Sequence[Sequence[float]], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """Coefficients and HC1 errors in rational arithmetic, of numbers as they are printed."""
    rows = [[Fraction(str(value)) for value in row] for row in x]
    cost = [Fraction(str(value)) for value in y]
    n, k = len(rows), len(rows[0])
    inverse = _inverse([[sum(row[i] * row[j] for row in rows) for j in range(k)] for i in range(k)])
    moments = [sum(row[i] * value for row, value in zip(rows, cost, strict=True)) for i in range(k)]
    beta = [sum(map(mul, line, moments)) for line in inverse]
    variance = [Fraction(0)] * k
    for row, value in zip(rows, cost, strict=True):
        residual = value - sum(map(mul, beta, row))
        for i, line in enumerate(inverse):
            variance[i] += (residual * sum(map(mul, line, row))) ** 2
    return [float(b) for b in beta], [sqrt(v * n / (n - k)) for v in variance]


def _inverse(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """By elimination without pivots, which a matrix of moments does not need."""
    k = len(matrix)
    rows = [[*line, *(Fraction(i == j) for j in range(k))] for i, line in enumerate(matrix)]
    for i in range(k):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in set(range(k)) - {i}:
            rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [line[k:] for line in rows]


def r2(y: F64, f: F64, w: F64 | None = None) -> float:
    """1 - sum w (y - f)^2 / sum w (y - mean y)^2."""
    w = np.ones_like(y) if w is None else w
    return 1 - float(w @ (y - f) ** 2 / (w @ (y - np.average(y, weights=w)) ** 2))


def by_unit(labels: Sequence[Any], values: F64) -> Mapping[Any, F64]:
    """Sums of the rows of each unit."""
    units, own = np.unique(labels, return_inverse=True)
    sums = np.zeros((len(units), *values.shape[1:]))
    np.add.at(sums, own, values)
    return dict(zip(units.tolist(), sums, strict=True))


def column(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy()


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))
