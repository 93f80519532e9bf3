"""Populations: checked, and read by the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .. import _engine
from .._tables.arguments import Arguments
from .._tables.warning import warn
from .cost_model import CostModel

COLUMNS = {"practice", "band", "count", "scale", "p_any", "person"}
RESULT_COLUMN = re.compile(
    r"people|gross|net|replication|expected|budget|sd|cv|skewness|kurtosis|chance_sd|systematic_sd"
    r"|cost|probability|cumulative|ceiling|expected_.*|ceded_share|premium_per_head|cv_gross"
    r"|p_(over|under|outside)_.*|q[0-9.]+|.*_se"
)
"""Names that results use themselves, so that no level may have them."""


def check_population(arguments: Arguments, population: Any) -> None:
    """Check that a population is a table."""
    if not hasattr(population, "__arrow_c_stream__"):
        arguments.reject_type(
            "population",
            population,
            "an Arrow table, or anything with __arrow_c_stream__ "
            "(for a file, fundholder.read(path); for a dict, pyarrow.table(dict))",
        )


def check_result_columns(arguments: Arguments, levels: Iterable[str]) -> None:
    """Check that no level has the name of a result's column."""
    for level in filter(RESULT_COLUMN.fullmatch, levels):
        arguments.reject("by", level, "a column that results do not have under the same name")


def check_people(
    arguments: Arguments, population: Any, costs: Any, by: Any, *, single: bool = False
) -> list[str]:
    """Check a population and its cost model; give the levels, or the ``single`` one."""
    check_population(arguments, population)
    if not isinstance(costs, CostModel):
        arguments.reject_type("costs", costs, "a CostModel")
    levels = arguments.names("by", by)
    if single and len(levels) > 1:
        arguments.reject("by", by, "one column")
    check_result_columns(arguments, levels)
    return levels


def read_people(
    population: Any, costs: CostModel, levels: Sequence[str], threads: int
) -> _engine.People:
    """Read a population whose arguments have been checked; whatever it is asked has the threads."""
    streamed = not hasattr(population, "__len__")
    people = _engine.People(
        population, costs._model, by=list(levels), streamed=streamed, threads=threads
    )
    for text in people.warnings:
        warn(text)
    return people
