"""The figure of schemes side by side: who bears the variation of care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, Problem
from .._tables.arrays import FloatArray
from .._tables.checked import FINITE, arrow_table, numbers, read_table
from ._figure import BLUE, GREY, INK, ORANGE, PALE, PURPLE, VERMILLION, new_figure, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARE = "variance_share_"
COLOURS = {
    "practice": BLUE,
    "group": "#56b4e9",
    "partners": VERMILLION,
    "pool": ORANGE,
    "insurer": "#f0c75e",
    "nation": GREY,
    "payer": PALE,
}
"""Parties of any scheme, from left to right: holders, then those who cover them, then payers."""
DARK = {BLUE, VERMILLION, GREY, PURPLE}
LEAST_WORDS = 0.07
"""Of all variation: a share that has room for its figure."""


def variation_by_scheme(table: Any) -> Figure:
    """Who bears the variation of all care under each scheme: a bar of shares, by party.

    Parameters
    ----------
    table
        ``Comparison.table``, or that of a ``SchemeRun``: ``scheme``, ``size_from``, ``size_below``,
        ``year``, ``measure`` and ``value``. Drawn are the measures ``variance_share_<party>`` of
        all sizes and years.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each scheme, the first on top; a share below 0, of a party that has most where
        care costs most, to the left of 0.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, or without such a measure.
    MissingPackageError
        Without matplotlib.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shares = {"practice": 0.31, "nation": 0.14, "payer": 0.55}
    >>> none = pa.nulls(3, pa.int64())
    >>> table = pa.table({"scheme": ["pbra-20k"] * 3, "size_from": none, "size_below": none,
    ...                   "year": none, "value": list(shares.values()),
    ...                   "measure": [f"variance_share_{party}" for party in shares]})
    >>> [text.get_text() for text in variation_by_scheme(table).axes[0].texts]
    ['31', '14', '55']
    """
    columns = ("size_from", "size_below", "year")
    rows = read_table(
        "table",
        arrow_table("table", table),
        labels=["scheme", "measure"],
        numbers=dict.fromkeys(("value", *columns), FINITE),
        nullable=columns,
    )
    for column in columns:
        rows = rows.filter(pc.is_null(rows[column]))
    rows = rows.filter(pc.starts_with(pc.cast(rows["measure"], pa.string()), SHARE))
    if not len(rows):
        text = f"table has no measure {SHARE}<party> of all sizes and years: must have one"
        raise InputError([Problem(text, code="empty", column="measure")])
    parties = [name.removeprefix(SHARE) for name in rows["measure"].to_pylist()]
    schemes = rows["scheme"].to_pylist()
    values = numbers(rows, "value")
    names = list(dict.fromkeys(schemes))
    shares = {party: np.zeros(len(names)) for party in _ordered(parties)}
    for party, scheme, value in zip(parties, schemes, values, strict=True):
        shares[party][names.index(scheme)] += value

    figure, axes = new_figure(
        "Who bears the variation of all care, by scheme", "Share of the variance", ""
    )
    figure.set_size_inches(8, 1.7 + 0.28 * len(names))
    _bars(axes, names, shares)
    return figure


def _ordered(parties: list[str]) -> list[str]:
    """The parties that are there, from left to right; others before the payer."""
    others = sorted(set(parties) - set(COLOURS))
    order = [*list(COLOURS)[:-1], *others, "payer"]
    return [party for party in order if party in parties]


def _bars(axes: Axes, names: list[str], shares: dict[str, FloatArray]) -> None:
    """A bar for each scheme, with a part for each party."""
    from matplotlib.ticker import FuncFormatter

    rows = np.arange(len(names))
    others = [party for party in shares if party not in COLOURS]
    colours = COLOURS | dict(zip(others, shades(len(others)), strict=True))
    right, left = np.zeros(len(names)), np.zeros(len(names))
    for party, values in shares.items():
        starts = np.where(values < 0, left, right)
        colour = colours[party]
        axes.barh(rows, values, left=starts, height=0.72, color=colour, label=party)
        for row in np.flatnonzero(values >= LEAST_WORDS):
            words = "white" if colour in DARK else INK
            at = starts[row] + values[row] / 2
            style: Any = {"ha": "center", "va": "center", "fontsize": 8, "color": words}
            axes.text(at, int(row), f"{100 * values[row]:.0f}", **style)
        right, left = right + np.maximum(values, 0), left + np.minimum(values, 0)
    axes.set_yticks(rows, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(min(float(left.min()), 0.0), max(float(right.max()), 1.0))
    axes.grid(visible=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    style = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "frameon": False}
    axes.legend(ncols=len(shares), fontsize=9, handlelength=1, columnspacing=1.2, **style)
