"""Schemes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._contracts.words import percent
from .management import Behaviour, Management
from .tier import Tier


def tier_words(tier: Tier) -> str:
    """A paragraph about a tier."""
    lines = [
        f"{tier.name}: a budget for {_scope(tier.shares)}",
        f"holders: {tier.holder}",
        f"taking part: {tier.who}",
        f"budget: {tier.budget}",
    ]
    if tier.contract.terms:
        lines += ["contract:", *(f"  {line}" for line in str(tier.contract).splitlines())]
    else:
        lines.append(f"contract: {tier.contract}")
    if tier.contract.person_terms:
        lines.append(f"for cover of a person's year: {tier.premium}")
    lines += [f"result: {tier.result}", f"reserve: {tier.reserve}"]
    if tier.failure is not None:
        lines.append(f"failure: {tier.failure}")
    if tier.management != Management():
        lines.append(f"management: {tier.management}")
    if tier.behaviour != Behaviour():
        lines.append(f"behaviour, where a run asks for it: {tier.behaviour}")
    if tier.scores:
        lines.append(f"scores: {', '.join(map(_score, tier.scores.items()))}")
    return "\n".join(lines)


def rest_words(payer: str, pays: Mapping[str, Sequence[str]]) -> str:
    """Who pays for what no tier has."""
    parties = (f"{', '.join(services)} by the {party}" for party, services in pays.items())
    others = "".join(f"; {party}" for party in parties)
    return f"What no tier has is paid for by the {payer}{others}."


def price_words(price_year: str | None, inflation: float) -> str:
    """The price level of the amounts."""
    year = f"Amounts are in £ of {price_year}" if price_year else "Amounts are in £"
    if inflation != 1:
        return f"{year}; a run takes them times {inflation:.10g}."
    return f"{year}."


def _scope(shares: Mapping[str, float] | None) -> str:
    if shares is None:
        return "all services"
    parts = (
        f"{percent(share)} of {name}" if share != 1 else name for name, share in shares.items()
    )
    return ", ".join(parts)


def _score(item: tuple[str, float | Sequence[tuple[float, float]]]) -> str:
    name, value = item
    if isinstance(value, Sequence):
        (low, first), (high, last) = value[0], value[-1]
        return (
            f"{name} from {first:.10g} (quantile {low:.10g}) to {last:.10g} (quantile {high:.10g})"
        )
    return f"{name} {value:.10g}"
