"""Do runs of several years say what runs of one year say, and are their arguments checked?"""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest

from fundholder import (
    CostModel,
    InputError,
    InputTypeError,
    SharedSavings,
    StopLoss,
    persistence_us,
    simulate,
)

COSTS = CostModel(
    pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.4]})
)
LISTS = pa.table({"practice": ["A", "B"], "count": [300, 500]})


def gross(run: object, year: int | None = None) -> np.ndarray:
    table = run.totals() if year is None else run.year(year).totals()  # type: ignore[attr-defined]
    return np.array(table["gross"].to_pylist())


def test_independent_years_are_those_of_a_run_of_single_years() -> None:
    paths = simulate(LISTS, COSTS, replications=8, years=3, seed=4)
    single = gross(simulate(LISTS, COSTS, replications=24, seed=4))
    for year in (1, 2, 3):
        np.testing.assert_array_equal(gross(paths, year), single[:, year - 1 :: 3])


def test_the_first_year_of_tied_years_is_not_that_of_independent_ones() -> None:
    # Its words are those of a state: the same people, other draws of the same distribution.
    tied = simulate(LISTS, COSTS, replications=8, years=3, seed=4, persistence=persistence_us())
    independent = simulate(LISTS, COSTS, replications=8, years=3, seed=4)
    assert not np.array_equal(gross(tied, 1), gross(independent, 1))


def test_every_table_has_a_year() -> None:
    terms = {"a": StopLoss(5_000), "b": SharedSavings(0.5)}
    run = simulate(LISTS, COSTS, replications=16, years=2, contract=terms)
    tables = [
        run.totals(contract="b"),
        run.summary(contract="a"),
        run.flows(contract="b"),
        run.compare("a", "b"),
        run.size_bands(contract="a"),
    ]
    for table in tables:
        assert table.column_names[1] == "year"
        assert table["year"].unique().to_pylist() == [1, 2]
    year = run.year(2).summary(contract="a")
    both = tables[1].filter(pa.compute.equal(tables[1]["year"], 2)).drop_columns("year")
    assert both.to_pydict() == year.to_pydict()


def test_a_run_of_years_pickles() -> None:
    run = simulate(LISTS, COSTS, replications=4, years=2)
    again = pickle.loads(pickle.dumps(run))
    assert again.years == 2
    assert again.totals().equals(run.totals())
    assert repr(again) == "<fundholder.Simulation of 4 replications of 2 years by ['practice']>"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"years": 0}, "years is 0: must be a whole number from 1 to 100"),
        ({"years": 101}, "years is 101"),
        ({"years": 2, "practice_permanent": 1.5}, "practice_permanent is 1.5"),
        ({"practice_permanent": 0.5}, "practice_permanent is 0.5: must be left out where"),
        ({"persistence": persistence_us()}, "left out where there is but one year: give years"),
        ({"years": 2, "replications": 2**30}, "at most 536870912 paths of 2 years"),
        ({"years": 2, "by": "year"}, "by is 'year'"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        simulate(LISTS, COSTS, **arguments)  # type: ignore[arg-type]


def test_a_table_is_no_persistence() -> None:
    with pytest.raises(InputTypeError, match="must be a Persistence, or None"):
        simulate(LISTS, COSTS, years=2, persistence=persistence_us().table)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="year is 3: must be a whole number from 1 to 2"):
        simulate(LISTS, COSTS, replications=2, years=2).year(3)
