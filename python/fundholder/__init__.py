"""A risk engine for health budgets held by small populations.

Cost models (``CostModel``), contracts (``StopLoss``), the exact law of every unit's year
(``variance``, ``distribution``, ``stop_loss``, ``minimum_population``), the Monte Carlo of every
person's year (``simulate``), and a built-in population of England (``fundholder.england``). Tables go in as
anything with ``__arrow_c_stream__`` and come out as ``pyarrow.Table``; money is in £.
"""

from . import england
from ._contracts import StopLoss
from ._costs import CostModel
from ._engine import version as __version__
from ._errors import FundholderError, InputError, InputTypeError
from ._files import read, write
from ._pool_size import minimum_population
from ._simulation import Simulation, simulate
from ._stop_loss import stop_loss
from ._variance import cumulative, distribution, variance

__all__ = [
    "CostModel",
    "FundholderError",
    "InputError",
    "InputTypeError",
    "Simulation",
    "StopLoss",
    "__version__",
    "cumulative",
    "distribution",
    "england",
    "minimum_population",
    "read",
    "simulate",
    "stop_loss",
    "variance",
    "write",
]
