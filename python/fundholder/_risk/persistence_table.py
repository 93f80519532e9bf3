"""Hidden chains of persistence read from tables: checked, and scaled to exact margins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arrays import FloatArray, IntArray
from .._tables.checked import POSITIVE, Rule, arrow_table, numbers, read_table
from .._tables.columns import plain_table
from .._tables.problems import Problems
from .hidden_chain import EXACT, Chain, scaled

MOST_STATES, MOST_CLASSES = 8, 16
ROUNDING = 0.005
"""That a sum may be off: numbers of three decimals are, by up to 0.0005 each."""

PROBABILITY = Rule("a number from 0 to 1", 0.0, 1.0, smallest=0.0)
BASE = {"rank_from": PROBABILITY, "rank_to": PROBABILITY, "probability": PROBABILITY}


def read_chain(value: Any) -> Chain:
    """The chain of a table of either layout; all that is wrong with it is raised."""
    table = arrow_table("table", value)
    return _of_states(table) if "state" in table.column_names else _of_classes(table)


def _of_states(table: pa.Table) -> Chain:
    rules = BASE | ({"share": POSITIVE} if "share" in table.column_names else {})
    states = list(dict.fromkeys(plain_table(table)["state"].to_pylist()))
    following = [f"next_{state}" for state in states if state is not None]
    problems = Problems()
    if len(states) > MOST_STATES:
        _add(problems, "state", f"{len(states)} states", f"{MOST_STATES} states at most")
        problems.check()
    rules |= dict.fromkeys(following, PROBABILITY)
    rows = read_table("table", table, labels=["state"], numbers=rules)
    state_of = np.array([states.index(state) for state in plain_table(table)["state"].to_pylist()])
    ends, class_of = _classes(problems, rows, ["rank_from", "rank_to"])
    densities = _grid(problems, rows, (len(states), len(ends)), state_of, class_of)
    _, first = np.unique(state_of, return_index=True)
    for column in [name for name in rules if name not in BASE]:
        given = numbers(rows, column)
        for row in np.flatnonzero(given != given[first][state_of]):
            same = "the same on all rows of a state"
            problems.add(Problem.cell("inconsistent", column, int(row), float(given[row]), same))
    moves = np.column_stack([numbers(rows, column)[first] for column in following])
    names = tuple(str(state) for state in states)
    for name, to_classes, to_states in zip(names, densities, moves, strict=True):
        _sum(problems, "probability", f"state '{name}'", to_classes.sum(), 1.0)
        _sum(problems, "next_*", f"state '{name}'", to_states.sum(), 1.0)
    problems.check()
    widths = np.diff(ends, prepend=0.0)
    shares = (
        numbers(rows, "share")[first] if "share" in rules else _shares(densities, moves, widths)
    )
    if "share" in rules:
        _sum(problems, "share", "all states", shares.sum(), 1.0)
    for name, share in zip(names, shares, strict=True):
        if not share > 0:
            _add(problems, "state", f"'{name}'", "a state that the chain comes back to")
    return _finished(problems, Chain(names, shares, moves, ends, densities))


def _of_classes(table: pa.Table) -> Chain:
    following = {"next_rank_from": PROBABILITY, "next_rank_to": PROBABILITY}
    rows = read_table("table", table, numbers=BASE | following)
    problems = Problems()
    ends, class_of = _classes(problems, rows, ["rank_from", "rank_to"])
    next_ends, next_of = _classes(problems, rows, list(following))
    problems.check()
    if len(ends) > MOST_STATES:
        allowed = f"{MOST_STATES} at most, as each is a state"
        _add(problems, "rank_from", f"{len(ends)} classes", allowed)
    if list(ends) != list(next_ends):
        _add(
            problems,
            "next_rank_to",
            f"ends at {list(next_ends)}",
            f"the classes of this year: {list(ends)}",
        )
    problems.check()
    moves = _grid(problems, rows, (len(ends), len(ends)), class_of, next_of)
    names = tuple(f"{low:g}-{high:g}" for low, high in zip([0.0, *ends[:-1]], ends, strict=True))
    for name, to_classes in zip(names, moves, strict=True):
        _sum(problems, "probability", f"ranks {name}", to_classes.sum(), 1.0)
    shares = np.diff(ends, prepend=0.0)
    return _finished(problems, Chain(names, shares, moves, ends, np.eye(len(ends))))


def _finished(problems: Problems, chain: Chain) -> Chain:
    """The chain with exact marginals, where it has them but for rounding."""
    problems.check()
    shares, widths = chain.shares, chain.widths
    came, ranks = shares @ chain.transitions, shares @ chain.class_shares
    for name, sum_of, share in zip(chain.states, came, shares, strict=True):
        _sum(problems, f"next_{name}", "who comes to the state", sum_of, share)
    for end, sum_of, width in zip(chain.classes, ranks, widths, strict=True):
        _sum(problems, "probability", f"ranks from {end - width:g} to {end:g}", sum_of, width)
    problems.check()
    of_rows = [chain.transitions.sum(axis=1) - 1, chain.class_shares.sum(axis=1) - 1]
    off = np.concatenate([came - shares, ranks - widths, *of_rows, [shares.sum() - 1]])
    if np.abs(off).max() <= 10 * EXACT:
        return chain
    shares = shares / shares.sum()
    moves = scaled(shares[:, None] * chain.transitions, shares, shares)
    emitted = scaled(shares[:, None] * chain.class_shares, shares, widths)
    if moves is None or emitted is None:
        column = "next_*" if moves is None else "probability"
        allowed = "numbers that can be scaled to these sums: a 0 stands where more is needed"
        raise InputError([_problem(column, "the table", allowed)])
    parts = (moves / shares[:, None], chain.classes, emitted / shares[:, None])
    return Chain(chain.states, shares, *parts)


def _shares(densities: FloatArray, moves: FloatArray, widths: FloatArray) -> FloatArray:
    """The stationary shares, by least squares of all that they must keep."""
    states = len(moves)
    left = np.vstack([moves.T - np.eye(states), np.ones(states), densities.T])
    right = np.concatenate([np.zeros(states), [1.0], widths])
    solution: FloatArray = np.linalg.lstsq(left, right, rcond=None)[0]
    if np.abs(left @ solution - right).max() > ROUNDING:
        # More than rounding: shares of the transitions alone say what is wrong with the ranks.
        weights = np.where(np.arange(len(right)) <= states, 1e6, 1.0)
        solution = np.linalg.lstsq(left * weights[:, None], right * weights, rcond=None)[0]
    solution[np.abs(solution) < EXACT] = 0.0
    return solution


def _classes(problems: Problems, rows: pa.Table, names: list[str]) -> tuple[FloatArray, IntArray]:
    """Upper ends of the classes of rank, and which one each row has."""
    lows, highs = (numbers(rows, name) for name in names)
    bounds = sorted(set(zip(lows.tolist(), highs.tolist(), strict=True)))
    ends = [0.0, *(high for _, high in bounds)]
    for (low, high), end in zip(bounds, ends, strict=False):
        if low != end or low >= high:
            row = int(np.flatnonzero((lows == low) & (highs == high))[0])
            allowed = f"{end:g}, and below {names[1]}: classes go from 0 to 1 without gaps"
            problems.add(Problem.cell("not_allowed", names[0], row, low, allowed))
    if ends[-1] != 1:
        row = int(np.flatnonzero(highs == ends[-1])[0])
        allowed = "1 for the last class: classes go from 0 to 1 without gaps"
        problems.add(Problem.cell("not_allowed", names[1], row, ends[-1], allowed))
    if len(bounds) > MOST_CLASSES:
        _add(problems, names[0], f"{len(bounds)} classes", f"{MOST_CLASSES} at most")
    return np.array(ends[1:]), np.searchsorted([low for low, _ in bounds], lows)


def _grid(
    problems: Problems, rows: pa.Table, shape: tuple[int, int], first: IntArray, second: IntArray
) -> FloatArray:
    """The probabilities by state or class and class; 0 where there is no row."""
    earlier: dict[tuple[int, int], int] = {}
    grid = np.zeros(shape)
    for row, probability in enumerate(numbers(rows, "probability").tolist()):
        key = int(first[row]), int(second[row])
        if key in earlier:
            low = numbers(rows, "rank_from")[row]
            problems.add(Problem.duplicate("rank_from", row, float(low), earlier[key]))
        elif key[1] < shape[1]:
            earlier[key] = row
            grid[key] = probability
    return grid


def _sum(problems: Problems, column: str, of: str, total: float, needed: float) -> None:
    if not abs(total - needed) <= ROUNDING:
        allowed = f"{needed:.4g}, within {ROUNDING:g} of it"
        _add(problems, column, f"{of}: a sum of {total:.4g}", allowed)


def _add(problems: Problems, column: str, value: str, allowed: str) -> None:
    problems.add(_problem(column, value, allowed))


def _problem(column: str, value: str, allowed: str) -> Problem:
    text = f"column '{column}': {value}: must be {allowed}"
    return Problem(text, code="inconsistent", column=column, value=value, allowed=allowed)
