"""Draws of every person: age, use, diagnoses and two years of cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._tables.addresses import Address, below, many_uniforms, root, uniform
from .._tables.arrays import FloatArray, IntArray
from . import _morbidity_figures as morbid
from ._diagnosis_blocks import DIAGNOSES
from ._morbidity import CostDistribution, cost_distribution, groups_of_people
from ._numbers import normal_score
from ._person_practices import Practices

#: People looked at together before any are left out; whole practices, so that it may be more.
_PEOPLE_AT_ONCE: Final = 65_536
#: Users whose 157 numbers are drawn together: two megabytes, chosen a processor keeps at hand.
_USERS_AT_ONCE: Final = 2_048
# The draws of a person by number; the diagnoses have all from theirs on.
_SAMPLE, _AGE, _USE, _NOISE, _USE_NEXT, _NOISE_NEXT, _DIAGNOSES = range(7)


@dataclass(frozen=True)
class Persons:
    """One entry per person; practices, quintiles and cells by position, costs in national means."""

    practice: IntArray
    person: IntArray
    address: Address
    cell: IntArray

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Morbidity:
    """Groups, diagnoses and costs of the people of a batch; costs are in national means."""

    group: IntArray
    #: Row and position of each diagnosis that anyone has, row by row.
    diagnosed: IntArray
    diagnosis: IntArray
    #: Expected cost given use and diagnoses, this year, and given diagnoses, next year.
    expected: FloatArray
    expected_next: FloatArray
    cost: FloatArray
    cost_next: FloatArray


def persons_of(
    practices: Practices,
    chosen: IntArray,
    key: tuple[int, int],
    sample: tuple[float, float],
    least: int,
) -> Iterator[Persons]:
    """People of some practices, at least so many at a time but for the last time.

    Only those are there whose first number lies in ``sample``.
    """
    people = practices.drawn.people[chosen]
    piece = (np.cumsum(people) - people) // _PEOPLE_AT_ONCE
    waiting: list[Persons] = []
    for part in np.split(chosen, np.flatnonzero(np.diff(piece)) + 1):
        waiting.append(_sampled(_people_of(practices, part, key), sample))
        if sum(map(len, waiting)) >= least:
            yield _concatenated(waiting)
            waiting = []
    if any(map(len, waiting)):
        yield _concatenated(waiting)


def _people_of(practices: Practices, chosen: IntArray, key: tuple[int, int]) -> Persons:
    people, cells = practices.drawn.people[chosen], practices.drawn.cells
    first, last = (np.searchsorted(cells.practice, chosen, side) for side in ("left", "right"))
    cell = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    number = np.arange(people.sum()) - np.repeat(np.cumsum(people) - people, people)
    national = practices.drawn.people
    before = (np.cumsum(national) - national)[chosen]
    return Persons(
        practice=np.repeat(chosen, people),
        person=np.repeat(before, people) + number,
        address=below(np.repeat(below(root(*key), chosen), people), number),
        cell=np.repeat(cell, cells.count[cell]),
    )


def _sampled(persons: Persons, sample: tuple[float, float]) -> Persons:
    if sample == (0.0, 1.0):
        return persons
    number = uniform(persons.address, _SAMPLE)
    keep = np.flatnonzero((number >= sample[0]) & (number < sample[1]))
    return Persons(
        persons.practice[keep], persons.person[keep], persons.address[keep], persons.cell[keep]
    )


def _concatenated(parts: list[Persons]) -> Persons:
    return Persons(
        practice=np.concatenate([part.practice for part in parts]),
        person=np.concatenate([part.person for part in parts]),
        address=np.concatenate([part.address for part in parts]),
        cell=np.concatenate([part.cell for part in parts]),
    )


def draw_morbidity(practices: Practices, persons: Persons, year: int) -> Morbidity:
    """Age, diagnoses and costs of people.

    Given diagnoses D, expected cost is (undiagnosed cost of the group + sum of what D add) times
    the effect of the practice. This year only those in hospital have diagnoses and cost.
    """
    of_year, cells, address = cost_distribution(year), practices.drawn.cells, persons.address
    group = groups_of_people(cells.band[persons.cell], uniform(address, _AGE))
    used = uniform(address, _USE) < of_year.use[group]
    often = practices.morbidity[persons.practice]
    often = often * practices.by_quintile[cells.quintile[persons.cell]]
    diagnosed, diagnosis = _draw_diagnoses(of_year, address, group, often, np.flatnonzero(used))

    added = np.bincount(diagnosed, of_year.of_diagnosis[diagnosis], len(persons))
    effect, base = practices.effect[persons.practice], of_year.undiagnosed[group]
    expected = np.where(used, base / of_year.use[group] + added, 0.0) * effect
    expected_next = (base + added) * effect
    use_next = morbid.use_next_year(expected_next)
    uses_next = uniform(address, _USE_NEXT) < use_next

    noise, noise_next = _draw_noise(address, used | uses_next)
    return Morbidity(
        group=group,
        diagnosed=diagnosed,
        diagnosis=diagnosis,
        expected=expected,
        expected_next=expected_next,
        cost=expected * noise,
        cost_next=np.where(uses_next, expected_next / use_next * noise_next, 0.0),
    )


def _draw_diagnoses(
    of_year: CostDistribution, address: Address, group: IntArray, often: FloatArray, users: IntArray
) -> tuple[IntArray, IntArray]:
    """Row and position of each diagnosis; those in hospital have each independently."""
    rows, diagnoses = [np.array([], np.int64)], [np.array([], np.int64)]
    for low in range(0, len(users), _USERS_AT_ONCE):
        row = users[low : low + _USERS_AT_ONCE]
        number = many_uniforms(address[row], _DIAGNOSES, len(DIAGNOSES))
        rate = of_year.rate[group[row]] * often[row, None].astype(np.float32)
        user, diagnosis = np.nonzero(number < rate)
        rows.append(row[user])
        diagnoses.append(diagnosis)
    return np.concatenate(rows), np.concatenate(diagnoses)


def _draw_noise(address: Address, needed: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Factors of mean 1 of this year and the next, correlated; 1 where not needed."""
    rows, rho = np.flatnonzero(needed), morbid.NOISE_CORRELATION
    score = normal_score(uniform(address[rows], _NOISE))
    own = normal_score(uniform(address[rows], _NOISE_NEXT))
    factors = []
    for sigma, scores in (
        (morbid.SIGMA_THIS, score),
        (morbid.SIGMA_NEXT, rho * score + np.sqrt(1 - rho**2) * own),
    ):
        factor = np.ones(len(address))
        factor[rows] = morbid.noise(scores, sigma)
        factors.append(factor)
    return factors[0], factors[1]
