"""Pots shared out by need, the national chain of weighted capitation, and pace of change."""
