"""Agreements: a contract on a cost model, with the services and effects that are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from .. import _engine
from .._contracts.contract import Contract, check_names, check_services, read_contract
from .._contracts.stop_loss import read_services
from .._tables.arguments import Arguments
from .cost_model import CostModel

Basis = Literal["net", "gross", "ceded"]
BASES = ("net", "gross", "ceded")
EFFECT_SD_BELOW = 5.0
"""Above it a lognormal effect of mean 1 is nearly always nearly 0: a percentage, most likely."""


@dataclass(frozen=True)
class Agreement:
    """A contract, the services in scope (``None``: all), and the SDs of yearly effects."""

    contract: Contract
    services: Sequence[str] | None
    practice_sd: float
    national_sd: float

    def valuation(
        self, costs: CostModel, of: Basis = "net", to: str | None = None
    ) -> _engine.Valuation:
        """The engine's form of one basis; of what is ceded, only what comes ``to`` a party."""
        terms = enumerate(self.contract.person_terms)
        return _engine.Valuation(
            costs._model,
            of=of,
            terms=self.person_terms(),
            services=None if self.services is None else list(self.services),
            practice_sd=self.practice_sd,
            national_sd=self.national_sd,
            counted=None if to is None else [n for n, term in terms if term.to == to],
        )

    def person_terms(self) -> list[tuple[list[str] | None, _engine.StopLoss | None]]:
        """The engine's terms on a person's year."""
        return [term._person_term() for term in self.contract.person_terms]

    def columns(self) -> list[tuple[list[str] | None, _engine.StopLoss | None]]:
        """The engine's terms whose cessions a run keeps: those, and care that is paid for."""
        return self.person_terms() + [term._person_term() for term in self.contract._care()]

    def described(self, table: pa.Table) -> pa.Table:
        """A result that says what was agreed, where a stop-loss on all cost does not say it all."""
        metadata = dict(table.schema.metadata or {})
        if self.services is not None:
            metadata[b"fundholder.services"] = ", ".join(self.services).encode()
        terms = self.contract.terms
        if (terms and metadata.get(b"fundholder.stop_loss", b"none") == b"none") or len(terms) > 1:
            metadata[b"fundholder.contract"] = str(self.contract).encode()
        return table.replace_schema_metadata(dict(sorted(metadata.items())))


def read_agreement(
    arguments: Arguments,
    costs: Any,
    *,
    stop_loss: Any = None,
    contract: Any = None,
    services: Any = None,
    practice_sd: Any = 0.0,
    national_sd: Any = 0.0,
) -> Agreement:
    """What was agreed on a cost model; right only if ``arguments.check`` passes."""
    agreed = read_contract(arguments, stop_loss, contract)
    scope = read_services(arguments, services)
    if isinstance(costs, CostModel):
        check_services(arguments, agreed, costs.services)
        check_names(arguments, scope or (), costs.services)
    return Agreement(
        agreed,
        scope,
        arguments.number("practice_sd", practice_sd, below=EFFECT_SD_BELOW),
        arguments.number("national_sd", national_sd, below=EFFECT_SD_BELOW),
    )


def check_basis(arguments: Arguments, of: Any) -> None:
    """Check which cost is looked at."""
    if of not in BASES:
        arguments.reject("of", of, "'net', 'gross' or 'ceded'")
