"""Pots shared out by need, the national chain of weighted capitation, and pace of change."""

from .allocate import allocate
from .combine_targets import combine_targets, targets_by
from .pace_of_change import pace_of_change, years_to_target
from .pace_rules import Convergence, Floor, FullMove, GivenConvergence, NobodyLosesCash
from .weighted_capitation import weighted_capitation

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
