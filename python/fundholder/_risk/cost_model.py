"""Cost models: what a person of each band costs in a year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from .. import _engine
from .._contracts.contract import check_names, check_person_terms, check_services, read_contract
from .._contracts.stop_loss import StopLoss, read_services
from .._tables.arguments import Arguments
from .._tables.warning import deprecated, warn
from .tail import check_tail


class CostModel:
    """The distribution of a person's cost of the year, by risk band.

    A person of a band has a cost with probability ``p_any``, and then one of the band's family.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__``, one row per band:

        ========  ==========================================================================
        band      name of the band; may be absent, or null, where there is only one row
        p_any     probability of any cost in the year, from 0 to 1
        family    "lognormal", "gamma", "weibull", "pareto" or "fixed"
        mean      £ given any cost, above 0
        shape     lognormal: sigma; gamma: alpha; weibull: k; pareto: alpha, above 1 (the
                  classical distribution, P(X > x) = (minimum / x) ** alpha); fixed: null
        ========  ==========================================================================

        That of observed costs (``from_costs``) reads back too: its family is "empirical".
    services
        How the cost of a year is shared by services, by the rank of the year among those with a
        cost; none if ``None``. A table with a row for each service of a profile:

        ===================  ===============================================================
        rank_from, rank_to   the years with a cost whose rank is above and up to it; classes
                             go from 0 to 1 without gaps
        service              its name
        share                of the cost of such a year, from 0 to 1; they add up to 1
        band                 may be absent where all bands share their costs alike
        profile              where years of one class differ: which of the ways it is
        probability          of the profile among the years of its class; they add up to 1
        ===================  ===============================================================

    Raises
    ------
    InputError, InputTypeError
        All problems of the table at once, each with its column, row (from 0), value and what is
        allowed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> round(costs.moments(stop_loss=20_000)["cv"][0].as_py(), 2)
    3.53

    The costliest tenth of years is hospital care for the most part:

    >>> mix = pa.table({"rank_from": [0, 0, 0.9, 0.9], "rank_to": [0.9, 0.9, 1, 1],
    ...                 "service": ["hospital", "drugs"] * 2, "share": [0.2, 0.8, 0.7, 0.3]})
    >>> round(CostModel(costs.table, mix).moments(services="hospital")["cv"][0].as_py(), 2)
    8.8
    """

    def __init__(self, table: Any, services: Any = None) -> None:
        self._model = _engine.CostModel(table, services)

    @staticmethod
    def _of(model: _engine.CostModel) -> CostModel:
        made = CostModel.__new__(CostModel)
        made._model = model
        return made

    @staticmethod
    def events(table: Any, *, frailty_sd: float = 0.0) -> CostModel:
        """A model of events, each with a severity: referrals, admissions, treatments.

        Parameters
        ----------
        table
            ``band``, ``rate`` (events per person-year, 500 at most over all types of a band),
            ``family``, ``mean`` (£ per event), ``shape``, and perhaps ``service``, which each
            belongs to. Several rows of one band are several types of event.
        frailty_sd
            SD, up to 10, of a gamma frailty of mean 1 that multiplies all rates of a person's year:
            counts, Poisson without it, are negative binomial (Greenwood and Yule 1920). A column
            ``frailty_sd`` gives each band its own.

        Returns
        -------
        CostModel
            A person's own ``p_any`` replaces the probability of an event; all else stays.

        Raises
        ------
        InputError, InputTypeError
            As for ``CostModel``.

        Examples
        --------
        >>> import pyarrow as pa
        >>> table = pa.table({"rate": [0.002], "family": ["fixed"], "mean": [6e3], "shape": [None]})
        >>> CostModel.events(table, frailty_sd=1.5).moments().column("mean").to_pylist()
        [12.0]
        """
        arguments = Arguments()
        sd = arguments.number("frailty_sd", frailty_sd)
        arguments.check()
        return CostModel._of(_engine.CostModel.events(table, sd))

    @staticmethod
    def from_costs(
        table: Any,
        *,
        cost: str | Sequence[str],
        band: str | None = None,
        weight: str | None = None,
        tail: Literal["gpd"] | None = None,
    ) -> CostModel:
        """A model of the costs that were observed: each person-year with its weight.

        Parameters
        ----------
        table
            One row per person-year, those without a cost included.
        cost
            Column of the cost of the year, £, 0 or more; or a list of such columns, one for each
            service: each person-year keeps its own mix, and so the data's dependence.
        band
            Column of the risk band; without it, there is one.
        weight
            Column of survey weights, 0 or more; without it, all are alike.
        tail
            "gpd" replaces the largest 5 % of positive costs by a generalised Pareto distribution
            with the same mean excess (probability-weighted moments, Hosking and Wallis 1987).

        Raises
        ------
        InputError, InputTypeError
            Null, negative or infinite costs or weights, a band without any cost, fewer than 50
            costs above the 95 % quantile for a tail: all at once.

        Warns
        -----
        UserWarning
            Where one record of 50 or more is five times the next and carries more than half of
            the squared costs of its band: it is named with its row.

        Examples
        --------
        >>> import pyarrow as pa
        >>> years = pa.table({"spent": [0.0, 0.0, 100.0, 300.0], "w": [1, 1, 1, 1]})
        >>> CostModel.from_costs(years, cost="spent", weight="w").moments().column("mean")[0]
        <pyarrow.DoubleScalar: 100.0>
        """
        arguments = Arguments()
        costs = arguments.names("cost", cost)
        arguments.column("band", band, optional=True)
        arguments.column("weight", weight, optional=True)
        check_tail(arguments, tail)
        arguments.check()
        model, warnings = _engine.CostModel.from_costs(
            table, cost=costs, band=band, weight=weight, gpd_tail=tail == "gpd", threads=1
        )
        for text in warnings:
            warn(text)
        return CostModel._of(model)

    def __repr__(self) -> str:
        bands = len(self.table["band"].unique())
        return f"<fundholder.CostModel of {bands} band{'' if bands == 1 else 's'}>"

    def __reduce__(self) -> tuple[Any, tuple[pa.Table, ...]]:
        if "rate" in self.table.column_names:
            return CostModel.events, (self.table,)
        mix = self.services_table
        return CostModel, (self.table,) if mix is None else (self.table, mix)

    @staticmethod
    def from_formula(formula: Any, persons: Any, **options: Any) -> Any:
        """The deprecated name of ``Formula.cost_model``."""
        deprecated("CostModel.from_formula(formula, ...)", "formula.cost_model(...)")
        arguments = Arguments()
        if not hasattr(formula, "cost_model"):
            arguments.reject_type("formula", formula, "a Formula")
        arguments.check()
        return formula.cost_model(persons, **options)

    @property
    def table(self) -> pa.Table:
        """The model as a table that reads back as the same model, one of events by ``events``."""
        return self._model.table

    @property
    def services(self) -> list[str]:
        """Names of the services; empty where costs are one amount."""
        return self._model.services

    @property
    def services_table(self) -> pa.Table | None:
        """The table ``services`` that makes the same model with ``table``; ``None`` without one."""
        return self._model.services_table

    def moments(
        self,
        stop_loss: float | StopLoss | None = None,
        services: str | Sequence[str] | None = None,
        *,
        contract: Any = None,
    ) -> pa.Table:
        """Mean, SD, CV and skewness of one person's net cost of the year, by band, in closed form.

        Parameters
        ----------
        stop_loss
            A ceiling in £ or a ``StopLoss``; the ceded part of the cost is left out.
        services
            The services whose cost is looked at; by default, all.
        contract
            A ``Contract`` of terms on a person's year, or one such term.

        Returns
        -------
        pyarrow.Table
            ``band``, ``mean`` (£), ``sd`` (£), ``cv`` (null where the mean is 0), ``skewness``
            (null where it is infinite, or the cost does not vary), ``p_any`` (of any such cost).

        Raises
        ------
        InputError, InputTypeError
            All problems at once; also a band whose variance is infinite.
        """
        arguments = Arguments()
        agreed = read_contract(arguments, stop_loss, contract)
        scope = read_services(arguments, services) or ()
        check_services(arguments, agreed, self.services)
        check_names(arguments, scope, self.services)
        check_person_terms(arguments, agreed)
        arguments.check()
        terms = [term._person_term() for term in agreed.person_terms]
        return self._model.moments(terms, list(scope) or None)
