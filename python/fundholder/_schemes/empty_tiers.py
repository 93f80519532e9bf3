"""Tiers that nobody can hold: names that are not there are rejected, other tiers warned of."""

from __future__ import annotations

from collections.abc import Sequence

from .._contracts.contract_file import nearest
from .._tables.arguments import Arguments
from .._tables.warning import warn
from .practices import Holders, Practices
from .scheme import Scheme
from .tier import Tier


def check_holders(
    arguments: Arguments, scheme: Scheme, holders: Sequence[Holders], practices: Practices
) -> None:
    """Check that the holders that a scheme names are there, and that each tier may have one."""
    for tier, of in zip(scheme.tiers, holders, strict=True):
        known = [str(name) for name in of.names]
        for name in tier.who.names or ():
            if name not in known:
                allowed = f"the names of holders{nearest(name, known)}"
                arguments.reject(f"tier {tier.name}, names", name, allowed)
        reason = _why_nobody(tier, of, practices)
        if reason:
            warn(f"scheme {scheme.name}, tier {tier.name}: nobody takes part: {reason}")


def _why_nobody(tier: Tier, holders: Holders, practices: Practices) -> str:
    """Why no holder is large enough; empty where one is."""
    if not holders.names:
        return f"there are no {tier.holder}"
    largest = int(holders.add_up(practices.people).max())
    least = tier.who.people or 1
    if largest >= least:
        return ""
    return f"the largest holder has {largest:,} people, and {least:,} are needed"
