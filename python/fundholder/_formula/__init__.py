"""Formulas for the cost of a person: fitted, applied, evaluated, kept in files."""

from ._evaluation import Evaluation
from ._fit import fit_formula
from ._formula import Formula
from ._formula_error import with_formula_error
from ._risk import FormulaCosts
from ._validation import Validation, validate_formula

__all__ = [
    "Evaluation",
    "Formula",
    "FormulaCosts",
    "Validation",
    "fit_formula",
    "validate_formula",
    "with_formula_error",
]
