"""Bin covering by lowest fit, decreasing: as many pools as possible, each large enough.

A block is what must stay together; the blocks of one parent are divided into pools. Blocks are
independent, so the mean and the variance of a pool are sums, and its size is mean**2 / variance,
one over the squared CV. Only the caller knows whether a pool is large enough.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import numpy as np

from .._tables.arrays import FloatArray, IntArray

WORTH_IT = 1.001
"""An exchange must make the smallest pool larger by this factor, so that exchanges end soon."""


class Parent:
    """The blocks of one parent, and the search for the largest number of pools that all meet.

    ``mean`` and ``variance`` are those of ``blocks``. ``trial`` has the number of each block's
    pool, from 0, in the next trial, of ``tried`` pools. When the search is done, ``pool`` has the
    final numbers and ``outside`` how often each pool is outside; where ``meets`` is
    False, there is one pool.
    """

    def __init__(self, name: str, blocks: IntArray, mean: FloatArray, variance: FloatArray) -> None:
        self.name, self.blocks, self.mean, self.variance = name, blocks, mean, variance
        self.pool: IntArray = np.zeros(len(mean), np.int64)
        self.outside: list[float] = []
        self._most = max(int(np.count_nonzero(mean)), 1)
        self.search(self._most)

    def search(self, first: int) -> None:
        """Begin a search with a trial of this number of pools."""
        self._meets, self._fails, self._step = 0, self._most + 1, 1
        self._try(first)

    def _try(self, pools: int) -> None:
        self.tried, self.trial = pools, divide(self.mean, self.variance, pools)

    def trial_sizes(self) -> FloatArray:
        """The size of each pool of the trial."""
        return pool_size(add_up(self.trial, self.mean), add_up(self.trial, self.variance))

    @property
    def meets(self) -> bool:
        """Whether all pools meet."""
        return self._meets > 0

    def learn(self, outside: Sequence[float], allowed: float) -> bool:
        """Note how often each pool of the trial is outside; is another trial needed?"""
        if max(outside) <= allowed:
            self._meets = self.tried
        else:
            self._fails = self.tried
        if self.tried == self._meets or self.tried == 1:
            self.pool, self.outside = self.trial, list(outside)
        if self._fails - self._meets == 1:
            return False
        # Growing steps until one number meets and one fails, then halves.
        if not self.meets:
            self._try(max(self._fails - self._step, 1))
        elif self._fails > self._most:
            self._try(min(self._meets + self._step, self._most))
        else:
            self._try((self._meets + self._fails) // 2)
        self._step *= 2
        return True


def most_pools(
    parents: Sequence[Parent],
    judge: Callable[[Sequence[Parent]], Sequence[Sequence[float]]],
    allowed: float,
) -> None:
    """Search in all parents at once; ``judge`` says how often the pools of trials are outside."""
    searching = list(parents)
    while searching:
        judged = zip(searching, judge(searching), strict=True)
        searching = [parent for parent, outside in judged if parent.learn(outside, allowed)]


def divide(mean: FloatArray, variance: FloatArray, pools: int) -> IntArray:
    """The pool of each block, numbered by their first blocks, with the smallest pool made large.

    The largest block first, each to the pool that is smallest so far ("lowest fit decreasing",
    Assmann, Johnson, Kleitman and Leung 1984); then exchanges.
    """
    pool = np.zeros(len(mean), np.int64)
    smallest = [(0.0, number, 0.0, 0.0) for number in range(pools)]
    for block in np.argsort(-pool_size(mean, variance), kind="stable").tolist():
        _, number, m, v = heapq.heappop(smallest)
        m, v = m + float(mean[block]), v + float(variance[block])
        heapq.heappush(smallest, (float(pool_size(m, v)), number, m, v))
        pool[block] = number
    if pools > 1:
        _exchange(mean, variance, pool)
    first = np.unique(pool, return_index=True)[1]
    return np.argsort(np.argsort(first)).astype(np.int64)[pool]


def _exchange(mean: FloatArray, variance: FloatArray, pool: IntArray) -> None:
    """Take a block from another pool, or swap two, while that enlarges the smallest pool."""
    while True:
        m, v = add_up(pool, mean), add_up(pool, variance)
        size = pool_size(m, v)
        smallest = int(np.argmin(size))
        own = np.append(np.flatnonzero(pool == smallest), -1)  # -1: nothing is given back
        others = np.flatnonzero(pool != smallest)
        more_m = mean[others] - np.where(own < 0, 0.0, mean[own])[:, None]
        more_v = variance[others] - np.where(own < 0, 0.0, variance[own])[:, None]
        enlarged = pool_size(m[smallest] + more_m, v[smallest] + more_v)
        reduced = pool_size(m[pool[others]] - more_m, v[pool[others]] - more_v)
        least = np.minimum(enlarged, reduced)
        given, taken = np.unravel_index(int(np.argmax(least)), least.shape)
        if not least[given, taken] > size[smallest] * WORTH_IT:
            return
        if own[given] >= 0:
            pool[own[given]] = pool[others[taken]]
        pool[others[taken]] = smallest


def pool_size(mean: FloatArray | float, variance: FloatArray | float) -> FloatArray:
    """One over the squared CV: 0 without cost, infinite for a cost that does not vary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(np.greater(variance, 0), np.square(mean) / variance, np.inf)
    return np.where(np.greater(mean, 0), size, 0.0)


def add_up(number: IntArray, values: FloatArray) -> FloatArray:
    """The sum of the values of each number."""
    return np.bincount(number, values).astype(np.float64)
