"""Variance of every unit's yearly cost, and how far it lands from the budget: exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa

from .._contracts.contract import Contract, check_scores
from .._contracts.stop_loss import StopLoss
from .._contracts.terms import Term
from .._tables.arguments import Arguments, listed
from .._tables.provenance import traced
from .agreement import Basis, check_basis, read_agreement
from .budget_totals import warn_of_other_totals
from .cost_model import CostModel
from .holders import read_holders
from .influence import read_influence
from .population import check_people, read_people
from .simulate import simulate

METHODS = ("exact", "moments", "simulation")


def variance(
    population: Any,
    costs: CostModel,
    *,
    by: str | Sequence[str] = "practice",
    budgets: Any | None = None,
    scores: Any | None = None,
    stop_loss: float | StopLoss | None = None,
    contract: Contract | Term | None = None,
    services: str | Sequence[str] | None = None,
    control: Mapping[str, float] | None = None,
    practice_sd: float = 0.0,
    national_sd: float = 0.0,
    thresholds: Sequence[float] = (0.05, 0.10, 0.20),
    quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.995),
    method: Literal["exact", "moments", "simulation"] = "exact",
    of: Basis = "net",
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
        than 64 risk classes (band, scale and p_any) that expects more than 80 costs is put on a
        grid of classes that keeps the mean and the SD to about 1e-8 (1e-7 for a frailty of 100
        events a year); where costs have atoms, one of more than 8,192.
    costs
        The cost model.
    by
        The column whose values are units, or a list of such columns.
    budgets
        A table ``<by>``, ``budget`` (£) with a row for each unit; by default, the expected cost.
        With several levels, a dict of such tables by level.
    scores
        A table ``<by>`` with a column for each score (0 or more) that gates and rates of the
        contract read; a dict by level as ``budgets``.
    stop_loss
        A ceiling in £ a person-year, or a ``StopLoss``: the short form of a contract.
    contract
        A ``Contract``, or one term of one. Terms on the total of a unit, which need the method
        "exact", compare cost with the budget; ``of="net"`` is what the unit keeps of them all.
    services
        The services whose cost is looked at; by default, all.
    control
        For each service, the share of its systematic variation that the holder can influence, from
        0 to 1; ``england.service_control()`` has some that are assumed.
    practice_sd, national_sd
        SD of a yearly lognormal effect of mean 1 that multiplies every cost of a practice, or of
        everyone, before the contract; 0.078 is 7.8 %. At most 0.5 for exact distributions.
    thresholds
        Tolerances around the budget, between 0 and 1.
    quantiles
        Probabilities, between 0 and 1.
    method
        "exact": the whole distribution, by characteristic functions, with no Monte Carlo error.
        "moments": its moments alone, in closed form; probabilities and quantiles are null.
        "simulation": what ``simulate`` estimates, each column followed by its standard error
        ``<name>_se``.
    of
        Which cost: net of the contract, gross, or ceded.
    replications, seed, progress
        Of the simulation, as for ``simulate``.
    threads
        By default, as many as the processors that the process may use.

    Returns
    -------
    pyarrow.Table
        ``<by>``, ``people``, ``expected`` (£), ``budget`` (£), ``sd`` (£), ``cv``, ``skewness``,
        ``kurtosis`` (excess), ``chance_sd`` and ``systematic_sd`` (£: the SD with the effects held
        at 1, and what they add; variances add up), ``p_over_<t>``, ``p_under_<t>``,
        ``p_outside_<t>`` (probability of more than budget * (1 + t), of less than
        budget * (1 - t), of either), ``q<p>`` (£). Null where a figure is not defined. In the order
        of the units' names; a dict of tables by level if ``by`` is a list. The metadata says how
        far the exact distributions were from their moments, at worst: the probability outside of
        the window, the error of the mean in SDs, and that of the SD. Costs that a window leaves
        out, with probability 1e-4 at most and beyond all that is reported, count in these errors.

        With ``control`` there are also ``influenced_sd`` and ``uninfluenced_sd`` (£): what the
        holder can influence of the systematic SD, and what it cannot (variances add up). Of the
        practice's own effect it is the mean of the weights by expected cost of the services that
        are not carved out; what is the same for everyone is nobody's.

        Under terms on the total of a unit these are of what it keeps, and there are, too,
        ``expected_``, ``sd_`` and ``p_`` (probability of any) of ``ceded``, ``bonus`` and
        ``penalty``: expected net = gross - ceded - bonus + penalty. ``expected_ceded`` counts what
        is ceded person by person; where there is any, the other two of it are null.

    Raises
    ------
    InputError, InputTypeError
        All problems at once, before any work. Also where the variance is infinite, and where no
        exact distribution can be had.

    Notes
    -----
    Characteristic functions of people multiply; the distribution function is a damped Fourier
    series of the product (Abate and Whitt 1992), or a distribution on a lattice where the total is
    not smooth (Grübel and Hermesmeier 1999). Each distribution is checked against the closed-form
    moments.

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
    # A simulation reads them again.
    thresholds = thresholds if (items := listed(thresholds)) is None else items
    quantiles = quantiles if (items := listed(quantiles)) is None else items
    tolerances = arguments.fractions("thresholds", thresholds)
    probabilities = arguments.fractions("quantiles", quantiles)
    agreement = read_agreement(
        arguments,
        costs,
        stop_loss=stop_loss,
        contract=contract,
        services=services,
        practice_sd=practice_sd,
        national_sd=national_sd,
    )
    check_basis(arguments, of)
    if method not in METHODS:
        arguments.reject("method", method, "'exact', 'moments' or 'simulation'")
    if method == "simulation" and services is not None:
        arguments.reject("services", services, "None, or another method: simulations keep all")
    if agreement.contract.payments and of != "gross" and method != "simulation":
        allowed = "'simulation', where providers are paid for some services"
        arguments.reject("method", method, allowed)
    elif agreement.contract.unit_terms and of != "gross":
        if method == "moments":
            arguments.reject("method", method, "'exact', where terms are on the total of a unit")
        if of == "ceded" and method != "simulation":
            arguments.reject("of", of, "'net' or 'gross', where terms are on the total of a unit")
    influence = read_influence(arguments, costs, agreement, control)
    thread_count = arguments.threads(threads)
    given = _by_level(arguments, "budgets", budgets, levels, isinstance(by, str))
    scored = _by_level(arguments, "scores", scores, levels, isinstance(by, str))
    if of != "gross":
        for level in levels:
            check_scores(arguments, agreement.contract, scored.get(level))
    arguments.check()
    tables = {}
    if method == "simulation":
        run = simulate(
            population,
            costs,
            replications=replications,
            seed=seed,
            by=levels,
            contract=agreement.contract,
            services=False,
            practice_sd=practice_sd,
            national_sd=national_sd,
            threads=threads,
            progress=progress,
        )
        for level in levels:
            tables[level] = run.summary(
                level, given.get(level), thresholds, quantiles, of=of, scores=scored.get(level)
            )
    if method != "simulation" or influence is not None:
        people = read_people(population, costs, levels, thread_count)
    if method != "simulation":
        exact = method == "exact"
        valuation = agreement.valuation(costs, of)
        unit_terms = agreement.contract.engine_terms() if of == "net" else []

        def gross() -> float:
            return math.fsum(people.expected(0, agreement.valuation(costs, "gross")))

        for i, level in enumerate(levels):
            holders = read_holders(given.get(level), scored.get(level))
            known = holders.of(agreement.contract)
            answer = people.variance(
                i, valuation, unit_terms, known, tolerances, probabilities, exact=exact
            )
            tables[level] = agreement.described(traced(answer))
            if level in given:
                compared = tables[level].select(["budget", "expected"])
                if unit_terms:
                    before = pa.array(people.expected(i, valuation))
                    compared = compared.set_column(1, "expected", before)
                warn_of_other_totals(compared, of, gross)
    if influence is not None:
        tables = {
            level: influence.added(tables[level], people, i) for i, level in enumerate(levels)
        }
    return tables[by] if isinstance(by, str) else tables


def _by_level(
    arguments: Arguments, name: str, tables: Any, levels: list[str], single: bool
) -> dict[str, Any]:
    if tables is None:
        return {}
    if single:
        tables = dict.fromkeys(levels, tables)
    if not isinstance(tables, dict):
        arguments.reject_type(name, tables, "a dict of tables by level where by is a list")
        return {}
    for level in tables:
        if level not in levels:
            arguments.reject(name, level, f"by level: {', '.join(levels)}")
    return tables
