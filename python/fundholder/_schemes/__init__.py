"""Schemes: who holds which budget, under which contract, and what becomes of the result."""
