"""Lists of people, of every year or the same in all, and the chance that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import InputError, Problem
from .._risk.cost_model import CostModel
from .._risk.population import read_people
from .._tables.arrays import FloatArray
from .._tables.checked import numbers
from .._tables.columns import plain_column
from .._tables.problems import Problems
from .._tables.provenance import traced
from .panel import Outturns, keys
from .ratio_panel import RatioPanel

CHANCE_ALLOWED = (
    "a variance above 0 and a finite fourth moment (without people, it has no variance; with a"
    " heavy tail that no ceiling bounds, it may have no fourth moment)"
)


@dataclass(frozen=True)
class Lists:
    """People of each unit, with a table of their moments; ``dated`` where each year has its own."""

    population: pa.Table
    costs: CostModel
    by: str
    valuation: _engine.Valuation
    threads: int
    people: _engine.People
    moments: pa.Table
    dated: bool

    @staticmethod
    def read(
        population: pa.Table,
        observed: pa.Table,
        costs: CostModel,
        by: str,
        valuation: _engine.Valuation,
        threads: int,
    ) -> Lists:
        """Read a population; lists by year need observations by year, and each year a list."""
        people = read_people(population, costs, [by], threads)
        moments = traced(people.variance(0, valuation, [], None, [], [], exact=False))
        dated = "year" in population.column_names
        if dated:
            _check_years(population, observed)
        return Lists(population, costs, by, valuation, threads, people, moments, dated)

    @property
    def units(self) -> pa.ChunkedArray:
        """Labels of the units, in the order of results."""
        return self.moments[self.by]

    def ratio_panel(self, outturns: Outturns) -> tuple[RatioPanel, FloatArray]:
        """Observed ratios with the chance of each, and the people of each.

        Of either one column stands for all years where the lists are the same in every year. Each
        chance must have a variance and a fourth moment.
        """
        columns = [self._column(year) for year in self._years(outturns)]
        cv, kurtosis, size = (np.stack(cells, axis=1) for cells in zip(*columns, strict=True))
        seen = outturns.seen if self.dated else outturns.seen.any(axis=1, keepdims=True)
        problems = Problems()
        for unit, year in np.argwhere(seen & ~((cv > 0) & np.isfinite(kurtosis))).tolist():
            label = self.units[unit].as_py()
            given = f" in year {outturns.years[year]}" if self.dated else ""
            text = f"unit {label!r}{given}: its chance must have {CHANCE_ALLOWED}"
            problems.add(
                Problem(
                    text,
                    code="not_computable",
                    column=self.by,
                    value=label,
                    allowed=CHANCE_ALLOWED,
                )
            )
        problems.check()
        cv, kurtosis = np.where(seen, cv, 1.0), np.where(seen, kurtosis, 0.0)
        return RatioPanel(outturns.ratio, outturns.seen, cv**2, kurtosis * cv**4), size

    def of_all_years(self, outturns: Outturns) -> _engine.People:
        """The people counted once for each year in which their unit was seen."""
        if len(outturns.years) == 1 and not self.dated:
            return self.people
        names = self.population.column_names
        times = self._rows_seen(outturns)
        if "count" in names:
            times = pc.multiply(plain_column(self.population["count"]).cast(pa.float64()), times)
            counted = self.population.set_column(names.index("count"), "count", times)
        else:
            counted = self.population.append_column("count", times)
        return self._read(counted)

    def mean_people(self, panel: RatioPanel, size: FloatArray) -> FloatArray | pa.ChunkedArray:
        """People of each unit, on average over the years in which it was seen."""
        if not self.dated:
            return self.moments["people"]
        return panel.total_over_years(size) / panel.years

    def _read(self, population: pa.Table) -> _engine.People:
        return _engine.People(
            population, self.costs._model, by=[self.by], streamed=False, threads=self.threads
        )

    def _years(self, outturns: Outturns) -> list[str | None]:
        return keys(outturns.years) if self.dated else [None]

    def _column(self, year: str | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """CV, kurtosis and people of each unit in a year; 0 where it has no list."""
        moments = self.moments
        if self.dated:
            of_year = np.array([key == year for key in keys(self.population["year"])])
            people = self._read(self.population.filter(pa.array(of_year)))
            moments = traced(people.variance(0, self.valuation, [], None, [], [], exact=False))
        row = {key: i for i, key in enumerate(keys(moments[self.by]))}
        rows = np.array([row.get(key, len(row)) for key in keys(self.units)])
        cv, kurtosis, size = (
            np.append(numbers(moments, name), 0.0)[rows] for name in ("cv", "kurtosis", "people")
        )
        return cv, kurtosis, size

    def _rows_seen(self, outturns: Outturns) -> pa.Array:
        """Years in which the unit of each row was seen with this row's list."""
        unit_row = {key: i for i, key in enumerate(keys(self.units))}
        units = np.array([unit_row[key] for key in keys(self.population[self.by])])
        if not self.dated:
            return pa.array(outturns.seen.sum(axis=1).astype(np.float64)[units])
        year_column = {key: i for i, key in enumerate(keys(outturns.years))}
        seen = np.pad(outturns.seen, ((0, 0), (0, 1)))  # The last stands for years not observed.
        years = [year_column.get(key, -1) for key in keys(self.population["year"])]
        return pa.array(seen[units, years].astype(np.float64))


def positive_chance_factor(panel: RatioPanel) -> float:
    """The chance factor of a panel, which needs years that differ."""
    if panel.years.max() > 1 and (factor := panel.chance_factor()) > 0:
        return factor
    allowed = "a unit with two years or more, whose ratios differ"
    text = f"chance='years': observed must have {allowed}"
    raise InputError([Problem(text, code="not_computable", allowed=allowed)])


def _check_years(population: pa.Table, observed: pa.Table) -> None:
    """Check that both tables have years, and that every year observed has a list."""
    problems = Problems()
    if "year" not in observed.column_names:
        allowed = "a column 'year' like the population's, or a population without one"
        text = f"observed has no column 'year': must have {allowed}"
        problems.add(Problem(text, code="missing_column", column="year", allowed=allowed))
        problems.check()
    listed = set(keys(population["year"]))
    for year in sorted(set(keys(observed["year"])) - listed, key=str):
        text = f"column 'year': {year} is missing from population, which has a list for each year"
        problems.add(Problem(text, code="missing_label", column="year", value=year))
    problems.check()
