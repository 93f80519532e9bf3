"""Are years of simulated people those of people: each year's cost, and two years of one person?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from drawn_years import cost_model
from fundholder import (
    Contract,
    CostModel,
    Persistence,
    QuotaShare,
    Reserve,
    Scheme,
    StopLoss,
    Tier,
    fit_persistence,
    persistence_us,
    run_scheme,
    simulate,
    variance,
)
from meps_years import COLUMNS, both_years, correlation, panel, top_that_stays

PROBABILITIES = (0.1, 0.5, 0.9, 0.99)


def by_year(table: pa.Table, column: str, years: int) -> Any:
    """Totals by year, unit and path."""
    assert table["year"].to_pylist() == sorted(table["year"].to_pylist())
    lists = table[column].combine_chunks()
    width = lists.type.list_size
    return lists.flatten().to_numpy().reshape(years, len(lists) // years, width)


# ---- each year by itself -----------------------------------------------------------------------
@pytest.mark.parametrize("ceiling", [None, 10_000])
def test_persistence_moves_no_year_of_its_own(banded: CostModel, ceiling: int | None) -> None:
    years, paths = 4, 4_000
    people = pa.table(
        {
            "practice": ["A", "A", "B", "B", "C"],
            "band": ["young", "old", "young", "old", "old"],
            "count": [40, 10, 300, 200, 1],
        }
    )
    exact = variance(people, banded, stop_loss=ceiling, quantiles=PROBABILITIES)
    run = simulate(
        people,
        banded,
        stop_loss=ceiling,
        years=years,
        replications=paths,
        persistence=persistence_us(),
        seed=21,
        threads=2,
    )
    totals = by_year(run.totals(), "net", years)
    for probability in PROBABILITIES:
        quantiles = exact[f"q{probability:g}"].to_numpy()
        for year in totals:
            below = (year <= quantiles[:, None]).mean(axis=1)
            # A person alone has no cost with probability .4, and at the ceiling there is an atom.
            expected = np.maximum(probability, [0, 0, 0.4])
            at_ceiling = (quantiles == ceiling) if ceiling else np.zeros(3, bool)
            error = np.sqrt(expected * (1 - expected) / paths)
            assert (np.abs(below - expected) <= 4 * error)[~at_ceiling].all()


# ---- the people of MEPS ------------------------------------------------------------------------
class Years(NamedTuple):
    observed: pa.Table
    chain: Persistence
    model: CostModel
    costs: Any
    """Of simulated people: by year, person and path."""


@pytest.fixture(scope="module")
def meps(real: Path) -> Years:
    people = panel(real)
    with pytest.warns(UserWarning, match="further apart than one"):
        chain = fit_persistence(people, **COLUMNS)
    of_2013 = people.filter(pc.field("year") == 2013).select(["totexp", "perwtf"])
    model = CostModel.from_costs(of_2013, cost="totexp", weight="perwtf")
    alone = pa.table({"practice": np.arange(5_000), "count": np.ones(5_000, int)})
    given: dict[str, Any] = {"years": 3, "replications": 80, "seed": 22, "threads": 2}
    run = simulate(alone, model, persistence=chain, **given)
    return Years(people, chain, model, by_year(run.totals(), "gross", 3))


def two_years(meps: Years) -> tuple[Any, Any, Any]:
    first, second = (year.ravel() for year in meps.costs[:2])
    return first, second, np.ones(len(first))


@pytest.mark.parametrize("function", [lambda cost: cost, np.log1p])
def test_two_years_of_a_simulated_person_correlate_as_those_of_people(
    meps: Years, function: Any
) -> None:
    x, y, weight = two_years(meps)
    drawn = correlation(function(x), function(y), weight)
    for x, y, weight in both_years(meps.observed):
        # The people of 2012-13 and of 2013-14, to whom the chain is fitted, differ by .02.
        assert drawn == pytest.approx(correlation(function(x), function(y), weight), abs=0.05)


def test_the_chain_says_how_simulated_years_correlate(meps: Years) -> None:
    own = meps.observed.filter(pc.field("year") == 2013)
    cost, weight = own["totexp"].to_numpy(), own["perwtf"].to_numpy()
    table = meps.chain.correlations(2, cost=cost, weight=weight)
    for name, function in (("raw", lambda cost: cost), ("log", np.log1p)):
        years = [function(year.ravel()) for year in meps.costs]
        for lag in (1, 2):
            products = np.prod([year - year.mean() for year in (years[0], years[lag])], axis=0)
            scale = years[0].std() * years[lag].std()
            error = products.std() / np.sqrt(len(products)) / scale
            closed = table[name][lag - 1].as_py()
            # 4 standard errors of the covariance, about those of the correlation.
            assert abs(products.mean() / scale - closed) < 4 * error < 0.05


def test_the_costliest_stay_so_as_often_as_people_do(meps: Years) -> None:
    drawn = top_that_stays(*two_years(meps))
    people = [top_that_stays(*years) for years in both_years(meps.observed)]
    assert drawn == pytest.approx(float(np.mean(people)), abs=0.03)


@pytest.mark.parametrize("size", [1, 50])
def test_the_mean_of_three_years_has_the_sd_of_its_correlations(meps: Years, size: int) -> None:
    own = meps.observed.filter(pc.field("year") == 2013)
    cost, weight = own["totexp"].to_numpy(), own["perwtf"].to_numpy()
    groups = meps.costs.reshape(3, 5_000 // size, size, -1).sum(axis=2)
    means = groups.mean(axis=0).ravel()
    one = pa.table({"practice": ["A"], "count": [size]})
    sd = variance(one, meps.model)["sd"][0].as_py()
    first, second = meps.chain.correlations(2, cost=cost, weight=weight)["raw"].to_pylist()
    closed = sd * np.sqrt((3 + 4 * first + 2 * second) / 9)
    deviations = (means - means.mean()) ** 2
    error = deviations.std() / np.sqrt(len(means)) / (2 * closed)
    assert abs(means.std() - closed) < 4 * error < 0.1 * closed
    # Years that were independent would have a fourth less.
    assert means.std() - 4 * error > 1.1 * sd / np.sqrt(3)


# ---- the same digits ---------------------------------------------------------------------------
def test_digits_do_not_hang_on_threads_or_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(3)
    practices = [f"P{n}" for n in rng.integers(0, 9, 600)]
    icbs = [f"I{int(name[1]) % 2}" for name in practices]
    people = pa.table({"practice": practices, "icb": icbs, "person": np.arange(600)})
    tier = Tier(
        "all",
        contract=Contract([StopLoss(8_000, to="pool"), QuotaShare(0.1)]),
        reserve=Reserve(keep=1.0, debt=0.5),
    )
    given: dict[str, Any] = {"years": 2, "replications": 12, "seed": 5, "practice_sd": 0.05}

    def tables(of: Any, threads: int) -> list[pa.Table]:
        run = run_scheme(of, cost_model(), Scheme("s", [tier]), threads=threads, **given)
        return [run.table, run.flows(), run.holders(), run.rewards()]

    one = tables(people, 1)
    assert tables(people.to_reader(100), 1) == one
    assert tables(people, 2) == one
    assert tables(people.take(rng.permutation(600)), 2) == one
