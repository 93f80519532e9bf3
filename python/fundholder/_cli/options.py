"""Options that several commands share, and the rules of files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from .._contracts.contract import Contract
from .._contracts.stop_loss import StopLoss
from .._errors import FundholderError, InputError, Problem
from .._files.atomic_write import SUFFIXES, WRITABLE, check_output
from .._files.read import read
from .._files.write import write_all
from .._risk.cost_model import CostModel
from .._tables.problems import Problems
from ..plots._figure import FIGURE_SUFFIXES, check_figure_path
from ..plots._save import figure_fill

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def command_parser(
    commands: Commands, name: str, *, summary: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """A command whose help ends in examples."""
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def reads_and_writes() -> str:
    """Endings of files, for a description."""
    further = [ending for ending in WRITABLE if ending not in SUFFIXES]
    return (
        f"Files are read and written by their endings: {', '.join(SUFFIXES)}; a result may also "
        f"be {' or '.join(further)}."
    )


def add_repeated(command: argparse.ArgumentParser, option: str, metavar: str, what: str) -> None:
    """An option of text that may come several times."""
    command.add_argument(
        option,
        action="append",
        default=[],
        metavar=metavar,
        help=f"{what}; may come several times",
    )


def add_people(command: argparse.ArgumentParser) -> None:
    """Files of people and costs, and the level of the units."""
    command.add_argument("population", help="practice, and band, count, scale, p_any, person")
    add_costs(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the result")
    command.add_argument(
        "--by", action="append", metavar="COLUMN", help="the level of the units (default: practice)"
    )


def add_costs(command: argparse.ArgumentParser) -> None:
    """The file of costs, and what it means."""
    command.add_argument("costs", help="band, p_any, family, mean, shape")
    command.add_argument(
        "--events", action="store_true", help="costs are events: rate, and perhaps frailty_sd"
    )
    command.add_argument(
        "--services", metavar="FILE", help="rank_from, rank_to, service, share of costs"
    )


def add_contract(command: argparse.ArgumentParser, ceiling: float | None = None) -> None:
    """A stop-loss."""
    shown = "none" if ceiling is None else f"{ceiling:g}"
    command.add_argument(
        "--ceiling", type=float, default=ceiling, metavar="£", help=f"a person-year ({shown})"
    )
    command.add_argument("--share", type=float, default=1.0, help="ceded above it (1)")
    command.add_argument("--limit", type=float, metavar="£", help="most ceded a person-year (none)")


def add_practice_sd(command: argparse.ArgumentParser) -> None:
    """The yearly effect of a practice."""
    command.add_argument(
        "--practice-sd", type=float, default=0.0, help="yearly, 0.05: 5 percent (0)"
    )


def add_effects(command: argparse.ArgumentParser) -> None:
    """Yearly effects."""
    add_practice_sd(command)
    command.add_argument("--national-sd", type=float, default=0.0, help="the same, of everyone (0)")


def add_draws(command: argparse._ActionsContainer) -> None:
    """Replications and seed of a simulation."""
    command.add_argument("--replications", type=int, default=1000, help="simulated years (1000)")
    command.add_argument("--seed", type=int, default=0, help="same seed, same digits (0)")


def add_threads(command: argparse.ArgumentParser) -> None:
    """Threads of whatever computes."""
    command.add_argument("--threads", type=int, help="default: all processors")


def add_thresholds(command: argparse.ArgumentParser) -> None:
    """Tolerances."""
    command.add_argument(
        "--threshold",
        type=float,
        action="append",
        metavar="SHARE",
        help="a tolerance; may come several times (0.05, 0.1, 0.2)",
    )


def add_plot(command: argparse.ArgumentParser, what: str) -> None:
    """A chart of the result."""
    command.add_argument(
        "--plot", type=Path, metavar="FILE", help=f"a chart of {what}: {', '.join(FIGURE_SUFFIXES)}"
    )


def add_contract_file(command: argparse.ArgumentParser) -> None:
    """A contract of several terms, and the scores that it reads."""
    command.add_argument("--contract", metavar="FILE", help="terms in a file of TOML or JSON")
    command.add_argument("--scores", type=Path, metavar="FILE", help="the level, and scores")


def add_budgets(command: argparse.ArgumentParser, default: str) -> None:
    """Budgets of units."""
    command.add_argument(
        "--budgets", type=Path, metavar="FILE", help=f"the level, budget (default: {default})"
    )


def budgets(options: argparse.Namespace, by: str) -> pa.RecordBatchReader | pa.Table | None:
    """The budgets in a file, where there is one."""
    return None if options.budgets is None else read(options.budgets, [by])


def contract_file(options: argparse.Namespace) -> Contract | None:
    """The contract in a file, where there is one."""
    return None if options.contract is None else Contract.read(options.contract)


def scores(options: argparse.Namespace, by: str) -> pa.RecordBatchReader | pa.Table | None:
    """The scores in a file, where there is one."""
    return None if options.scores is None else read(options.scores, [by])


def contract(options: argparse.Namespace) -> StopLoss | None:
    """The stop-loss of the options; none without a ceiling."""
    if options.ceiling is not None:
        return StopLoss(options.ceiling, options.share, options.limit)
    if options.share != 1 or options.limit is not None:
        text = "--share and --limit say what is ceded above a ceiling: give --ceiling"
        raise InputError([Problem(text, code="argument", column="--ceiling")])
    return None


def single_level(options: argparse.Namespace) -> str:
    """The level of the options: one, as the result is one file."""
    levels: list[str] = options.by or ["practice"]
    if len(levels) > 1:
        allowed = "one level for one file"
        text = f"--by was given {len(levels)} times: must be {allowed}"
        raise InputError(
            [Problem(text, code="argument", column="--by", value=levels, allowed=allowed)]
        )
    return levels[0]


def check_outputs(options: argparse.Namespace, *inputs: str | None) -> None:
    """Reject, before any work, results that could not be written or would replace an input."""
    if options.out is not None:
        check_output(options.out)
        check_apart("--out", options.out, *inputs)
    if getattr(options, "plot", None) is not None:
        check_figure_path(options.plot)


def check_apart(option: str, out: Path, *inputs: str | None) -> None:
    """Reject a result that would replace an input."""
    for path in (Path(name) for name in inputs if name is not None):
        if path.exists() and out.exists() and path.samefile(out):
            raise InputError([path_problem(option, out, "not be a file that is read")])


def path_problem(option: str, path: Path, allowed: str) -> Problem:
    """The problem of an option that names a file which is not allowed: what it must be."""
    text = f"{option} is {path}: must {allowed}"
    allowed = allowed.removeprefix("be ")
    return Problem(text, code="argument", column=option, value=str(path), allowed=allowed)


def check_all(*checks: Callable[[], object]) -> None:
    """Run every check, and reject at once all that they reject."""
    problems = Problems()
    for check in checks:
        try:
            check()
        except FundholderError as error:
            problems.extend(error.problems, error.more)
    problems.check()


def cost_model(options: argparse.Namespace) -> CostModel:
    """The cost model in a file."""
    if options.services is not None:
        if options.events:
            text = "--services is of yearly amounts: events have a column service"
            raise InputError([Problem(text, code="argument", column="--services")])
        return CostModel(read(options.costs), read(options.services))
    return (CostModel.events if options.events else CostModel)(read(options.costs))


def write_result(
    options: argparse.Namespace, result: pa.Table, what: str, figure: Figure | None = None
) -> None:
    """Write a table and its chart, and say so."""
    figures = {} if figure is None else dict([figure_fill(figure, options.plot)])
    write_all({options.out: result}, figures)
    print(f"Written: {options.out}: {what}")
    for path in figures:
        print(f"Written: {path}")


def units_and_people(result: pa.Table, by: str) -> str:
    """Numbers of units and people of a result, in words."""
    return f"{result.num_rows:,} by {by}, {sum(result['people'].to_pylist()):,} people"
