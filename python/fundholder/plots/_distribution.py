"""The distribution of one unit's year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table, check_numbers, numbers
from ._axes import money_axis
from ._distribution_curve import DistributionCurve
from ._figure import BLUE, INK, VERMILLION, new_figure
from ._labels import flags
from ._words import percent, pounds, quantile_words, round_step

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def distribution(
    table: Any,
    unit: Any = None,
    budget: float | None = None,
    quantiles: Sequence[float] = (0.5, 0.9, 0.99),
) -> Figure:
    """The distribution of one unit's year, with its budget and quantiles.

    Parameters
    ----------
    table
        A result of ``distribution``: the unit, ``cost`` (£), ``probability`` and ``cumulative``.
    unit
        Which unit; needed where there are several.
    budget
        £; the share of years above it is marked.
    quantiles
        Probabilities, between 0 and 1; none for ``()``.

    Returns
    -------
    matplotlib.figure.Figure
        The share of years around each cost, from the lowest 1 in 2,000 of years to the highest,
        and as far as the marks.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, a unit that is not in it, or two costs too few.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"practice": ["A"] * 3, "cost": [1e6, 2e6, 3e6],
    ...                   "probability": [0.2, 0.5, 0.3], "cumulative": [0.2, 0.7, 1.0]})
    >>> figure = distribution(table, budget=2_200_000)
    """
    arguments = Arguments()
    if budget is not None:
        budget = arguments.money("budget", budget)
    probabilities = [p for _, p in arguments.fractions("quantiles", quantiles)]
    arguments.check()
    name, curve = _one_unit(arrow_table("table", table), unit)

    marks = [(curve.quantile(p), quantile_words(p) + " {}", INK) for p in probabilities]
    if budget is not None:
        above = 1 - float(curve.below(np.array([budget]))[0])
        marks.append((budget, f"budget {{}}: {percent(above)} of years above", VERMILLION))
    ends = [curve.quantile(0.0005), curve.quantile(0.9995), *(x for x, _, _ in marks)]
    low, high = min(ends), max(ends)
    # A distribution of one cost still needs a width.
    width = round_step(max(high - low, 0.01 * high, 1.0) / 25)
    # A third of the figure for the words of the highest mark.
    room = max((x + 0.56 * (x - low) for x, _, _ in marks), default=high)
    low, high = low - width, max(high + width, room)
    cost = np.linspace(low, high, 2_000)
    share = curve.around(cost, width)

    title = "The cost of a year" if name is None else f"The cost of a year: {name}"
    figure, axes = new_figure(
        title, "Cost of the year", f"Share of years in each {pounds(width)} of cost"
    )
    money_axis(axes, low, high)
    over = cost > (np.inf if budget is None else budget)
    axes.fill_between(cost[~over], share[~over], color=BLUE, alpha=0.25, linewidth=0)
    axes.fill_between(cost[over], share[over], color=VERMILLION, alpha=0.35, linewidth=0)
    axes.plot(cost, share, color=INK, linewidth=1.4)
    flags(axes, cost, share, [(x, words.format(pounds(x)), c) for x, words, c in marks])
    return figure


def _one_unit(table: pa.Table, unit: Any) -> tuple[Any, DistributionCurve]:
    """The name of a unit, and its curve."""
    columns = ["cost", "probability", "cumulative"]
    check_numbers("table", table, columns)
    levels = [name for name in table.column_names if name not in columns]
    labels = [None] * table.num_rows if not levels else table[levels[0]].to_pylist()
    units = list(dict.fromkeys(labels))
    if unit is None and len(units) == 1:
        unit = units[0]
    if unit not in units:
        arguments = Arguments()
        some = ", ".join(map(repr, units[:5])) + (", ..." if len(units) > 5 else "")
        arguments.reject("unit", unit, f"one of {some}")
        arguments.check()
    rows = table.filter(pa.array([label == unit for label in labels]))
    if rows.num_rows < 2:
        raise InputError(
            [
                Problem(
                    f"table has {rows.num_rows} cost of {unit!r}: must have 2 or more",
                    code="not_allowed",
                )
            ]
        )
    return unit, DistributionCurve(*(numbers(rows.sort_by("cost"), column) for column in columns))
