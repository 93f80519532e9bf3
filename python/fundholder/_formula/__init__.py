"""Formulas for the cost of a person: fitted, applied, evaluated, kept in files."""
