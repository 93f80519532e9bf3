"""The actions ``scheme run`` and ``scheme compare``: schemes over years on a population."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from .. import england
from .._errors import InputError, Problem
from .._files.atomic_write import check_output
from .._files.read import read
from .._files.write import write_all
from .._risk.cost_model import CostModel
from .._schemes.compare import Comparison, compare_schemes
from .._schemes.preset_files import preset_names
from .._schemes.scheme import Scheme
from . import options as shared

ALL = "all"


def add_run(actions: shared.Commands) -> None:
    """One scheme."""
    text = "one scheme over years: who bears what, who fails, and who pays"
    command = actions.add_parser("run", help=text, description=text)
    command.add_argument("schemes", nargs=1, metavar="scheme", help="its name, or a file of TOML")
    command.add_argument("--flows", type=Path, metavar="FILE", help="who pays whom, year by year")
    command.add_argument("--holders", type=Path, metavar="FILE", help="holders by year and tier")
    _add_common(command)


def add_compare(actions: shared.Commands) -> None:
    """Several schemes on one set of draws."""
    text = "several schemes on the same people and the same draws"
    command = actions.add_parser("compare", help=text, description=text)
    command.add_argument(
        "schemes", nargs="+", metavar="scheme", help=f"names, files of TOML, or {ALL!r} presets"
    )
    command.add_argument("--base", metavar="NAME", help="write differences from this scheme")
    command.set_defaults(flows=None, holders=None)
    _add_common(command)


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--people", metavar="FILE", help="practice, band, count, areas (the built-in England)"
    )
    command.add_argument(
        "--costs", metavar="FILE", help="band, p_any, family, mean, shape (the built-in England's)"
    )
    command.add_argument(
        "--services", metavar="FILE", help="rank_from, rank_to, service, share of costs"
    )
    command.add_argument("--years", type=int, help="years of a path (the scheme's)")
    shared.add_draws(command)
    shared.add_effects(command)
    command.add_argument(
        "--practice-permanent", type=float, default=0.7, help="share of it that stays (0.7)"
    )
    command.add_argument("--scores", metavar="FILE", help="practice, and a column for each score")
    command.add_argument("--budgets", metavar="FILE", help="practice, budget (£, all care)")
    command.add_argument(
        "--behaviour", action="store_true", help="holders change care as the scheme says"
    )
    command.add_argument("--out", type=Path, metavar="FILE", help="measures, in long form")
    command.add_argument(
        "--blocks", type=Path, metavar="FOLDER", help="keep finished blocks: a run can go on"
    )
    shared.add_threads(command)
    command.set_defaults(run=_run, plot=None)


def _run(options: argparse.Namespace) -> None:
    inputs = (options.people, options.costs, options.services, options.scores, options.budgets)
    outputs = {
        name: path
        for name in ("out", "flows", "holders")
        if (path := getattr(options, name)) is not None
    }
    checks: list[Callable[[], object]] = [partial(_check_base, options)]
    for name, path in outputs.items():
        checks += [
            partial(check_output, path),
            partial(shared.check_apart, f"--{name}", path, *inputs),
        ]
    shared.check_all(*checks)
    comparison = _comparison(options)
    print(comparison)
    results: dict[Path, pa.Table] = {}
    (first, *_) = comparison.runs.values()
    for name, path in outputs.items():
        if name == "out":
            base = getattr(options, "base", None)
            table = comparison.table if base is None else comparison.differences(base)
        else:
            table = getattr(first, name)()
        results[path] = table
    if results:
        write_all(results, {})
    for path, table in results.items():
        print(f"Written: {path}: {table.num_rows:,} rows")


def _names(options: argparse.Namespace) -> list[Any]:
    names: list[Any] = []
    for name in options.schemes:
        names += preset_names() if name == ALL else [name]
    return names


def _check_base(options: argparse.Namespace) -> None:
    """Check before the run what differences are from."""
    base = getattr(options, "base", None)
    if base is not None:
        known = [Scheme.read(name).name for name in _names(options)]
        if base not in known:
            allowed = f"one of the schemes of this comparison: {', '.join(known)}"
            raise InputError([Problem.argument("--base", base, allowed)])


def _comparison(options: argparse.Namespace) -> Comparison:
    costs = _costs(options)
    population = england.population() if options.people is None else read(options.people)
    return compare_schemes(
        population,
        costs,
        _names(options),
        years=options.years,
        replications=options.replications,
        seed=options.seed,
        practice_sd=options.practice_sd,
        practice_permanent=options.practice_permanent,
        national_sd=options.national_sd,
        scores=None if options.scores is None else read(options.scores),
        budgets=None if options.budgets is None else read(options.budgets),
        behaviour=options.behaviour,
        out=options.blocks,
        threads=options.threads,
        progress=True,
    )


def _costs(options: argparse.Namespace) -> CostModel:
    own = options.costs is None
    services = None if options.services is None else read(options.services)
    if services is None and own:
        services = england.services()
    return CostModel(england.costs() if own else read(options.costs), services)
