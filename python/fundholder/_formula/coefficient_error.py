"""The error of a formula beside what chance and systematic variation make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arguments import Arguments
from .._tables.checked import MOST, NOT_NEGATIVE, POSITIVE, Rule, arrow_table
from .._tables.problems import Problems
from .._tables.unit_tables import read_units

OF_ERRORS = Rule(f"{NOT_NEGATIVE.allowed}: of a formula with a covariance", 0.0, MOST)
ADDED = ("formula_sd", "total_sd")


def with_formula_error(variance: Any, need: Any, *, by: str = "practice") -> pa.Table:
    """Put the error of the formula beside chance and systematic variation.

    Parameters
    ----------
    variance
        A result of ``fundholder.variance``, one row per unit.
    need
        A result of ``Formula.need`` for the same units, in any order.
    by
        The column of units.

    Returns
    -------
    pyarrow.Table
        ``variance`` with ``formula_sd`` (£: what the errors of the coefficients make of the unit's
        budget) and ``total_sd`` (£: chance, systematic variation and formula error together;
        variances add up) after ``systematic_sd``.

    Raises
    ------
    InputError, InputTypeError
        Units in one table and not in the other, or twice; nulls, NaN and negative numbers; a
        formula without a covariance.

    Examples
    --------
    >>> import pyarrow as pa
    >>> spread = pa.table({"practice": ["A"], "budget": [500.0], "sd": [30.0],
    ...                    "systematic_sd": [0.0]})
    >>> need = pa.table({"practice": ["A"], "need": [1000.0], "formula_sd": [80.0]})
    >>> with_formula_error(spread, need)["total_sd"].to_pylist()
    [50.0]
    """
    arguments = Arguments()
    if arguments.column("by", by) in ("budget", "sd", "systematic_sd", "need", *ADDED):
        arguments.reject("by", by, "the column of units")
    arguments.check()
    spread_table, need_table = arrow_table("variance", variance), arrow_table("need", need)
    again = [name for name in ADDED if name in spread_table.column_names]
    if again:
        text = "variance has a column '{}': it must not"
        raise InputError([Problem(text.format(n), code="inconsistent", column=n) for n in again])
    spread = read_units(
        "variance",
        spread_table,
        by,
        {"budget": NOT_NEGATIVE, "sd": NOT_NEGATIVE},
        ["systematic_sd"],
    )
    needs = read_units("need", need_table, by, {"need": POSITIVE, "formula_sd": OF_ERRORS})
    relative = needs.numbers["formula_sd"] / needs.numbers["need"]
    of_unit = dict(zip(map(str, needs.names), relative.tolist(), strict=True))
    units = [str(unit) for unit in spread_table[by].to_pylist()]
    _check_units(units, list(of_unit))
    row_of = {str(unit): row for row, unit in enumerate(spread.names)}
    rows = np.array([row_of[unit] for unit in units])
    formula_sd = np.array([of_unit[u] for u in units]) * spread.numbers["budget"][rows]
    total_sd = np.hypot(spread.numbers["sd"][rows], formula_sd)
    at = spread_table.column_names.index("systematic_sd") + 1
    made = spread_table.add_column(at, "formula_sd", pa.array(formula_sd))
    return made.add_column(at + 1, "total_sd", pa.array(total_sd))


def _check_units(variance: list[str], need: list[str]) -> None:
    problems = Problems()
    for table, there, others in (("need", need, variance), ("variance", variance, need)):
        for unit in sorted(set(others) - set(there)):
            text = f"{table}: no row for '{unit}': every unit must have one"
            problems.add(Problem(text, code="missing_label", value=unit))
    problems.check()
