"""The extension module: the engine behind the package's own types."""

from collections.abc import Callable
from typing import Any, Final, final

import pyarrow as pa

__all__ = [
    "CostModel",
    "Formula",
    "People",
    "Persistence",
    "Simulation",
    "StopLoss",
    "UnitTerm",
    "Valuation",
    "add_up",
    "codes",
    "fit",
    "gamma_p",
    "need_by_unit",
    "processors",
    "read_table",
    "settle",
    "simulate",
    "uniforms",
    "version",
]

version: Final[str]

def processors() -> list[str]: ...
def codes() -> list[str]: ...
def gamma_p(shape: float, x: float) -> float: ...
def read_table(
    rows: Any,
    name: str,
    *,
    labels: list[tuple[str, bool]],
    numbers: list[tuple[str, float, float, bool, bool, float, bool, str]],
    unique: bool,
    rows_needed: bool,
) -> pa.Table: ...

@final
class StopLoss:
    def __new__(
        cls, ceiling: float, share: float = 1.0, limit: float | None = None
    ) -> StopLoss: ...
    def ceded(self, cost: float) -> float: ...

_PersonTerm = tuple[list[str] | None, StopLoss | None]
_Rows = list[tuple[float, float]]
_Rate = float | tuple[int | None, _Rows]
_Bands = list[tuple[float, float, float]]
_UnitTerm = (
    float
    | tuple[float, float, float, bool]
    | tuple[_Bands, _Bands]
    | tuple[float, float, float]
    | tuple[list[_Rate], _Rate | None, bool, _Rate | None, list[tuple[int, _Rows, bool]]]
)
_Holders = tuple[Any | None, Any | None, list[str]]

@final
class UnitTerm:
    def __new__(cls, parameters: _UnitTerm) -> UnitTerm: ...

def settle(terms: list[UnitTerm], units: pa.Table, scores: list[str]) -> pa.Table: ...

@final
class Persistence:
    def __new__(
        cls,
        initial: list[float],
        transitions: list[list[float]],
        ends: list[float],
        shares: list[list[float]],
    ) -> Persistence: ...

@final
class CostModel:
    def __new__(cls, costs: Any, services: Any | None = None) -> CostModel: ...
    @staticmethod
    def events(costs: Any, frailty_sd: float) -> CostModel: ...
    @staticmethod
    def from_costs(
        costs: Any,
        *,
        cost: list[str],
        band: str | None = None,
        weight: str | None = None,
        gpd_tail: bool,
        threads: int,
    ) -> tuple[CostModel, list[str]]: ...
    @property
    def table(self) -> pa.Table: ...
    @property
    def services(self) -> list[str]: ...
    @property
    def services_table(self) -> pa.Table | None: ...
    def moments(self, terms: list[_PersonTerm], services: list[str] | None) -> pa.Table: ...

@final
class Valuation:
    def __new__(
        cls,
        costs: CostModel,
        *,
        of: str,
        terms: list[_PersonTerm],
        services: list[str] | None,
        practice_sd: float,
        national_sd: float,
        counted: list[int] | None = None,
    ) -> Valuation: ...

@final
class People:
    @property
    def warnings(self) -> list[str]: ...
    def __new__(
        cls, population: Any, costs: CostModel, *, by: list[str], streamed: bool, threads: int
    ) -> People: ...
    def expected(self, level: int, valuation: Valuation) -> list[float]: ...
    def variance(
        self,
        level: int,
        valuation: Valuation,
        terms: list[UnitTerm],
        holders: _Holders | None,
        thresholds: list[tuple[str, float]],
        quantiles: list[tuple[str, float]],
        exact: bool,
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def distribution(
        self, level: int, valuation: Valuation, units: list[str] | None, points: int
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def cumulative(
        self, level: int, valuation: Valuation, at: Any
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def minimum_population(
        self, valuation: Valuation, tolerance: float, probability: float
    ) -> tuple[int | None, float | None, float, dict[str, str]]: ...

@final
class Simulation:
    @property
    def warnings(self) -> list[str]: ...
    def __new__(
        cls,
        levels: list[tuple[str, pa.Table]],
        metadata: dict[str, str],
        cessions: list[list[int]],
    ) -> Simulation: ...
    def state(self) -> tuple[list[tuple[str, pa.Table]], dict[str, str], list[list[int]]]: ...
    @property
    def cessions(self) -> list[list[int]]: ...
    @property
    def levels(self) -> list[str]: ...
    @property
    def metadata(self) -> dict[str, str]: ...
    def integers(self, by: str) -> pa.Table: ...
    def of_year(self, year: int, years: int) -> Simulation: ...
    def totals(self, by: str | None, services: list[str]) -> pa.Table: ...
    def settled(
        self,
        by: str | None,
        columns: list[list[int]],
        payments: list[tuple[int, int | None, UnitTerm, Any | None, list[str]]],
        terms: list[UnitTerm],
        holders: _Holders,
    ) -> tuple[Simulation, pa.Table]: ...
    def summary(
        self,
        by: str | None,
        budgets: Any | None,
        of: str,
        thresholds: list[tuple[str, float]],
        quantiles: list[tuple[str, float]],
    ) -> tuple[pa.Table, dict[str, str]]: ...
    def size_bands(
        self, by: str | None, edges: list[int], thresholds: list[tuple[str, float]]
    ) -> pa.Table: ...

def simulate(
    population: Any,
    costs: CostModel,
    *,
    streamed: bool,
    replications: int,
    years: int,
    first: int,
    persistence: Persistence | None,
    seed: int,
    by: list[str],
    stop_loss: StopLoss | None,
    contracts: list[list[_PersonTerm]],
    services: bool,
    practice_sd: float,
    practice_permanent: float,
    national_sd: float,
    threads: int,
    processor: str,
    memory: int | None,
    shown: Callable[[int], object] | None,
) -> Simulation: ...

@final
class Formula:
    def __new__(cls, terms: Any, covariance: Any | None) -> Formula: ...
    def predict(
        self, persons: Any, *, neutral: bool, codes: Any | None, materialised: bool, threads: int
    ) -> tuple[pa.Table, list[str]]: ...
    def compare(
        self,
        persons: Any,
        *,
        cost: str,
        weight: str | None,
        neutral: bool,
        codes: Any | None,
        materialised: bool,
        threads: int,
    ) -> tuple[pa.Table, list[str]]: ...
    def evaluate(
        self,
        persons: Any,
        *,
        cost: str,
        weight: str | None,
        by: str,
        groups: list[str],
        neutral: bool,
        codes: Any | None,
        materialised: bool,
        threads: int,
    ) -> tuple[dict[str, float], pa.Table, pa.Table, list[str]]: ...
    def need(
        self,
        persons: Any,
        *,
        by: str,
        neutral: bool,
        codes: Any | None,
        materialised: bool,
        threads: int,
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
    materialised: bool,
    threads: int,
) -> tuple[pa.Table, pa.Table | None, int, float]: ...
def add_up(
    rows: Any, *, by: str | None, columns: list[str], materialised: bool, name: str, threads: int
) -> pa.Table: ...
def need_by_unit(
    rows: Any, *, by: str, components: list[tuple[str, list[str]]], threads: int
) -> tuple[pa.Table, str | None, bool]: ...
def uniforms(rows: Any, column: str, seed: int) -> pa.Table: ...
