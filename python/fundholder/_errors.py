"""Errors of the package: every problem of an input at once, each with a stable code."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any, Self

LISTED = 20
LONGEST = 1_200
"""Characters of a line of a message."""


class Problem(str):
    """One thing that is wrong with an input: a message, and the same for a program.

    Attributes
    ----------
    code
        What kind of problem it is, such as "missing_column" or "not_allowed"; ``docs/errors.md``
        lists them. Codes are stable.
    column
        The column, or the argument; None where there is none.
    row
        The row of the table, from 0; None where there is none.
    value
        The value that is not allowed; None where there is none, or where it is null.
    allowed
        What is allowed, in words; None where there is no more to say than the message.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from fundholder import CostModel, InputError
    >>> try:
    ...     CostModel(pa.table({"p_any": [1.5], "family": ["fixed"], "mean": [10.0]}))
    ... except InputError as error:
    ...     problem = error.problems[0]
    >>> problem
    "column 'p_any', row 0: 1.5: must be a number from 0 to 1 (0, or from 1e-15)"
    >>> problem.code, problem.column, problem.row, problem.value
    ('not_allowed', 'p_any', 0, 1.5)
    """

    code: str
    column: str | None
    row: int | None
    value: Any
    allowed: str | None

    def __new__(
        cls,
        text: str,
        *,
        code: str,
        column: str | None = None,
        row: int | None = None,
        value: Any = None,
        allowed: str | None = None,
    ) -> Self:
        """A problem with this message."""
        problem = super().__new__(cls, text)
        problem.code, problem.column, problem.row = code, column, row
        problem.value, problem.allowed = value, allowed
        return problem

    def __reduce__(self) -> tuple[Any, ...]:
        return str.__new__, (type(self), str(self)), self.__dict__

    @classmethod
    def argument(cls, name: str, value: Any, allowed: str) -> Self:
        """A value of an argument that is not allowed."""
        text = f"{name} is {reprlib.repr(value)}: must be {allowed}"
        return cls(text, code="argument", column=name, value=value, allowed=allowed)

    @classmethod
    def argument_type(cls, name: str, value: Any, allowed: str) -> Self:
        """A type of an argument that is not allowed."""
        text = f"{name} is {reprlib.repr(value)} ({type(value).__name__}): must be {allowed}"
        return cls(text, code="wrong_type", column=name, value=value, allowed=allowed)

    @classmethod
    def cell(cls, code: str, column: str, row: int, value: Any, allowed: str) -> Self:
        """A value in a column that is not allowed, in the words of the engine."""
        shown = "null" if value is None else "NaN" if value != value else reprlib.repr(value)
        text = f"column '{column}', row {row}: {shown}: must be {allowed}"
        return cls(text, code=code, column=column, row=row, value=value, allowed=allowed)

    @classmethod
    def duplicate(cls, column: str, row: int, value: Any, first: int, given: str = "") -> Self:
        """A value in a column that stands in an earlier row already, in the words of the engine."""
        shown = ("null" if value is None else repr(value)) + (f" with {given}" if given else "")
        text = (
            f"column '{column}', row {row}: {shown} is a duplicate of row {first}: must be unique"
        )
        return cls(text, code="duplicate", column=column, row=row, value=value, allowed="unique")

    @classmethod
    def path(cls, path: Any, allowed: str) -> Self:
        """A file that cannot be read or written as such."""
        return cls(f"{path}: {allowed}", code="path", value=str(path), allowed=allowed)

    def of_row(self, row: int) -> Self:
        """The same problem, of a table in which the row has another number."""
        text = str(self).replace(f"row {self.row}", f"row {row}", 1)
        return type(self)(text, **self.__dict__ | {"row": row})

    def at(self, where: str) -> Self:
        """The same problem, its message led by where it is: a file, or a sheet."""
        return type(self)(f"{where}: {self}", **self.__dict__)


class FundholderError(Exception):
    """The root of every error of the package.

    Attributes
    ----------
    problems
        Every ``Problem`` that was found; of more than a thousand, the rest are only counted.
    more
        How many more there are.

    The message lists the first 20 problems and counts the rest.
    """

    problems: list[Problem]
    more: int

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        self.problems = list(problems)
        self.more = more
        total = len(self.problems) + more
        lines = [_shown(str(problem)) for problem in self.problems[:LISTED]]
        if total > LISTED:
            lines = [*lines, f"and {total - LISTED} more"]
        if total > 1:
            lines = [f"{total} problems:", *(f"- {line}" for line in lines)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[Self], tuple[list[Problem], int]]:
        # The default would rebuild from the joined message, one letter per problem.
        return type(self), (self.problems, self.more)


def _shown(line: str) -> str:
    """A line without the middle of a value that fills pages; the problem has all of it."""
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 4 :]}"


class InputError(FundholderError, ValueError):
    """Input with a value, a column or a unit that is not allowed."""


class InputTypeError(FundholderError, TypeError):
    """Input of a type that is not allowed."""
