"""Comparisons: schemes side by side on one set of draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import pyarrow as pa

from .._risk.cost_model import CostModel
from .._risk.persistence import Persistence
from .._tables.arguments import Arguments, listed
from .comparison_words import told
from .measures import Estimate
from .run import run_schemes
from .run_options import EDGES
from .scheme import Scheme
from .scheme_run import SchemeRun, table_of


class Comparison:
    """Schemes that were run on one set of draws; prints who bears what, and who pays, in words."""

    def __init__(self, runs: Sequence[SchemeRun]) -> None:
        self.runs: Mapping[str, SchemeRun] = {run.scheme.name: run for run in runs}

    def __repr__(self) -> str:
        return f"<fundholder.Comparison of {', '.join(self.runs)}>"

    def __str__(self) -> str:
        return told(self.runs.values())

    @property
    def table(self) -> pa.Table:
        """The tables of all schemes, below each other: see ``SchemeRun.table``."""
        tables = [run.table for run in self.runs.values()]
        return pa.concat_tables([table.replace_schema_metadata(None) for table in tables])

    def differences(self, base: str) -> pa.Table:
        """What each measure is above that of one scheme, with paired standard errors.

        Parameters
        ----------
        base
            The name of the scheme that others are compared with.

        Returns
        -------
        pyarrow.Table
            As ``table``, for the measures, sizes and years that both have: path by path, so that
            what all schemes share is no error.

        Raises
        ------
        InputError, InputTypeError
            A name of no scheme of this comparison.
        """
        arguments = Arguments()
        if base not in self.runs:
            allowed = f"one of the schemes of this comparison: {', '.join(self.runs)}"
            arguments.reject("base", base, allowed)
        arguments.check()
        with_others = {row[1:]: of for row, of in self.runs[base].estimates().items()}
        rows = {}
        for name, run in self.runs.items():
            for row, of in run.estimates().items():
                other = with_others.get(row[1:])
                if name != base and other is not None:
                    influence = of.influence - other.influence
                    rows[row] = Estimate(of.value - other.value, influence)
        return table_of(rows)


def compare_schemes(
    population: Any,
    costs: CostModel,
    schemes: Sequence[Scheme | str],
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
) -> Comparison:
    """Run several schemes on the same people and the same draws.

    Parameters
    ----------
    schemes
        Each a ``Scheme``, the name of a preset, or the path of a file.
    population, costs, years, replications, seed, persistence, practice_sd, practice_permanent, \
national_sd, budgets, scores, behaviour, edges, out, resume, threads, progress
        As for ``run_scheme``; ``years`` is by default the most of any scheme.

    Returns
    -------
    Comparison
        Its ``table``, its ``differences`` and the runs.

    Raises
    ------
    InputError, InputTypeError
        All problems at once, before the first draw.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import CostModel, england
    >>> costs = CostModel(england.costs(), england.services())
    >>> lists = pa.table({"practice": ["A", "B"], "band": ["male 65-74"] * 2, "count": [700, 900]})
    >>> comparison = compare_schemes(lists, costs, ["pbra-20k", "pbc-2006"], years=2,
    ...                              replications=8, seed=1)
    >>> comparison.differences("pbra-20k").column_names[-2:]
    ['value', 'standard_error']
    """
    arguments = Arguments()
    rows = listed(schemes)
    if not rows:
        arguments.reject_type("schemes", schemes, "a list of schemes, one at least")
    arguments.check()
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
    return Comparison(run_schemes(population, costs, rows or [], **given))
