"""Warnings that point at the caller's own line, and names that are on their way out."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

PACKAGE = os.path.join(Path(__file__).parents[1], "")


def deprecated(old: str, new: str) -> None:
    """Warn that ``old`` still works, and what replaces it."""
    warn(f"{old} is deprecated: use {new}", DeprecationWarning)


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first line outside of the package that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
