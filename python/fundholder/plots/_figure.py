"""What all figures share: the new_figure, its words and numbers, and where labels stand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import FundholderError, InputError, InputTypeError
from .._tables.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
INK, GREY, PALE = "#262626", "#6e6e6e", "#dcdcdc"
# After Okabe and Ito (2008), which eyes with and without colour blindness tell apart.
BLUE, ORANGE, VERMILLION, PURPLE = "#0072b2", "#e69f00", "#d55e00", "#7d3c78"
LABEL_GAP = 0.06
"""Of the height of the axes, between the middles of two labels."""
FEW = 36.0
"""Size of a point, in square points, where there is room for it."""
SIZES = ((1e9, "bn"), (1e6, "m"))


class MissingPackageError(FundholderError, ImportError):
    """A figure was asked for where matplotlib is not installed."""


def check_matplotlib() -> None:
    """Reject, before any work, to draw without matplotlib."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        need = 'figures need matplotlib: pip install "fundholder[plots]"'
        raise MissingPackageError([need]) from error


def check_figure_path(path: str | Path) -> None:
    """Reject, before any work, a figure that could not be drawn or written."""
    check_matplotlib()
    if not isinstance(path, str | os.PathLike):
        raise InputTypeError([f"{path!r}: must be the path of a file"])
    path = Path(path)
    problems = []
    if path.suffix not in FIGURE_SUFFIXES:
        problems.append(f"{path}: the name must end in {', '.join(FIGURE_SUFFIXES)}")
    if not path.parent.is_dir():
        problems.append(f"{path}: {path.parent} must be a folder that exists")
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        problems.append(f"{path}: {path.parent} must be a folder that can be written to")
    elif path.is_dir():
        problems.append(f"{path}: must not be a folder")
    if problems:
        raise InputError(problems)


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure: the title above, what is up the axis beneath it, no frame."""
    check_matplotlib()
    from matplotlib.figure import Figure

    # 8 inches are the width of a page; 150 points to the inch stay sharp on a slide.
    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained", facecolor="white")
    axes = figure.add_subplot(facecolor="white")
    axes.set_title(title, loc="left", pad=26, fontsize=13, fontweight="bold", color=INK)
    axes.set_xlabel(x, fontsize=10, color=GREY, loc="left", labelpad=6)
    axes.set_ylabel(y, fontsize=10, color=GREY, rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(0, 1.025)
    axes.tick_params(labelsize=10, labelcolor=INK, color=GREY, length=4)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    return figure, axes


def people_axis(axes: Axes, people: FloatArray) -> None:
    """FloatArray of people along the axis, in equal steps of proportion."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(people.min() / 1.12, people.max() * 1.12)
    wide = people.max() > 300 * people.min()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def percent_axis(axes: Axes, series: Sequence[FloatArray]) -> None:
    """Differences up the axis, as far as nearly all units reach; 0 is in the middle or lower."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    values = np.concatenate(series)
    # Without this, one tiny unit would press all others flat.
    reach = min(float(np.abs(values).max()), 1.25 * float(np.percentile(np.abs(values), 99)))
    reach = max(reach, 0.01) * 1.05
    axes.set_ylim(max(-reach, min(float(values.min()) * 1.05, 0.0)), reach)
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
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    ticks = axes.get_xticks()
    size, word = next((pair for pair in SIZES if high >= pair[0]), (1.0, ""))
    digits = max(0, -int(np.floor(np.log10((ticks[1] - ticks[0]) / size) + 1e-9)))
    money = FuncFormatter(lambda value, _: f"£{value / size:,.{digits}f}{word}")
    axes.xaxis.set_major_formatter(money)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def signed_percent(value: float) -> str:
    """+10 % for 0.1, with a minus sign as wide as the plus."""
    return f"{100 * value:+.3g} %".replace("-", "\u2212") if round(value, 9) else "0 %"


def percent(share: float) -> str:
    """A share of years in words: 33.6 %."""
    return f"{100 * share:.3g} %" if share == 0 or share >= 1e-4 else "under 0.01 %"


def pounds(value: float) -> str:
    """An amount short enough for a label: £20,000, £4.87m, £1.2bn."""
    for size, word in SIZES:
        if value >= 0.9995 * size:
            digits = max(0, 2 - int(np.log10(value / size)))
            text = f"{value / size:,.{digits}f}"
            return f"£{text.rstrip('0').rstrip('.') if '.' in text else text}{word}"
    return f"£{value:,.0f}"


def round_step(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)))


def frequency(share: float) -> str:
    """How many years a share of years is: "1 year in 20", or "30 % of years"."""
    one_in = 1 / share
    if share < 0.5 and abs(one_in - round(one_in)) < 1e-6 * one_in:
        return f"1 year in {round(one_in):,}"
    return f"{100 * share:.3g} % of years"


def quantile_words(probability: float) -> str:
    """What a quantile says: "1 year in 10 above", "half of years above", "1 year in 10 below"."""
    if probability == 0.5:
        return "half of years above"
    if probability > 0.5:
        return f"{frequency(1 - probability)} above"
    return f"{frequency(probability)} below"


def spread(places: Sequence[float], gap: float) -> list[float]:
    """The places nearest to these, in their order, that lie ``gap`` apart.

    Places that are too near are put around their middle, together with whatever they then touch.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1:
            below, above = (_around(group, places, gap) for group in groups[-2:])
            if above[0] - below[-1] >= gap:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
    found = [0.0] * len(places)
    for group in groups:
        for i, place in zip(group, _around(group, places, gap), strict=True):
            found[i] = place
    return found


def _around(group: Sequence[int], places: Sequence[float], gap: float) -> list[float]:
    middle = sum(places[i] for i in group) / len(group)
    return [middle + gap * (k - (len(group) - 1) / 2) for k in range(len(group))]


def points(axes: Axes, x: FloatArray, y: FloatArray, colour: str, size: float) -> None:
    """A point for each unit; those beyond the axes stand at the edge as triangles."""
    low, high = axes.get_ylim()
    style: Any = {"color": colour, "linewidths": 0, "zorder": 3}
    for beyond, edge, marker in ((y > high, high, "^"), (y < low, low, "v")):
        place = np.full(int(beyond.sum()), edge)
        axes.scatter(x[beyond], place, s=2 * size, marker=marker, clip_on=False, **style)
    inside = (y >= low) & (y <= high)
    axes.scatter(x[inside], y[inside], s=size, alpha=0.7 if size < FEW else 1.0, **style)


def point_size(units: int) -> float:
    """Large where units are few, small where many would lie over each other."""
    return FEW if units < 60 else 16.0 if units < 600 else 5.0


def label_ends(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """What stands at the right of the axes: its height (data), words, and colour."""
    to_axes = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    heights = [float(to_axes.transform((right, y))[1]) for y, _, _ in labels]
    for height, (_, words, colour) in zip(spread(heights, LABEL_GAP), labels, strict=True):
        # Words are dark, as pale ones are hard to read; the dot has the colour.
        style: Any = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.02], [height], marker="o", markersize=7, color=colour, **style)
        axes.text(1.04, height, words, color=INK, fontsize=10, va="center", **style)


def shades(count: int) -> list[str]:
    """Colours from light to dark that keep their order without colour vision, and on paper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    # The yellow end of the map is too pale on white.
    return [to_hex(colormaps["viridis"](x)) for x in np.linspace(0.7, 0.1, count)]


def flags(
    axes: Axes, x: FloatArray, height: FloatArray, marks: Sequence[tuple[float, str, str]]
) -> None:
    """Lines at places along a curve, with words to their right, clear of it and of each other."""
    gap = 0.085 * float(height.max())
    top = 0.0
    # From the right, each above the one before.
    for place, words, colour in sorted(marks, reverse=True):
        curve = float(height[x >= place].max(initial=0.0))
        top = max(curve + 0.7 * gap, top + gap)
        axes.plot([place, place], [0, top], color=colour, linewidth=1)
        axes.annotate(
            words,
            (place, top),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
        )
    axes.set_ylim(0, max(top, float(height.max())) + gap)
