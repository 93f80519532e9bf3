"""The terms of a formula, their coefficients and covariance, and the file that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pyarrow as pa

from .. import _engine
from .._errors import Problem
from .._files.write import write
from .._tables.checked import arrow_table
from .._tables.columns import is_text
from .._tables.problems import Problems
from .terms_file import read_formula

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


class Coefficients:
    """Terms of a formula and their coefficients, what they were fitted on, and their file."""

    def __init__(self, terms: pa.Table, covariance: pa.Table | None = None) -> None:
        terms = arrow_table("terms", terms)
        for code, wrong in (
            ("missing_column", [name for name in SHOWN if name not in terms.column_names]),
            ("duplicate_column", [n for n in SHOWN if terms.column_names.count(n) > 1]),
        ):
            Problems(
                Problem(f"column {name!r} must be in terms, once", code=code, column=name)
                for name in wrong
            ).check()
        if not is_text(terms["term"].type):
            text = f"column 'term' is {terms['term'].type}: must be text"
            problem = Problem(text, code="wrong_type", column="term", allowed="text")
            Problems([problem]).check()
        if covariance is not None:
            covariance = arrow_table("covariance", covariance)
        self.coefficients: pa.Table = terms.select(SHOWN)
        self.covariance: pa.Table | None = covariance
        self._engine = _engine.Formula(terms.combine_chunks(), covariance)

    def __repr__(self) -> str:
        return f"<fundholder.{type(self).__name__} of {self.coefficients.num_rows} terms>"

    def __reduce__(self) -> tuple[type[Self], tuple[pa.Table, pa.Table | None]]:
        return type(self), (self.coefficients, self.covariance)

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
        text = (self.coefficients.schema.metadata or {}).get(f"fundholder.{name}".encode())
        return None if text is None else text.decode()

    def columns(self, *roles: str) -> list[str]:
        """Names of the columns that the formula reads of persons, of some roles or of all."""
        rows = self.coefficients.select(["role", "column"]).to_pylist()
        named = [r["column"] for r in rows if r["column"] and (not roles or r["role"] in roles)]
        return list(dict.fromkeys(named))

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
    def read(cls, path: str | Path, *, covariance: str | Path | None = None) -> Self:
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
        >>> from fundholder import Formula, fit_formula
        >>> persons = pa.table({"old": [0, 1, 1], "spent": [100.0, 400.0, 500.0]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit_formula(persons, cost="spent", flags="old").write(f"{folder}/formula.csv")
        ...     Formula.read(f"{folder}/formula.csv").coefficients["coefficient"].to_pylist()
        [100.0, 350.0]
        """
        return cls(*read_formula(path, covariance))
