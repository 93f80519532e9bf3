"""A comparison in words: where the risk sits, and who pays."""

from __future__ import annotations

from collections.abc import Iterable

from .holder_years import HOLDER
from .measures import Estimate
from .scheme_run import SchemeRun

LOSSES = ("deficit", "liability", "reserve", "loan")
"""Kinds of flows to a holder that meet its losses."""


def told(runs: Iterable[SchemeRun]) -> str:
    """Every scheme in a paragraph."""
    return "\n\n".join(_scheme(run) for run in runs)


def _scheme(run: SchemeRun) -> str:
    name = run.scheme.name
    of_all: dict[str, Estimate] = {
        row[4]: value for row, value in run.estimates().items() if row[1:4] == (None, None, None)
    }
    parties = sorted(
        (
            (value.value, measure.removeprefix("variance_share_"))
            for measure, value in of_all.items()
            if measure.startswith("variance_share_")
        ),
        reverse=True,
    )
    bears = ", ".join(f"{_party(party)} {100 * share:.0f} %" for share, party in parties)
    lines = [
        f"{run.scheme.title or name} ({name})",
        f"  holds a budget: {100 * _value(of_all, 'share_in_tiers'):.0f} % of people",
        f"  who bears the variation of all care: {bears or 'nobody'}",
    ]
    if "p_overspend" in of_all:
        lines.append(
            f"  a holder overspends in {100 * _value(of_all, 'p_overspend'):.0f} % of years, by"
            f" more than 5 % in {100 * _value(of_all, 'p_overspend_0.05'):.1f} %;"
            f" {_value(of_all, 'failures_per_1000'):.1f} of 1,000 fail in a year"
        )
        lines.append(
            f"  a head and year: premium £{_value(of_all, 'premium_per_head'):,.2f}, reward"
            f" £{_value(of_all, 'reward_per_head'):,.2f}, management"
            f" £{_value(of_all, 'management_per_head'):,.2f}"
        )
    payers = [f"{_party(party)} £{mean / 1e6:,.1f}m" for party, mean in _losses(run)]
    lines.append(f"  who pays for losses, a year: {', '.join(payers) or 'nobody'}")
    return "\n".join(lines)


def _losses(run: SchemeRun) -> list[tuple[str, float]]:
    """Mean payments of a year by party, of deficits and of what holders leave behind."""
    years = int(run.metadata["fundholder.years"])
    totals: dict[str, float] = {}
    for row in run.flows().to_pylist():
        if row["kind"] in LOSSES and row["destination"] == HOLDER and row["mean"] > 0:
            party = "holder, later" if row["kind"] == "loan" else row["source"]
            totals[party] = totals.get(party, 0.0) + row["mean"] / years
    return sorted(totals.items(), key=lambda item: -item[1])


def _value(of_all: dict[str, Estimate], measure: str) -> float:
    return of_all[measure].value if measure in of_all else 0.0


def _party(name: str) -> str:
    return f"the {name}"
