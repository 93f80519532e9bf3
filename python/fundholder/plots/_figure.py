"""Figures: empty ones, points and colours, and the paths that they are written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import FundholderError, Problem
from .._files.atomic_write import path_problems
from .._tables.arrays import FloatArray
from .._tables.problems import Problems

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
INK, GREY, PALE = "#262626", "#6e6e6e", "#dcdcdc"
# After Okabe and Ito (2008), which eyes with and without colour blindness tell apart.
BLUE, ORANGE, VERMILLION, PURPLE = "#0072b2", "#e69f00", "#d55e00", "#7d3c78"
FEW = 36.0
"""Size of a point, in square points, where there is room for it."""


class MissingPackageError(FundholderError, ImportError):
    """A figure needs matplotlib, which is not installed."""


def check_matplotlib() -> None:
    """Reject, before any work, to draw without matplotlib."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        need = 'figures need matplotlib: pip install "fundholder[plots]"'
        raise MissingPackageError([Problem(need, code="missing_package")]) from error


def check_figure_path(path: str | Path) -> None:
    """Reject, before any work, a figure that could not be drawn or written."""
    check_matplotlib()
    Problems(path_problems(path, FIGURE_SUFFIXES)).check()


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure without a frame: its title above, the words of the vertical axis below it."""
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


def points(axes: Axes, x: FloatArray, y: FloatArray, colour: str, size: float) -> None:
    """A point for each unit; those beyond the axes stand at the edge as triangles."""
    low, high = axes.get_ylim()
    style: Any = {"color": colour, "linewidths": 0, "zorder": 3}
    for beyond, edge, marker in ((y > high, high, "^"), (y < low, low, "v")):
        at_edge = np.full(int(beyond.sum()), edge)
        axes.scatter(x[beyond], at_edge, s=2 * size, marker=marker, clip_on=False, **style)
    inside = (y >= low) & (y <= high)
    axes.scatter(x[inside], y[inside], s=size, alpha=0.7 if size < FEW else 1.0, **style)


def point_size(units: int) -> float:
    """Size of the points: large for few units, small where many would lie over each other."""
    return FEW if units < 60 else 16.0 if units < 600 else 5.0


def shades(count: int) -> list[str]:
    """Colours from light to dark that keep their order without colour vision, and on paper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    # The yellow end of the map is too pale on white.
    return [to_hex(colormaps["viridis"](x)) for x in np.linspace(0.7, 0.1, count)]
