"""Cost models: what a person of each band costs in a year."""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa

from .. import _engine
from .._contracts.stop_loss import StopLoss, stop_loss_terms
from .._tables.arguments import Arguments
from .._tables.warning import deprecated, warn


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

        The table of a model of observed costs (``from_costs``) reads back too: its rows have the
        family "empirical".

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
    >>> moments = costs.moments(stop_loss=20_000).to_pylist()[0]
    >>> round(moments["mean"], 2), round(moments["cv"], 2)
    (659.99, 3.53)
    """

    def __init__(self, table: Any) -> None:
        self._model = _engine.CostModel(table)

    @staticmethod
    def _of(model: _engine.CostModel) -> CostModel:
        made = CostModel.__new__(CostModel)
        made._model = model
        return made

    @staticmethod
    def events(table: Any) -> CostModel:
        """A model of Poisson events, each with a severity: referrals, admissions, treatments.

        Parameters
        ----------
        table
            Columns ``band``, ``rate`` (events per person-year, 500 at most over all types of a
            band), ``family``, ``mean`` (£ per event) and ``shape``. Several rows of one band are
            several types of event.

        Returns
        -------
        CostModel
            A person's own ``p_any`` replaces the probability of at least one event; the mix of
            types stays.

        Raises
        ------
        InputError, InputTypeError
            As for ``CostModel``.

        Examples
        --------
        >>> import pyarrow as pa
        >>> referrals = CostModel.events(pa.table({
        ...     "rate": [0.002, 0.0005], "family": ["fixed", "gamma"],
        ...     "mean": [6_000.0, 25_000.0], "shape": [None, 2.0]}))
        >>> referrals.moments().column("mean").to_pylist()
        [24.5]
        """
        return CostModel._of(_engine.CostModel.events(table))

    @staticmethod
    def from_costs(
        table: Any,
        *,
        cost: str,
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
            Column of the cost of the year, £, 0 or more.
        band
            Column of the risk band; without it, there is one.
        weight
            Column of survey weights, 0 or more; without it, all are alike.
        tail
            "gpd" replaces the largest 5 % of positive costs by a generalised Pareto distribution
            with the same mean excess (probability-weighted moments, Hosking and Wallis 1987);
            ``None`` keeps the costs as they are.

        Raises
        ------
        InputError, InputTypeError
            Null, negative or infinite costs or weights, a band without any cost, fewer than 50
            costs above the 95 % quantile for a tail: all at once.

        Warns
        -----
        UserWarning
            Where one record of 50 or more is five times the next and carries more than half of the
            sum of squared costs of its band, and so the variance: it is named with its row.

        Examples
        --------
        >>> import pyarrow as pa
        >>> years = pa.table({"spent": [0.0, 0.0, 100.0, 300.0], "w": [1, 1, 1, 1]})
        >>> CostModel.from_costs(years, cost="spent", weight="w").moments().column("mean")[0]
        <pyarrow.DoubleScalar: 100.0>
        """
        arguments = Arguments()
        arguments.column("cost", cost)
        arguments.column("band", band, optional=True)
        arguments.column("weight", weight, optional=True)
        check_tail(arguments, tail)
        arguments.check()
        gpd_tail = tail == "gpd"
        model, warnings = _engine.CostModel.from_costs(
            table, cost=cost, band=band, weight=weight, gpd_tail=gpd_tail, threads=1
        )
        for text in warnings:
            warn(text)
        return CostModel._of(model)

    def __repr__(self) -> str:
        bands = len(self.table["band"].unique())
        return f"<fundholder.CostModel of {bands} {'band' if bands == 1 else 'bands'}>"

    def __reduce__(self) -> tuple[Any, tuple[pa.Table]]:
        make = CostModel.events if "rate" in self.table.column_names else CostModel
        return make, (self.table,)

    @staticmethod
    def from_formula(formula: Any, persons: Any, **options: Any) -> Any:
        """The deprecated name of ``Formula.cost_model``."""
        deprecated("CostModel.from_formula(formula, ...)", "formula.cost_model(...)")
        if not hasattr(formula, "cost_model"):
            arguments = Arguments()
            arguments.reject_type("formula", formula, "a Formula")
            arguments.check()
        return formula.cost_model(persons, **options)

    @property
    def table(self) -> pa.Table:
        """The model as a table that reads back as the same model, one of events by ``events``."""
        return self._model.table

    def moments(self, stop_loss: float | StopLoss | None = None) -> pa.Table:
        """Mean, SD, CV and skewness of one person's net cost of the year, by band, in closed form.

        Parameters
        ----------
        stop_loss
            A ceiling in £ or a ``StopLoss``; the ceded part of the cost is left out.

        Returns
        -------
        pyarrow.Table
            ``band``, ``mean`` (£), ``sd`` (£), ``cv`` (null where the mean is 0), ``skewness``
            (null where it is infinite, or the cost does not vary).

        Raises
        ------
        InputError
            Where a band's variance is infinite.
        """
        arguments = Arguments()
        terms = stop_loss_terms(arguments, stop_loss)
        arguments.check()
        return self._model.moments(terms)


def check_tail(arguments: Arguments, tail: Any) -> None:
    """Check the name of the distribution of the largest costs."""
    if tail is not None and not isinstance(tail, str):
        arguments.reject_type("tail", tail, "'gpd' or None")
    elif tail not in ("gpd", None):
        arguments.reject("tail", tail, "'gpd' or None")
