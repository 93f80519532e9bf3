"""Options of a run of schemes: read and checked before any draw."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import FundholderError
from .._risk.agreement import EFFECT_SD_BELOW
from .._risk.cost_model import CostModel
from .._risk.persistence import Persistence
from .._risk.persistence_us import persistence_us
from .._risk.population import check_people
from .._risk.simulate import MAX_SEED, MAX_YEARS, check_ties
from .._tables.arguments import Arguments, listed
from .._tables.arrays import FloatArray
from .._tables.checked import NOT_NEGATIVE, arrow_table, numbers, read_table
from .practices import PRACTICE, Effects, Practices, check_tier
from .scheme import Scheme

EDGES = (5_000, 10_000, 20_000, 50_000, 100_000, 250_000)
"""People at which size bands begin, after the first."""
MOST_PATHS = 2**24


@dataclass(frozen=True)
class Options:
    """What was given to a run, checked."""

    population: pa.Table
    schemes: list[Scheme]
    years: int
    paths: int
    seed: int
    persistence: Persistence
    effects: Effects
    budgets: pa.Table | None
    scores: pa.Table | None
    read: list[str]
    """The scores that are read from the table."""
    behaves: bool
    edges: list[int]
    out: Path | None
    resume: bool
    threads: int
    progress: bool
    at_once: int | None

    def metadata(self) -> dict[str, str]:
        """What travels with every table."""
        source = self.persistence.source or "a table"
        return {
            "fundholder.schemes": ", ".join(scheme.name for scheme in self.schemes),
            "fundholder.years": str(self.years),
            "fundholder.replications": str(self.paths),
            "fundholder.seed": str(self.seed),
            "fundholder.persistence": source,
            "fundholder.practice_sd": str(self.effects.practice_sd),
            "fundholder.practice_permanent": str(self.effects.practice_permanent),
            "fundholder.national_sd": str(self.effects.national_sd),
            "fundholder.behaviour": str(self.behaves).lower(),
        }


def read_options(
    population: Any, costs: CostModel, schemes: Sequence[Scheme | str], given: Mapping[str, Any]
) -> Options:
    arguments = Arguments()
    check_people(arguments, population, costs, PRACTICE)
    read = [_scheme(arguments, scheme) for scheme in schemes]
    known = [scheme for scheme in read if scheme is not None]
    names = [scheme.name for scheme in known]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        arguments.reject("schemes", name, "the name of one scheme")
    years = given["years"]
    if years is None:
        years = max((scheme.years for scheme in known), default=1)
    years = arguments.integer("years", years, 1, MAX_YEARS - 1)
    paths = arguments.integer("replications", given["replications"], 1, MOST_PATHS)
    seed = arguments.integer("seed", given["seed"], 0, MAX_SEED)
    persistence = given["persistence"]
    check_ties(arguments, 2, persistence, given["practice_permanent"])
    sds = {
        name: arguments.number(name, given[name], below=EFFECT_SD_BELOW)
        for name in ("practice_sd", "national_sd")
    }
    behaves = arguments.flag("behaviour", given["behaviour"])
    edges = listed(given["edges"])
    if edges is None:
        arguments.reject_type("edges", given["edges"], "a list of numbers of people")
    edges = [arguments.integer("edges", edge, 1, 2**53) for edge in edges or ()]
    if any(one >= other for one, other in pairwise(edges)):
        arguments.reject("edges", given["edges"], "ascending numbers of people")
    if not isinstance(given["out"], str | os.PathLike | None):
        arguments.reject_type("out", given["out"], "a folder, or None")
    resume = arguments.flag("resume", given["resume"])
    threads = arguments.threads(given["threads"])
    arguments.check()
    table = arrow_table("population", population)
    scores = None if given["scores"] is None else arrow_table("scores", given["scores"])
    needed = sorted({name for scheme in known for name in scheme.missing_scores})
    has = set() if scores is None else set(scores.column_names)
    for scheme in known:
        check_scheme(arguments, scheme, costs, table.column_names, has)
    arguments.check()
    return Options(
        table,
        known,
        years,
        paths,
        seed,
        persistence or persistence_us(),
        Effects(sds["practice_sd"], float(given["practice_permanent"]), sds["national_sd"]),
        None if given["budgets"] is None else arrow_table("budgets", given["budgets"]),
        scores,
        needed,
        behaves,
        edges,
        None if given["out"] is None else Path(given["out"]),
        resume,
        threads,
        bool(given["progress"]),
        given.get("at_once"),
    )


def check_scheme(
    arguments: Arguments, scheme: Scheme, costs: CostModel, columns: Sequence[str], scores: set[str]
) -> None:
    """Check that a population and a cost model have what a scheme names."""
    if not costs.services:
        arguments.reject("costs", "no services", "a cost model with services")
    for tier in scheme.tiers:
        check_tier(arguments, tier, costs.services, columns, scores)
    for services in (scheme.pays or {}).values():
        for service in services:
            if service not in costs.services:
                allowed = f"services of the cost model: {', '.join(costs.services)}"
                arguments.reject("pays", service, allowed)


def _scheme(arguments: Arguments, scheme: Any) -> Scheme | None:
    if isinstance(scheme, Scheme):
        return scheme
    if isinstance(scheme, str | os.PathLike):
        try:
            return Scheme.read(scheme)
        except FundholderError as error:
            arguments.extend(error.problems, error.more)
            return None
    arguments.reject_type("scheme", scheme, "a Scheme, the name of one, or the path of a file")
    return None


def practice_values(practices: Practices, table: pa.Table | None, column: str) -> FloatArray | None:
    """A column of a table by practice, in the order of practices; every practice needs a row."""
    if table is None:
        return None
    name = "budgets" if column == "budget" else "scores"
    read = read_table(name, table, labels=[PRACTICE], numbers={column: NOT_NEGATIVE}, unique=True)
    row = {str(label): i for i, label in enumerate(read[PRACTICE].to_pylist())}
    known = {str(label) for label in practices.names}
    arguments = Arguments()
    for label in practices.names:
        if str(label) not in row:
            arguments.reject(name, str(label), "a row for every practice of the population")
    for label in row:
        if label not in known:
            arguments.reject(name, label, "practices of the population alone")
    arguments.check()
    values = numbers(read, column)
    return np.asarray(values[[row[str(label)] for label in practices.names]])
