"""Parts of an Excel workbook: unpacked within bounds, checked, and packed again for its reader.

The reader lays a sheet out in memory from its first cell to its last, copies a text for each cell
that refers to it, and gives errors of Excel as empty cells. So cells and texts are counted before,
and errors are marked as the texts that they show.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from .._errors import InputError
from ._dates import FROM_1900, FROM_1904
from ._source import MOST_UNPACKED, TOO_LARGE, unreadable

MOST_CELLS = 5_000_000
"""Of a sheet, from A1 to its last row and column: some 500 MB."""
CHUNK = 1 << 20
PARTS = ("xl/", "_rels/", "[content_types]")
BOOK = "xl/workbook.xml"
SHARED_TEXTS = "xl/sharedstrings.xml"
# Names may be led by that of their namespace, as in <x:c r="A1">, and none need an address.
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
PLAIN_CELL = re.compile(rb"<c[\s>/]")
NAMED_CELL = re.compile(rb"<\w+:c[\s>/]")
EMPTY_CELL = re.compile(rb"<((?:\w+:)?c)\b[^<>]*(?:/>|>\s*</\1\s*>)")
ADDRESS = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]+\d+)")
ROW = re.compile(rb"<(?:\w+:)?row\b")
ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\b[^<]*?\br\s*=\s*[\"'](\d+)")
ERROR = re.compile(rb"\bt\s*=\s*([\"'])e\1")
TEXT = re.compile(rb"<(?:\w+:)?si\b")
TEXT_NUMBER = re.compile(rb"\bt\s*=\s*[\"']s[\"'][^<]*<(?:\w+:)?v\b[^<>]*>\s*(\d+)")
LETTERS = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
DIGITS = b"0123456789"
COUNTS_FROM_1904 = re.compile(rb"\bdate1904\s*=\s*[\"'](?:1|true)[\"']")


def checked_workbook(path: Path) -> tuple[io.BytesIO, datetime.date]:
    """The parts of a workbook that are read, and the day from which it counts days.

    Rejects what is larger than memory: parts that unpack to too much, and sheets of too many cells.
    """
    made, left, day_zero = io.BytesIO(), MOST_UNPACKED, FROM_1900
    text_sizes = np.zeros(0, np.int64)
    with ZipFile(path) as given, ZipFile(made, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        names = {name for name in given.namelist() if _is_read(name.lower())}
        # Texts come before the sheets that refer to them.
        for name in sorted(names, key=lambda name: (name.lower() != SHARED_TEXTS, name)):
            content = _unpacked(path, given, name, left)
            left -= len(content)
            if name.lower() == SHARED_TEXTS:
                starts = [match.start() for match in TEXT.finditer(content)]
                text_sizes = np.diff([*starts, len(content)]) if starts else text_sizes
            elif name.lower() == BOOK:
                day_zero = FROM_1904 if COUNTS_FROM_1904.search(content) else FROM_1900
            elif b"sheetData" in content:
                _check_sheet(path, name, content, text_sizes)
                content = ERROR.sub(_as_text, content)
            archive.writestr(name, content)
    made.seek(0)
    return made, day_zero


def _is_read(name: str) -> bool:
    return name.startswith(PARTS) and name.endswith((".xml", ".rels"))


def _unpacked(path: Path, archive: ZipFile, part: str, most: int) -> bytes:
    chunks, size = [], 0
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise InputError([unreadable(path, TOO_LARGE)])
            chunks.append(chunk)
    return b"".join(chunks)


def _as_text(error: re.Match[bytes]) -> bytes:
    """The type of a cell that is an error made that of text; what is no type of a cell stays."""
    content = error.string
    before = content[content.rfind(b"<", 0, error.start()) : error.start()]
    is_type = CELL.match(before) and b">" not in before
    return error[0].replace(b"e", b"str") if is_type else error[0]


def _check_sheet(path: Path, part: str, content: bytes, text_sizes: np.ndarray) -> None:
    """Reject a sheet that would be larger than memory, laid out or with its texts."""
    rows, columns = _extent(content)
    if rows * columns > MOST_CELLS:
        # Formats of empty cells reach far, and empty cells are not laid out.
        content = EMPTY_CELL.sub(b"", content)
        rows, columns = _extent(content)
    if rows * columns > MOST_CELLS:
        text = f"{part} has cells in {rows:,} rows and {columns:,} columns: must have at most "
        raise InputError([unreadable(path, text + f"{MOST_CELLS:,} cells in all")])
    if int(text_sizes.max(initial=0)) * rows * columns > MOST_UNPACKED:
        numbers = np.fromiter((int(match[1]) for match in TEXT_NUMBER.finditer(content)), np.int64)
        if text_sizes[numbers[numbers < len(text_sizes)]].sum() > MOST_UNPACKED:
            raise InputError([unreadable(path, f"{part} {TOO_LARGE}")])


def _extent(content: bytes) -> tuple[int, int]:
    """The last row and column that a cell of a sheet may be in, counted from 1."""
    rows, names, unaddressed = 0, set[bytes](), 0
    for window in _windows(content):
        addresses = ADDRESS.findall(window)
        listed = b" ".join(addresses)
        cells = len(PLAIN_CELL.findall(window)) or len(NAMED_CELL.findall(window))
        unaddressed += max(0, cells - len(addresses))
        names.update(listed.translate(None, DIGITS).split())
        rows = max(rows, max(map(int, listed.translate(None, LETTERS).split()), default=0))
    columns = max(map(_column, names), default=0)
    if unaddressed:
        # A cell without an address stands right of the one before it.
        segments = ROW.split(content)
        rows = max(rows, max(map(int, ROW_NUMBER.findall(content)), default=0)) + len(segments) - 1
        columns += max(len(CELL.findall(segment)) for segment in segments)
    return rows, columns


def _windows(content: bytes) -> Iterator[bytes]:
    """The content in parts that end where a tag ends."""
    start = 0
    while start < len(content):
        end = content.find(b">", start + CHUNK) + 1 or len(content)
        yield content[start:end]
        start = end


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - ord("A") + 1
    return number
