"""A formula for the cost of a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from .. import _engine
from .._files.write import write
from .._tables.arguments import Arguments
from .persons import check_codes, check_persons, is_materialised, open_once, warn_of_codes
from .terms_file import read_formula

if TYPE_CHECKING:
    from .cost_model import FormulaCosts
    from .evaluation import Evaluation

SHOWN = [
    "term",
    "role",
    "coefficient",
    "standard_error",
    "people",
    "mean",
    "note",
    "column",
    "level",
]


class Formula:
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

    def __init__(self, terms: pa.Table, covariance: pa.Table | None = None) -> None:
        self.coefficients: pa.Table = terms.select(SHOWN)
        self.covariance: pa.Table | None = covariance
        self._engine = _engine.Formula(terms.combine_chunks(), covariance)

    def __repr__(self) -> str:
        return f"<fundholder.Formula of {self.coefficients.num_rows} terms>"

    def __reduce__(self) -> tuple[type[Formula], tuple[pa.Table, pa.Table | None]]:
        return Formula, (self.coefficients, self.covariance)

    @property
    def people(self) -> int | None:
        """Persons it was fitted on; none where a file does not say."""
        text = self._metadata("people")
        return None if text is None else int(text)

    @property
    def r2(self) -> float | None:
        """Share of the variance of cost that it explains of the persons it was fitted on."""
        text = self._metadata("r2")
        return None if text is None else float(text)

    def _metadata(self, name: str) -> str | None:
        found = (self.coefficients.schema.metadata or {}).get(f"fundholder.{name}".encode())
        return None if found is None else found.decode()

    def columns(self, *roles: str) -> list[str]:
        """Names of the columns that the formula reads of persons, of some roles or of all."""
        rows = self.coefficients.select(["role", "column"]).to_pylist()
        named = [r["column"] for r in rows if r["column"] and (not roles or r["role"] in roles)]
        return list(dict.fromkeys(named))

    def predict(self, persons: Any, neutral: bool = True, *, codes: Any | None = None) -> pa.Table:
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
        arguments = self._check(persons, codes)
        arguments.flag("neutral", neutral)
        arguments.check()
        found, unknown = self._engine.predict(
            open_once(persons), neutral=neutral, codes=codes, materialised=is_materialised(persons)
        )
        warn_of_codes(unknown)
        return found

    def need(
        self,
        persons: Any,
        *,
        by: str = "practice",
        neutral: bool = True,
        codes: Any | None = None,
    ) -> pa.Table:
        """The expected cost of the people of each unit: what ``allocate`` shares a pot by.

        Parameters
        ----------
        persons, neutral, codes
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
        arguments = self._check(persons, codes)
        arguments.flag("neutral", neutral)
        if arguments.column("by", by) in ("people", "need", "formula_sd"):
            arguments.reject("by", by, "a column that the result does not have under the same name")
        arguments.check()
        found, unknown = self._engine.need(
            open_once(persons), by=by, neutral=neutral, codes=codes, materialised=is_materialised(persons)
        )
        warn_of_codes(unknown)
        return found.replace_schema_metadata(self.coefficients.schema.metadata)

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
    ) -> Evaluation:
        """How near predictions come to the costs of persons and of units.

        Parameters
        ----------
        persons
            As for ``fit_formula``: others than those it was fitted on, mostly.
        cost, weight
            As for ``fit_formula``.
        by
            The column whose values are units: text or whole numbers.
        groups
            Further such columns (deprivation, region, sex) to compare predicted and actual cost by.
        codes, neutral
            As for ``predict``; here supply and area count, unless ``neutral``.

        Returns
        -------
        Evaluation
            ``measures`` and ``ratios``. A few numbers of every person are held in memory.

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
        from .evaluation import check_evaluation, evaluate

        arguments = self._check(persons, codes)
        arguments.flag("neutral", neutral)
        further = check_evaluation(arguments, cost, by, weight, groups)
        return evaluate(self._engine, persons, cost, by, weight, further, codes, neutral)

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
    ) -> FormulaCosts:
        """Actual cost around predicted cost, so that budgets and risk share their people.

        Persons are cut into bands of equal size by their predicted cost. Within a band, the ratio
        of actual to predicted cost has the distribution that was observed, each ratio with the
        weight of its prediction: a band costs what its people cost.

        Parameters
        ----------
        persons, cost, weight, codes
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
        from .cost_model import cost_model

        return cost_model(
            self,
            self._engine,
            self._check(persons, codes),
            persons,
            cost=cost,
            bands=bands,
            weight=weight,
            tail=tail,
            codes=codes,
            neutral=neutral,
        )

    def _check(self, persons: Any, codes: Any) -> Arguments:
        arguments = Arguments()
        check_persons(arguments, persons)
        check_codes(arguments, codes)
        return arguments

    def write(self, path: str | Path) -> None:
        """Write the terms to a file that can be read and edited: CSV, Parquet, Arrow or Excel.

        The columns are those of ``coefficients``. The covariance is a table of its own:
        ``fundholder.write(formula.covariance, path)``.

        Raises
        ------
        InputError
            As for ``fundholder.write``.
        """
        write(self.coefficients, path)

    @classmethod
    def read(cls, path: str | Path, *, covariance: str | Path | None = None) -> Formula:
        """Read a formula that was written, and perhaps edited: CSV, Parquet or Arrow.

        Parameters
        ----------
        path
            The file of terms. ``term``, ``standard_error``, ``people`` and ``note`` may be missing;
            ``mean`` may be missing where there is neither supply nor area.
        covariance
            The file of the covariance, of the same terms in the same order.

        Raises
        ------
        InputError
            All problems at once: a file that cannot be read, roles that are not roles, coefficients
            that are not finite or above 1e15 in size, terms that are there twice, a covariance that
            is none.

        Examples
        --------
        >>> import tempfile, pyarrow as pa
        >>> from fundholder import fit_formula
        >>> persons = pa.table({"old": [0, 1, 1], "spent": [100.0, 400.0, 500.0]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit_formula(persons, cost="spent", flags="old").write(f"{folder}/formula.csv")
        ...     Formula.read(f"{folder}/formula.csv").coefficients["coefficient"].to_pylist()
        [100.0, 350.0]
        """
        return cls(*read_formula(path, covariance))
