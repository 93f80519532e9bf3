"""The payoff of a contract: what the holder bears of each cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._contracts.contract import Contract, needed_contract
from .._contracts.settle import settle
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from ._axes import money_ticks
from ._figure import BLUE, GREY, new_figure
from ._labels import label_ends

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 3_001
OF_BUDGET = (0.7, 1.3)
"""Costs that are drawn, as shares of the budget."""
OF_CEILING = 2.5
"""The largest cost of a person that is drawn, as a multiple of the ceiling."""


def payoff(
    contract: Contract | Term,
    *,
    budget: float = 1_000_000.0,
    people: float | None = None,
    scores: Any = None,
) -> Figure:
    """What the holder bears of each cost under a contract, beside the cost itself.

    Parameters
    ----------
    contract
        A ``StopLoss`` alone, which is drawn for one person's year; or terms on the total of a unit,
        which are drawn from 70 % to 130 % of its budget.
    budget
        £, of the unit.
    people
        Of the unit, where a rate depends on them.
    scores
        A mapping with the score of the unit by name, where a gate or a rate depends on it.

    Returns
    -------
    matplotlib.figure.Figure
        A line for what the holder bears, and one for all cost.

    Raises
    ------
    InputError, InputTypeError
        As for ``settle``.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> from fundholder import Corridor
    >>> figure = payoff(Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]))
    """
    arguments = Arguments()
    agreed = needed_contract(arguments, contract)
    budget = arguments.money("budget", budget)
    if budget == 0:
        arguments.reject("budget", budget, "above 0")
    arguments.check()
    match agreed.terms:
        case (StopLoss() as term,):
            cost = np.linspace(0.0, OF_CEILING * max(term.ceiling, 1.0), POINTS)
            kept = np.array([of_person - term.ceded(of_person) for of_person in cost])
            subject = "a person's year"
        case _:
            cost = budget * np.linspace(*OF_BUDGET, POINTS)
            kept = _settled(agreed, cost, budget, people, scores)
            subject = "the unit's year"
    figure, axes = new_figure(
        f"What the holder bears of {subject}", f"Cost of {subject}", "The holder bears"
    )
    # A jump is no slope.
    steps = np.abs(np.diff(kept)) > 5 * np.abs(np.diff(cost))
    axes.plot(cost, cost, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(cost, np.where(np.append(steps, False), np.nan, kept), color=BLUE, linewidth=2)
    axes.set_xlim(cost[0], cost[-1])
    axes.margins(y=0.04)
    money_ticks(axes.xaxis, cost[-1])
    money_ticks(axes.yaxis, cost[-1])
    label_ends(axes, [(cost[-1], "all cost", GREY), (kept[-1], "under the contract", BLUE)])
    return figure


def _settled(
    contract: Contract, cost: FloatArray, budget: float, people: float | None, scores: Any
) -> FloatArray:
    kept: FloatArray = cost
    # What is wrong is said once, and not for every point.
    for costs in (cost[:1], cost):
        count = len(costs)
        settled = settle(
            contract,
            actual=costs,
            budget=np.full(count, budget),
            people=None if people is None else [people] * count,
            scores=None if scores is None else {name: [x] * count for name, x in scores.items()},
        )
        kept = settled["kept"].to_numpy()
    return kept
