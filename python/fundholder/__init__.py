"""A risk engine for health budgets held by small populations.

Formulas for the cost of a person (``fit_formula``, ``Formula``), budgets that follow from them
(``allocate``, ``weighted_capitation``) and how they are approached (``pace_of_change``), from
published files (``official``). Cost models (``CostModel``), contracts on a person's year
(``StopLoss``) and on a unit's (``Contract``, ``settle``); the exact distribution of every unit's
year (``variance``, ``distribution``, ``cumulative``), sweeps of ceilings (``stop_loss``,
``size_bands``), pools (``minimum_population``, ``propose_pools``, ``pooling``), what outturns say
of systematic variation (``decompose``); the Monte Carlo of every person's year (``simulate``);

schemes over years (``Scheme``, ``run_scheme``, ``compare_schemes``); charts (``plots``) and a
built-in population of England (``england``).
Tables go in as anything with ``__arrow_c_stream__`` and come out as ``pyarrow.Table``; money is in
£.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._engine import version as __version__
from ._errors import FundholderError, InputError, InputTypeError

if TYPE_CHECKING:
    from . import england, official, plots
    from ._allocation.allocate import allocate
    from ._allocation.combine_targets import combine_targets, targets_by
    from ._allocation.pace_convergence import (
        Convergence,
        GivenConvergence,
    )
    from ._allocation.pace_of_change import pace_of_change, years_to_target
    from ._allocation.pace_rules import (
        Floor,
        FullMove,
        NobodyLosesCash,
    )
    from ._allocation.weighted_capitation import weighted_capitation
    from ._contracts.contract import Contract
    from ._contracts.provider_payment import ProviderPayment
    from ._contracts.scores import ByScore, Gate
    from ._contracts.settle import settle
    from ._contracts.settle_persons import Settlement, settle_persons
    from ._contracts.shared_savings import SharedSavings
    from ._contracts.stop_loss import CarveOut, StopLoss
    from ._contracts.unit_terms import AggregateStopLoss, Corridor, QuotaShare
    from ._decomposition.decompose import decompose
    from ._decomposition.decomposition import Decomposition
    from ._files.read import read
    from ._files.workbook import write_workbook
    from ._files.write import write
    from ._formula.coefficient_error import with_formula_error
    from ._formula.cost_model import FormulaCosts
    from ._formula.evaluation import Evaluation
    from ._formula.fit import fit_formula
    from ._formula.formula import Formula
    from ._formula.icd10 import icd10_blocks
    from ._formula.validation import Validation, validate_formula
    from ._risk.ceiling_sweep import stop_loss
    from ._risk.cost_model import CostModel
    from ._risk.distribution import cumulative, distribution
    from ._risk.fit_persistence import fit_persistence
    from ._risk.fit_services import fit_services
    from ._risk.levels_bear import levels_bear
    from ._risk.minimum_population import minimum_population
    from ._risk.persistence import Persistence
    from ._risk.persistence_us import persistence_us
    from ._risk.pooling import pooling
    from ._risk.propose_pools import propose_pools
    from ._risk.simulate import simulate
    from ._risk.simulation import Simulation
    from ._risk.size_bands import size_bands
    from ._risk.variance import variance
    from ._schemes.budget_rule import Budget, Premium, Result
    from ._schemes.compare import Comparison, compare_schemes
    from ._schemes.failure import Failure, Reserve
    from ._schemes.management import Behaviour, Management
    from ._schemes.participation import Holder, Participation
    from ._schemes.run import run_scheme
    from ._schemes.scheme import Scheme, schemes
    from ._schemes.scheme_run import SchemeRun
    from ._schemes.tier import Tier

__all__ = [
    "AggregateStopLoss",
    "Behaviour",
    "Budget",
    "ByScore",
    "CarveOut",
    "Comparison",
    "Contract",
    "Convergence",
    "Corridor",
    "CostModel",
    "Decomposition",
    "Evaluation",
    "Failure",
    "Floor",
    "Formula",
    "FormulaCosts",
    "FullMove",
    "FundholderError",
    "Gate",
    "GivenConvergence",
    "Holder",
    "InputError",
    "InputTypeError",
    "Management",
    "NobodyLosesCash",
    "Participation",
    "Persistence",
    "Premium",
    "ProviderPayment",
    "QuotaShare",
    "Reserve",
    "Result",
    "Scheme",
    "SchemeRun",
    "Settlement",
    "SharedSavings",
    "Simulation",
    "StopLoss",
    "Tier",
    "Validation",
    "__version__",
    "allocate",
    "combine_targets",
    "compare_schemes",
    "cumulative",
    "decompose",
    "distribution",
    "england",
    "fit_formula",
    "fit_persistence",
    "fit_services",
    "icd10_blocks",
    "levels_bear",
    "minimum_population",
    "official",
    "pace_of_change",
    "persistence_us",
    "plots",
    "pooling",
    "propose_pools",
    "read",
    "run_scheme",
    "schemes",
    "settle",
    "settle_persons",
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

_MODULES = ("england", "official", "plots")
_MODULE_OF = {
    "AggregateStopLoss": "_contracts.unit_terms",
    "Behaviour": "_schemes.management",
    "Budget": "_schemes.budget_rule",
    "ByScore": "_contracts.scores",
    "CarveOut": "_contracts.stop_loss",
    "Comparison": "_schemes.compare",
    "Contract": "_contracts.contract",
    "Convergence": "_allocation.pace_convergence",
    "Corridor": "_contracts.unit_terms",
    "CostModel": "_risk.cost_model",
    "Decomposition": "_decomposition.decomposition",
    "Evaluation": "_formula.evaluation",
    "Failure": "_schemes.failure",
    "Floor": "_allocation.pace_rules",
    "Formula": "_formula.formula",
    "FormulaCosts": "_formula.cost_model",
    "FullMove": "_allocation.pace_rules",
    "Gate": "_contracts.scores",
    "GivenConvergence": "_allocation.pace_convergence",
    "Holder": "_schemes.participation",
    "Management": "_schemes.management",
    "NobodyLosesCash": "_allocation.pace_rules",
    "Participation": "_schemes.participation",
    "Persistence": "_risk.persistence",
    "Premium": "_schemes.budget_rule",
    "ProviderPayment": "_contracts.provider_payment",
    "QuotaShare": "_contracts.unit_terms",
    "Reserve": "_schemes.failure",
    "Result": "_schemes.budget_rule",
    "Scheme": "_schemes.scheme",
    "SchemeRun": "_schemes.scheme_run",
    "Settlement": "_contracts.settle_persons",
    "SharedSavings": "_contracts.shared_savings",
    "Simulation": "_risk.simulation",
    "StopLoss": "_contracts.stop_loss",
    "Tier": "_schemes.tier",
    "Validation": "_formula.validation",
    "allocate": "_allocation.allocate",
    "combine_targets": "_allocation.combine_targets",
    "compare_schemes": "_schemes.compare",
    "cumulative": "_risk.distribution",
    "decompose": "_decomposition.decompose",
    "distribution": "_risk.distribution",
    "fit_formula": "_formula.fit",
    "fit_persistence": "_risk.fit_persistence",
    "fit_services": "_risk.fit_services",
    "icd10_blocks": "_formula.icd10",
    "levels_bear": "_risk.levels_bear",
    "minimum_population": "_risk.minimum_population",
    "pace_of_change": "_allocation.pace_of_change",
    "persistence_us": "_risk.persistence_us",
    "pooling": "_risk.pooling",
    "propose_pools": "_risk.propose_pools",
    "read": "_files.read",
    "run_scheme": "_schemes.run",
    "schemes": "_schemes.scheme",
    "settle": "_contracts.settle",
    "settle_persons": "_contracts.settle_persons",
    "simulate": "_risk.simulate",
    "size_bands": "_risk.size_bands",
    "stop_loss": "_risk.ceiling_sweep",
    "targets_by": "_allocation.combine_targets",
    "validate_formula": "_formula.validation",
    "variance": "_risk.variance",
    "weighted_capitation": "_allocation.weighted_capitation",
    "with_formula_error": "_formula.coefficient_error",
    "write": "_files.write",
    "write_workbook": "_files.workbook",
    "years_to_target": "_allocation.pace_of_change",
}
"""Public name -> its module; the same as for type checkers above."""

if not TYPE_CHECKING:  # so that a type checker reports names that are not there

    def __getattr__(name: str) -> Any:
        """A public name, its module loaded when it is first used (PEP 562)."""
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
