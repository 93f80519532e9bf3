"""A published file of any kind, from its headings down."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from .._errors import InputError
from .._tables.arguments import Arguments
from ._headings import Layout, financial_year
from ._source import Source, file_suffix, read_csv, wrong_path
from ._workbook import open_workbook


def check_sheet(sheet: str | None, year: str | None = None) -> str | None:
    """Check the answers to which sheet; gives the year as 2023/24."""
    arguments = Arguments()
    if not isinstance(sheet, str | None):
        arguments.reject_type("sheet", sheet, "the name of a sheet, or None")
    allowed = "a financial year such as '2023/24', or None"
    if not isinstance(year, str | None):
        arguments.reject_type("year", year, allowed)
    elif year is not None:
        known = financial_year([year])
        if known is None:
            arguments.reject("year", year, allowed)
        year = known
    arguments.check()
    return year


def read_source(
    path: str | Path, layouts: Sequence[Layout], sheet: str | None = None, year: str | None = None
) -> Source:
    """A CSV file, or one sheet of a workbook: of that name or year, or else the one that fits."""
    year = check_sheet(sheet, year)
    if file_suffix(path) == ".xlsx":
        with open_workbook(path) as book:
            source = book.sheet(layouts, sheet, year)
    elif sheet is not None:
        raise InputError(
            [wrong_path(path, "sheet is for workbooks: the name must", "end in .xlsx")]
        )
    else:
        source = read_csv(Path(path))
        source = dataclasses.replace(source, year=financial_year(source.headings))
    if year is not None and source.year not in (None, year):
        raise InputError([wrong_path(path, f"is of {source.year}: must be", f"of {year}")])
    return source
