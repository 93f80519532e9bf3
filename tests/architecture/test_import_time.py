"""``import fundholder`` is quick, and every public name is there all the same."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import fundholder

HEAVY = ("pandas", "matplotlib", "openpyxl", "rich", "pyarrow.parquet", "pyarrow.compute")
MOST_SECONDS = 0.15
RUNS = 5


def fresh(code: str) -> str:
    """What a new process prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def seconds(imports: str) -> float:
    """The least time of several fresh processes: others may be busy on the same machine."""
    code = (
        f"import time; start = time.perf_counter(); {imports}; print(time.perf_counter() - start)"
    )
    return min(float(fresh(code)) for _ in range(RUNS))


def test_heavy_packages_load_when_they_are_used() -> None:
    loaded = fresh("import fundholder, sys; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)
    assert [name for name in loaded if name.startswith("fundholder.")] == [
        "fundholder._engine",
        "fundholder._errors",
    ]


def test_import_takes_little_time_beyond_arrow() -> None:
    arrow = seconds("import pyarrow")
    assert seconds("import pyarrow, fundholder") < arrow + MOST_SECONDS


@pytest.mark.parametrize("name", fundholder.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(fundholder, name) is not None
    assert name in dir(fundholder)


def test_names_load_alone_in_a_new_process() -> None:
    assert fresh("from fundholder import variance; print(variance.__module__)").strip() == (
        "fundholder._risk.variance"
    )
    assert fresh("import fundholder; print(fundholder.plots.funnel.__name__)").strip() == "funnel"


def test_unknown_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="module 'fundholder' has no attribute 'varience'"):
        _ = fundholder.varience  # type: ignore[attr-defined]
    assert not hasattr(fundholder, "__wrapped__")


def test_type_checkers_see_what_is_loaded() -> None:
    tree = ast.parse(Path(inspect.getsourcefile(fundholder) or "").read_text(encoding="utf-8"))
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == dict.fromkeys(fundholder._MODULES) | fundholder._MODULE_OF
    eager = {"__version__", "FundholderError", "InputError", "InputTypeError"}
    assert {*seen, *eager} == set(fundholder.__all__)
