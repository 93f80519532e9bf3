"""Pots shared out by need, the national chain of weighted capitation, and pace of change."""

from ._allocate import allocate
from ._capitation import weighted_capitation
from ._pace import pace_of_change, years_to_target
from ._pace_rules import Convergence, Floor, FullMove, GivenConvergence, NobodyLosesCash
from ._targets import combine_targets, targets_by

__all__ = [
    "Convergence",
    "Floor",
    "FullMove",
    "GivenConvergence",
    "NobodyLosesCash",
    "allocate",
    "combine_targets",
    "pace_of_change",
    "targets_by",
    "weighted_capitation",
    "years_to_target",
]
