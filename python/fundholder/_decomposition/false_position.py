"""Roots of functions that fall."""

from __future__ import annotations

from collections.abc import Callable


def root_of_falling(falling: Callable[[float], float]) -> float:
    """Where a function that falls from 0 on becomes negative; 0 where it is from the start.

    By false position with the Illinois rule (Dowell and Jarratt 1971).
    """
    low, above = 0.0, falling(0.0)
    if above <= 0:
        return 0.0
    high = 1e-6
    while (below := falling(high)) > 0:
        low, above, high = high, below, 4 * high
    last = 0  # the end that moved last: 1 is the lower
    while high - low > 1e-12 * high:
        trial = low + (high - low) * above / (above - below)
        value = falling(trial)
        if abs(value) < 1e-12:
            return trial
        if value > 0:
            low, above = trial, value
            below /= 2 if last > 0 else 1
            last = 1
        else:
            high, below = trial, value
            above /= 2 if last < 0 else 1
            last = -1
    return high
