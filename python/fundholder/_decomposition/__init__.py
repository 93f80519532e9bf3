"""Decomposition of outturns: chance, systematic variation, credibility."""
