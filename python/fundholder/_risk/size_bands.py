"""Bands of list size: the national summary of a sweep of ceilings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._tables.arguments import Arguments, listed
from .._tables.checked import Rule, arrow_table, check_numbers, read_table
from .._tables.columns import as_doubles, is_number, plain_table

PEOPLE = Rule("a number of people, 0 or more, at most 2^53", 0.0, 2.0**53)
SUM = Rule("a finite number of £, 0 or more (0, or from 1e-60)", 0.0, 1e200)
SUMS = ("expected_gross", "expected_net", "expected_ceded")
MEANS = ("cv", "cv_gross")


def size_bands(
    table: Any, edges: Sequence[int] = (2_000, 4_000, 6_000, 8_000, 12_000, 20_000)
) -> pa.Table:
    """The national summary by size of list: one row per band of ``people`` and ceiling.

    Parameters
    ----------
    table
        A result of ``stop_loss``: one row per unit and ceiling.
    edges
        The numbers of people at which bands begin, after the first, which begins at 1.

    Returns
    -------
    pyarrow.Table
        ``people_from``, ``people_below`` (null for the last), ``ceiling`` (£ a person-year; null
        for none), ``units``, ``people``, ``expected_gross``, ``expected_net``, ``expected_ceded``
        (£, sums over units), ``ceded_share`` (of gross cost), ``premium_per_head`` (£), ``cv`` and
        ``cv_gross`` (mean over units), ``p_outside_<t>`` and ``p_outside_<t>_gross`` (mean over
        units: the share of units expected outside in a year). Bands in ascending order, each with
        the ceilings as they first come in ``table``. Units without people are left out; a band
        without units has nulls.

    Raises
    ------
    InputError, InputTypeError
        For a table without these columns, or edges that do not ascend.

    Examples
    --------
    >>> import pyarrow as pa
    >>> swept = pa.table({
    ...     "practice": ["A", "B"], "people": [1_500, 1_900], "ceiling": [20_000.0, 20_000.0],
    ...     "expected_gross": [1.2e6, 1.5e6], "expected_net": [0.9e6, 1.2e6],
    ...     "expected_ceded": [0.3e6, 0.3e6], "cv": [0.09, 0.07], "cv_gross": [0.16, 0.14],
    ...     "p_outside_0.1": [0.27, 0.15], "p_outside_0.1_gross": [0.45, 0.43]})
    >>> band = size_bands(swept, edges=[2_000]).to_pylist()[0]
    >>> band["units"], round(band["cv"], 4), round(band["ceded_share"], 4)
    (2, 0.08, 0.2222)
    """
    arguments = Arguments()
    starts = [1, *check_edges(arguments, edges)]
    arguments.check()

    units = plain_table(arrow_table("table", table))
    outside = [name for name in units.column_names if name.startswith("p_outside_")]
    check_numbers("table", units, ["people", *SUMS], ["ceiling", *MEANS, *outside])
    read_table("table", units, numbers=dict.fromkeys(SUMS, SUM) | {"people": PEOPLE})
    units = _computable(units)
    ceilings = as_doubles(units["ceiling"])
    rows = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        inside = pc.greater_equal(units["people"], start)
        if end is not None:
            inside = pc.and_(inside, pc.less(units["people"], end))
        for ceiling in pc.unique(ceilings):
            same = pc.equal(ceilings, ceiling) if ceiling.is_valid else ceilings.is_null()
            row = {"people_from": start, "people_below": end, "ceiling": ceiling.as_py()}
            rows.append(row | _band(units.filter(pc.and_(inside, same)), [*MEANS, *outside]))
    return pa.Table.from_pylist(rows, _schema(outside, units.schema.metadata))


def _computable(table: pa.Table) -> pa.Table:
    """The table with numbers that Arrow computes with."""
    columns = [
        as_doubles(column)
        if is_number(column.type) and not pa.types.is_signed_integer(column.type)
        else column
        for column in table.columns
    ]
    return pa.table(columns, table.column_names, metadata=table.schema.metadata)


def check_edges(arguments: Arguments, edges: Any) -> list[int]:
    """The numbers of people at which bands begin, after the first: ascending, from 2."""
    ascending = "different whole numbers in ascending order"
    items = listed(edges)
    if items is None:
        arguments.reject_type("edges", edges, ascending)
        return []
    starts = [arguments.integer("edges", edge, 2, 2**62) for edge in items]
    if starts != sorted(set(starts)):
        arguments.reject("edges", edges, ascending)
    return starts


def _band(units: pa.Table, means: Sequence[str]) -> dict[str, Any]:
    people = pc.sum(units["people"], min_count=0).as_py()
    gross, net, ceded = (pc.sum(units[name], min_count=0).as_py() for name in SUMS)
    return {
        "units": units.num_rows,
        "people": people,
        "expected_gross": gross,
        "expected_net": net,
        "expected_ceded": ceded,
        "ceded_share": ceded / gross if gross else None,
        "premium_per_head": ceded / people if people else None,
        **{name: pc.mean(units[name].cast(pa.float64())).as_py() for name in means},
    }


def _schema(outside: Sequence[str], metadata: dict[bytes, bytes] | None) -> pa.Schema:
    integers = ["people_from", "people_below", "units", "people"]
    amounts = [*SUMS, "ceded_share", "premium_per_head", *MEANS, *outside]
    order = ["people_from", "people_below", "ceiling", "units", "people", *amounts]
    fields = [(name, pa.int64() if name in integers else pa.float64()) for name in order]
    return pa.schema(fields, metadata)
