"""Variance components that a few wrong outturns do not move, and which outturns those may be.

Deviations are winsorised (Huber 1981, proposal 2): one of more than ``BOUND`` SDs of chance and
systematic variation together counts as ``BOUND``, and all are stretched so that normal deviations
keep their variance. Means of years and variance components are those of the winsorised deviations,
around which the winsorising is done again, until they settle. Control charts of providers winsorise
z scores before a DerSimonian-Laird estimate (Spiegelhalter 2005); here the bound is of the SD and
not of the rank, so that data without outliers give a consistent estimate.
"""

from __future__ import annotations

import dataclasses
import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._tables.arrays import FloatArray
from .._tables.warning import warn
from .ratio_panel import RatioPanel
from .variance_components import estimates

BOUND = 2.0
NORMAL = NormalDist()
DENSITY, INSIDE = NORMAL.pdf(BOUND), 2 * NORMAL.cdf(BOUND) - 1
OUTSIDE = 1 - INSIDE
FREE = INSIDE - 2 * BOUND * DENSITY
"""E[Z^2; |Z| < bound] of a standard normal Z."""
KEPT = FREE + BOUND**2 * OUTSIDE
"""Variance of a standard normal that is winsorised."""
FOURTH = 3 * INSIDE - 2 * DENSITY * (BOUND**3 + 3 * BOUND) + BOUND**4 * OUTSIDE
LESS_EFFICIENT = (FOURTH - KEPT**2) / FREE**2 - 2
"""What the variance of the logarithm of an estimated variance is above that of normal data, 2."""
ROUNDS = 50
SETTLED = 1e-6
MOST_NAMED = 5
"""Suspects in a warning."""
FALSE_ALARMS = 0.01
"""Probability, at most, that any outturn of data without errors is suspect."""


@dataclasses.dataclass(frozen=True)
class Winsorised:
    """A panel of winsorised ratios, and how many SDs each ratio was from its year's mean."""

    panel: RatioPanel
    deviations: FloatArray

    def suspects(self, p_value: FloatArray) -> NDArray[np.bool_]:
        """Units with a ratio beyond what chance and systematic variation together make likely.

        ``p_value`` is that of chance alone in the exact distribution, whose tails are not normal:
        both must be out of the ordinary among so many.
        """
        cells = self.panel.seen.sum()
        limit = NORMAL.inv_cdf(1 - FALSE_ALARMS / cells / 2)
        far = (np.abs(self.deviations) > limit).any(axis=1)
        return np.asarray(far & (p_value < FALSE_ALARMS / len(p_value)))


def winsorised(panel: RatioPanel) -> Winsorised:
    """The panel with its deviations winsorised, around means and variances that this settles."""
    means = np.array([np.median(r[s]) for r, s in zip(panel.ratio.T, panel.seen.T, strict=True)])
    relative = np.where(panel.seen, panel.ratio / means - 1, 0.0)
    spread = np.median(np.abs(relative[panel.seen])) / NORMAL.inv_cdf(0.75)
    systematic = max(spread**2 - float(np.median(panel.chance)), 0.0)
    for _ in range(ROUNDS):
        before = systematic
        variance = systematic + panel.chance
        deviations = np.where(panel.seen, panel.ratio / means - 1, 0.0) / np.sqrt(variance)
        bounded = np.clip(deviations, -BOUND, BOUND) / math.sqrt(KEPT)
        ratio = means * (1 + bounded * np.sqrt(variance))
        bounded_panel = dataclasses.replace(
            panel,
            ratio=np.where(panel.seen, ratio, 0.0),
            fourth=LESS_EFFICIENT * variance**2,
        )
        systematic = sum(estimates(bounded_panel))
        means = bounded_panel.means(systematic)
        if math.isclose(before, systematic, rel_tol=SETTLED, abs_tol=1e-12):
            break
    return Winsorised(bounded_panel, deviations)


def warn_of_suspects(names: list[Any], ratio: FloatArray, suspect: NDArray[np.bool_]) -> None:
    """Name units whose outturns may be wrong."""
    rows = np.flatnonzero(suspect)[:MOST_NAMED].tolist()
    farthest = {row: max(ratio[row].tolist(), key=lambda r: abs(r - 1)) for row in rows}
    named = ", ".join(f"{names[row]!r} (ratio {farthest[row]:.3g})" for row in rows)
    more = int(suspect.sum()) - len(rows)
    warn(
        f"outturns of {named}{f' and {more} more' if more else ''} are beyond what chance and "
        "systematic variation make likely, and carry the estimates: are they right? "
        "(robust=True bounds them; units has a column 'suspect')"
    )
