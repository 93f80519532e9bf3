"""Tables of persons that are read once, or again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa

from .._errors import InputError, Problem
from .._tables.arguments import Arguments
from .._tables.warning import warn

ALLOWED = (
    "an Arrow table, anything with __arrow_c_stream__, or a function that opens a reader of batches"
    " (for a file, lambda: fundholder.read(path))"
)

Open = Callable[[], Any]


def check_persons(arguments: Arguments, persons: Any) -> None:
    """Check that persons are a table, or a function that opens one."""
    if not hasattr(persons, "__arrow_c_stream__") and not callable(persons):
        arguments.reject_type("persons", persons, ALLOWED)


def check_codes(arguments: Arguments, codes: Any) -> None:
    """Check that codes are a table, if there are any."""
    if codes is not None and not hasattr(codes, "__arrow_c_stream__"):
        arguments.reject_type(
            "codes", codes, "a table of person and code, or anything with __arrow_c_stream__"
        )


def check_input(
    arguments: Arguments, persons: Any, codes: Any, neutral: Any, threads: Any
) -> dict[str, Any]:
    """What the engine is given with persons; right only if ``arguments.check`` passes."""
    check_persons(arguments, persons)
    check_codes(arguments, codes)
    return {
        "neutral": arguments.flag("neutral", neutral),
        "codes": codes,
        "materialised": is_materialised(persons),
        "threads": arguments.threads(threads),
    }


def is_materialised(persons: Any) -> bool:
    """Is it a table, every row of which can be checked before a rejection?"""
    return hasattr(persons, "__len__")


def open_once(persons: Any) -> Any:
    """The stream of persons that are read once."""
    return persons if hasattr(persons, "__arrow_c_stream__") else persons()


@contextmanager
def open_twice(persons: Any, columns: Sequence[str], *, again: bool) -> Iterator[Open]:
    """Give what opens the stream of persons, a first time and, if wanted, again.

    A reader can be read only once: while it is, the columns that are needed go to a temporary file,
    which is what the second opening reads.
    """
    if callable(persons) and not hasattr(persons, "__arrow_c_stream__"):
        yield persons
    elif not again or is_materialised(persons) or not isinstance(persons, pa.RecordBatchReader):
        yield lambda: persons
    else:
        # Without a name, so that nothing of it is left, however the process ends.
        with tempfile.TemporaryFile(prefix="fundholder-") as kept:
            opened = iter((lambda: _copied(persons, kept, columns), lambda: _copy(kept)))
            yield lambda: next(opened)()


def _copied(reader: pa.RecordBatchReader, file: IO[bytes], columns: Sequence[str]) -> Any:
    schema = reader.schema
    names = [
        name for name in dict.fromkeys(columns) if len(schema.get_all_field_indices(name)) == 1
    ]

    def batches() -> Iterator[pa.RecordBatch]:
        kept = pa.schema([schema.field(name) for name in names])
        # A stream, unlike a file, may change the dictionary of a column between batches.
        with pa.ipc.new_stream(file, kept) as writer:
            for batch in reader:
                writer.write_batch(batch.select(names))
                yield batch

    return pa.RecordBatchReader.from_batches(schema, batches())


def _copy(file: IO[bytes]) -> Any:
    file.seek(0)
    return pa.ipc.open_stream(file)


def warn_of_codes(codes: list[str]) -> None:
    """Warn of codes that a formula does not have."""
    if codes:
        more = "" if len(codes) <= 10 else f" and {len(codes) - 10} more"
        named = ", ".join(codes[:10]) + more
        text = f"codes that the formula does not have count for nothing: {named}"
        warn(text)


@contextmanager
def given_back() -> Iterator[None]:
    """Reject columns that are carried along, and that this pyarrow cannot hold."""
    try:
        yield
    except pa.ArrowException as error:
        text = f"persons cannot be given back: {error}: leave out columns that pyarrow cannot hold"
        raise InputError([Problem(text, code="unreadable", column="persons")]) from error
