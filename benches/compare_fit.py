"""Fitting a formula: fundholder beside glum, tabmat, scipy, numpy and statsmodels, in one run.

A million people with 200 columns: 38 age-sex groups, 157 diagnosis groups (0.2 to 10 % of people
have each, four a person), three need and two supply variables. Every rival has its own matrix, made
beforehand from arrays, and fundholder reads its Arrow table each time: ratios to fundholder stand
there without the making of the matrix, and with it. Coefficients alone are compared with
coefficients alone, and with HC1 errors with HC1 errors. All agree, or nothing is printed.
Contenders take turns; times are those of the processor, on one thread, and the medians of the
rounds. Where the matrix is dense (numpy, statsmodels), it holds a tenth of the people.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import glum
import numpy as np
import pyarrow as pa
import statsmodels.api as sm
import tabmat
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

import fundholder
from fundholder import fit_formula

F64 = np.ndarray
AGE_SEX, DIAGNOSES, NEED, SUPPLY = 38, 157, 3, 2
TENTH = 10
OURS = f"fundholder {fundholder.__version__}"
PACKAGES = ("numpy", "scipy", "glum", "tabmat", "statsmodels", "pyarrow")


@dataclass
class Columns:
    """What everyone fits: codes of age-sex groups, flags, numbers and costs."""

    age_sex: np.ndarray
    flags: np.ndarray
    numbers: F64
    cost: F64

    def table(self) -> pa.Table:
        names = pa.array([f"{i:02d}" for i in range(AGE_SEX)])
        columns: dict[str, Any] = {
            "age_sex": pa.DictionaryArray.from_arrays(pa.array(self.age_sex), names),
            "cost": self.cost,
        }
        columns |= {name: self.flags[:, i] for i, name in enumerate(ROLES["flags"])}
        numbers = [*ROLES["need"], *ROLES["supply"]]
        columns |= {name: self.numbers[:, i] for i, name in enumerate(numbers)}
        return pa.table(columns)

    def first(self, people: int) -> Columns:
        return Columns(*(values[:people] for values in vars(self).values()))


ROLES: dict[str, Any] = {
    "cost": "cost",
    "categories": ["age_sex"],
    "flags": [f"d{i:03d}" for i in range(DIAGNOSES)],
    "need": [f"need{i}" for i in range(NEED)],
    "supply": [f"supply{i}" for i in range(SUPPLY)],
}


def some_columns(people: int, seed: int = 1) -> Columns:
    """Skewed costs that depend on all columns a little."""
    rng = np.random.default_rng(seed)
    age_sex = rng.integers(0, AGE_SEX, people, dtype=np.int32)
    flags = np.empty((people, DIAGNOSES), bool, order="F")
    expected = 200.0 + 40.0 * age_sex
    for i, share in enumerate(np.geomspace(0.002, 0.1, DIAGNOSES)):
        flags[:, i] = rng.random(people, dtype=np.float32) < share
        expected += rng.uniform(0, 40 / share**0.5) * flags[:, i]
    numbers = np.asfortranarray(rng.gamma(4, 5, (people, NEED + SUPPLY)))
    expected += numbers @ np.array([5.0, 3.0, 1.0, 2.0, 1.0])
    return Columns(age_sex, flags, numbers, expected * rng.lognormal(-0.72, 1.2, people))


# ---- Rivals: a matrix, and what is done with it -------------------------------------------------
def split_matrix(columns: Columns) -> tabmat.SplitMatrix:
    """tabmat's matrix of three kinds of blocks."""
    return tabmat.SplitMatrix(
        [
            tabmat.CategoricalMatrix(columns.age_sex, categories=np.arange(AGE_SEX)),
            tabmat.SparseMatrix(sparse.csc_matrix(columns.flags, dtype=float)),
            tabmat.DenseMatrix(columns.numbers),
        ]
    )


def sparse_matrix(columns: Columns) -> sparse.csr_matrix:
    """Everything in one sparse matrix."""
    rows = np.arange(columns.age_sex.size)
    ones = np.ones(rows.size)
    groups = sparse.csr_matrix((ones, (rows, columns.age_sex)), (rows.size, AGE_SEX))
    flags = sparse.csr_matrix(columns.flags, dtype=float)
    return sparse.hstack([groups, flags, columns.numbers], format="csr")


def glum_fit(x: Any, y: F64, errors: bool) -> F64:
    """Gaussian with the identity link and without a penalty: iterated once or twice."""
    model = glum.GeneralizedLinearRegressor(
        family="normal", alpha=0, fit_intercept=False, solver="irls-ls", copy_X=False
    ).fit(x, y)
    if not errors:
        return np.array([model.coef_])
    return np.array([model.coef_, model.std_errors(x, y, robust=True)])


def sandwich_fit(
    gram: Callable[[F64], F64], times: Callable[[F64], F64], forward: Any, y: F64, errors: bool
) -> F64:
    """Normal equations by Cholesky from X'DX, X'v and Xb; HC1 from another X'DX."""
    factor = linalg.cho_factor(gram(np.ones_like(y)))
    beta = linalg.cho_solve(factor, times(y))
    if not errors:
        return np.array([beta])
    residual = y - forward(beta)
    bread = linalg.cho_solve(factor, np.eye(beta.size))
    covariance = bread @ gram(residual**2) @ bread * (y.size / (y.size - beta.size))
    return np.array([beta, np.sqrt(np.diag(covariance))])


def tabmat_fit(x: Any, y: F64, errors: bool) -> F64:
    """tabmat's sandwich product, and Cholesky."""
    return sandwich_fit(x.sandwich, x.transpose_matvec, x.matvec, y, errors)


def scipy_fit(x: Any, y: F64, errors: bool) -> F64:
    """Sparse products, and Cholesky."""

    def gram(d: F64) -> F64:
        return (x.T @ x.multiply(d[:, None]).tocsr()).toarray()

    return sandwich_fit(gram, lambda v: x.T @ v, lambda b: x @ b, y, errors)


def numpy_fit(x: Any, y: F64, errors: bool) -> F64:
    """Dense products (BLAS), and Cholesky."""

    def gram(d: F64) -> F64:
        return x.T @ (x * d[:, None])

    return sandwich_fit(gram, lambda v: x.T @ v, lambda b: x @ b, y, errors)


def statsmodels_fit(x: Any, y: F64, errors: bool) -> F64:
    """Ordinary least squares; its errors come with the fit in either case."""
    fit = sm.OLS(y, x).fit(cov_type="HC1" if errors else "nonrobust")
    return np.array([fit.params, fit.bse] if errors else [fit.params])


def our_fit(table: Any, _: F64, errors: bool) -> F64:
    """From the Arrow table."""
    coefficients = fit_formula(table, threads=1, errors=errors, **ROLES).coefficients
    names = ["coefficient", "standard_error"] if errors else ["coefficient"]
    return np.array([coefficients[name].to_numpy() for name in names])


# ---- Taking turns -------------------------------------------------------------------------------
@dataclass
class Contender:
    """One fit of one matrix; ``times`` are CPU seconds without and with errors."""

    fit: Callable[[Any, F64, bool], F64]
    make: Callable[[Columns], Any]
    tenth: bool = False

    def prepare(self, columns: Columns) -> None:
        start = time.process_time()
        self.matrix = self.make(columns)
        self.making = time.process_time() - start
        self.cost = columns.cost
        self.times: dict[bool, list[float]] = {False: [], True: []}

    def run(self, errors: bool) -> F64:
        return self.fit(self.matrix, self.cost, errors)

    def time(self, errors: bool) -> None:
        start = time.process_time()
        self.run(errors)
        self.times[errors].append(time.process_time() - start)


def contenders() -> dict[str, Contender]:
    """Rivals, and fundholder of everyone and of a tenth."""

    def dense(columns: Columns) -> F64:
        return sparse_matrix(columns).toarray()

    return {
        "glum, split matrix": Contender(glum_fit, split_matrix),
        "glum, sparse matrix": Contender(
            glum_fit, lambda columns: tabmat.SparseMatrix(sparse_matrix(columns).tocsc())
        ),
        "tabmat, split matrix, Cholesky": Contender(tabmat_fit, split_matrix),
        "scipy, sparse matrix, Cholesky": Contender(scipy_fit, sparse_matrix),
        OURS: Contender(our_fit, Columns.table),
        "numpy, dense matrix, Cholesky": Contender(numpy_fit, dense, tenth=True),
        "statsmodels, dense matrix": Contender(statsmodels_fit, dense, tenth=True),
        f"{OURS}, a tenth": Contender(our_fit, Columns.table, tenth=True),
    }


def main() -> None:
    """Check that all agree, take turns, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sample = some_columns(options.people)
    tenth = sample.first(options.people // TENTH)
    field = contenders()
    for contender in field.values():
        contender.prepare(tenth if contender.tenth else sample)
    check(field)
    for _ in range(options.rounds):
        for contender in field.values():
            for errors in (False, True):
                contender.time(errors)
    print(
        f"{OURS}, {', '.join(f'{package} {version(package)}' for package in PACKAGES)}, "
        f"Python {platform.python_version()}, {platform.machine()}; {options.people:,} people, "
        f"{AGE_SEX + DIAGNOSES + NEED + SUPPLY} columns, one thread, CPU-seconds, "
        f"median of {options.rounds} rounds.\n"
    )
    report(field)


def check(field: dict[str, Contender]) -> None:
    """The same coefficients and errors to six digits: rivals iterate, and sum in other orders."""
    for errors in (False, True):
        known = {own.tenth: own.run(errors) for name, own in field.items() if OURS in name}
        for name, contender in field.items():
            if not np.allclose(contender.run(errors), known[contender.tenth], rtol=1e-6, atol=1e-6):
                raise SystemExit(f"{name} does not agree")


def report(field: dict[str, Contender]) -> None:
    """Medians of times and of ratios to fundholder's in the same round."""
    own = {each.tenth: each for name, each in field.items() if OURS in name}
    print(
        "| | people | its matrix | coefficients | / fundholder | and matrix | with HC1 "
        "| / fundholder | and matrix |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    for name, contender in field.items():
        cells = [name, f"{contender.cost.size:,}", f"{contender.making:.2f}"]
        for errors in (False, True):
            times, ours = contender.times[errors], own[contender.tenth].times[errors]
            making = 0.0 if OURS in name else contender.making
            cells.append(f"{statistics.median(times):.3f}")
            for extra in (0.0, making):
                ratio = statistics.median((a + extra) / b for a, b in zip(times, ours, strict=True))
                cells.append(f"{ratio:.1f}")
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
