"""Validation of a formula by split samples: other people, and other practices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import FundholderError
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table
from .._tables.columns import plain_table
from .evaluation import Evaluation, check_evaluation
from .fit import fit_formula
from .formula import Formula
from .persons import check_codes, check_persons


@dataclass(frozen=True)
class Validation:
    """A formula, and how it does on three samples.

    Attributes
    ----------
    formula
        Fitted on the first sample.
    estimation
        Its evaluation on the sample that it was fitted on.
    other_people
        On other people of the same practices.
    other_practices
        On people of practices that gave nobody to the first sample.
    """

    formula: Formula
    estimation: Evaluation
    other_people: Evaluation
    other_practices: Evaluation

    @property
    def table(self) -> pa.Table:
        """One row per sample: ``sample`` and the measures of its evaluation."""
        samples = ("estimation", "other_people", "other_practices")
        rows = [{"sample": name, **getattr(self, name).measures} for name in samples]
        return pa.Table.from_pylist(rows)


def validate_formula(
    persons: Any,
    *,
    cost: str,
    by: str = "practice",
    other_practices: float = 0.2,
    other_people: float = 0.5,
    seed: int = 0,
    groups: Sequence[str] = (),
    **fit: Any,
) -> Validation:
    """Fit on one sample of people, and evaluate on it, on other people, and on other practices.

    The design of Dixon et al. (2011): three samples of people, the third from practices of its own.

    Parameters
    ----------
    persons
        A table, one row per person, with a column ``person``. Which sample a person is in depends
        on their practice's and their own name and the seed alone.
    cost, groups
        As for ``fit_formula`` and ``Formula.evaluate``.
    by
        The column of practices.
    other_practices
        Share of practices that are kept for the third sample.
    other_people
        Share of the people of the remaining practices that are kept for the second.
    seed
        Another one gives other samples.
    **fit
        As for ``fit_formula``.

    Returns
    -------
    Validation

    Raises
    ------
    InputError, InputTypeError
        As for ``fit_formula``; also a sample without people.

    Examples
    --------
    >>> import pyarrow as pa
    >>> n = range(1_000)
    >>> persons = pa.table({"person": n, "practice": [i % 50 for i in n],
    ...                     "old": [i % 3 == 0 for i in n],
    ...                     "spent": [100.0 + 300.0 * (i % 3 == 0) + i % 7 for i in n]})
    >>> found = validate_formula(persons, cost="spent", flags="old", by="practice")
    >>> found.table["sample"].to_pylist()
    ['estimation', 'other_people', 'other_practices']
    """
    arguments = Arguments()
    check_persons(arguments, persons)
    if callable(persons) and not hasattr(persons, "__arrow_c_stream__"):
        arguments.reject_type("persons", persons, "a table: samples are taken of it in memory")
    codes = fit.get("codes")
    check_codes(arguments, codes)
    shares = {}
    for name, share in (("other_practices", other_practices), ("other_people", other_people)):
        fractions = arguments.fractions(name, [share])
        shares[name] = fractions[0][1] if fractions else 0.5
    seed = arguments.integer("seed", seed, 0, 2**64 - 1)
    groups = check_evaluation(arguments, cost, by, fit.get("weight"), groups)
    table = plain_table(arrow_table("persons", persons))
    if codes is not None:
        # All samples read them, and a reader can be read only once.
        codes = fit["codes"] = arrow_table("codes", codes)
    away = _below(table, by, seed, shares["other_practices"])
    # Another stream of numbers than that of practices, so that equal names are not tied.
    apart = _below(table, "person", seed ^ 0x9E3779B97F4A7C15, shares["other_people"])
    samples = {
        "estimation": pc.and_(pc.invert(away), pc.invert(apart)),
        "other_people": pc.and_(pc.invert(away), apart),
        "other_practices": away,
    }
    parts = {name: table.filter(mask) for name, mask in samples.items()}
    for name, part in parts.items():
        if part.num_rows == 0:
            arguments.reject(
                "sample", name, "people: other shares, or more people, or more than one practice"
            )
    arguments.check()
    with _rows_of(samples["estimation"]):
        formula = fit_formula(parts["estimation"], cost=cost, **fit)
    evaluations = {}
    for name, part in parts.items():
        with _rows_of(samples[name]):
            evaluations[name] = formula.evaluate(
                part,
                cost=cost,
                by=by,
                weight=fit.get("weight"),
                groups=groups,
                codes=codes,
                threads=fit.get("threads"),
            )
    return Validation(formula, **evaluations)


@contextmanager
def _rows_of(sample: pa.ChunkedArray) -> Iterator[None]:
    """Problems with the rows of the whole table, and not of the sample."""
    try:
        yield
    except FundholderError as error:
        rows = np.flatnonzero(sample.to_numpy())
        problems = [
            p.of_row(int(rows[p.row])) if p.row is not None and p.row < len(rows) else p
            for p in error.problems
        ]
        raise type(error)(problems, error.more) from None


def _below(table: pa.Table, column: str, seed: int, share: float) -> pa.ChunkedArray:
    return pc.less(_engine.uniforms(table, column, seed)["uniform"], share)
