"""Formulas for the cost of a person: fitted, applied, evaluated, kept in files."""

from .coefficient_error import with_formula_error
from .cost_model import FormulaCosts
from .evaluation import Evaluation
from .fit import fit_formula
from .formula import Formula
from .icd10 import icd10_blocks
from .validation import Validation, validate_formula

__all__ = [
    "Evaluation",
    "Formula",
    "FormulaCosts",
    "Validation",
    "fit_formula",
    "icd10_blocks",
    "validate_formula",
    "with_formula_error",
]
