"""The funnel: outturn against budget by size, within the limits of chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, Problem
from .._tables.checked import arrow_table
from ._axes import people_axis, percent_axis
from ._figure import BLUE, INK, ORANGE, PURPLE, VERMILLION, new_figure, point_size, points
from ._units import PEOPLE, drawable_units, numbers_in_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FUNNEL = (BLUE, ORANGE, VERMILLION, PURPLE)
"""Units inside all limits, then outside of the first, the second, the third."""
LIMITS = ("#e9e9e9", "#d2d2d2", "#bcbcbc")
"""The widest first, so that narrower ones lie over it in a darker grey."""


def funnel(units: Any) -> Figure:
    """Outturn against budget by size, within the limits of what chance does.

    Parameters
    ----------
    units
        One row per unit: ``people``, ``ratio`` (outturn / budget), and for each limit, such as 0.95
        and 0.998, ``lower_<limit>`` and ``upper_<limit>``: the ratios between which chance keeps
        that share of years. Units without people or with a null among these are left out.

    Returns
    -------
    matplotlib.figure.Figure
        A point for each unit, in the colour of the widest limits that it lies outside of, and a
        grey bar between its limits. Points beyond the figure stand at its edge as triangles.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, or without a unit that can be drawn.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> import pyarrow as pa
    >>> units = pa.table({"practice": ["A", "B"], "people": [2_000, 9_000], "ratio": [1.3, 0.98],
    ...                   "lower_0.95": [0.8, 0.9], "upper_0.95": [1.25, 1.12]})
    >>> funnel(units).axes[0].get_title(loc="left")
    'Outturn against budget, and what chance alone does'
    """
    table = arrow_table("units", units)
    limits = sorted(numbers_in_names(table, "lower_"), key=float)
    if not 1 <= len(limits) < len(FUNNEL):
        some = "1 to 3 pairs of columns such as lower_0.95, upper_0.95"
        raise InputError(
            [Problem(f"units has {len(limits)} limits: must have {some}", code="missing_column")]
        )
    names = [f"{side}_{limit}" for limit in limits for side in ("lower", "upper")]
    people, columns = drawable_units("units", table, ["ratio", *names])
    differences = {name: column - 1 for name, column in columns.items()}
    ratio = differences["ratio"]

    title = "Outturn against budget, and what chance alone does"
    shares = " and ".join(f"{100 * float(limit):g} %" for limit in limits)
    y = f"Outturn above or below budget; grey: where chance keeps {shares} of years"
    figure, axes = new_figure(title, PEOPLE, y)
    from matplotlib.lines import Line2D

    people_axis(axes, people)
    percent_axis(axes, list(differences.values()))
    axes.axhline(0, color=INK, linewidth=1)
    outside = np.zeros(len(people), dtype=np.int64)
    size = point_size(len(people))
    for limit, grey in zip(reversed(limits), LIMITS, strict=False):
        lower, upper = differences[f"lower_{limit}"], differences[f"upper_{limit}"]
        outside += (ratio < lower) | (ratio > upper)
        axes.vlines(people, lower, upper, color=grey, linewidth=max(2, size / 6), zorder=0)
    legend = []
    for beyond in range(len(limits) + 1):
        inside, colour = outside == beyond, FUNNEL[beyond]
        points(axes, people[inside], ratio[inside], colour, size)
        words = f"inside the {100 * float(limits[0]):g} % limits: {int(inside.sum()):,}"
        if beyond:
            share, units_outside = float(limits[beyond - 1]), int((outside >= beyond).sum())
            by_chance = len(people) * (1 - share)
            words = f"outside {100 * share:g} %: {units_outside:,} (by chance: {by_chance:,.0f})"
        legend.append(Line2D([], [], color=colour, marker="o", linestyle="", label=words))
    figure.legend(
        handles=legend,
        loc="outside lower left",
        ncols=len(legend),
        fontsize=9,
        labelcolor=INK,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
    )
    return figure
