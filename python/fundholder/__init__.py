"""A risk engine for health budgets held by small populations.

Cost models (``CostModel``), contracts (``StopLoss``), the Monte Carlo of every person's year
(``simulate``), and a built-in population of England (``fundholder.england``). Tables go in as
anything with ``__arrow_c_stream__`` and come out as ``pyarrow.Table``; money is in £.
"""

from . import england
from ._contracts import StopLoss
from ._costs import CostModel
from ._engine import version as __version__
from ._errors import FundholderError, InputError, InputTypeError
from ._files import read, write
from ._simulation import Simulation, simulate

__all__ = [
    "CostModel",
    "FundholderError",
    "InputError",
    "InputTypeError",
    "Simulation",
    "StopLoss",
    "__version__",
    "england",
    "read",
    "simulate",
    "write",
]
