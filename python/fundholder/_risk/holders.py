"""Holders of budgets: what is known of them beside their people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._contracts.contract import Contract
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table


@dataclass(frozen=True)
class Holders:
    """Tables of budgets and of scores, where they are given."""

    budgets: Any
    scores: Any

    def totals(self, contract: Contract) -> Any:
        """The table of budgets; nothing where it has budgets for care alone."""
        care = {name for payment in contract.payments for name in payment.services or ()}
        if not care or self.budgets is None:
            return self.budgets
        has = self._columns()
        return None if "budget" not in has and care & set(has) else self.budgets

    def of(self, contract: Contract) -> tuple[Any, Any, list[str]]:
        """The engine's form: budgets, scores, and the names of the scores."""
        scores = self.scores if contract.scores else None
        return self.totals(contract), scores, list(contract.scores)

    def for_care(self, arguments: Arguments, services: Sequence[str]) -> tuple[Any, list[str]]:
        """Where the budget for some services stands: in a column of each, or nowhere."""
        has = self._columns()
        given = [name for name in services if name in has]
        if not given:
            return None, []
        if len(given) < len(services):
            arguments.reject("budgets", given, f"with a column for each of {', '.join(services)}")
        return self.budgets, list(services)

    def _columns(self) -> list[str]:
        return [] if self.budgets is None else arrow_table("budgets", self.budgets).column_names


def read_holders(budgets: Any = None, scores: Any = None) -> Holders:
    """Budgets and scores that can be read again."""
    return Holders(_again("budgets", budgets), _again("scores", scores))


def _again(name: str, value: Any) -> Any:
    """The table as the engine reads it; a stream, which is read but once, as Arrow's."""
    return value if value is None or hasattr(value, "__len__") else arrow_table(name, value)
