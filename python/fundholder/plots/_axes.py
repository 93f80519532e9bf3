"""Axes: people, money, shares and differences, with their ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .._tables.arrays import FloatArray
from ._words import SIZES, signed_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def people_axis(axes: Axes, people: FloatArray) -> None:
    """Numbers of people along the axis, in equal steps of proportion."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(people.min() / 1.12, people.max() * 1.12)
    several_decades = people.max() > 300 * people.min()
    axes.xaxis.set_major_locator(
        LogLocator(subs=(1.0, 3.0) if several_decades else (1.0, 2.0, 5.0))
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def percent_axis(axes: Axes, series: Sequence[FloatArray]) -> None:
    """Differences up the axis, as far as those of nearly all units; 0 is in the middle or lower."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    values = np.concatenate(series)
    # Without this, one tiny unit would press all others flat.
    top = min(float(np.abs(values).max()), 1.25 * float(np.percentile(np.abs(values), 99)))
    top = max(top, 0.01) * 1.05
    axes.set_ylim(max(-top, min(float(values.min()) * 1.05, 0.0)), top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed_percent(value)))


def share_axis(axes: Axes, values: FloatArray) -> None:
    """Shares up the axis in equal steps of proportion: 1 %, 2 %, 5 %, 10 %."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(values.min() / 1.15, values.max() * 1.15)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def money_axis(axes: Axes, low: float, high: float) -> None:
    """Costs along the axis, all in £, £m or £bn; shares of years up it, from 0."""
    from matplotlib.ticker import FuncFormatter

    axes.set_xlim(low, high)
    money_ticks(axes.xaxis, high)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def money_ticks(axis: Axis, high: float) -> None:
    """Ticks of money, all in £, £m or £bn, up to ``high``."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    ticks = axis.get_majorticklocs()
    size, word = next((unit for unit in SIZES if high >= unit[0]), (1.0, ""))
    digits = max(0, -int(np.floor(np.log10((ticks[1] - ticks[0]) / size) + 1e-9)))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"£{x / size:,.{digits}f}{word}"))
