"""Labels beside and along a curve, clear of it and of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._tables.arrays import FloatArray
from ._figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL_GAP = 0.06
"""Of the height of the axes, between the middles of two labels."""


def label_ends(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Labels at the right of the axes: the height of each (data), its words, and its colour."""
    to_axes = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    heights = [float(to_axes.transform((right, y))[1]) for y, _, _ in labels]
    for height, (_, words, colour) in zip(spaced(heights, LABEL_GAP), labels, strict=True):
        # Words are dark, as pale ones are hard to read; the dot has the colour.
        style: Any = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.02], [height], marker="o", markersize=7, color=colour, **style)
        axes.text(1.04, height, words, color=INK, fontsize=10, va="center", **style)


def flags(
    axes: Axes, x: FloatArray, height: FloatArray, marks: Sequence[tuple[float, str, str]]
) -> None:
    """Lines at costs along a curve, with words to their right, clear of it and of each other."""
    gap = 0.085 * float(height.max())
    top = 0.0
    # From the right, each above the one before.
    for cost, words, colour in sorted(marks, reverse=True):
        curve = float(height[x >= cost].max(initial=0.0))
        top = max(curve + 0.7 * gap, top + gap)
        axes.plot([cost, cost], [0, top], color=colour, linewidth=1)
        axes.annotate(
            words,
            (cost, top),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
        )
    axes.set_ylim(0, max(top, float(height.max())) + gap)


def spaced(heights: Sequence[float], gap: float) -> list[float]:
    """The heights nearest to these, in their order, that lie ``gap`` apart.

    Heights that are too near are put around their middle, together with whatever they then touch.
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1:
            below, above = (_around(group, heights, gap) for group in groups[-2:])
            if above[0] - below[-1] >= gap:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
    result = [0.0] * len(heights)
    for group in groups:
        for i, height in zip(group, _around(group, heights, gap), strict=True):
            result[i] = height
    return result


def _around(group: Sequence[int], heights: Sequence[float], gap: float) -> list[float]:
    middle = sum(heights[i] for i in group) / len(group)
    return [middle + gap * (k - (len(group) - 1) / 2) for k in range(len(group))]
