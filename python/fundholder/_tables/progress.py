"""Progress of long work, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress_bar(
    shown: bool, population: Any, replications: int
) -> Iterator[Callable[[int], object] | None]:
    """Give what shows the number of person-draws made, or nothing where nobody would see it."""
    if not shown:
        yield None
        return
    # Imported here: needed by long runs on a terminal alone.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    people = _people(population)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[drawn]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        total = None if people is None else people * replications
        task = bar.add_task("simulating", total=total, drawn="")

        def show(drawn: int) -> None:
            bar.update(task, completed=drawn, drawn=f"{drawn / 1e9:,.1f} bn person-years")

        yield show


def _people(population: Any) -> int | None:
    """People in a table; unknown for a reader, and for a table that is about to be rejected."""
    try:
        names = list(getattr(population, "column_names", None) or population.columns)
        if "count" not in names:
            return len(population)
        count = population["count"]
        total = count.sum() if hasattr(count, "sum") else sum(count.to_pylist())
        return int(total)
    except (TypeError, ValueError, AttributeError):
        return None
