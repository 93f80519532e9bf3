"""Figures of results, for a board paper or a slide.

Each function takes a table that this package makes (or one of its shape: anything with
``__arrow_c_stream__``) and gives a ``matplotlib.figure.Figure``; ``save`` writes it. They need the
extra ``plots``: ``pip install "fundholder[plots]"``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .._errors import InputError, InputTypeError
from .._files.atomic_write import write_atomically
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.results import arrow_table, check_numbers, numbers
from ._distribution_curve import DistributionCurve
from ._figure import (
    BLUE,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    MissingPackageError,
    check_figure_path,
    flags,
    label_ends,
    money_axis,
    new_figure,
    people_axis,
    percent,
    percent_axis,
    point_size,
    points,
    pounds,
    quantile_words,
    round_step,
    shades,
    share_axis,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "MissingPackageError",
    "cv_by_population",
    "distribution",
    "funnel",
    "quantiles_by_population",
    "save",
]

PEOPLE = "People (log scale)"
FUNNEL = (BLUE, ORANGE, VERMILLION, PURPLE)
"""Units inside all limits, then outside of the first, the second, the third."""
LIMITS = ("#e9e9e9", "#d2d2d2", "#bcbcbc")
"""The widest first, so that narrower ones lie over it in a darker grey."""


def funnel(units: Any) -> Figure:
    """Outturn against budget by size, within the limits of what chance does.

    Parameters
    ----------
    units
        One row per unit: ``people``, ``ratio`` (outturn / budget), and for each level, such as 0.95
        and 0.998, ``lower_<level>`` and ``upper_<level>``: the ratios between which chance keeps
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
    levels = sorted(_written(table, "lower_"), key=float)
    if not 1 <= len(levels) < len(FUNNEL):
        some = "1 to 3 pairs of columns such as lower_0.95, upper_0.95"
        raise InputError([f"units has {len(levels)} limits: must have {some}"])
    limits = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    people, columns = _drawable("units", table, ["ratio", *limits])
    differences = {name: column - 1 for name, column in columns.items()}
    ratio = differences["ratio"]

    title = "Outturn against budget, and what chance alone does"
    shares = " and ".join(f"{100 * float(level):g} %" for level in levels)
    y = f"Outturn above or below budget; grey: where chance keeps {shares} of years"
    figure, axes = new_figure(title, PEOPLE, y)
    from matplotlib.lines import Line2D

    people_axis(axes, people)
    percent_axis(axes, list(differences.values()))
    axes.axhline(0, color=INK, linewidth=1)
    outside = np.zeros(len(people), dtype=np.int64)
    size = point_size(len(people))
    for level, grey in zip(reversed(levels), LIMITS, strict=False):
        lower, upper = differences[f"lower_{level}"], differences[f"upper_{level}"]
        outside += (ratio < lower) | (ratio > upper)
        axes.vlines(people, lower, upper, color=grey, linewidth=max(2, size / 6), zorder=0)
    legend = []
    for step in range(len(levels) + 1):
        here, colour = outside == step, FUNNEL[step]
        points(axes, people[here], ratio[here], colour, size)
        words = f"inside the {100 * float(levels[0]):g} % limits: {int(here.sum()):,}"
        if step:
            by_chance = len(people) * (1 - float(levels[step - 1]))
            words = (
                f"outside {100 * float(levels[step - 1]):g} %: {int((outside >= step).sum()):,} "
                f"(by chance: {by_chance:,.0f})"
            )
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


def quantiles_by_population(table: Any) -> Figure:
    """How far years of chance land from the budget, by size: a funnel before any outturn.

    Parameters
    ----------
    table
        A result of ``variance``: ``people``, ``budget`` (£) and quantiles ``q<p>`` (£). Units
        without people or budget, or with a null among these, are left out.

    Returns
    -------
    matplotlib.figure.Figure
        A point for each unit and quantile.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, or without a unit that can be drawn.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"practice": ["A", "B"], "people": [2_000, 9_000],
    ...                   "budget": [1.6e6, 7.2e6], "q0.9": [1.77e6, 7.56e6]})
    >>> figure = quantiles_by_population(table)
    """
    units = arrow_table("table", table)
    quantiles = sorted(_written(units, "q"), key=float)
    if not quantiles:
        raise InputError(["table has no quantiles: must have columns such as q0.9, q0.99"])
    people, columns = _drawable("table", units, ["budget", *(f"q{p}" for p in quantiles)])
    funded = columns["budget"] > 0
    people = people[funded]
    away = [(columns[f"q{p}"][funded] / columns["budget"][funded]) - 1 for p in quantiles]

    title = "How far a year's cost lands from the budget, by size"
    figure, axes = new_figure(title, PEOPLE, "Cost of the year above or below budget")
    people_axis(axes, people)
    percent_axis(axes, away)
    axes.axhline(0, color=INK, linewidth=1)
    ends = []
    for p, colour, values in zip(quantiles, shades(len(quantiles)), away, strict=True):
        words = quantile_words(float(p))
        points(axes, people, values, colour, point_size(len(people)))
        ends.append((float(values[people.argmax()]), words, colour))
    label_ends(axes, ends)
    return figure


def cv_by_population(table: Any) -> Figure:
    """The coefficient of variation by size, for each ceiling, on log axes.

    Parameters
    ----------
    table
        A result of ``stop_loss``: ``people``, ``ceiling`` (£ a person-year; null for none) and
        ``cv``, one row per unit and ceiling. Units without people or CV are left out.

    Returns
    -------
    matplotlib.figure.Figure
        A point for each unit and ceiling.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, or without a unit that can be drawn.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"practice": ["A", "B"] * 2, "people": [2_000, 9_000] * 2,
    ...                   "ceiling": [20_000.0, 20_000.0, None, None],
    ...                   "cv": [0.079, 0.037, 0.143, 0.067]})
    >>> [text.get_text() for text in cv_by_population(table).axes[0].texts]
    ['£20,000', 'no ceiling']
    """
    units = arrow_table("table", table)
    people, columns = _drawable("table", units, ["cv"], aside=["ceiling"])
    ceiling, cv = columns["ceiling"], columns["cv"]
    if not (cv > 0).any():
        raise InputError(["column 'cv': must be above 0 for a unit, to be drawn on a log scale"])
    people, ceiling, cv = people[cv > 0], ceiling[cv > 0], cv[cv > 0]
    limited = np.unique(ceiling[~np.isnan(ceiling)])
    series = [(ceiling == value, pounds(value)) for value in limited]
    series.append((np.isnan(ceiling), "no ceiling"))
    series = [(here, words) for here, words in series if here.any()]

    title = "How much a year's cost varies, by size and ceiling"
    figure, axes = new_figure(
        title,
        PEOPLE,
        "CV of the year's cost (log scale), by ceiling on a person's cost of the year",
    )
    people_axis(axes, people)
    share_axis(axes, cv)
    ends = []
    for (here, words), colour in zip(series, shades(len(series)), strict=True):
        points(axes, people[here], cv[here], colour, point_size(int(here.sum())))
        ends.append((float(cv[here][people[here].argmax()]), words, colour))
    label_ends(axes, ends)
    return figure


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
        budget = arguments.number("budget", budget)
    probabilities = [p for _, p in arguments.fractions("quantiles", quantiles)]
    arguments.check()
    name, curve = _one_unit(arrow_table("table", table), unit)

    marks = [(curve.quantile(p), quantile_words(p) + " {}", INK) for p in probabilities]
    if budget is not None:
        above = 1 - float(curve.below(np.array([budget]))[0])
        marks.append((budget, f"budget {{}}: {percent(above)} of years above", VERMILLION))
    reach = [curve.quantile(0.0005), curve.quantile(0.9995), *(x for x, _, _ in marks)]
    low, high = min(reach), max(reach)
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


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of its name.

    The file appears whole or not at all.

    Parameters
    ----------
    figure
        What a function of this module gives, or any other ``matplotlib.figure.Figure``.
    path
        A name that ends in .png, .svg or .pdf, in a folder that exists; a file of that name is
        replaced.

    Raises
    ------
    InputError, InputTypeError
        Before anything is written.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> table = pa.table({"people": [2_000], "ceiling": [20_000.0], "cv": [0.079]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(cv_by_population(table), f"{folder}/cv.png")
    """
    check_figure_path(path)
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        kind = type(figure).__name__
        raise InputTypeError([f"figure is a {kind}: must be a matplotlib.figure.Figure"])
    path = Path(path)
    write_atomically({path: lambda name: figure.savefig(name, format=path.suffix[1:])})


def _written(table: pa.Table, prefix: str) -> list[str]:
    """What follows the prefix in the columns where that is a number."""
    pattern = re.compile(re.escape(prefix) + r"(0?\.\d+|\d\.?\d*e-\d+)")
    return [found[1] for name in table.column_names if (found := pattern.fullmatch(name))]


def _drawable(
    name: str, table: pa.Table, figures: Sequence[str], aside: Sequence[str] = ()
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """People and other columns of the units that have people and all ``figures``."""
    check_numbers(name, table, ["people"], [*figures, *aside])
    people = numbers(table, "people")
    columns = {column: numbers(table, column) for column in (*figures, *aside)}
    there = people >= 1
    for column in figures:
        there &= ~np.isnan(columns[column])
    if not there.any():
        raise InputError([f"{name} has no unit with people and {', '.join(figures)}: must have 1"])
    return people[there], {column: values[there] for column, values in columns.items()}


def _one_unit(table: pa.Table, unit: Any) -> tuple[Any, DistributionCurve]:
    """The name of a unit, and its curve."""
    columns = ["cost", "probability", "cumulative"]
    check_numbers("table", table, columns)
    levels = [name for name in table.column_names if name not in columns]
    labels = [None] * table.num_rows if not levels else table[levels[0]].to_pylist()
    found = list(dict.fromkeys(labels))
    if unit is None and len(found) == 1:
        unit = found[0]
    if unit not in found:
        arguments = Arguments()
        some = ", ".join(map(repr, found[:5])) + (", ..." if len(found) > 5 else "")
        arguments.reject("unit", unit, f"one of {some}")
        arguments.check()
    rows = table.filter(pa.array([label == unit for label in labels]))
    if rows.num_rows < 2:
        raise InputError([f"table has {rows.num_rows} cost of {unit!r}: must have 2 or more"])
    return unit, DistributionCurve(*(numbers(rows.sort_by("cost"), column) for column in columns))
