"""Baum and Welch's method for people whose years are known by class of rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._tables.arrays import FloatArray, IntArray

START_WEIGHT = 0.03
"""Of the moves of the start, relative to those observed. Without them a panel of two years leaves
all change to the densities, and states last for ever; more of them move its transitions."""
STEPS, GAIN = 1_500, 1e-7
"""Steps at most, and the gain of log likelihood per pair of years below which they end."""
FASTER, LONGEST = 1.2, 8.0
"""Growth of steps while the likelihood gains, and the longest, in steps of the method itself."""
TINY = 1e-12
"""The least density of a year: states that never have such a year stay possible."""
ROUNDING = 1e-12
"""Of ranks: sums of millions of weights, relative to their total."""


Parameters = tuple[FloatArray, FloatArray, FloatArray]
"""Shares and transitions of the states, and their densities over classes of rank."""


@dataclass(frozen=True)
class Observations:
    """People with two years or more, those of equal years as one.

    A row of ``codes`` has a person's years from the first one on, and -1 in years that were not
    observed. A row of ``spread`` has, for each code, the shares of the classes.
    """

    codes: IntArray
    spread: FloatArray
    lengths: IntArray
    weights: FloatArray
    people: int
    year_pairs: int

    @property
    def years(self) -> int:
        """From the first to the last year of a person, at most."""
        return int(self.codes.shape[1])

    @classmethod
    def of(
        cls,
        persons: IntArray,
        years: IntArray,
        weights: FloatArray,
        lows: FloatArray,
        highs: FloatArray,
        ends: FloatArray,
    ) -> Observations:
        """The people of rows of persons, years, weights, and ranks from ``lows`` to ``highs``."""
        order = np.lexsort((years, persons))
        _, first, person_of, count = np.unique(
            persons[order], return_index=True, return_inverse=True, return_counts=True
        )
        kept = (count >= 2)[person_of]
        people = int((count >= 2).sum())
        offset = years[order] - years[order][first][person_of]
        codes_of, spread = _codes(lows, highs, ends)
        number = np.cumsum(count >= 2) - 1
        rows, columns = number[person_of][kept], offset[kept]
        codes = np.full((people, int(columns.max(initial=1)) + 1), -1, dtype=np.int64)
        codes[rows, columns] = codes_of[order][kept]
        sums = np.bincount(rows, weights[order][kept], people)
        own = sums / np.bincount(rows, minlength=people)
        codes, pattern_of = np.unique(codes, axis=0, return_inverse=True)
        lengths = codes.shape[1] - np.argmax(codes[:, ::-1] >= 0, axis=1)
        patterns = np.bincount(pattern_of.ravel(), own, len(codes)).astype(np.float64)
        return cls(codes, spread, lengths, patterns, people, len(rows) - people)


def _codes(lows: FloatArray, highs: FloatArray, ends: FloatArray) -> tuple[IntArray, FloatArray]:
    """A code for each interval of ranks, and the shares of the classes in the interval."""
    classes = len(ends)
    first = np.minimum(np.searchsorted(ends, lows + ROUNDING, "right"), classes - 1)
    last = np.minimum(np.searchsorted(ends, highs - ROUNDING, "left"), classes - 1)
    codes, across = first.copy(), first < last
    intervals, interval_of = np.unique(
        np.column_stack([lows[across], highs[across]]), axis=0, return_inverse=True
    )
    codes[across] = classes + interval_of.ravel()
    low, high = intervals[:, :1], intervals[:, 1:]
    covered = np.minimum(high, ends) - np.maximum(low, np.concatenate([[0.0], ends[:-1]]))
    covered = np.maximum(covered, 0.0)
    return codes, np.vstack([np.eye(classes), covered / covered.sum(axis=1, keepdims=True)])


def fitted(
    observed: Observations,
    widths: FloatArray,
    shares: FloatArray,
    densities: FloatArray,
    stay: float,
) -> Parameters:
    """Shares, transitions and class shares of the states at the largest likelihood nearby."""
    moves = stay * np.eye(len(shares)) + (1 - stay) * shares
    all_moves = float((observed.weights * (observed.lengths - 1)).sum())
    here = plain = (shares, moves, densities)
    before, size = -np.inf, 1.0
    for _ in range(STEPS):
        counts, emitted, likelihood = _expected(observed, widths, *here)
        gain = (likelihood - before) / all_moves
        if gain < GAIN and size > 1:
            # Too far: back to the step of the method itself, whose likelihood is larger.
            here, size = plain, 1.0
            continue
        if gain < GAIN:
            break
        before = likelihood
        joint = counts / all_moves
        shares = (joint.sum(axis=0) + joint.sum(axis=1)) / (2 * joint.sum())
        start = stay * np.diag(shares) + (1 - stay) * np.outer(shares, shares)
        moves = balanced(joint + START_WEIGHT * start, shares, shares) / shares[:, None]
        plain = (shares, moves, emitted / emitted.sum(axis=1, keepdims=True))
        size = min(size * FASTER, LONGEST)
        here = _further(here, plain, size)
    return plain


def _further(here: Parameters, plain: Parameters, size: float) -> Parameters:
    """Parameters ``size`` times as far from ``here`` as ``plain``, in logarithms.

    Adaptive overrelaxation (Salakhutdinov and Roweis 2003).
    """
    if size <= 1:
        return plain
    shares, moves, densities = (
        new * np.clip(new / np.maximum(old, TINY), 0.1, 10.0) ** (size - 1)
        for old, new in zip(here, plain, strict=True)
    )
    shares = shares / shares.sum()
    moves = balanced(shares[:, None] * moves, shares, shares) / shares[:, None]
    return shares, moves, densities / densities.sum(axis=1, keepdims=True)


def balanced(joint: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """The joint shares with these margins, but for the columns, which are near: a step of a fit."""
    for _ in range(50):
        joint = joint * (columns / joint.sum(axis=0))
        joint = joint * (rows / joint.sum(axis=1))[:, None]
    return joint


def _expected(
    observed: Observations,
    widths: FloatArray,
    shares: FloatArray,
    moves: FloatArray,
    densities: FloatArray,
) -> tuple[FloatArray, FloatArray, float]:
    """Expected moves between states, expected years by state and class, and log likelihood."""
    spread, years = observed.spread, observed.years
    # Sums over people by einsum, in a fixed order: not by BLAS, with its own threads.
    # The last row, of code -1, is that of a year that was not observed.
    emission = np.maximum(spread @ (densities / widths).T, TINY)
    density = np.vstack([emission, np.ones(len(shares))])
    seen = [density[observed.codes[:, year]] for year in range(years)]
    forward: list[FloatArray] = []
    sizes: list[FloatArray] = []
    for year in range(years):
        came = np.einsum("ps,st->pt", forward[-1], moves) if year else shares
        ahead = seen[year] * came
        sizes.append(ahead.sum(axis=1))
        forward.append(ahead / sizes[-1][:, None])
    likelihood = float((observed.weights * np.log(np.prod(sizes, axis=0))).sum())
    counts = np.zeros_like(moves)
    by_code = np.zeros((len(spread), len(shares)))
    backward = np.ones_like(seen[0])
    for year in reversed(range(years)):
        here = observed.codes[:, year] >= 0
        states = (forward[year] * backward * observed.weights[:, None])[here]
        codes = observed.codes[here, year]
        for state in range(len(shares)):
            by_code[:, state] += np.bincount(codes, states[:, state], len(spread))
        if year:
            later = seen[year] * backward / sizes[year][:, None]
            within = observed.weights * (observed.lengths > year)
            counts += np.einsum("ps,pt->st", forward[year - 1] * within[:, None], later)
            backward = np.einsum("pt,st->ps", later, moves)
    return counts * moves, by_code.T @ spread, likelihood
