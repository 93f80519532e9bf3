"""Options of ``fundholder allocate`` that do not go together, or are not allowed."""

from __future__ import annotations

import argparse

import numpy as np

from .._allocation.allocate import RESULT_COLUMNS as TAKEN_BY_BUDGETS
from .._allocation.pace_input import RATE
from .._allocation.pace_input import RESULT_COLUMNS as TAKEN_BY_PACE
from .._allocation.rounding import pence_of
from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.problems import Problems
from .._tables.unit_tables import check_free
from . import options as shared
from .budgets import PACE_COLUMNS
from .unit_columns import LEVEL_COLUMNS

TAKE_GROWTH = ("convergence", "floor")


def check_options(options: argparse.Namespace, by: str) -> None:
    """Reject, before any work, what can be known without it."""
    arguments = Arguments()
    pence_of(arguments, "--total", options.total)
    check_free(arguments, "--by", by, TAKEN_BY_BUDGETS)
    if options.rule is not None:
        check_free(arguments, "--by", by, TAKEN_BY_PACE)
    growth = options.growth
    if growth is not None and RATE.wrong(np.array([growth])).size:
        arguments.reject("--growth", growth, RATE.allowed)
    for option, names in (("--index", options.index), ("--level", options.level)):
        if names:
            arguments.names(option, names)
    for level in options.level:
        check_free(arguments, "--level", level, (by, *LEVEL_COLUMNS, *PACE_COLUMNS))
    shared.check_all(arguments.check, lambda: _check_together(options))


def _check_together(options: argparse.Namespace) -> None:
    problems = Problems()

    def reject(option: str, text: str) -> None:
        problems.add(Problem(text, code="argument", column=option))

    if (options.need is None) == (options.formula is None):
        reject("--need", "need is a column or comes from a formula: give --need or --formula")
    with_formula = [n for n in ("codes", "covariance", "units") if getattr(options, n) is not None]
    if options.formula is None:
        for name in with_formula:
            reject(f"--{name}", f"--{name} goes with a formula: give --formula")
    if options.units is not None and not (options.index or options.level or options.baseline):
        text = "--units holds columns of --index, --level or --baseline: give one of them"
        reject("--units", text)
    if (options.baseline is None) != (options.rule is None):
        missing = "--rule" if options.rule is None else "--baseline"
        reject(missing, "--baseline and --rule go together: give both")
    if options.growth is not None and options.rule not in TAKE_GROWTH:
        reject("--growth", f"--growth goes with --rule {' or '.join(TAKE_GROWTH)}")
    if options.rule == "convergence" and options.growth is None:
        reject("--growth", "--rule convergence is a step beside base growth: give --growth")
    if options.level and options.out.suffix != ".xlsx":
        allowed = "end in .xlsx for a sheet for each --level"
        problems.add(shared.path_problem("--out", options.out, allowed))
    problems.check()
