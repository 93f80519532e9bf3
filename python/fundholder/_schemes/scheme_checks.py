"""Checks of a scheme beyond one tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._contracts.contract_file import nearest
from .._tables.arguments import Arguments
from .checks import names, party
from .failure import OUTCOMES
from .tier import Tier


def read_pays(arguments: Arguments, pays: Any) -> dict[str, tuple[str, ...]] | None:
    """Party -> services that it pays for, each by one party."""
    if pays is None:
        return None
    if not isinstance(pays, Mapping):
        arguments.reject_type("pays", pays, "a table of party -> services")
        return None
    read: dict[str, tuple[str, ...]] = {}
    payers: dict[str, str] = {}
    for name, services in pays.items():
        party(arguments, "pays", name)
        read[name] = names(arguments, "pays", services, "services")
        for service in read[name]:
            if service in payers:
                allowed = f"paid for by one party: not by {payers[service]} and {name}"
                arguments.reject("pays", service, allowed)
            payers[service] = name
    return read or None


def check_failures(arguments: Arguments, tiers: Sequence[Tier]) -> None:
    """Check that failures lead to later tiers."""
    for number, tier in enumerate(tiers):
        then = None if tier.failure is None else tier.failure.then
        later = [other.name for other in tiers[number + 1 :]]
        if then is not None and then not in (*OUTCOMES, *later):
            near = nearest(then, [*OUTCOMES, *later])
            allowed = f"{', '.join(OUTCOMES)}, or a tier after {tier.name}"
            listing = f": {', '.join(later)}" if later else ", of which there is none"
            arguments.reject("then", then, f"{allowed}{listing}{near}")
