"""Fit the constants of ``fundholder.england.persons`` that no source publishes. Needs scipy.

    python tools/calibrate_morbidity.py

Prints what stands in ``_morbidity_figures.py``, so that the models of Dixon et al. (BMJ
2011;343:d6608, Table 1) explain on these people what they explained in England:

- the share of outpatients in hospital cost, by the R2 of age and sex;
- the cost of a diagnosis, by the R2 of age, sex and diagnoses;
- SDs between practices, by the five R2 of practices' costs, with what 5.2 million people in the
  estimation leave to chance;
- use and spread of cost, by the published users, CV and correlation of two years.

The first three are variances in closed form over the cells of identical people; the last is a
mixture of lognormals over a sample of expected costs. No cost is drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.stats import norm

from fundholder._tables.arrays import FloatArray
from fundholder.england import _figures as figures
from fundholder.england import _morbidity_figures as morbid
from fundholder.england import _person_practices as model
from fundholder.england._morbidity import BAND_OF, cost_distribution, groups_in_bands
from fundholder.england._nested_models import NESTED_MODELS
from fundholder.england._person_draws import draw_morbidity, persons_of

YEAR = 2010
#: Published: CV of hospital cost per person (see docs/england.md).
SQUARED_CV = 4.59**2
#: Published, Dixon et al.: people in the estimation.
ESTIMATED_ON = 5_206_651
#: US MEPS: 0.35-0.40.
CORRELATION = 0.375
SDS = ("MORBIDITY_SD", "AREA_SD", "PARSIMONIOUS_SD", "OTHERS_SD", "UNEXPLAINED_SD")


def put(**constants: float) -> None:
    """Give the model other constants."""
    for name, value in constants.items():
        setattr(morbid, name, float(value))
    cost_distribution.cache_clear()


def bands_to_groups(by_band: FloatArray) -> FloatArray:
    """A figure of the 14 bands at the 38 groups."""
    return by_band[BAND_OF]


def fit_outpatients() -> None:
    """The variance between groups that age and sex explained."""
    people = bands_to_groups(figures.band_shares(YEAR)) * groups_in_bands()

    def miss(share: float) -> float:
        put(OUTPATIENT_SHARE=share)
        return float(
            (people * cost_distribution(YEAR).cost ** 2).sum()
            - 1
            - NESTED_MODELS[0].r2_person * SQUARED_CV
        )

    put(OUTPATIENT_SHARE=brentq(miss, 0, 0.5))


def fit_diagnoses(drawn: list[model.PracticeDraws]) -> None:
    """The variance between people that diagnoses explained too."""

    def miss(cost: float) -> float:
        put(COST_OF_DIAGNOSIS=cost)
        between = np.mean([base_variance(model.with_costs(YEAR, seed)) for seed in drawn])
        return float(between - NESTED_MODELS[1].r2_person * SQUARED_CV)

    put(COST_OF_DIAGNOSIS=brentq(miss, 0.3, 3))


def base_variance(practices: model.Practices) -> float:
    """Variance between people of their expected cost but for the effects of practices."""
    cells, of_year = practices.drawn.cells, cost_distribution(YEAR)
    often = practices.morbidity[cells.practice] * practices.by_quintile[cells.quintile]
    people = cells.count / cells.count.sum()
    in_band = np.bincount(cells.band, people)
    mean = bands_to_groups(np.bincount(cells.band, people * often) / in_band)
    square = bands_to_groups(np.bincount(cells.band, people * often**2) / in_band)
    rate, cost = of_year.rate.astype(float), of_year.of_diagnosis

    # Those in hospital, a share ``use``, have each diagnosis independently, at rate * often.
    added = of_year.use * (rate @ cost) * mean
    added_square = (rate @ cost**2) * mean + ((rate @ cost) ** 2 - rate**2 @ cost**2) * square
    base = of_year.undiagnosed
    second = base**2 + 2 * base * added + of_year.use * added_square
    share = bands_to_groups(in_band) * groups_in_bands()
    return float((share * second).sum() - (share * (base + added)).sum() ** 2)


def bases(drawn: model.PracticeDraws) -> Iterator[FloatArray]:
    """Orthonormal bases of what the last three models know of practices, weighted by people."""
    weight = np.sqrt(drawn.people)[:, None]
    areas = np.eye(morbid.AREAS)[drawn.area]
    names = [variable.name for variable in (*morbid.NEED, *morbid.SUPPLY)]
    variables = dict(zip(names, drawn.variables, strict=True))
    for nested in NESTED_MODELS[2:]:
        chosen = [variables[name] for name in (*nested.need, *nested.supply)]
        yield np.linalg.qr(weight * np.column_stack([areas, *chosen]))[0]


def practice_r2(drawn: model.PracticeDraws, known: list[FloatArray]) -> FloatArray:
    """R2 of the five models over all practices.

    Whether practices were weighted is not published: a third is the R2 of practices alike, two
    thirds that weighted by people, which ``Formula.evaluate`` reports. They differ by 0.01-0.03.
    """
    practices, cells = model.with_costs(YEAR, drawn), drawn.cells
    people, share = drawn.people.astype(float), morbid.DIAGNOSED_SHARE
    often = practices.by_quintile[cells.quintile] * practices.morbidity[cells.practice]
    of_bands = cost_distribution(YEAR).cost_of_bands[cells.band]
    cost = cells.count * of_bands * (1 - share + share * often)
    cost *= practices.effect[cells.practice]
    actual = np.bincount(cells.practice, cost) / people
    of_band = np.bincount(cells.band, cost) / np.bincount(cells.band, cells.count)
    by_age_sex = np.bincount(cells.practice, cells.count * of_band[cells.band]) / people

    left, weight = actual - practices.base_cost, np.sqrt(people)
    residuals = [actual - by_age_sex, left]
    residuals += [left - basis @ (basis.T @ (weight * left)) / weight for basis in known]
    terms = np.array([0, 0, *(basis.shape[1] for basis in known)])
    # A practice variable's coefficient errs by what practices leave unexplained, and by chance.
    inflated = (1 + terms / len(people)) / (1 - terms / len(people))
    variance = SQUARED_CV * (1 - NESTED_MODELS[1].r2_person)
    estimated = terms * variance / ESTIMATED_ON
    chance = variance * practices.base_cost / people

    results = []
    for each in (np.full(len(people), 1 / len(people)), people / people.sum()):
        total = (each * (actual - (each * actual).sum()) ** 2).sum() + (each * chance).sum()
        squares = np.array([(each * residual**2).sum() for residual in residuals])
        results.append(1 - (squares * inflated + estimated + (each * chance).sum()) / total)
    return np.average(results, axis=0, weights=[1, 2])


def fit_practices(drawn: list[model.PracticeDraws]) -> FloatArray:
    """The R2 reached."""
    known = [list(bases(seed)) for seed in drawn]
    published = np.array([nested.r2_practice for nested in NESTED_MODELS])

    def miss(sds: FloatArray) -> FloatArray:
        put(**dict(zip(SDS, sds, strict=True)))
        reached = [practice_r2(*both) for both in zip(drawn, known, strict=True)]
        return np.mean(reached, axis=0) - published

    start = [getattr(morbid, name) for name in SDS]
    fit = least_squares(miss, start, bounds=(0, 0.6), diff_step=0.02)
    return miss(fit.x) + published


def moment(power: float, sigma: float, above: FloatArray | float = -np.inf) -> FloatArray:
    """E[exp(power sigma min(Z, top)); Z > above] of a standard normal Z."""
    top, shift = morbid.LARGEST_SCORE, power * sigma
    smooth = norm.cdf(top - shift) - norm.cdf(np.minimum(above, top) - shift)
    atom = np.where(np.asarray(above) < top, norm.sf(top), 0.0)
    return np.exp(shift**2 / 2) * smooth + np.exp(shift * top) * atom


def spread(expected: FloatArray, second: float) -> float:
    """The sigma at which the published CV holds, given E[expected^2 / use]."""
    published = (SQUARED_CV + 1) * expected.mean() ** 2

    def miss(sigma: float) -> float:
        return float(second * moment(2, sigma) / moment(1, sigma) ** 2 - published)

    return float(brentq(miss, 0.3, 3))


def concentration(use: FloatArray, mean: FloatArray, sigma: float) -> tuple[float, float, float]:
    """Cost shares of the costliest 1 % of people and of users, and the person CV."""
    users, mu = use / len(use), np.log(mean / moment(1, sigma))
    total = (users * mean).sum()

    def top(people: float) -> float:
        def score(x: float) -> FloatArray:
            score = (x - mu) / sigma
            return np.where(score < morbid.LARGEST_SCORE, score, np.inf)

        above = brentq(lambda x: (users * norm.sf(score(x))).sum() - people, -10, 15)
        return float((users * np.exp(mu) * moment(1, sigma, score(above))).sum() / total)

    second = (users * np.exp(2 * mu)).sum() * moment(2, sigma)
    return top(0.01), top(0.01 * users.sum()), float(np.sqrt(second / total**2 - 1))


def fit_costs(practices: model.Practices) -> None:
    """Use and spread of both years; prints what they reach."""
    practice_indices = np.arange(len(practices.drawn.names))
    people = persons_of(practices, practice_indices, (YEAR, 0), (0.0, 0.004), 1)
    drawn = [draw_morbidity(practices, some, YEAR) for some in people]
    this = np.concatenate([some.expected for some in drawn])
    following = np.concatenate([some.expected_next for some in drawn])

    def users(half: float) -> float:
        put(USE_NEXT_HALF=half)
        return float(morbid.use_next_year(following).mean() - figures.USERS)

    put(USE_NEXT_HALF=brentq(users, 0.05, 20))
    use = morbid.use_next_year(following)
    put(SIGMA_NEXT=spread(following, (following**2 / use).mean()))
    top = concentration(use, following / use, morbid.SIGMA_NEXT)
    put(SIGMA_THIS=spread(following, (this**2).mean()))
    fit_correlation(1 + CORRELATION * SQUARED_CV, (this * following).mean() / following.mean() ** 2)
    used = np.where(this > 0, 1.0, 0.0)
    now = concentration(used, np.where(this > 0, this, 1.0), morbid.SIGMA_THIS)
    for year, (of_people, of_users, cv) in {"this": now, "next": top}.items():
        print(
            f"{year} year: top 1 % of people {of_people:.4f}, of users {of_users:.4f}, CV {cv:.3f}"
        )


def fit_correlation(product: float, without: float) -> None:
    """The correlation of scores that gives E[this * next], given that without noise."""
    score = np.linspace(-8, 8, 401)
    density = norm.pdf(score) / norm.pdf(score).sum()

    def miss(rho: float) -> float:
        following = rho * score[:, None] + np.sqrt(1 - rho**2) * score
        factor = density @ morbid.noise(following, morbid.SIGMA_NEXT).T
        both = (density * morbid.noise(score, morbid.SIGMA_THIS) * factor).sum()
        return float(without * both - product)

    put(NOISE_CORRELATION=brentq(miss, 0, 0.99))


def main() -> None:
    """Fit one after the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="populations fitted at once")
    seeds = range(parser.parse_args().seeds)

    fit_outpatients()
    drawn = [model.draw(YEAR, seed) for seed in seeds]
    for _ in range(2):  # each moves the other a little
        fit_diagnoses(drawn)
        reached = fit_practices(drawn)
    fit_diagnoses(drawn)
    fit_costs(model.with_costs(YEAR, drawn[0]))
    for nested, r2 in zip(NESTED_MODELS, reached, strict=True):
        print(f"{nested.name}: practice R2 {r2:.4f}, published {nested.r2_practice}")
    for name in ("OUTPATIENT_SHARE", "COST_OF_DIAGNOSIS", *SDS):
        print(f"{name} {getattr(morbid, name):.4f}")
    for name in (
        "SIGMA_THIS",
        "SIGMA_NEXT",
        "USE_NEXT_POWER",
        "USE_NEXT_HALF",
        "NOISE_CORRELATION",
    ):
        print(f"{name} {getattr(morbid, name):.3f}")


if __name__ == "__main__":
    main()
