"""Runs of schemes: what their holders come to, over years, on one set of draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from typing import Any

import pyarrow as pa

from .._risk.cost_model import CostModel
from .._risk.persistence import Persistence
from .._tables.arguments import Arguments
from .._tables.progress import progress_bar
from .block import Block
from .blocks import BlockFiles, digest_of
from .draws import Plan, distinct, draw
from .empty_tiers import check_holders
from .practices import Practices
from .run_options import EDGES, Options, practice_values, read_options
from .scheme import Scheme
from .scheme_run import SchemeRun
from .scheme_years import SchemeYears

BYTES_AT_ONCE = 6e8
"""Of the totals of a block of paths: what they are drawn into, and handed over in."""
PATHS_TOGETHER = 4
"""Paths of a block are a multiple of it, and the first is one."""


def run_scheme(
    population: Any,
    costs: CostModel,
    scheme: Scheme | str,
    *,
    years: int | None = None,
    replications: int = 1000,
    seed: int = 0,
    persistence: Persistence | None = None,
    practice_sd: float = 0.0,
    practice_permanent: float = 0.7,
    national_sd: float = 0.0,
    budgets: Any = None,
    scores: Any = None,
    behaviour: bool = False,
    edges: Sequence[int] = EDGES,
    out: str | PathLike[str] | None = None,
    resume: bool = True,
    threads: int | None = None,
    progress: bool = False,
) -> SchemeRun:
    """Run a scheme over years: budgets, contracts, reserves, failures and who pays.

    Parameters
    ----------
    population
        As for ``simulate``, with the columns of areas that the scheme names.
    costs
        The cost model, with the services that the scheme names.
    scheme
        A ``Scheme``, the name of a preset, or the path of a file.
    years
        Years of a path, after one in which no budget is held yet; by default, the scheme's.
    replications
        Paths.
    seed
        From 0 to 2**64 - 1.
    persistence
        How the years of a person are tied; by default, ``persistence_us()``, of the United States.
    practice_sd, practice_permanent, national_sd
        As for ``simulate``; that 70 % of the variance of a practice's effect are permanent is
        assumed.
    budgets
        A table ``practice``, ``budget`` (£ a year, all care): budgets by formula are in proportion
        to it. By default, what a practice's people are expected to cost.
    scores
        A table ``practice`` with a column for each score that contracts read and the scheme does
        not have.
    behaviour
        Whether holders change care as the scheme says: savings, shifted cost, inflated base years.
    edges
        People at which size bands begin, after the first.
    out
        A folder in which finished blocks of paths are kept, so that a run that was stopped goes on.
    resume
        Whether blocks of the same run that are there are used; otherwise they are rejected.
    threads
        By default, as many as the processors that the process may use.
    progress
        Show a progress bar where standard error is a terminal.

    Returns
    -------
    SchemeRun
        Its tables. The same digits for any number of threads, any order of rows with a ``person``,
        and any blocks.

    Raises
    ------
    InputError, InputTypeError
        All problems at once, before the first draw.

    Warns
    -----
    UserWarning
        Where no holder of a tier is large enough to take part.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import CostModel, england
    >>> costs = CostModel(england.costs(), england.services())
    >>> lists = pa.table({"practice": ["A", "B"], "band": ["male 65-74"] * 2, "count": [700, 900]})
    >>> run = run_scheme(lists, costs, "pbra-20k", years=2, replications=8, seed=1)
    >>> run.table.column_names
    ['scheme', 'size_from', 'size_below', 'year', 'measure', 'value', 'standard_error']
    """
    given = {
        "years": years,
        "replications": replications,
        "seed": seed,
        "persistence": persistence,
        "practice_sd": practice_sd,
        "practice_permanent": practice_permanent,
        "national_sd": national_sd,
        "budgets": budgets,
        "scores": scores,
        "behaviour": behaviour,
        "edges": edges,
        "out": out,
        "resume": resume,
        "threads": threads,
        "progress": progress,
    }
    return run_schemes(population, costs, [scheme], **given)[0]


def run_schemes(
    population: Any, costs: CostModel, schemes: Sequence[Scheme | str], **given: Any
) -> list[SchemeRun]:
    """Run schemes on one set of draws; what may be given stands in ``run_scheme``."""
    options = read_options(population, costs, schemes, given)
    practices = Practices(options.population, costs, options.effects, options.threads)
    budgets = practice_values(practices, options.budgets, "budget")
    scores = {name: practice_values(practices, options.scores, name) for name in options.read}
    settled = [
        SchemeYears(
            scheme,
            practices,
            options.edges,
            budgets,
            {name: values for name, values in scores.items() if values is not None},
            options.seed,
        )
        for scheme in options.schemes
    ]
    arguments = Arguments()
    for years in settled:
        check_holders(arguments, years.scheme, years.holders, practices)
    arguments.check()
    stacks = [tuple(tier.rules.terms) for years in settled for tier in years.tiers]
    plan = Plan(options.years, options.seed, options.persistence, distinct(stacks))
    files = None
    if options.out is not None:
        files = BlockFiles(options.out, digest_of(practices, plan, options), options.resume)
    blocks: list[list[Block]] = [[] for _ in settled]
    people = pa.table({"count": practices.people})
    with progress_bar(options.progress, people, options.paths * (options.years + 1)) as shown:
        done = 0
        for first, paths in _blocks(practices, plan, options):
            known = None if files is None else files.read(first, paths, len(settled))
            if known is None:
                drawn = draw(practices, plan, first, paths, _onward(shown, done))
                known = [
                    years.settle(drawn, first, options.years, options.behaves) for years in settled
                ]
                del drawn
                if files is not None:
                    files.write(first, paths, known)
            for of_scheme, block in zip(blocks, known, strict=True):
                of_scheme.append(block)
            done += int(practices.people.sum()) * paths * (options.years + 1)
            if shown is not None:
                shown(done)
    metadata = options.metadata()
    return [
        SchemeRun(scheme, practices.names, practices.people, options.edges, of_scheme, metadata)
        for scheme, of_scheme in zip(options.schemes, blocks, strict=True)
    ]


def _onward(shown: Callable[[int], object] | None, done: int) -> Callable[[int], object] | None:
    """What shows progress after so many draws of earlier blocks."""
    return None if shown is None else lambda drawn: shown(done + drawn)


def _blocks(practices: Practices, plan: Plan, options: Options) -> Iterator[tuple[int, int]]:
    """The first path and the number of paths of each block."""
    at_once = int(BYTES_AT_ONCE / 8 / plan.words_of_a_path(practices))
    at_once = options.at_once or max(1, at_once // PATHS_TOGETHER) * PATHS_TOGETHER
    for first in range(0, options.paths, at_once):
        yield first, min(at_once, options.paths - first)
