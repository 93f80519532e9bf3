"""The people of England with diagnoses, need, supply, and this year's and next year's cost."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from .._tables.addresses import below, root, uniform
from .._tables.arguments import Arguments, listed
from .._tables.arrays import FloatArray, IntArray
from ._checks import check_year
from ._person_columns import PersonColumns
from ._person_draws import persons_of
from ._person_practices import Practices, practices_of

#: Least people in a batch; some 100 megabytes with every column.
_BATCH: Final = 65_536


def persons(
    *,
    practices: int | Iterable[str] | None = None,
    share: float | tuple[float, float] = 1.0,
    year: int = 2010,
    seed: int = 0,
    diagnoses: str = "columns",
) -> pa.RecordBatchReader:
    """People with diagnoses, need, supply, and this year's and next year's hospital cost.

    What a person-based formula is estimated from, as a stream: one row per person of
    ``population(year=year, seed=seed)``, synthetic like it. Constants are fitted so that the five
    models of Dixon et al. (BMJ 2011;343:d6608, Table 1), in :data:`NESTED_MODELS`, explain on these
    people what they explained in England. That is a calibration: it validates nothing.

    - **Age and sex.** 38 groups, five years each. Hospital cost per head is the published inpatient
      cost (University of York, CHE Research Paper 147) and a fitted share of all other care.
    - **Diagnoses.** 157 blocks of ICD-10. Those in hospital this year have each independently, more
      often where deprivation or the practice's morbidity is higher, and three fifths of expected
      cost follow them at every age. Frequencies and relative costs of blocks are assumed.
    - **Practices.** Cost is multiplied by effects of the area, of need and supply variables, and by
      one that no variable explains.
    - **Costs.** Two-part lognormal, bounded, with the CV of hospital spending, 4.59: 33.2 % have
      any, the costliest 1 % of people make 32.5 % of it (Institute for Fiscal Studies, W15/21: 32
      %). A person's two years have a correlation of 0.375 (US MEPS: 0.35-0.40).

    What a person draws depends on the seed, the practice and the person alone: any practices, and
    any share of their people, have the same rows.

    Parameters
    ----------
    practices
        Which: None for all, a number for that many, evenly spread over sizes, cost by age and sex,
        and expected cost, or names ("P00001" ...). Their order does not matter.
    share
        Which part of every list, at random: 0.1 is a tenth of the people, (0.1, 0.2) another tenth.
    year
        2010 or 2025. The constants are fitted in 2010; 2025 has its people and prices.
    seed
        A whole number of at least 0. The same seed gives the same rows.
    diagnoses
        "columns": 157 booleans. "codes": one list of names, which is smaller.

    Returns
    -------
    pyarrow.RecordBatchReader
        ``person`` (int64, each number once in England), ``practice``, ``area`` (152), ``age_sex``
        (38), ``sex``, ``age`` (19), ``band`` (14), all dictionary-encoded strings, ``imd_quintile``
        (int8, 1 = most deprived); "A00-A09" ... "Z80-Z99" (boolean) or ``diagnoses`` (list of
        strings); 135 ``need_...`` and 63 ``supply_...`` (float64, standard scores of the practice);
        ``cost`` (£, this year), ``expected_next`` (£, what the model expects of next year: no real
        data know it) and ``cost_next`` (£). Rows come practice by practice, at least 65,536 at a
        time but for the last batch, which takes about 200 megabytes.

    Raises
    ------
    InputError, InputTypeError
        All problems of the arguments at once: another year, a name that is no practice or is there
        twice, more practices than there are, a share that is none.

    Examples
    --------
    >>> from fundholder import england
    >>> people = england.persons(practices=["P00001"], diagnoses="codes").read_all()
    >>> people.num_columns
    210
    >>> tenth = england.persons(practices=["P00001"], share=0.1).read_all()
    >>> 0.05 < tenth.num_rows / people.num_rows < 0.15
    True
    >>> england.NESTED_MODELS[4].name, england.NESTED_MODELS[4].terms["area"]
    ('parsimonious', 'area')
    """
    arguments = Arguments()
    check_year(arguments, year)
    seed = arguments.integer("seed", seed, 0, 2**63 - 1)
    sample = _sample(arguments, share)
    if diagnoses not in ("columns", "codes"):
        arguments.reject("diagnoses", diagnoses, '"columns" or "codes"')
    arguments.check()
    national = practices_of(year, seed)
    chosen = _choose(arguments, national, practices, (year, seed))
    arguments.check()

    columns = PersonColumns(national, year, diagnoses == "codes")
    batches = map(columns.batch, persons_of(national, chosen, (year, seed), sample, _BATCH))
    return pa.RecordBatchReader.from_batches(columns.schema, batches)


def _sample(arguments: Arguments, share: Any) -> tuple[float, float]:
    """The interval of [0, 1) in which the first number of a person must lie."""
    allowed = "a share above 0 and at most 1, or two increasing numbers from 0 to 1"
    interval = tuple(share) if isinstance(share, tuple | list) else (0.0, share)
    numbers = [value for value in interval if isinstance(value, int | float | np.number)]
    if len(interval) != 2 or len(numbers) != 2 or isinstance(share, bool):
        arguments.reject_type("share", share, allowed)
        return 0.0, 1.0
    try:
        low, high = map(float, numbers)
    except OverflowError:
        low, high = 0.0, math.inf
    if not 0 <= low < high <= 1 or math.isnan(low + high):
        arguments.reject("share", share, allowed)
        return 0.0, 1.0
    return low, high


def _choose(
    arguments: Arguments, national: Practices, selection: Any, key: tuple[int, int]
) -> IntArray:
    """Positions of the selected practices, in the order of their names."""
    names = national.drawn.names
    if selection is None:
        return np.arange(len(names))
    items = selection.to_pylist() if hasattr(selection, "to_pylist") else listed(selection)
    if items is None:
        number = arguments.integer("practices", selection, 1, len(names))
        return _evenly_spread(national, number, key)
    position = {name: i for i, name in enumerate(names)}
    for row, name in enumerate(items):
        if name not in position:
            arguments.reject(f"practices[{row}]", name, f"from {names[0]!r} to {names[-1]!r}")
    if not items or len(set(items)) < len(items):
        arguments.reject("practices", items, "at least one name, each once")
    return np.array(sorted(position[name] for name in items if name in position), np.int64)


def _evenly_spread(national: Practices, number: int, key: tuple[int, int]) -> IntArray:
    """Practices evenly spread over sizes, cost by age and sex, and expected cost, in this order."""
    expected: FloatArray = national.base_cost * national.effect
    order = np.arange(len(expected))
    group = np.zeros(len(expected), np.int64)
    # Halves by size, 28 parts of each by age and sex: even 400 practices have seven in each part.
    people = national.drawn.people.astype(float)
    for value, parts in ((people, 2), (national.age_sex_cost, 28), (expected, 1)):
        # Up one group and down the next, so that neighbours are alike across its border.
        order = np.lexsort((value * (1 - 2 * (group % 2)), group))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        within = rank - np.searchsorted(np.sort(group), group)
        group = group * parts + within * parts // np.bincount(group)[group]
    # One at random of each interval: the middle ones would differ less than practices do.
    end = np.arange(1, number + 1) * len(order) // number
    interval = np.diff(end, prepend=0)
    back = uniform(below(root(*key), np.arange(number)), number) * interval
    return np.sort(order[end - 1 - back.astype(np.int64)])
