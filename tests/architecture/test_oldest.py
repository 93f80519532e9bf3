"""The oldest versions that are tested are the oldest that may be installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def floors() -> dict[str, str]:
    """The least version of each package, as pyproject.toml has it."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(re.split(">=", line) for line in project["dependencies"])


def test_the_oldest_numpy_and_pyarrow_are_tested() -> None:
    lines = (PROJECT / "tests" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {"numpy", "pyarrow"} == pinned.keys()
    for name, version in pinned.items():
        assert f"{version}.".startswith(f"{floors()[name]}."), name
