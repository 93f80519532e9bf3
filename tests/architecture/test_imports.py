"""Do imports go down only, in the Python package and in the engine, and is there no circle?"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from import_graph import Edge, Layers, circle_problems, circles, problems
from listed import none_of
from python_imports import imports_of, modules_of
from rust_imports import ROOT, uses_of, uses_of_files
from rust_source import code_of

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "python" / "fundholder"
CORE = PROJECT / "rust" / "core"
ARROW = PROJECT / "rust" / "arrow"

#: Folders of the Python package, the lowest first; "fundholder" is its own ``__init__``.
PYTHON = Layers(
    ("_errors", "_engine"),
    ("_tables",),
    ("_files",),
    ("_contracts",),
    ("_risk",),
    ("_decomposition", "_formula", "_allocation", "_schemes"),
    ("england", "official", "plots"),
    ("fundholder",),
    ("_cli",),
)

#: Top modules of the engine: what knows nothing of the subject, nouns, verbs, measures.
RUST = Layers(
    ("numeric", "random", "error", "run", "simd"),
    ("severity",),
    ("model", "contract", "population", "random_effects", "persistence"),
    ("sampler", "analytic_moments", "fit", "settle"),
    ("exact", "simulate"),
    ("measures",),
    open_ranks=(0, 2),
)


def folder_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def python_problems(package: Path) -> list[str]:
    folders = {module: folder_of(module) for module in modules_of(package)}
    # The package's own __init__ may import everything but the command line.
    edges = [e for e in imports_of(package) if e.importer != package.name]
    edges += [e for e in imports_of(package) if folders[e.imported] == "_cli"]
    return problems(dict.fromkeys(edges), PYTHON, folders)


def python_circles(package: Path) -> list[str]:
    return circle_problems(e for e in imports_of(package) if e.importer != package.name)


def rust_problems(source: Path) -> list[str]:
    edges = uses_of(source)
    return problems(edges, RUST, {end: end for edge in edges for end in edge[:2]})


def foreign_names(crate: Path, *names: str) -> list[str]:
    """Where a crate's code or manifest names another library."""
    pattern = re.compile(rf"\b(?:{'|'.join(names)})\w*", re.IGNORECASE)
    manifest = tomllib.loads((crate / "Cargo.toml").read_text(encoding="utf-8"))
    tables = [table for key, table in manifest.items() if key.endswith("dependencies")]
    named = [f"Cargo.toml: {name}" for table in tables for name in table if pattern.match(name)]
    for path in sorted(crate.rglob("*.rs")):
        code = code_of(path.read_text(encoding="utf-8"))
        for number, line in enumerate(code.splitlines(), start=1):
            where = f"{path.relative_to(crate)}:{number}"
            named += [f"{where}: {match}" for match in pattern.findall(line)]
    return named


def test_imports_of_the_package_go_down_or_stay_inside() -> None:
    none_of(python_problems(PACKAGE))


def test_the_modules_of_the_package_form_no_circle() -> None:
    none_of(python_circles(PACKAGE))


def test_uses_of_the_engine_go_down_or_stay_inside() -> None:
    none_of(rust_problems(CORE / "src"))


def test_the_modules_of_the_engine_form_no_circle() -> None:
    none_of(circle_problems(uses_of(CORE / "src")))


@pytest.mark.parametrize("crate", [CORE, ARROW], ids=lambda crate: crate.name)
def test_the_files_of_a_crate_form_no_circle(crate: Path) -> None:
    none_of(circle_problems(uses_of_files(crate / "src")))


def test_the_engine_names_neither_arrow_nor_python() -> None:
    none_of(foreign_names(CORE, "arrow", "pyo3"))


def test_the_arrow_layer_does_not_name_python() -> None:
    none_of(foreign_names(ARROW, "pyo3"))


# The checkers themselves: each finds what it is for, in a small tree that is wrong on purpose.


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


PACKAGE_FILES = {
    "__init__.py": "from ._risk.pooling import pooling",
    "_errors.py": "",
    "_risk/__init__.py": "",
    "_risk/pooling.py": "from .._errors import *",
    "_formula/__init__.py": "",
    "_formula/fit.py": "from .._risk.pooling import pooling",
    "_allocation/__init__.py": "",
    "_cli/__init__.py": "from .. import __version__, _risk",
}


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            "_risk/pooling.py",
            "from .._formula import fit",
            "_risk.pooling imports fundholder._formula.fit",
        ),
        ("_risk/pooling.py", "def f():\n    from .._formula.fit import g", "(points up)"),
        (
            "_risk/pooling.py",
            "if TYPE_CHECKING:\n    import fundholder._formula.fit",
            "(points up)",
        ),
        ("_risk/__init__.py", "T = {'f': '.._formula'}\ndef __getattr__(n): ...", "(points up)"),
        ("_risk/__init__.py", "import_module('.._formula.fit', __package__)", "(points up)"),
        ("_errors.py", "from . import pooling", "imports fundholder (points up)"),
        ("_allocation/need.py", "from .._formula.fit import g", "(points at a neighbour"),
        ("_new/__init__.py", "from .._errors import g", "_new has no rank"),
        ("__init__.py", "from . import _cli", "fundholder imports fundholder._cli (points up)"),
    ],
)
def test_an_import_that_points_up_in_the_package_is_reported(
    tmp_path: Path, file: str, text: str, problem: str
) -> None:
    package = written(tmp_path / "fundholder", PACKAGE_FILES)
    assert python_problems(package) == [] and python_circles(package) == []
    written(package, {file: text})
    [line] = python_problems(package)
    assert line.startswith(f"fundholder/{file}:") and problem in line


def test_a_lazy_table_counts_as_imports(tmp_path: Path) -> None:
    lazy = "_LAZY = {'pooling': '_risk.pooling'}\ndef __getattr__(name): ..."
    package = written(tmp_path / "fundholder", {**PACKAGE_FILES, "__init__.py": lazy})
    edge = Edge("fundholder", "fundholder._risk.pooling", "fundholder/__init__.py:1")
    assert edge in imports_of(package)


def test_a_circle_in_the_package_is_reported(tmp_path: Path) -> None:
    late = "def f():\n    from .pooling import pooling"
    files = {"_risk/pooling.py": "from . import sweep", "_risk/sweep.py": late}
    package = written(tmp_path / "fundholder", {**PACKAGE_FILES, **files})
    pooling, sweep = "fundholder._risk.pooling", "fundholder._risk.sweep"
    assert python_circles(package) == [
        f"fundholder/_risk/pooling.py:1: {pooling} imports {sweep} (circle of {pooling}, {sweep})",
        f"fundholder/_risk/sweep.py:2: {sweep} imports {pooling} (circle of {pooling}, {sweep})",
    ]


CRATE_FILES = {
    "lib.rs": "pub mod error; pub mod severity; pub mod model; pub mod exact; pub mod simulate;",
    "error.rs": "",
    "severity/mod.rs": "use crate::error::Error; // not crate::model",
    "model/mod.rs": "use crate::{error::{Error, Problem}, severity::Family}; mod line;",
    "model/line.rs": 'use super::CostModel; const TEXT: &str = "crate::exact"; /* crate::exact */',
    "exact/mod.rs": "fn f() { crate::model::g::<'static>('\"', r#\"\"#) }",
    "simulate/mod.rs": "",
    "simulate/tests.rs": "use crate::measures::Estimate;",
    "measures.rs": "use crate::simulate::Run;",
}


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("severity/mod.rs", "use crate::model::Band;", ":1: severity imports model (points up)"),
        (
            "severity/mod.rs",
            "\nuse crate::{error, exact::{a}};",
            ":2: severity imports exact (points up)",
        ),
        (
            "severity/gamma.rs",
            "fn f() { crate::model::g() }",
            ":1: severity imports model (points up)",
        ),
        (
            "severity/gamma.rs",
            "use super::super::model::g;",
            ":1: severity imports model (points up)",
        ),
        ("exact/mod.rs", "use crate::simulate::Run;", "(points at a neighbour of the same rank)"),
        ("severity/mod.rs", "use crate::Everything;", f"imports {ROOT} ({ROOT} has no rank"),
        ("pools.rs", "use crate::error::Error;", "pools has no rank"),
    ],
)
def test_a_use_that_points_up_in_the_engine_is_reported(
    tmp_path: Path, file: str, text: str, problem: str
) -> None:
    source = written(tmp_path, {**CRATE_FILES, "simulate/mod.rs": "#[cfg(test)]\nmod tests;"})
    assert rust_problems(source) == [] and circles(uses_of(source)) == []
    written(source, {file: text})
    [line] = rust_problems(source)
    assert line.startswith(f"{file}:") and problem in line


def test_what_only_tests_compile_is_exempt(tmp_path: Path) -> None:
    inner = "#[cfg(test)]\nmod tests {\n    use crate::model::Band;\n    fn f() {}\n}\n"
    source = written(tmp_path, {**CRATE_FILES, "severity/mod.rs": inner})
    [line] = rust_problems(source)  # simulate/tests.rs without its attribute
    assert line == "simulate/tests.rs:1: simulate imports measures (points up)"
    written(source, {"severity/mod.rs": inner + "use crate::model::Band;"})
    assert "severity/mod.rs:6: severity imports model (points up)" in rust_problems(source)


def test_a_circle_in_the_engine_is_reported(tmp_path: Path) -> None:
    files = {"model.rs": "use crate::contract::Terms;", "contract.rs": "use crate::model::Band;"}
    assert circles(uses_of(written(tmp_path, files))) == [["contract", "model"]]


def test_a_circle_of_files_in_a_folder_is_reported(tmp_path: Path) -> None:
    files = {
        "fit/mod.rs": "mod design; mod layout; use design::Design;",
        "fit/design.rs": "use crate::{error::Error, fit::layout::{self, Layout}};",
        "fit/layout.rs": "use super::Fit; fn f(d: &super::design::Design) {}",
        "error.rs": "",
    }
    edges = uses_of_files(written(tmp_path, files))
    assert circles(edges) == [["fit/design.rs", "fit/layout.rs"]]
    assert ("fit/design.rs", "error.rs") in {edge[:2] for edge in edges}


def test_a_foreign_name_is_reported(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[dependencies]\nlibm = "0.2"\narrow-array = "59"\n',
        "src/lib.rs": '//! No Arrow.\nconst NAME: &str = "arrow";\nuse pyo3::Python;\n',
    }
    named = foreign_names(written(tmp_path, files), "arrow", "pyo3")
    assert named == ["Cargo.toml: arrow-array", "src/lib.rs:3: pyo3"]
