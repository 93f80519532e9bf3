"""Figures of results, for a board paper or a slide.

Each function takes a table that this package makes (or one of its shape: anything with
``__arrow_c_stream__``), ``payoff`` a contract, and gives a ``matplotlib.figure.Figure``; ``save``
writes it. They need the extra ``plots``: ``pip install "fundholder[plots]"``.
"""

from ._by_population import cv_by_population, quantiles_by_population
from ._distribution import distribution
from ._figure import MissingPackageError
from ._funnel import funnel
from ._payoff import payoff
from ._save import save
from ._schemes import variation_by_scheme

__all__ = [
    "MissingPackageError",
    "cv_by_population",
    "distribution",
    "funnel",
    "payoff",
    "quantiles_by_population",
    "save",
    "variation_by_scheme",
]
