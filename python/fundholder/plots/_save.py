"""Figures written to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .._errors import InputTypeError, Problem
from .._files.atomic_write import Fill, write_atomically
from ._figure import check_figure_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    >>> from fundholder.plots import cv_by_population
    >>> table = pa.table({"people": [2_000], "ceiling": [20_000.0], "cv": [0.079]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(cv_by_population(table), f"{folder}/cv.png")
    """
    path, fill = figure_fill(figure, path)
    write_atomically({path: fill})


def figure_fill(figure: Figure, path: str | Path) -> tuple[Path, Fill]:
    """The path of a figure, checked, and what fills its file."""
    check_figure_path(path)
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        problem = Problem.argument_type("figure", figure, "a matplotlib.figure.Figure")
        raise InputTypeError([problem])
    path = Path(path)
    return path, lambda file: figure.savefig(file, format=path.suffix[1:])
