"""A formula for the cost of a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from .._tables.arguments import Arguments
from .coefficients import Coefficients
from .cost_model import FormulaCosts, check_cost_model, cost_model
from .evaluation import Evaluation, check_evaluation, evaluate
from .persons import check_input, given_back, open_once, warn_of_codes


class Formula(Coefficients):
    """The expected cost of a person, as a sum of terms; made by ``fit_formula`` or ``read``.

    Attributes
    ----------
    coefficients
        One row per term:

        ===============  ========================================================================
        term             its name: the column, ``column=level``, the code, or "intercept"
        role             "intercept", "category", "flag", "need", "supply" or "area"
        coefficient      £ a person, or £ per unit of the column; 0 where ``note`` says why
        standard_error   £; null where there is none
        people           persons with it; of need and supply, all
        mean             weighted mean over the persons it was fitted on: where supply is held
        note             null, "reference", "nobody", "collinear" or "held at 0"
        column, level    what it is of; a code has a level alone
        ===============  ========================================================================
    covariance
        Of the coefficients: ``term``, then a column for each term, £². None for a formula without
        errors, or read from a file without them.
    """

    def predict(
        self,
        persons: Any,
        neutral: bool = True,
        *,
        codes: Any | None = None,
        threads: int | None = None,
    ) -> pa.Table:
        """The expected cost of each person.

        Parameters
        ----------
        persons
            As for ``fit_formula``; read once. With ``neutral``, columns of supply and area need not
            be there.
        neutral
            Hold supply and area at their means, as where budgets are set.
        codes
            The long table ``person``, ``code`` of these persons, for a formula that has codes.
            Codes that it does not have are named in a warning.
        threads
            By default, as many as the processors that the process may use.

        Returns
        -------
        pyarrow.Table
            ``person`` and ``practice`` where the table has them, and ``predicted`` (£), in the
            order of the persons. A sum may be below 0 for a person.

        Raises
        ------
        InputError, InputTypeError
            As for ``fit_formula``; also levels that the formula does not have.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from fundholder import fit_formula
        >>> persons = pa.table({"practice": ["A", "A", "B", "B"], "access": [1.0, 2.0, 3.0, 6.0],
        ...                     "spent": [100.0, 200.0, 300.0, 600.0]})
        >>> formula = fit_formula(persons, cost="spent", supply="access")
        >>> formula.predict(persons)["predicted"].to_pylist()
        [300.0, 300.0, 300.0, 300.0]
        """
        arguments = Arguments()
        given = check_input(arguments, persons, codes, neutral, threads)
        arguments.check()
        with given_back():
            predicted, unknown = self._engine.predict(open_once(persons), **given)
        warn_of_codes(unknown)
        return predicted

    def need(
        self,
        persons: Any,
        *,
        by: str = "practice",
        neutral: bool = True,
        codes: Any | None = None,
        threads: int | None = None,
    ) -> pa.Table:
        """The expected cost of the people of each unit: what ``allocate`` shares a pot by.

        Parameters
        ----------
        persons, neutral, codes, threads
            As for ``predict``. A column ``count`` says how many people a row stands for. Persons
            are added up as they are read, so that any number will do.
        by
            The column whose values are units.

        Returns
        -------
        pyarrow.Table
            ``<by>``, ``people``, ``need`` (£) and ``formula_sd`` (£): the standard error of need
            that the errors of the coefficients make; null without a covariance. In the order of
            the units' names; the same digits in any order of persons.

        Raises
        ------
        InputError, InputTypeError
            As for ``predict``.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from fundholder import fit_formula
        >>> persons = pa.table({"practice": ["A", "A", "B", "B"], "old": [0, 1, 1, 1],
        ...                     "spent": [100.0, 400.0, 500.0, 300.0]})
        >>> need = fit_formula(persons, cost="spent", flags="old").need(persons)
        >>> need["need"].to_pylist()
        [500.0, 800.0]
        """
        arguments = Arguments()
        given = check_input(arguments, persons, codes, neutral, threads)
        if arguments.column("by", by) in ("people", "need", "formula_sd"):
            arguments.reject("by", by, "a column that the result does not have under the same name")
        arguments.check()
        need, unknown = self._engine.need(open_once(persons), by=by, **given)
        warn_of_codes(unknown)
        return need.replace_schema_metadata(self.coefficients.schema.metadata)

    def evaluate(
        self,
        persons: Any,
        *,
        cost: str,
        by: str = "practice",
        weight: str | None = None,
        groups: Sequence[str] = (),
        codes: Any | None = None,
        neutral: bool = False,
        threads: int | None = None,
    ) -> Evaluation:
        """The evaluation of predictions against the costs of persons and of units.

        Parameters
        ----------
        persons, cost, weight
            As for ``fit_formula``; mostly other persons than those it was fitted on.
        by
            The column whose values are units: text or whole numbers.
        groups
            Further such columns (deprivation, region, sex) to compare predicted and actual cost by.
        codes, neutral, threads
            As for ``predict``; here supply and area count, unless ``neutral``.

        Returns
        -------
        Evaluation
            ``measures``, ``ratios`` and ``units``. A few numbers a person are held in memory.

        Raises
        ------
        InputError, InputTypeError
            As for ``fit_formula``; also units and groups by a name that the results use.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from fundholder import fit_formula
        >>> persons = pa.table({"practice": ["A", "A", "B", "B"], "old": [0, 1, 1, 1],
        ...                     "spent": [100.0, 400.0, 500.0, 300.0]})
        >>> formula = fit_formula(persons, cost="spent", flags="old")
        >>> round(formula.evaluate(persons, cost="spent")["r2_person"], 3)
        0.771
        """
        arguments = Arguments()
        given = check_input(arguments, persons, codes, neutral, threads)
        labels = check_evaluation(arguments, cost, by, weight, groups)
        return evaluate(self._engine, persons, cost, by, weight, labels, given)

    def cost_model(
        self,
        persons: Any,
        *,
        cost: str,
        bands: int = 20,
        weight: str | None = None,
        tail: Literal["gpd"] | None = None,
        codes: Any | None = None,
        neutral: bool = False,
        threads: int | None = None,
    ) -> FormulaCosts:
        """The cost model of actual around predicted cost: budgets and risk share their people.

        Persons are cut into bands of equal size by their predicted cost. Within a band, the ratio
        of actual to predicted cost has the distribution that was observed, each ratio with the
        weight of its prediction: a band costs what its people cost.

        Parameters
        ----------
        persons, cost, weight, codes, threads
            As for ``evaluate``: persons with a year that the formula predicts.
        bands
            How many; fewer where predictions are alike. Predictions below a twentieth of their mean
            count as that.
        tail
            As for ``CostModel.from_costs``.
        neutral
            Hold supply and area at their means, as in budgets.

        Returns
        -------
        FormulaCosts
            A ``CostModel``, with ``population(persons)`` for the people that go with it.

        Raises
        ------
        InputError, InputTypeError
            As for ``evaluate`` and ``CostModel.from_costs``; also a band whose people cost nothing.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from fundholder import fit_formula, variance
        >>> persons = pa.table({"practice": ["A", "A", "B", "B"], "old": [0, 1, 1, 1],
        ...                     "spent": [100.0, 400.0, 500.0, 300.0]})
        >>> formula = fit_formula(persons, cost="spent", flags="old")
        >>> costs = formula.cost_model(persons, cost="spent", bands=2)
        >>> people = costs.population(persons, rounded=False)
        >>> variance(people, costs, method="moments")["expected"].to_pylist()
        [500.0, 800.0]
        """
        arguments = Arguments()
        given = check_input(arguments, persons, codes, neutral, threads)
        check_cost_model(arguments, cost, weight, tail, bands)
        return cost_model(self, self._engine, persons, cost, weight, bands, tail, given)
