"""The arguments that all questions about exact laws share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from . import _engine
from ._arguments import Arguments
from ._contracts import StopLoss, stop_loss_terms
from ._costs import CostModel
from ._simulation import (
    EFFECT_SD_BELOW,
    check_population,
    check_result_columns,
    warn_of_lookalikes,
)

MEASURES = ("net", "gross", "ceded")


def check_people(
    arguments: Arguments, population: Any, costs: Any, by: Any, *, single: bool = False
) -> list[str]:
    """Check a population and its cost model; give the levels, or the ``single`` one."""
    check_population(arguments, population)
    if not isinstance(costs, CostModel):
        arguments.refuse_type("costs", costs, "a CostModel")
    levels = arguments.names("by", by)
    if single and len(levels) > 1:
        arguments.refuse("by", by, "one column")
    check_result_columns(arguments, levels)
    return levels


def read_people(population: Any, costs: CostModel, levels: Sequence[str]) -> _engine.People:
    """Read a population whose arguments have been checked."""
    warn_of_lookalikes(population)
    streamed = not hasattr(population, "__len__")
    return _engine.People(population, costs._model, by=list(levels), streamed=streamed)


def read_terms(
    arguments: Arguments,
    *,
    of: str = "net",
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
) -> _engine.Terms:
    """Check and prepare what is asked of costs; right only if ``arguments.check`` passes."""
    if of not in MEASURES:
        arguments.refuse("of", of, "'net', 'gross' or 'ceded'")
        of = "net"
    return _engine.Terms(
        of=of,
        stop_loss=stop_loss_terms(arguments, stop_loss),
        practice_sd=arguments.number("practice_sd", practice_sd, below=EFFECT_SD_BELOW),
        national_sd=arguments.number("national_sd", national_sd, below=EFFECT_SD_BELOW),
    )


def traced(answer: tuple[pa.Table, dict[str, str]]) -> pa.Table:
    """A result that carries what it was made from."""
    table, metadata = answer
    return table.replace_schema_metadata(dict(sorted(metadata.items())))
