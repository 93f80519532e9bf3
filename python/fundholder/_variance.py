"""How far a year's spending lands from the budget: exactly, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from ._arguments import Arguments
from ._contracts import StopLoss
from ._costs import CostModel
from ._people import check_people, read_people, read_terms, traced
from ._simulation import simulate

Measure = Literal["net", "gross", "ceded"]
METHODS = ("exact", "moments", "simulation")


def variance(
    population: Any,
    costs: CostModel,
    *,
    by: str | Sequence[str] = "practice",
    budgets: Any | None = None,
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
    method: Literal["exact", "moments", "simulation"] = "exact",
    of: Measure = "net",
    replications: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    progress: bool = False,
) -> pa.Table | dict[str, pa.Table]:
    """The spread of every unit's yearly cost, chance and systematic variation apart.

    Parameters
    ----------
    population
        One row per person or per group of identical people, as for ``simulate``. A practice of more
        than 512 kinds of people (band, scale and p_any) is put on a grid of kinds that keeps the
        mean to about 1e-10 and the SD to about 1e-8.
    costs
        The cost model.
    by
        The column whose values are units, or a list of such columns.
    budgets
        A table ``<by>``, ``budget`` (£) with a row for each unit; by default, the expected cost.
        With several levels, a dict of such tables by level.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``.
    practice_sd, national_sd
        SD of a yearly lognormal effect of mean 1 that multiplies every cost of a practice, or of
        everyone, before the contract; 0.078 is 7.8 %. At most 0.5 for exact laws.
    thresholds
        Tolerances around the budget, between 0 and 1.
    quantiles
        Probabilities, between 0 and 1.
    method
        "exact": the whole law, by characteristic functions, with no Monte Carlo error. "moments":
        its moments alone, in closed form; probabilities and quantiles are null. "simulation": what
        ``simulate`` estimates, each column followed by its standard error ``<name>_se``.
    of
        Which cost: net of the contract, gross, or ceded.
    replications, seed, threads, progress
        Of the simulation, as for ``simulate``.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``people``, ``expected`` (£), ``budget`` (£), ``sd`` (£), ``cv``, ``skewness``,
        ``kurtosis`` (excess), ``chance_sd`` and ``systematic_sd`` (£: the SD with the effects held
        at 1, and what they add; variances add up), ``p_over_<t>``, ``p_under_<t>``,
        ``p_outside_<t>`` (probability of more than budget * (1 + t), of less than
        budget * (1 - t), of either), ``q<p>`` (£). Null where a figure is not defined. In the order
        of the units' names; a dict of tables by level if ``by`` is a list. The metadata says how
        far the exact laws were from their moments, at worst: the probability outside of the window,
        the error of the mean in SDs, and that of the SD. Costs that a window leaves out, with
        probability 1e-6 at most and beyond all that is asked, count in these errors.

    Raises
    ------
    InputError, InputTypeError
        All problems at once, before any work. Also where the variance is infinite, and where no
        exact law can be had.

    Notes
    -----
    Characteristic functions of people multiply; the distribution function is a damped Fourier
    series of the product (Abate and Whitt 1992), or a law on a lattice where the total is not
    smooth (Grübel and Hermesmeier 1999). Each law is checked against the closed-form moments.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> lists = pa.table({"practice": ["A", "B"], "count": [7_000, 100_000]})
    >>> table = variance(lists, costs, stop_loss=20_000, thresholds=[0.1])
    >>> [round(p, 4) for p in table["p_outside_0.1"].to_pylist()]
    [0.0179, 0.0]
    >>> round(table["q0.5"][0].as_py())
    4617652
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by)
    tolerances = arguments.fractions("thresholds", thresholds)
    probabilities = arguments.fractions("quantiles", quantiles)
    terms = read_terms(
        arguments, of=of, stop_loss=stop_loss, practice_sd=practice_sd, national_sd=national_sd
    )
    if method not in METHODS:
        arguments.refuse("method", method, "'exact', 'moments' or 'simulation'")
    given = _budgets_by_level(arguments, budgets, levels, isinstance(by, str))
    arguments.check()
    tables = {}
    if method == "simulation":
        run = simulate(
            population,
            costs,
            replications=replications,
            seed=seed,
            by=levels,
            stop_loss=stop_loss,
            practice_sd=practice_sd,
            national_sd=national_sd,
            threads=threads,
            progress=progress,
        )
        for level in levels:
            tables[level] = run.summary(level, given.get(level), thresholds, quantiles, of=of)
    else:
        people = read_people(population, costs, levels)
        exact = method == "exact"
        for i, level in enumerate(levels):
            answer = people.variance(
                i, terms, given.get(level), tolerances, probabilities, exact=exact
            )
            tables[level] = traced(answer)
    return tables[by] if isinstance(by, str) else tables


def _budgets_by_level(
    arguments: Arguments, budgets: Any, levels: list[str], single: bool
) -> dict[str, Any]:
    if budgets is None:
        return {}
    if single:
        budgets = dict.fromkeys(levels, budgets)
    if not isinstance(budgets, dict):
        arguments.refuse_type("budgets", budgets, "a dict of tables by level where by is a list")
        return {}
    for level in budgets:
        if level not in levels:
            arguments.refuse("budgets", level, f"by level: {', '.join(levels)}")
    return budgets


def distribution(
    population: Any,
    costs: CostModel,
    *,
    by: str = "practice",
    units: Sequence[str | int] | None = None,
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    of: Measure = "net",
    points: int = 1000,
) -> pa.Table:
    """The exact law of units' yearly cost, as a table.

    Parameters
    ----------
    population, costs, stop_loss, practice_sd, national_sd, of
        As for ``variance``.
    by
        The column whose values are units.
    units
        Names of the units that are wanted; by default, all.
    points
        Rows of a unit, at least; from 10 to 1,000,000. A law with a long tail has more, four in
        each SD; one that stands on few prices, or that does not vary, has fewer.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``cost`` (£, equally spaced for each unit), ``probability`` (of the cost where
        few are possible, else the density there times the step: together they keep the mean and
        the SD of the law), ``cumulative`` (of no more than the cost). It holds all but 1e-10 of
        the law at either end; of a heavy tail of few people, all but 1e-4.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``; also units that are not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.5], "family": ["fixed"], "mean": [10.0]}))
    >>> two = pa.table({"practice": ["A"], "count": [2]})
    >>> distribution(two, costs).select(["cost", "probability"]).to_pylist()[0]
    {'cost': 0.0, 'probability': 0.25}
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by, single=True)
    terms = read_terms(
        arguments, of=of, stop_loss=stop_loss, practice_sd=practice_sd, national_sd=national_sd
    )
    points = arguments.integer("points", points, 10, 1_000_000)
    names = None if units is None else _unit_names(arguments, units)
    arguments.check()
    return traced(read_people(population, costs, levels).distribution(0, terms, names, points))


def _unit_names(arguments: Arguments, units: Any) -> list[str]:
    allowed = "a list of different names of units"
    if isinstance(units, str | bytes) or not hasattr(units, "__iter__"):
        arguments.refuse_type("units", units, allowed)
        return []
    names = [str(unit) for unit in units]
    if not names or len(set(names)) < len(names):
        arguments.refuse("units", units, allowed)
    return names


def cumulative(
    population: Any,
    costs: CostModel,
    *,
    at: Any,
    by: str = "practice",
    stop_loss: float | StopLoss | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    of: Measure = "net",
) -> pa.Table:
    """The exact probability that a unit's yearly cost is no more than a given cost.

    Parameters
    ----------
    population, costs, by, stop_loss, practice_sd, national_sd, of
        As for ``distribution``.
    at
        A table ``<by>``, ``cost`` (£); a unit may stand there many times.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``cost``, ``cumulative``, in the order of ``at``.

    Raises
    ------
    InputError, InputTypeError
        As for ``distribution``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.5], "family": ["fixed"], "mean": [10.0]}))
    >>> two = pa.table({"practice": ["A"], "count": [2]})
    >>> at = pa.table({"practice": ["A", "A"], "cost": [9.0, 10.0]})
    >>> cumulative(two, costs, at=at)["cumulative"].to_pylist()
    [0.25, 0.75]
    """
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by, single=True)
    terms = read_terms(
        arguments, of=of, stop_loss=stop_loss, practice_sd=practice_sd, national_sd=national_sd
    )
    arguments.check()
    return traced(read_people(population, costs, levels).cumulative(0, terms, at))
