"""Is the brute-force oracle right, and by how much is it wrong?"""

from __future__ import annotations

from math import comb, exp, factorial, sqrt

import numpy as np
import pytest

import oracle
from exact_oracle import (
    REFERENCE,
    Distribution,
    Events,
    Person,
    Severity,
    convolve,
    extrapolated,
    total,
)
from oracle import Contract

PROBABILITIES = [0.5, 0.9, 0.99, 0.995]
CONTRACTS = [
    Contract(),
    Contract(20_000),
    Contract(3_000, 1.0, 9_000),
    Contract(5_000, 0.5),
    Contract(5_000, 0.8, 40_000),
]


@pytest.mark.parametrize(("people", "step", "top"), [(7_000, 40, 7e6), (100_000, 400, 7.2e7)])
def test_the_oracle_has_the_reference_quantiles(people: int, step: float, top: float) -> None:
    person = Person(0.3, Severity("lognormal", 800 / 0.3, 1.6), people)

    def distribution(h: float) -> Distribution:
        return total([person], Contract(20_000), step=h, top=top)

    quantiles, moved = extrapolated(lambda known: known.quantile(PROBABILITIES), distribution, step)
    # The references are rounded to £1 and stated to 2e-9; grids moved by less than 1e-5.
    reference = np.array(REFERENCE[people])
    assert np.abs(quantiles - reference).max() < 0.5 + 2e-8 * reference.max()
    assert moved.max() < 1e-5 * reference.max()


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
@pytest.mark.parametrize(
    ("family", "shape"), [("gamma", 0.5), ("weibull", 0.8), ("pareto", 8.0), ("fixed", None)]
)
def test_moments_are_those_of_quadrature(
    family: str, shape: float | None, contract: Contract
) -> None:
    person = Person(0.3, Severity(family, 4_000.0, shape), 20)

    def distribution(h: float) -> Distribution:
        return total([person], contract, step=h, top=600_000)

    moments, moved = extrapolated(lambda known: np.array([known.mean, known.sd]), distribution, 50)
    one = oracle.year(0.3, family, 4_000.0, shape, contract)
    expected = np.array([20 * one["mean"], sqrt(20) * one["sd"]])
    # Means are kept to rounding. Of the SD (13,000 to 25,000) the grid is wrong by 1e-4 of it at
    # most, and extrapolated by less than a hundredth of that.
    assert moments == pytest.approx(expected, rel=1e-6)
    assert moved.max() < 1e-4 * expected[1]


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_events_have_the_moments_of_quadrature(contract: Contract) -> None:
    alike = Severity("gamma", 2_000.0, 2.0)
    events = Events((0.4, 0.1), (alike, alike), 20)

    def distribution(h: float) -> Distribution:
        return total([events], contract, step=h, top=300_000)

    moments, _ = extrapolated(lambda known: np.array([known.mean, known.sd]), distribution, 50)
    one = oracle.gamma_events(0.5, 2_000.0, 2.0, contract)
    assert moments == pytest.approx([20 * one["mean"], sqrt(20) * one["sd"]], rel=1e-6)


def test_two_extrapolations_agree() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    people = [
        Person(p, Severity("lognormal", 2_500 * scale, 1.6))
        for p, scale in zip(rng.uniform(0.05, 0.6, 60), rng.uniform(0.3, 3, 60), strict=True)
    ]
    contract = Contract(20_000)

    def distribution(h: float) -> Distribution:
        return total(people, contract, step=h, top=500_000)

    (coarse, moved), (fine, _) = (
        extrapolated(lambda known: known.quantile(PROBABILITIES), distribution, h) for h in (80, 40)
    )
    # What remains of the error is below 1e-6 of an SD, a hundredth of what the tests ask.
    assert np.abs(fine - coarse).max() < 1e-6 * distribution(40).sd
    assert moved.max() < 1e-4 * distribution(40).sd


def test_small_cases_are_those_computed_by_hand() -> None:
    fixed = total([Person(0.3, Severity("fixed", 100.0), 5)], Contract(), step=50, top=600)
    by_hand = [comb(5, k) * 0.3**k * 0.7 ** (5 - k) for k in range(6)]
    assert fixed.mass[::2][:6] == pytest.approx(by_hand, abs=1e-15)
    values = np.array([300.0, 100.0]), np.array([1.0, 3.0])
    person = Person(0.5, Severity("empirical", 150.0, values))
    once = total([person], Contract(200), step=100, top=300)
    assert once.mass == pytest.approx([0.5, 0.375, 0.125, 0], abs=1e-15)
    poisson = total([Events((0.7,), (Severity("fixed", 10.0),))], Contract(), step=10, top=80)
    assert poisson.mass[:8] == pytest.approx(
        [exp(-0.7) * 0.7**k / factorial(k) for k in range(8)], abs=1e-15
    )


def test_an_effect_multiplies_costs_before_the_contract() -> None:
    person = Person(0.4, Severity("gamma", 3_000.0, 1.5), 50)

    def distribution(h: float) -> Distribution:
        return total([person], Contract(), step=h, top=500_000, effect_sd=0.2)

    moments, _ = extrapolated(lambda known: np.array([known.mean, known.sd]), distribution, 100)
    one = oracle.year(0.4, "gamma", 3_000.0, 1.5, Contract())
    # Var(E X) = Var(X) E[E^2] + E[X]^2 Var(E), with E of mean 1 and SD 0.2.
    variance = 50 * one["sd"] ** 2 * 1.04 + (50 * one["mean"] * 0.2) ** 2
    assert moments == pytest.approx([50 * one["mean"], sqrt(variance)], rel=1e-8)


def test_nothing_wraps_around() -> None:
    assert convolve(np.array([0.5, 0, 0.5]), np.array([0, 0, 1.0]), 4) == pytest.approx(
        [0, 0, 0.5, 0], abs=1e-15
    )
