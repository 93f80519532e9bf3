"""Which top module of a Rust crate uses which, read from the paths in its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from import_graph import Edge
from rust_source import closing, code_of, test_files, without_tests

_PATH = re.compile(r"\b(crate|(?:self\s*::\s*)?super(?:\s*::\s*super)*)\s*::\s*(\{|\w+|\*)")
_INLINE = re.compile(r"\bmod\s+\w+\s*\{")
#: What a path names that leads to the root of the crate and to none of its modules.
ROOT = "the root of the crate"


def uses_of(source: Path) -> list[Edge]:
    """Every path from one top module of the crate to another; what only tests compile is exempt."""
    code_by_file = {
        path: code_of(path.read_text(encoding="utf-8")) for path in sorted(source.rglob("*.rs"))
    }
    only_tests = {file for path, code in code_by_file.items() for file in _test_paths(path, code)}
    top = {path.stem for path in source.glob("*.rs")} | {
        p.name for p in source.iterdir() if p.is_dir()
    }
    edges = []
    for path, code in code_by_file.items():
        module = _module(path, source)
        if not module or path in only_tests:
            continue
        code = without_tests(code)
        for position, name in _paths(code, len(module)):
            imported = name if name in top else ROOT
            if imported != module[0]:
                where = f"{path.relative_to(source)}:{code.count(chr(10), 0, position) + 1}"
                edges.append(Edge(module[0], imported, where))
    return edges


def _module(path: Path, source: Path) -> tuple[str, ...]:
    parts = path.relative_to(source).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("mod", "lib") else parts


def _test_paths(path: Path, code: str) -> list[Path]:
    """Files of modules under ``#[cfg(test)]``, which stand beside ``mod.rs`` or in its folder."""
    folder = path.parent if path.stem in ("mod", "lib") else path.with_suffix("")
    return [folder / f"{name}.rs" for name in test_files(code)]


def _paths(code: str, depth: int) -> Iterator[tuple[int, str]]:
    """Position and first name of each path that begins at the root of the crate."""
    inline = [(m.start(), closing(code, m.end() - 1)) for m in _INLINE.finditer(code)]
    for match in _PATH.finditer(code):
        within = depth + sum(start < match.start() < end for start, end in inline)
        if match.group(1) != "crate" and match.group(1).count("super") < within:
            continue  # super stays inside the top module
        if match.group(2) == "{":
            group = code[match.end() : closing(code, match.end() - 1) - 1]
            yield from ((match.start(), name) for name in _first_names(group))
        else:
            yield match.start(), match.group(2)


def _first_names(group: str) -> list[str]:
    """The names that begin the parts of ``{a::b, c::{d, e}}``."""
    while "{" in group:
        group = re.sub(r"\{[^{}]*\}", "", group)
    return [match.group() for part in group.split(",") if (match := re.search(r"\w+", part))]
