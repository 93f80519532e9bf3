"""A risk engine for health budgets held by small populations.

Cost models (``CostModel``) and contracts (``StopLoss``); the exact law of every unit's year
(``variance``, ``distribution``, ``cumulative``), sweeps of ceilings (``stop_loss``,
``size_bands``), pools (``minimum_population``, ``propose_pools``, ``pooling``), what outturns say
of systematic variation (``decompose``); the Monte Carlo of every person's year (``simulate``);
pictures (``plots``) and a built-in population of England (``england``). Tables go in as anything
with ``__arrow_c_stream__`` and come out as ``pyarrow.Table``; money is in £.
"""

from . import england, plots
from ._contracts import StopLoss
from ._costs import CostModel
from ._decomposition import Decomposition, decompose
from ._engine import version as __version__
from ._errors import FundholderError, InputError, InputTypeError
from ._files import read, write
from ._pool_size import minimum_population
from ._pools import pooling, propose_pools
from ._simulation import Simulation, simulate
from ._size_bands import size_bands
from ._stop_loss import stop_loss
from ._variance import cumulative, distribution, variance

__all__ = [
    "CostModel",
    "Decomposition",
    "FundholderError",
    "InputError",
    "InputTypeError",
    "Simulation",
    "StopLoss",
    "__version__",
    "cumulative",
    "decompose",
    "distribution",
    "england",
    "minimum_population",
    "plots",
    "pooling",
    "propose_pools",
    "read",
    "simulate",
    "size_bands",
    "stop_loss",
    "variance",
    "write",
]
