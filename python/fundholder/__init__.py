"""A risk engine for health budgets held by small populations.

Formulas for the cost of a person (``fit_formula``, ``Formula``), budgets that follow from them
(``allocate``, ``weighted_capitation``) and how they are approached (``pace_of_change``), from
published files (``official``). Cost models (``CostModel``) and contracts (``StopLoss``); the exact
distribution of every unit's year (``variance``, ``distribution``, ``cumulative``), sweeps of
ceilings (``stop_loss``, ``size_bands``), pools (``minimum_population``, ``propose_pools``,
``pooling``), what outturns say of systematic variation (``decompose``); the Monte Carlo of every
person's year (``simulate``); charts (``plots``) and a built-in population of England (``england``).
Tables go in as anything with ``__arrow_c_stream__`` and come out as ``pyarrow.Table``; money is in
£.
"""

from . import england, official, plots
from ._allocation import (
    Convergence,
    Floor,
    FullMove,
    GivenConvergence,
    NobodyLosesCash,
    allocate,
    combine_targets,
    pace_of_change,
    targets_by,
    weighted_capitation,
    years_to_target,
)
from ._contracts.stop_loss import StopLoss
from ._decomposition.decompose import Decomposition, decompose
from ._engine import version as __version__
from ._errors import FundholderError, InputError, InputTypeError
from ._files.read import read
from ._files.workbook import write_workbook
from ._files.write import write
from ._formula import (
    Evaluation,
    Formula,
    FormulaCosts,
    Validation,
    fit_formula,
    icd10_blocks,
    validate_formula,
    with_formula_error,
)
from ._risk.ceiling_sweep import stop_loss
from ._risk.cost_model import CostModel
from ._risk.distribution import cumulative, distribution
from ._risk.minimum_population import minimum_population
from ._risk.pooling import pooling
from ._risk.propose_pools import propose_pools
from ._risk.simulation import Simulation, simulate
from ._risk.size_bands import size_bands
from ._risk.variance import variance

__all__ = [
    "Convergence",
    "CostModel",
    "Decomposition",
    "Evaluation",
    "Floor",
    "Formula",
    "FormulaCosts",
    "FullMove",
    "FundholderError",
    "GivenConvergence",
    "InputError",
    "InputTypeError",
    "NobodyLosesCash",
    "Simulation",
    "StopLoss",
    "Validation",
    "__version__",
    "allocate",
    "combine_targets",
    "cumulative",
    "decompose",
    "distribution",
    "england",
    "fit_formula",
    "icd10_blocks",
    "minimum_population",
    "official",
    "pace_of_change",
    "plots",
    "pooling",
    "propose_pools",
    "read",
    "simulate",
    "size_bands",
    "stop_loss",
    "targets_by",
    "validate_formula",
    "variance",
    "weighted_capitation",
    "with_formula_error",
    "write",
    "write_workbook",
    "years_to_target",
]
