"""Are the services of the built-in costs those that were published?"""

from __future__ import annotations

import pytest

from fundholder import CostModel, england
from fundholder.england import _figures as figures


@pytest.mark.parametrize("year", [2010, 2025])
def test_shares_and_inpatient_parts_are_the_published_ones(year: int) -> None:
    costs = CostModel(england.costs(year=year), england.services(year=year))
    people = figures.band_shares(year)

    def by_band(services: list[str]) -> list[float]:
        return costs.moments(services=services)["mean"].to_pylist()

    total = sum(people * costs.moments()["mean"].to_numpy())
    published = england.service_shares()
    all_shares = sum(published["share"].to_pylist())
    for service, share in zip(*published.select([0, 1]).to_pydict().values(), strict=True):
        assert sum(people * by_band([service])) / total == pytest.approx(
            share / all_shares, rel=1e-6
        )
    inpatient = by_band(["emergency", "elective"])
    ratio = [cost / part for cost, part in zip(inpatient, figures.INPATIENT_PER_HEAD, strict=True)]
    assert max(ratio) / min(ratio) == pytest.approx(1, rel=1e-6)
    assert [b for b, cost in zip(figures.BANDS, by_band(["maternity"]), strict=True) if cost] == [
        "female 15-44"
    ]


def test_gross_costs_are_those_without_services() -> None:
    plain, mixed = CostModel(england.costs()), CostModel(england.costs(), england.services())
    assert plain.moments(20_000) == mixed.moments(20_000)
