"""Contracts: terms that budget holders agree to."""
