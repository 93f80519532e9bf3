"""Stages of holders: under which rules each is on each path, and what is picked by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .._tables.arrays import IntArray
from .holder_years import Flow, State, Year

OUT, LEFT, JOINED = -1, -2, -3
"""Stages after a failure: the payer has taken over, the holder has left, it has joined another."""


def masked(year: Year, where: Any) -> Iterator[Flow]:
    """The flows of the holders and paths that are under these rules."""
    for source, destination, kind, amount in year.flows:
        yield source, destination, kind, amount * where


def merged(years: Sequence[Year], stages: Sequence[Any], take: str) -> Any:
    """A figure of the year, under the rules that each holder and path has."""
    picked: Any = 0
    for year, where in zip(years, stages, strict=True):
        picked = picked + getattr(year, take) * where
    return picked


def chosen(states: Mapping[int, State], stage: Any, before: State) -> State:
    """The state of each holder and path under the rules of its stage."""

    def pick(of: Any) -> Any:
        value = of(before)
        for number, state in states.items():
            value = np.where(stage == number, of(state), value)
        return value

    vintages = max(len(state.reserve) for state in (before, *states.values()))
    years = max(len(state.results) for state in (before, *states.values()))

    def vintage(state: State, number: int) -> Any:
        missing = vintages - len(state.reserve)
        return state.reserve[number - missing] if number >= missing else np.zeros_like(state.debt)

    def result(state: State, number: int) -> Any:
        return state.results[number] if number < len(state.results) else np.zeros_like(state.debt)

    return State(
        pick(lambda state: state.level),
        [pick(lambda state, n=n: vintage(state, n)) for n in range(vintages)],
        pick(lambda state: state.debt),
        pick(lambda state: state.overspent),
        [pick(lambda state, n=n: result(state, n)) for n in range(years)],
    )


def follow(stage: IntArray, target: IntArray) -> None:
    """Lead holders that have joined one that has ended on to where that one is now."""
    for _ in range(len(stage)):
        rows, paths = np.nonzero(stage == JOINED)
        to = target[rows, paths]
        of_target = stage[to, paths]
        over = ((of_target < 0) & (of_target != JOINED)) | (to == rows)
        stage[rows[over], paths[over]] = OUT
        onward = (of_target == JOINED) & ~over
        target[rows[onward], paths[onward]] = target[to[onward], paths[onward]]
        if not (over | onward).any():
            return
