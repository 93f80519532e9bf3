"""Practices: area, morbidity, need, supply, and the cost of their people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._tables.arrays import FloatArray, IntArray
from .._tables.largest_remainder import largest_remainder
from . import _figures as figures
from . import _morbidity_figures as morbid
from ._morbidity import cost_distribution
from ._numbers import draw_order, normal_score, weighted_normal_score
from ._population import population


@dataclass(frozen=True)
class Cells:
    """Cells of identical people: a practice, a band and a quintile, practice by practice."""

    practice: IntArray
    band: IntArray
    quintile: IntArray
    count: IntArray


@dataclass(frozen=True)
class PracticeDraws:
    """Draws of every practice, in the order of their names, in standard scores."""

    names: list[str]
    people: IntArray
    cells: Cells
    area: IntArray
    morbidity: FloatArray
    #: Of cost: the area's, by the parsimonious model's variables, by all others, unexplained.
    effects: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
    #: (198, practices): the need and supply variables.
    variables: FloatArray


@dataclass(frozen=True)
class Practices:
    """All practices of a year, and the effects that multiply the distribution of cost."""

    drawn: PracticeDraws
    #: How often diagnoses are recorded, by practice and by quintile.
    morbidity: FloatArray
    by_quintile: FloatArray
    #: Multiplies the cost of all people of the practice.
    effect: FloatArray
    #: Expected cost per head by age and sex alone, and in all but ``effect``.
    age_sex_cost: FloatArray
    base_cost: FloatArray


@lru_cache(maxsize=2)
def practices_of(year: int, seed: int) -> Practices:
    """The practices of ``population(year=year, seed=seed)``."""
    return with_costs(year, draw(year, seed))


def draw(year: int, seed: int) -> PracticeDraws:
    """Everything of the practices that depends on the seed."""
    groups = population(year=year, seed=seed)
    coded = groups["practice"].chunk(0)
    cells = Cells(
        practice=coded.indices.to_numpy().astype(np.int64),
        band=groups["band"].chunk(0).indices.to_numpy().astype(np.int64),
        quintile=groups["imd_quintile"].to_numpy().astype(np.int64) - 1,
        count=groups["count"].to_numpy(),
    )
    people: FloatArray = np.bincount(cells.practice, cells.count).astype(np.float64)
    first = np.searchsorted(cells.practice, np.arange(len(people)))
    area = _areas(groups["icb"].chunk(0).indices.to_numpy()[first].astype(np.int64), people)
    deprived = -np.bincount(cells.practice, cells.count * cells.quintile) / people
    young = (
        np.bincount(cells.practice, cells.count * (cells.band % len(figures.AGES) == 2)) / people
    )
    age_sex = (
        np.bincount(cells.practice, cells.count * cost_distribution(year).cost_of_bands[cells.band])
        / people
    )

    draws = _Draws(seed, area, np.column_stack([deprived, age_sex]))
    morbidity, of_area, unexplained = draws.of_practices(), draws.of_areas(), draws.of_practices()
    variables, parsimonious, others = _variables(
        draws, weighted_normal_score(deprived, people), weighted_normal_score(young, people)
    )
    return PracticeDraws(
        names=coded.dictionary.to_pylist(),
        people=people.astype(np.int64),
        cells=cells,
        area=area,
        morbidity=morbidity,
        effects=(of_area, parsimonious, others, unexplained),
        variables=variables,
    )


def with_costs(year: int, drawn: PracticeDraws) -> Practices:
    """The practices with the SDs of ``_morbidity_figures``; over England each effect is 1."""
    cells, share = drawn.cells, morbid.DIAGNOSED_SHARE
    expected = cells.count * cost_distribution(year).cost_of_bands[cells.band]
    by_quintile = _morbidity_by_quintile(cells.quintile, expected)
    diagnosed = np.bincount(cells.practice, expected * by_quintile[cells.quintile])
    morbidity = np.exp(morbid.MORBIDITY_SD * drawn.morbidity)
    morbidity *= diagnosed.sum() / (diagnosed * morbidity).sum()

    age_sex = np.bincount(cells.practice, expected)
    base = (1 - share) * age_sex + share * diagnosed * morbidity
    of_area, parsimonious, others, unexplained = drawn.effects
    effect = 1 + morbid.AREA_SD * of_area
    effect += morbid.PARSIMONIOUS_SD * parsimonious + morbid.OTHERS_SD * others
    effect *= np.exp(morbid.UNEXPLAINED_SD * unexplained)
    effect *= base.sum() / (base * effect).sum()
    return Practices(
        drawn, morbidity, by_quintile, effect, age_sex / drawn.people, base / drawn.people
    )


class _Draws:
    """Standard scores in random order that no chance correlates with what practices are known for.

    Normal quantiles themselves are shuffled, not sampled, and what correlates with ``known``
    (practices, features) is taken out: so the SDs between practices, and what explains them, are
    nearly the same at every seed.
    """

    def __init__(self, seed: int, area: IntArray, known: FloatArray) -> None:
        # A key of its own, so that these are not the numbers the population was drawn with.
        sequence = np.random.SeedSequence(seed, spawn_key=(1,))
        self._rng = np.random.Generator(np.random.PCG64(sequence))
        self._area = area
        practices = np.bincount(area)
        of_areas = [np.bincount(area, column) / practices for column in known.T]
        self._practices = _Shuffled(known)
        self._areas = _Shuffled(np.column_stack(of_areas))

    def of_practices(self) -> FloatArray:
        return self._practices.draw(self._rng)

    def of_areas(self) -> FloatArray:
        """The same score for all practices of an area, (practices,)."""
        return self._areas.draw(self._rng)[self._area]


class _Shuffled:
    """Normal quantiles, one for each row of what they shall not correlate with."""

    def __init__(self, known: FloatArray) -> None:
        self._quantiles = normal_score((np.arange(len(known)) + 0.5) / len(known))
        self._basis: list[FloatArray] = []
        for column in known.T:
            self._basis.append(self._without_basis(_standard(column)))

    def draw(self, rng: np.random.Generator) -> FloatArray:
        return self._without_basis(self._quantiles[draw_order(rng, len(self._quantiles))])

    def _without_basis(self, score: FloatArray) -> FloatArray:
        # Plain sums: a matrix product would have other digits with another BLAS.
        for column in self._basis:
            score = score - (score * column).mean() * column
        return _standard(score)


def _areas(icb: IntArray, people: FloatArray) -> IntArray:
    """Cut the practices of each ICB, in their order, into areas of about equal size."""
    icb_people = np.bincount(icb, people)
    areas = np.array(largest_remainder(morbid.AREAS, icb_people.tolist()))
    cumulative = np.cumsum(people) - (np.cumsum(icb_people) - icb_people)[icb]
    position = (cumulative - people / 2) / icb_people[icb]
    area: IntArray = np.cumsum(areas)[icb] - areas[icb]
    area += np.floor(position * areas[icb]).astype(np.int64)
    return area


def _morbidity_by_quintile(quintile: IntArray, cost: FloatArray) -> FloatArray:
    """Diagnoses by quintile, so that cost has the published ratios; mean 1 weighted by cost."""
    ratio = figures.COST_BY_QUINTILE / figures.COST_ALL_AGES
    ratio *= cost.sum() / (cost * ratio[quintile]).sum()
    relative: FloatArray = 1 + (ratio - 1) / morbid.DIAGNOSED_SHARE
    return relative


def _variables(
    draws: _Draws, deprivation: FloatArray, young: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Need and supply variables, (198, practices), and the scores of what they add to cost."""
    between = np.repeat(
        [morbid.NEED_BETWEEN_AREAS, morbid.SUPPLY_BETWEEN_AREAS],
        [len(morbid.NEED), len(morbid.SUPPLY)],
    )
    every = (*morbid.NEED, *morbid.SUPPLY)
    values = np.empty((len(every), len(young)))
    for row, (variable, share) in enumerate(zip(every, between, strict=True)):
        own = 1 - share - variable.deprivation**2 - variable.young**2
        values[row] = np.sqrt(share) * draws.of_areas()
        values[row] += variable.deprivation * deprivation + variable.young * young
        values[row] += np.sqrt(own) * draws.of_practices()

    sign = np.array([variable.sign for variable in every])
    weight = np.where(sign == 0, 1 - 2 * (np.arange(len(every)) % 2), 0)
    return values, _standard(_weighted(sign, values)), _standard(_weighted(weight, values))


def _weighted(weight: IntArray, values: FloatArray) -> FloatArray:
    total: FloatArray = (weight[:, None] * values).sum(axis=0)
    return total


def _standard(value: FloatArray) -> FloatArray:
    standard: FloatArray = (value - value.mean()) / value.std()
    return standard
