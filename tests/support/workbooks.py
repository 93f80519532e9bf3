"""Small workbooks for tests, and what other programs do to them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl


def workbook(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    hidden: Sequence[str] = (),
    *,
    from_1904: bool = False,
) -> Path:
    """A workbook of these rows."""
    book = openpyxl.Workbook()
    if from_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def part_of(path: Path, part: str) -> bytes:
    """One of the parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(part)


def with_part(path: Path, part: str, content: bytes) -> Path:
    """The workbook with one of its parts replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def with_dimension(path: Path, dimension: str) -> Path:
    """The workbook whose first sheet says that it has another size."""
    part = "xl/worksheets/sheet1.xml"
    said = re.sub(
        rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % dimension.encode(), part_of(path, part)
    )
    return with_part(path, part, said)
