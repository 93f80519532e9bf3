"""Figures of units by their numbers of people: quantiles, and the coefficient of variation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, Problem
from .._tables.arguments import LEAST_MONEY
from .._tables.checked import arrow_table
from ._axes import people_axis, percent_axis, share_axis
from ._figure import INK, new_figure, point_size, points, shades
from ._labels import label_ends
from ._units import PEOPLE, drawable_units, numbers_in_names
from ._words import pounds, quantile_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def quantiles_by_population(table: Any) -> Figure:
    """Quantiles of a year against the budget, by size: a funnel before any outturn.

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
    quantiles = sorted(numbers_in_names(units, "q"), key=float)
    if not quantiles:
        raise InputError(
            [
                Problem(
                    "table has no quantiles: must have columns such as q0.9, q0.99",
                    code="missing_column",
                )
            ]
        )
    people, columns = drawable_units("table", units, ["budget", *(f"q{p}" for p in quantiles)])
    funded = columns["budget"] >= LEAST_MONEY
    if not funded.any():
        text = "table has no unit with a budget: must have one"
        raise InputError([Problem(text, code="empty", column="budget")])
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
    people, columns = drawable_units("table", units, ["cv"], aside=["ceiling"])
    ceiling, cv = columns["ceiling"], columns["cv"]
    if not (cv > 0).any():
        raise InputError(
            [
                Problem(
                    "column 'cv': must be above 0 for a unit, to be drawn on a log scale",
                    code="not_allowed",
                )
            ]
        )
    people, ceiling, cv = people[cv > 0], ceiling[cv > 0], cv[cv > 0]
    limited = np.unique(ceiling[~np.isnan(ceiling)])
    series = [(ceiling == value, pounds(value)) for value in limited]
    series.append((np.isnan(ceiling), "no ceiling"))
    series = [(rows, words) for rows, words in series if rows.any()]

    title = "How much a year's cost varies, by size and ceiling"
    figure, axes = new_figure(
        title,
        PEOPLE,
        "CV of the year's cost (log scale), by ceiling on a person's cost of the year",
    )
    people_axis(axes, people)
    share_axis(axes, cv)
    ends = []
    for (rows, words), colour in zip(series, shades(len(series)), strict=True):
        points(axes, people[rows], cv[rows], colour, point_size(int(rows.sum())))
        ends.append((float(cv[rows][people[rows].argmax()]), words, colour))
    label_ends(axes, ends)
    return figure
