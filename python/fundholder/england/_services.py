"""Services of the built-in costs: what each is of all cost, by age, sex and size of a year."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pyarrow as pa

from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from . import _figures as figures
from ._checks import check_year

ALLOCATIONS = (
    "NHS England, allocations 2018/19: core, primary medical and specialised, with the weights of "
    "the components of the formula"
)
SPLIT = (
    "published for all general and acute care; its split is assumed, on the shape of a modelled "
    "table (admitted 28.4, outpatient 10.0, A&E 3.2 £bn)"
)
SERVICES: dict[str, tuple[float, str, tuple[float, ...]]] = {
    "emergency": (0.189, SPLIT, (0.02, 0.2, 1.0, 1.4, 1.2)),
    "elective": (0.143, SPLIT, (0.02, 0.6, 1.3, 1.0, 0.6)),
    "outpatient": (0.117, SPLIT, (1.0, 1.2, 0.8, 0.5, 0.3)),
    "a&e": (0.039, SPLIT, (1.2, 1.0, 0.7, 0.4, 0.2)),
    "mental health": (0.098, ALLOCATIONS, (0.1, 0.4, 0.8, 1.3, 1.5)),
    "community": (0.042, ALLOCATIONS, (0.6, 0.8, 1.0, 1.0, 0.9)),
    "maternity": (0.027, ALLOCATIONS, (0.1, 1.0, 1.2, 0.3, 0.1)),
    "prescribing": (0.090, ALLOCATIONS, (1.6, 1.3, 0.9, 0.6, 0.5)),
    "primary care": (0.083, ALLOCATIONS, (2.5, 1.0, 0.4, 0.2, 0.1)),
    "specialised": (0.171, ALLOCATIONS, (0.05, 0.3, 0.9, 1.4, 2.0)),
}
"""Share of all cost, its source, and how much more or less of it years of each class have."""
CONTROL = {
    "emergency": 0.17,
    "elective": 0.5,
    "outpatient": 0.7,
    "a&e": 0.3,
    "mental health": 0.2,
    "community": 0.6,
    "maternity": 0.0,
    "prescribing": 0.9,
    "primary care": 1.0,
    "specialised": 0.05,
}
"""Share of the systematic variation of each service that a holder can influence."""
ASSUMED = (
    "how a service is spread over ages (but for inpatient care and maternity) and over years by "
    "their size is assumed"
)
INPATIENT = ("emergency", "elective")
RANKS = (0.0, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Classes of years with a cost."""
MATERNITY_BAND = "female 15-44"


def service_shares() -> pa.Table:
    """Services of the built-in costs: what each is of all cost, and what that rests on.

    Returns
    -------
    pyarrow.Table
        ``service``, ``share``, ``source``, ``assumption``, and ``control``, the weight of
        ``service_control``, which is assumed, too.

    Examples
    --------
    >>> from fundholder import england
    >>> england.service_shares().slice(9)["share"].to_pylist()
    [0.171]
    """
    return pa.table(
        {
            "service": list(SERVICES),
            "share": [share for share, _, _ in SERVICES.values()],
            "source": [source for _, source, _ in SERVICES.values()],
            "assumption": [ASSUMED] * len(SERVICES),
            "control": [CONTROL[service] for service in SERVICES],
        }
    )


def service_control() -> dict[str, float]:
    """How much of each service's systematic variation a holder can influence: assumed.

    The weight of emergency care is the share of admissions for ambulatory-care-sensitive conditions
    (more than one in six: The King's Fund 2012). The others are assumed, on the shape of what
    fundholders moved: elective admissions and drugs, and not emergencies.

    Returns
    -------
    dict
        A weight from 0 to 1 for each service of ``service_shares``.

    Examples
    --------
    >>> from fundholder import england
    >>> england.service_control()["emergency"]
    0.17
    """
    return dict(CONTROL)


def services(*, year: int = 2025) -> pa.Table:
    """How the built-in cost of a year is shared by services: ``CostModel(costs(), services())``.

    Shares of all cost are those of ``service_shares``. Emergency and elective care of a band are in
    proportion to its published inpatient part (CHE Research Paper 147); maternity is of women from
    15 to 44. That high-cost years are inpatient, specialised and mental health years, and small
    ones are of general practice, drugs and outpatients, is assumed, with sizes that no source
    gives.

    Parameters
    ----------
    year
        2010 or 2025, as of ``costs``.

    Returns
    -------
    pyarrow.Table
        ``band``, ``rank_from``, ``rank_to``, ``service``, ``share``.

    Raises
    ------
    InputError
        Another year.

    Examples
    --------
    >>> from fundholder import CostModel, england
    >>> costs = CostModel(england.costs(), england.services())
    >>> [round(cost) for cost in costs.moments(services="prescribing")["mean"].to_pylist()[:2]]
    [161, 125]
    """
    arguments = Arguments()
    check_year(arguments, year)
    arguments.check()
    normal = NormalDist()
    sigma = float(figures.SIGMA[year])
    up_to = [normal.cdf(normal.inv_cdf(rank) - sigma) for rank in RANKS[1:-1]]
    of_class = np.diff([0.0, *up_to, 1.0])
    seed = np.array([tilt for _, _, tilt in SERVICES.values()]).T
    rows: list[tuple[str, float, float, str, float]] = []
    for band, of_band in zip(figures.BANDS, _shares_by_band(year), strict=True):
        shares = _fitted(seed, of_class, of_band)
        for low, high, of_services in zip(RANKS[:-1], RANKS[1:], shares, strict=True):
            for service, share in zip(SERVICES, of_services, strict=True):
                rows.append((band, low, high, service, float(share)))
    names = ("band", "rank_from", "rank_to", "service", "share")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _shares_by_band(year: int) -> FloatArray:
    """Share of each service in the cost of each band; over all bands they are the national ones."""
    names = list(SERVICES)
    national = np.array([share for share, _, _ in SERVICES.values()])
    national /= national.sum()
    cost = figures.band_shares(year) * figures.COST_PER_HEAD
    cost /= cost.sum()
    inpatient = [names.index(name) for name in INPATIENT]
    maternity, mothers = names.index("maternity"), figures.BANDS.index(MATERNITY_BAND)
    of_band = figures.INPATIENT_PER_HEAD / figures.COST_PER_HEAD
    of_band *= national[inpatient].sum() / float(cost @ of_band)
    shares = np.tile(national, (len(cost), 1))
    shares[:, inpatient] *= (of_band / national[inpatient].sum())[:, None]
    shares[:, maternity] = 0.0
    shares[mothers, maternity] = national[maternity] / cost[mothers]
    others = [i for i in range(len(names)) if i not in (*inpatient, maternity)]
    left = 1 - shares[:, [*inpatient, maternity]].sum(axis=1)
    shares[:, others] *= (left / shares[:, others].sum(axis=1))[:, None]
    return shares


def _fitted(seed: FloatArray, of_class: FloatArray, of_band: FloatArray) -> FloatArray:
    """Shares by class and service, by iterative proportional fitting (Deming and Stephan 1940)."""
    cost = seed * of_band * of_class[:, None]
    for _ in range(200):
        of_services = cost.sum(axis=0)
        cost *= np.divide(of_band, of_services, out=np.zeros_like(of_band), where=of_services > 0)
        cost *= (of_class / cost.sum(axis=1))[:, None]
    shares: FloatArray = cost / cost.sum(axis=1, keepdims=True)
    return shares
