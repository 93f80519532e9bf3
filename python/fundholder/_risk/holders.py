"""Holders of budgets: what is known of them beside their people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .._contracts.contract import Contract
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table


@dataclass(frozen=True)
class Holders:
    """Tables of budgets and of scores, where they are given."""

    budgets: pa.Table | None
    scores: pa.Table | None

    def totals(self, contract: Contract) -> pa.Table | None:
        """The table of budgets; nothing where it has budgets for care alone."""
        if self.budgets is None or "budget" in self.budgets.column_names:
            return self.budgets
        care = [name for payment in contract.payments for name in payment.services or ()]
        return None if set(care) & set(self.budgets.column_names) else self.budgets

    def of(self, contract: Contract) -> tuple[pa.Table | None, pa.Table | None, list[str]]:
        """The engine's form: budgets, scores, and the names of the scores."""
        scores = self.scores if contract.scores else None
        return self.totals(contract), scores, list(contract.scores)

    def for_care(
        self, arguments: Arguments, services: Sequence[str]
    ) -> tuple[pa.Table | None, list[str]]:
        """Where the budget for some services stands: in a column of each, or nowhere."""
        has = [] if self.budgets is None else self.budgets.column_names
        given = [name for name in services if name in has]
        if not given:
            return None, []
        if len(given) < len(services):
            arguments.reject("budgets", given, f"with a column for each of {', '.join(services)}")
        return self.budgets, list(services)


def read_holders(budgets: Any = None, scores: Any = None) -> Holders:
    """Budgets and scores as tables."""
    return Holders(
        None if budgets is None else arrow_table("budgets", budgets),
        None if scores is None else arrow_table("scores", scores),
    )
