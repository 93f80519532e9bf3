"""The extension module: the engine behind the package's own types."""

from collections.abc import Callable
from typing import Any, Final, final

import pyarrow as pa

__all__ = [
    "CostModel",
    "Formula",
    "People",
    "Simulation",
    "StopLoss",
    "Terms",
    "add_up",
    "fit",
    "places",
    "processor_levels",
    "simulate",
    "version",
]

version: Final[str]

def processor_levels() -> list[str]: ...

@final
class StopLoss:
    def __new__(
        cls, ceiling: float, share: float = 1.0, limit: float | None = None
    ) -> StopLoss: ...
    def ceded(self, cost: float) -> float: ...

@final
class CostModel:
    def __new__(cls, costs: Any) -> CostModel: ...
    @staticmethod
    def events(costs: Any) -> CostModel: ...
    @staticmethod
    def from_costs(
        costs: Any,
        *,
        cost: str,
        band: str | None = None,
        weight: str | None = None,
        gpd_tail: bool,
    ) -> CostModel: ...
    @property
    def table(self) -> pa.Table: ...
    def moments(self, stop_loss: StopLoss | None = None) -> pa.Table: ...

@final
class Terms:
    def __new__(
        cls, *, of: str, stop_loss: StopLoss | None, practice_sd: float, national_sd: float
    ) -> Terms: ...

@final
class People:
    def __new__(
        cls, population: Any, costs: CostModel, *, by: list[str], streamed: bool
    ) -> People: ...
    def expected(self, level: int, terms: Terms) -> list[float]: ...
    def variance(
        self,
        level: int,
        terms: Terms,
        budgets: Any | None,
        thresholds: list[tuple[str, float]],
        quantiles: list[tuple[str, float]],
        exact: bool,
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def distribution(
        self, level: int, terms: Terms, units: list[str] | None, points: int
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def cumulative(self, level: int, terms: Terms, at: Any) -> tuple[pa.Table, dict[str, str]]: ...
    def minimum_population(
        self, terms: Terms, tolerance: float, probability: float
    ) -> tuple[int | None, float | None, float]: ...

@final
class Simulation:
    @property
    def levels(self) -> list[str]: ...
    @property
    def metadata(self) -> dict[str, str]: ...
    def totals(self, by: str | None = None) -> pa.Table: ...
    def summary(
        self,
        by: str | None,
        budgets: Any | None,
        measure: str,
        thresholds: list[tuple[str, float]],
        quantiles: list[tuple[str, float]],
    ) -> pa.Table: ...
    def size_bands(
        self, by: str | None, edges: list[int], thresholds: list[tuple[str, float]]
    ) -> pa.Table: ...

def simulate(
    population: Any,
    costs: CostModel,
    *,
    streamed: bool,
    replications: int,
    seed: int,
    by: list[str],
    stop_loss: StopLoss | None,
    practice_sd: float,
    national_sd: float,
    threads: int,
    processor: str,
    shown: Callable[[int], object] | None,
) -> Simulation: ...

@final
class Formula:
    def __new__(cls, terms: Any, covariance: Any | None) -> Formula: ...
    def predict(
        self, persons: Any, *, neutral: bool, codes: Any | None, whole: bool
    ) -> tuple[pa.Table, list[str]]: ...
    def compare(
        self,
        persons: Any,
        *,
        cost: str,
        weight: str | None,
        carried: list[str],
        neutral: bool,
        codes: Any | None,
        whole: bool,
    ) -> tuple[pa.Table, pa.Table, list[str]]: ...
    def need(
        self, persons: Any, *, by: str, neutral: bool, codes: Any | None, whole: bool
    ) -> tuple[pa.Table, list[str]]: ...

def fit(
    persons: Callable[[], Any],
    *,
    cost: str,
    categories: list[str],
    flags: list[str],
    codes: Any | None,
    need: list[str],
    supply: list[str],
    area: str | None,
    weight: str | None,
    cluster: str | None,
    not_negative: bool,
    drop: bool,
    errors: bool,
    whole: bool,
    threads: int,
) -> tuple[pa.Table, pa.Table | None, int, float]: ...
def add_up(
    rows: Any, *, by: str | None, columns: list[str], whole: bool, name: str
) -> pa.Table: ...
def places(rows: Any, column: str, seed: int) -> pa.Table: ...
