"""Which module of a Python package imports which, read from the source with ``ast``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from import_graph import Edge


def modules_of(package: Path) -> dict[str, Path]:
    """Files by dotted name; a compiled module is known by its stub."""
    modules = {}
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.pyi")]):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imports_of(package: Path) -> list[Edge]:
    """Every import inside the package: at the top, in functions, under TYPE_CHECKING, and lazy."""
    modules = modules_of(package)
    edges = []
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = name if path.stem == "__init__" else name.rpartition(".")[0]
        targets = [*_stated(tree, inside), *_named_by_text(tree, inside, modules)]
        for line, target in targets:
            imported = _module(target, modules)
            if imported and imported != name:
                edges.append(Edge(name, imported, f"{path.relative_to(package.parent)}:{line}"))
    return edges


def _stated(tree: ast.Module, inside: str) -> Iterator[tuple[int, str]]:
    """Lines and dotted names of import statements, the last part perhaps a name in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), inside)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _named_by_text(
    tree: ast.Module, inside: str, modules: dict[str, Path]
) -> Iterator[tuple[int, str]]:
    """The same of modules that are named by text: to import_module, or in a lazy table.

    A module with a ``__getattr__`` imports what its texts name.
    """
    lazy = any(isinstance(x, ast.FunctionDef) and x.name == "__getattr__" for x in tree.body)
    calls = [x for x in ast.walk(tree) if isinstance(x, ast.Call)]
    roots: list[ast.AST] = [tree] if lazy else []
    roots += [call for call in calls if ast.unparse(call.func).endswith("import_module")]
    for node in (node for root in roots for node in ast.walk(root)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            names = [_absolute(text if text.startswith(".") else f".{text}", inside), text]
            yield from ((node.lineno, name) for name in names if name in modules)


def _absolute(name: str, inside: str) -> str:
    """The dotted name that a relative one stands for in a package."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    parts = inside.split(".")
    base = parts[: len(parts) - (level - 1)]
    return ".".join([*base, name[level:]] if name[level:] else base)


def _module(target: str, modules: dict[str, Path]) -> str | None:
    """The module that a dotted name leads to: itself, or the one that holds the name."""
    while target and target not in modules:
        target = target.rpartition(".")[0]
    return target or None
