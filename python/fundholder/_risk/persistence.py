"""Persistence: how the ranks of one person's yearly costs hang together."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .hidden_chain import Chain
from .persistence_table import read_chain


class Persistence:
    """The dependence between the years of one person: a hidden Markov chain of health.

    A person is in one of a few states, and moves once a year. The state gives the probabilities
    of the classes of rank that the year's cost is in; within a class, all ranks are alike. The
    rank is that among all people of the band, those without a cost included: 0 for the lowest.
    In every year all ranks from 0 to 1 are alike, so that the distribution of a year's cost is
    what it is without persistence.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__``. Either a row for each state and class, 8 states and
        16 classes at most:

        ===================  ===============================================================
        state                its name
        rank_from, rank_to   the class; classes go from 0 to 1 without gaps
        probability          that a year in this state is in the class; no row means 0
        next_<state>         for each state, the probability of being there a year later: the
                             same on all rows of a state
        share                of people in the state; may be absent: the stationary shares
        ===================  ===============================================================

        Or, without ``state``, ``rank_from``, ``rank_to``, ``next_rank_from``, ``next_rank_to``
        and ``probability`` of the next year's class given this year's: classes, 8 at most, are
        the states then.

        The shares of people must be what they were a year later, and over all states each class
        must have its width. Sums that are off by 0.005 or less, as after rounding to three
        decimals, are mended: joint shares are scaled to their margins.
    source
        Where it comes from.

    Raises
    ------
    InputError, InputTypeError
        All problems of the table at once.

    Examples
    --------
    Half of people have costs above the median four years in five, the others one in five:

    >>> import pyarrow as pa
    >>> ranks = {"rank_from": [0, 0.5] * 2, "rank_to": [0.5, 1] * 2}
    >>> years = Persistence(pa.table({"state": ["well", "well", "ill", "ill"], **ranks,
    ...                               "probability": [0.8, 0.2, 0.2, 0.8],
    ...                               "next_well": [0.9, 0.9, 0.1, 0.1],
    ...                               "next_ill": [0.1, 0.1, 0.9, 0.9]}))
    >>> years
    <fundholder.Persistence of 2 states and 2 classes of rank>
    >>> [round(rank, 3) for rank in years.correlations(lags=3)["rank"].to_pylist()]
    [0.216, 0.173, 0.138]
    """

    def __init__(self, table: Any, *, source: str = "") -> None:
        self._chain = read_chain(table)
        self._source = str(source)

    @staticmethod
    def _of(chain: Chain, source: str) -> Persistence:
        made = Persistence.__new__(Persistence)
        made._chain, made._source = chain, source
        return made

    def __repr__(self) -> str:
        states, classes = self.class_shares.shape
        return f"<fundholder.Persistence of {states} states and {classes} classes of rank>"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Persistence, source=self._source), (self.table,)

    def _key(self) -> tuple[Any, ...]:
        return (self._chain.states, *map(repr, self._engine_form()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Persistence) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    @property
    def table(self) -> pa.Table:
        """A row for each state and class, with ``share``: reads back as the same persistence."""
        chain = self._chain
        states, classes = chain.class_shares.shape
        columns: dict[str, Any] = {
            "state": [state for state in chain.states for _ in range(classes)],
            "share": np.repeat(chain.shares, classes),
            "rank_from": np.tile(chain.starts, states),
            "rank_to": np.tile(chain.classes, states),
            "probability": chain.class_shares.ravel(),
        }
        for state, column in zip(chain.states, chain.transitions.T, strict=True):
            columns[f"next_{state}"] = np.repeat(column, classes)
        return pa.table(columns)

    @property
    def source(self) -> str:
        """Where it comes from; empty where that was not said."""
        return self._source

    @property
    def states(self) -> list[str]:
        """Names of the states."""
        return list(self._chain.states)

    @property
    def shares(self) -> FloatArray:
        """The share of people in each state, in every year."""
        return self._chain.shares

    @property
    def transitions(self) -> FloatArray:
        """A row for each state: the probability of each state a year later."""
        return self._chain.transitions

    @property
    def classes(self) -> FloatArray:
        """Upper ends of the classes of rank."""
        return self._chain.classes

    @property
    def class_shares(self) -> FloatArray:
        """A row for each state: the probability of each class of rank."""
        return self._chain.class_shares

    def class_transitions(self, lag: int = 1) -> pa.Table:
        """The probability of each class of rank ``lag`` years after a year in each, closed form.

        Parameters
        ----------
        lag
            Years, from 1 to 100.

        Returns
        -------
        pyarrow.Table
            ``rank_from``, ``rank_to``, ``next_rank_from``, ``next_rank_to``, ``probability``.

        Raises
        ------
        InputError, InputTypeError
            For another lag.
        """
        arguments = Arguments()
        years = arguments.integer("lag", lag, 1, 100)
        arguments.check()
        ends = self.classes
        starts, classes = self._chain.starts, len(ends)
        return pa.table(
            {
                "rank_from": np.repeat(starts, classes),
                "rank_to": np.repeat(ends, classes),
                "next_rank_from": np.tile(starts, classes),
                "next_rank_to": np.tile(ends, classes),
                "probability": (self._chain.joint(years) / self._chain.widths[:, None]).ravel(),
            }
        )

    def correlations(self, lags: int = 4, *, cost: Any = None, weight: Any = None) -> pa.Table:
        """Correlations of two years of one person, in closed form.

        Parameters
        ----------
        lags
            Years from one to the other: from 1 to this, 100 at most.
        cost
            A sample of yearly costs, £, of all people of one band: an array, 0 or more. Costs of
            a class of rank are independent of each other but for their class.
        weight
            The weight of each; by default, all are alike.

        Returns
        -------
        pyarrow.Table
            ``lag`` (years), ``rank`` (Spearman's, where no two costs are alike); with ``cost``
            also ``raw`` (of the cost) and ``log`` (of log(1 + cost)).

        Raises
        ------
        InputError, InputTypeError
            All problems at once; also costs that are all alike.
        """
        arguments = Arguments()
        years = arguments.integer("lags", lags, 1, 100)
        costs = _sample(arguments, "cost", cost)
        weights = _sample(arguments, "weight", weight)
        if weights is None and costs is not None:
            weights = np.ones(len(costs))
        if costs is not None and weights is not None:
            if len(weights) != len(costs) or not weights.sum() > 0:
                arguments.reject("weight", weight, "as long as cost, and not all 0")
            elif len(np.unique(costs[weights > 0])) < 2:
                arguments.reject("cost", cost, "costs that differ")
        elif weights is not None:
            arguments.reject("weight", weight, "None without cost")
        arguments.check()
        middles = self.classes - self._chain.widths / 2
        columns: dict[str, list[Any]] = {"lag": list(range(1, years + 1))}
        joints = [self._chain.joint(lag) for lag in columns["lag"]]
        # Uniform on (0, 1): mean 1/2, variance 1/12.
        columns["rank"] = [float(12 * (middles @ joint @ middles - 0.25)) for joint in joints]
        if costs is not None and weights is not None:
            for name, values in (("raw", costs), ("log", np.log1p(costs))):
                means, variance = self._chain.class_means(values, weights)
                columns[name] = [float(means @ joint @ means / variance) for joint in joints]
        return pa.table(columns)

    def _engine_form(self) -> tuple[list[float], list[list[float]], list[float], list[list[float]]]:
        """Shares, transitions, upper ends of classes and class shares, as lists of floats."""
        return self._chain.engine_form()


def _sample(arguments: Arguments, name: str, value: Any) -> FloatArray | None:
    """The numbers of a sample, finite and 0 or more; ``None`` where there is none."""
    if value is None:
        return None
    allowed = "an array of finite numbers, 0 or more, at most 1e15"
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        arguments.reject_type(name, value, allowed)
        return None
    if numbers.ndim != 1 or not len(numbers) or not ((numbers >= 0) & (numbers <= 1e15)).all():
        arguments.reject(name, value, allowed)
        return None
    return numbers
