"""Influence: how much of the systematic variation of a unit its holder can do something about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract
from .._contracts.stop_loss import CarveOut
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.unit_tables import ratio
from .agreement import Agreement
from .cost_model import CostModel


@dataclass(frozen=True)
class Influence:
    """Weights of control: the share of the systematic variation of each service."""

    costs: CostModel
    agreement: Agreement
    weights: Mapping[str, float]

    def added(self, table: pa.Table, people: _engine.People, level: int) -> pa.Table:
        """The table with ``influenced_sd`` and ``uninfluenced_sd``, beside its systematic SD."""
        systematic = table["systematic_sd"].to_numpy()
        influenced = systematic**2 * self._share(people, level)
        rest = np.maximum(systematic**2 - influenced, 0.0)
        at = table.column_names.index("systematic_sd")
        table = table.add_column(at + 1, "influenced_sd", pa.array(np.sqrt(influenced)))
        table = table.add_column(at + 2, "uninfluenced_sd", pa.array(np.sqrt(rest)))
        weights = ", ".join(f"{service} {weight:.10g}" for service, weight in self.weights.items())
        metadata = {**(table.schema.metadata or {}), b"fundholder.control": weights.encode()}
        return table.replace_schema_metadata(dict(sorted(metadata.items())))

    def _share(self, people: _engine.People, level: int) -> FloatArray:
        """Share of the systematic variance of gross cost that holders can influence."""
        carved = [term for term in self.agreement.contract.terms if isinstance(term, CarveOut)]
        gross = replace(self.agreement, contract=Contract(carved))
        without_own = replace(gross, practice_sd=0.0)
        variances = [self._variance(people, level, of) for of in (gross, without_own)]
        expected = self._expected(people, level, gross)
        weighted = np.zeros_like(expected)
        for service, weight in self.weights.items():
            weighted += weight * self._expected(people, level, replace(gross, services=[service]))
        share = (1.0 - ratio(variances[1], variances[0])) * ratio(weighted, expected)
        return np.asarray(np.nan_to_num(share), np.float64)

    def _variance(self, people: _engine.People, level: int, agreement: Agreement) -> FloatArray:
        valuation = agreement.valuation(self.costs)
        table, _ = people.variance(level, valuation, [], None, [], [], exact=False)
        variance: FloatArray = table["systematic_sd"].to_numpy() ** 2
        return variance

    def _expected(self, people: _engine.People, level: int, agreement: Agreement) -> FloatArray:
        return np.array(people.expected(level, agreement.valuation(self.costs)))


def read_influence(
    arguments: Arguments, costs: Any, agreement: Agreement, control: Any
) -> Influence | None:
    """The weights of control of a call; right only if ``arguments.check`` passes."""
    if control is None:
        return None
    allowed = "a weight from 0 to 1 for each service"
    if not isinstance(control, Mapping):
        arguments.reject_type("control", control, f"a mapping with {allowed}")
        return None
    has: Sequence[str] = costs.services if isinstance(costs, CostModel) else []
    scope = has if agreement.services is None else agreement.services
    for name in control:
        if name not in has:
            known = f"of a service of the cost model: {', '.join(has) or 'it has none'}"
            arguments.reject("control", name, known)
    weights = {}
    for service in scope:
        if service not in control:
            arguments.reject("control", service, f"{allowed}: this one has none")
            continue
        weights[service] = arguments.number("control", control[service])
        if weights[service] > 1:
            arguments.reject("control", control[service], allowed)
    return Influence(costs, agreement, weights)
