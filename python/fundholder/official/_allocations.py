"""NHS allocations to ICBs: baselines, targets, distances, growth and convergence."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, Problem
from .._tables.arrays import FloatArray
from .._tables.problems import Problems
from ._allocation_streams import (
    DFT_OPEN,
    ICB,
    ICB_NAME,
    MONEY,
    REGION,
    REGION_NAME,
    STREAMS,
    TARGET,
    Stream,
)
from ._cells import MOST, Cells, Mask, described
from ._columns import Column, layout
from ._read import check_sheet
from ._source import Source
from ._workbook import Workbook, open_workbook

PUBLICATION = "Allocation of resources: ICB allocations, core services workbook (NHS England)"
THOUSAND = 1_000.0
"""Money of the workbook is in £k."""
ROUNDED = 0.51
"""£k: allocations are published in whole thousands."""
SAME = 1e-9
"""Relative: columns that are formulas of others are there to the last digits."""


def read_icb_allocations(path: str | Path, *, year: str | None = None) -> pa.Table:
    """Baselines, targets and allocations of each ICB, by stream of money and year.

    Parameters
    ----------
    path
        The workbook of allocations, with the sheets "ICB Core Allocations <year>", "PMC Allocation
        <year>" and, from 2025-26 on, "Specialised Allocations <year>"; of one year, or of two.
    year
        One year of the workbook, as "2024/25"; by default, all.

    Returns
    -------
    pyarrow.Table
        ``stream`` ("core", "specialised", "primary medical care"), ``year`` ("2025-26"),
        ``region``, ``region_name``, ``icb``, ``icb_name``, ``baseline`` (£), ``target`` (£),
        ``dft_open`` (baseline / target - 1), ``growth``, ``convergence``, ``allocation`` (£; the
        baseline with both, in whole thousands), ``dft`` (after it, against the target of the
        year), ``allocation_per_head`` (£, as published: of the specialised stream without high
        cost drugs and devices, of primary medical care with the additions of the year) and
        ``next_target`` (£, the target of the year: allocation / (1 + dft), which ``pace_of_change``
        takes). By year and stream, then in the order of the ICBs' codes.

    Raises
    ------
    InputError
        Sheets or columns that are missing, a year that the workbook does not have, cells that are
        no numbers, an ICB twice, distances or allocations that do not follow from their baseline,
        totals of regions or of England that are not the sum of their ICBs: all at once.
    """
    year = check_sheet(None, year)
    problems = Problems()
    tables: list[pa.Table] = []
    sources: list[Source] = []
    with open_workbook(path) as book:
        for stream, name, of in _sheets(book, year, problems):
            try:
                source = book.read(name, [layout(stream.columns)])
                tables.append(_read_stream(source, stream, of))
                sources.append(source)
            except InputError as error:
                problems.extend(error.problems, error.more)
    problems.check()
    return described(pa.concat_tables(tables), PUBLICATION, sources)


def _sheets(
    book: Workbook, year: str | None, problems: Problems
) -> Iterator[tuple[Stream, str, str]]:
    """The sheets of each year and stream; those that must be there and are not are problems."""
    named: dict[tuple[str, str], str] = {}
    for name, stream in itertools.product(book.visible, STREAMS):
        match = re.fullmatch(rf"{stream.sheet}s? (20\d\d)[-/](\d\d)", name.strip(), re.IGNORECASE)
        if match:
            named[f"{match[1]}-{match[2]}", stream.name] = name
    years = {of for of, _ in named} or {"<year>"}
    if year is not None:
        years &= {year.replace("/", "-")}
        if not years:
            known = ", ".join(sorted({of for of, _ in named})) or "none"
            text = f"year is {year}: must be one of the workbook's, {known}"
            problems.add(Problem(text, code="argument", column="year", value=year, allowed=known))
    for of, stream in itertools.product(sorted(years), STREAMS):
        if (of, stream.name) in named:
            yield stream, named[of, stream.name], of
        elif of >= stream.since:
            text = f"sheet '{stream.sheet}s {of}' is missing: the sheets are {book.visible}"
            problems.add(Problem(text, code="unreadable", column="path"))


def _read_stream(source: Source, stream: Stream, year: str) -> pa.Table:
    cells = Cells(source, stream.columns)
    icbs, sums = _blocks(source, cells.index(ICB))
    cells.keep(icbs, "ICBs")
    names = {
        "region": cells.code(REGION),
        "region_name": cells.text(REGION_NAME, needed=True),
        "icb": cells.code(ICB),
        "icb_name": cells.text(ICB_NAME, needed=True),
    }
    cells.unique(ICB, names["icb"])
    numbers = {
        column.name: cells.number(column, above=True)
        if column.name in MONEY
        else cells.number(column, low=-MOST)
        for column in stream.columns[len(names) :]
    }
    cells.check()
    _check_formulas(cells, stream, {name: values.to_numpy() for name, values in numbers.items()})
    region = names["region"].to_pylist()
    for column in (stream.baseline, TARGET, stream.allocation):
        _check_sums(cells, column, numbers[column.name].to_pylist(), region, sums)
        numbers[column.name] = pa.array(numbers[column.name].to_numpy() * THOUSAND)
    rows = source.rows
    numbers["next_target"] = pc.divide(numbers["allocation"], pc.add(numbers["dft"], 1))
    table = cells.table(
        {
            "stream": pa.array([stream.name] * rows),
            "year": pa.array([year] * rows),
            **names,
            **numbers,
        }
    )
    return table.sort_by("icb")


def _blocks(source: Source, icb: int) -> tuple[Mask, dict[str, int]]:
    """The rows of ICBs, down to the first empty one; and the rows of sums below, by their code."""
    texts = [text.strip() for text in source.columns[icb].to_pylist()]
    end = texts.index("") if "" in texts else len(texts)
    sums = {text: end + i for i, text in enumerate(texts[end:]) if text}
    return np.arange(len(texts)) < end, sums


def _check_formulas(cells: Cells, stream: Stream, numbers: dict[str, FloatArray]) -> None:
    """Check that columns calculated from others follow from them."""
    distance = numbers["baseline"] / numbers["target"] - 1
    apart = np.abs(distance - numbers["dft_open"]) > SAME
    cells.reject(DFT_OPEN, apart, "baseline / target - 1, as a share", "inconsistent")
    grown = numbers["baseline"] * (1 + numbers["growth"]) * (1 + numbers["convergence"])
    apart = np.abs(grown - numbers["allocation"]) > ROUNDED
    allowed = "the baseline with growth and convergence, in £k"
    cells.reject(stream.allocation, apart, allowed, "inconsistent")


def _check_sums(
    cells: Cells,
    column: Column,
    value: list[float],
    region: list[str | None],
    sums: dict[str, int],
) -> None:
    """Check that sums of regions and of England are those of their ICBs."""
    for area, row in sums.items():
        inside = [
            v
            for v, r, icb in zip(value, region, cells.kept, strict=True)
            if icb and area in (r, "Total")
        ]
        total = math.fsum(inside)
        if inside and not math.isclose(value[row], total, rel_tol=SAME):
            heading = cells.heading(column)
            allowed = f"{total:,.3f}, the sum of its {len(inside)} ICBs"
            given = f"{value[row]:,.3f} for {area}"
            cells.problem(
                Problem(
                    f"column {heading!r}, row {row}: {given}; must be {allowed}",
                    code="inconsistent",
                    column=heading,
                    row=row,
                    value=value[row],
                    allowed=allowed,
                )
            )
