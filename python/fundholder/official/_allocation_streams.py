"""Streams of money of the NHS allocations, and what their columns are called."""

from __future__ import annotations

from dataclasses import dataclass

from ._columns import Column

REGION = Column("region", ("R<yy>",))
REGION_NAME = Column("region_name", ("Region",))
ICB = Column("icb", ("ICB<yy>",))
ICB_NAME = Column("icb_name", ("Integrated Care Board (ICB)", "System Name"))
TARGET = Column(
    "target", ("Fair shares target (£k)", "Fair shares target", "Fair shares target (inc. COVID)")
)
DFT_OPEN = Column("dft_open", ("Distance from target (%)", "Distance from target inc COVID (%)"))
GROWTH = Column("growth", ("Base growth (%)",))
CONVERGENCE = Column("convergence", ("Convergence (%)",))
MONEY = ("baseline", "target", "allocation", "allocation_per_head")
DFT = Column("dft", ("Post-convergence distance from target (%)",))


@dataclass(frozen=True)
class Stream:
    """A stream of money: its sheet, and what its own columns are called."""

    name: str
    sheet: str
    baseline: Column
    allocation: Column
    per_head: Column
    since: str
    """The first year of the stream."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in the order of the result."""
        money = (self.baseline, TARGET, DFT_OPEN, GROWTH, CONVERGENCE)
        last = (self.allocation, DFT, self.per_head)
        return (REGION, REGION_NAME, ICB, ICB_NAME, *money, *last)


def _stream(
    name: str, sheet: str, baseline: str, allocation: str, *per_head: str, since: str = ""
) -> Stream:
    return Stream(
        name,
        sheet,
        Column("baseline", (f"{baseline} (£k)",)),
        Column("allocation", (f"{allocation} (£k)",)),
        Column("allocation_per_head", tuple(f"{name} £/head" for name in per_head)),
        since,
    )


STREAMS = (
    _stream(
        "core",
        "ICB Core Allocation",
        "Adjusted recurrent baseline",
        "Recurrent allocation",
        "Recurrent allocation",
    ),
    _stream(
        "specialised",
        "Specialised Allocation",
        "Physical health services + HCDD recurrent baseline",
        "Physical health services + HCDD recurrent allocation",
        "Physical health services recurrent allocation",
        since="2025-26",
    ),
    _stream(
        "primary medical care",
        "PMC Allocation",
        "Adjusted recurrent baseline",
        "Recurrent allocation",
        "Revised recurrent allocation",
        "Recurrent allocation",
    ),
)
