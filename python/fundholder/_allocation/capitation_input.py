"""Arguments and populations of weighted capitation, checked before any work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._errors import Problem
from .._tables.arguments import Arguments
from .._tables.problems import Problems
from .._tables.unit_tables import Units

WEIGHTS_SLACK = 1e-6
"""Published weights have about ten digits; a slip in one of them is far larger than this."""

PEOPLE_SLACK = 1e-5
"""Of the population, relative. The weighted populations published for 2018/19 add up to it within
5e-9, and rounding them to whole people would make that 4e-7; one average practice left out of a
column is 1e-4."""


def read_weights(arguments: Arguments, components: Any) -> dict[str, float]:
    """The weight of each component; they must add up to 1."""
    allowed = "a dict {column: weight}, not empty"
    if not isinstance(components, Mapping):
        arguments.reject_type("components", components, allowed)
        return {}
    if not components or not all(isinstance(column, str) for column in components):
        arguments.reject("components", components, allowed)
        return {}
    weights = {c: arguments.number(f"components[{c!r}]", w) for c, w in components.items()}
    total = math.fsum(weights.values())
    if abs(total - 1) > WEIGHTS_SLACK:
        arguments.reject("the sum of the weights of components", total, "1, within 1e-6")
    return weights


def read_unmet_need(arguments: Arguments, unmet_need: Any) -> tuple[str | None, float]:
    """The column of unmet need and its share; no column where there is none."""
    if unmet_need is None:
        return None, 0.0
    allowed = "a pair (column, share), the share from 0 to 1"
    two = isinstance(unmet_need, tuple | list) and len(unmet_need) == 2
    if not two or not isinstance(unmet_need[0], str):
        arguments.reject_type("unmet_need", unmet_need, allowed)
        return None, 0.0
    column, value = unmet_need
    share = arguments.number("the share of unmet_need", value)
    if share > 1:
        arguments.reject("the share of unmet_need", value, "a number from 0 to 1")
    return column, share


def column_names(arguments: Arguments, name: str, value: Any) -> list[str]:
    """One column name or several; none for an empty list."""
    return [] if isinstance(value, tuple | list) and not value else arguments.names(name, value)


def check_populations(
    table: Units, people: str, populations: Sequence[str], normalise: bool
) -> None:
    """Check that weighted populations add up to the population, and are 0 without people."""
    problems = Problems()
    size = table.numbers[people]
    population = math.fsum(size)
    if not population:
        text = f"column {people!r} adds up to 0: some unit must have people"
        problems.add(Problem(text, code="not_allowed", column=people, value=0.0))
    for column in populations:
        values = table.numbers[column]
        total = math.fsum(values)
        if not total:
            text = f"column {column!r} adds up to 0: must add up to the population"
            problems.add(Problem(text, code="inconsistent", column=column, value=0.0))
        elif not normalise and abs(total - population) > PEOPLE_SLACK * population:
            text = (
                f"column {column!r} adds up to {total:.10g}: must add up to the "
                f"{population:.10g} of column {people!r} within 0.001 % (normalise=True scales it)"
            )
            problems.add(Problem(text, code="inconsistent", column=column, value=total))
        for i in np.flatnonzero((values > 0) & (size == 0)).tolist():
            unit = f"{table.by} {table.names[i]!r}"
            text = f"column {column!r}: {values[i]:g} for {unit} without people: must be 0"
            problems.add(Problem(text, code="not_allowed", column=column, value=float(values[i])))
    problems.check()
