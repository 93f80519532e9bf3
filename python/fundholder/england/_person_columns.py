"""People as Arrow columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from .._tables.arrays import IntArray
from . import _figures as figures
from . import _morbidity_figures as morbid
from ._diagnosis_blocks import DIAGNOSES
from ._morbidity import BAND_OF, cost_distribution
from ._person_draws import Morbidity, Persons, draw_morbidity
from ._person_practices import Practices


class PersonColumns:
    """Record batches of people, whose dictionaries are made once."""

    def __init__(self, practices: Practices, year: int, codes: bool) -> None:
        self._practices = practices
        self._year = year
        self._codes = codes
        self._names = {
            "practice": pa.array(practices.drawn.names),
            "area": pa.array([f"PCT{i + 1:03}" for i in range(morbid.AREAS)]),
            "age_sex": pa.array(morbid.AGE_SEX),
            "sex": pa.array(figures.SEXES),
            "age": pa.array(morbid.FIVE_YEARS),
            "band": pa.array(figures.BANDS),
        }
        self._diagnoses = pa.array(DIAGNOSES)
        dictionary = pa.dictionary(pa.int32(), pa.string())
        fields: list[tuple[str, pa.DataType]] = [("person", pa.int64())]
        fields += [(name, dictionary) for name in self._names]
        fields += [("imd_quintile", pa.int8())]
        if codes:
            fields += [("diagnoses", pa.list_(pa.string()))]
        else:
            fields += [(name, pa.bool_()) for name in DIAGNOSES]
        fields += [(variable.name, pa.float64()) for variable in (*morbid.NEED, *morbid.SUPPLY)]
        fields += [(name, pa.float64()) for name in ("cost", "expected_next", "cost_next")]
        self.schema = pa.schema(
            [pa.field(name, data_type, nullable=False) for name, data_type in fields]
        )

    def batch(self, persons: Persons) -> pa.RecordBatch:
        """One row per person."""
        drawn = draw_morbidity(self._practices, persons, self._year)
        practices, group = self._practices.drawn, drawn.group
        ages = len(morbid.FIVE_YEARS)
        codes = {
            "practice": persons.practice,
            "area": practices.area[persons.practice],
            "age_sex": group,
            "sex": group // ages,
            "age": group % ages,
            "band": BAND_OF[group],
        }
        columns: list[Any] = [pa.array(persons.person)]
        columns += [self._coded(name, code) for name, code in codes.items()]
        columns += [pa.array(practices.cells.quintile[persons.cell] + 1, pa.int8())]
        columns += [self._lists(drawn)] if self._codes else _flags(drawn)
        columns += [pa.array(row) for row in self._variables(persons.practice)]
        pounds = cost_distribution(self._year).pounds
        for cost in (drawn.cost, drawn.expected_next, drawn.cost_next):
            columns.append(pa.array(pounds * cost))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _coded(self, name: str, code: IntArray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), self._names[name])

    def _variables(self, practice: IntArray) -> Any:
        """The variables of each person's practice, (198, people)."""
        start = np.flatnonzero(np.diff(practice, prepend=-1))
        people = np.diff(start, append=len(practice))
        return np.repeat(self._practices.drawn.variables[:, practice[start]], people, axis=1)

    def _lists(self, drawn: Morbidity) -> pa.ListArray:
        each = np.bincount(drawn.diagnosed, minlength=len(drawn.group))
        cumulative = np.concatenate([[0], np.cumsum(each)])
        values = self._diagnoses.take(pa.array(drawn.diagnosis))
        return pa.ListArray.from_arrays(pa.array(cumulative, pa.int32()), values)


def _flags(drawn: Morbidity) -> list[pa.BooleanArray]:
    people = len(drawn.group)
    has = np.zeros((len(DIAGNOSES), people), np.bool_)
    has[drawn.diagnosis, drawn.diagnosed] = True
    bits = np.packbits(has, axis=1, bitorder="little")
    return [
        pa.BooleanArray.from_buffers(pa.bool_(), people, [None, pa.py_buffer(row)]) for row in bits
    ]
