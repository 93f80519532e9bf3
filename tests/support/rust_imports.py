"""Which module of a Rust crate uses which, read from the paths in its source."""

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
    top = {path.stem for path in source.glob("*.rs")} | {
        p.name for p in source.iterdir() if p.is_dir()
    }
    edges = []
    for path, code in _compiled(source).items():
        module = _module(path, source)
        if not module:
            continue
        for position, name in _paths(code, len(module)):
            imported = name if name in top else ROOT
            if imported != module[0]:
                where = f"{path.relative_to(source)}:{code.count(chr(10), 0, position) + 1}"
                edges.append(Edge(module[0], imported, where))
    return edges


def uses_of_files(source: Path) -> list[Edge]:
    """Every path from one file of the crate to another that does not hold it.

    What a folder's ``mod.rs`` has for the files in it, and takes from them, is one thing.
    """
    files = _compiled(source)
    path_of = {_module(path, source): str(path.relative_to(source)) for path in files}
    edges = []
    for path, code in files.items():
        module = _module(path, source)
        for match in _PATH.finditer(code):
            up = match.group(1).count("super")
            base = () if match.group(1) == "crate" else module[: len(module) - up]
            for names in _names(code, match.start(2)):
                imported = base
                for name in names:
                    if (*imported, name) not in path_of:
                        break
                    imported = (*imported, name)
                inside = module[: len(imported)] == imported or imported[: len(module)] == module
                if not inside:
                    where = (
                        f"{path.relative_to(source)}:{code.count(chr(10), 0, match.start()) + 1}"
                    )
                    edges.append(Edge(path_of[module], path_of[imported], where))
    return edges


def _compiled(source: Path) -> dict[Path, str]:
    """The code of each file without what only tests compile."""
    code_by_file = {
        path: code_of(path.read_text(encoding="utf-8")) for path in sorted(source.rglob("*.rs"))
    }
    only_tests = {file for path, code in code_by_file.items() for file in _test_paths(path, code)}
    return {
        path: without_tests(code) for path, code in code_by_file.items() if path not in only_tests
    }


def _names(code: str, start: int) -> Iterator[list[str]]:
    """The names of the paths from here on: one, or those of ``{a::b, c::{d, e}}``."""
    if code[start] == "{":
        end = closing(code, start)
        depth, part = 0, start + 1
        for at in range(start + 1, end):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if at == end - 1 or (code[at] == "," and depth == 0):
                yield from _names(code, part + len(code[part:at]) - len(code[part:at].lstrip()))
                part = at + 1
        return
    names = []
    while match := re.compile(r"\s*(\w+)\s*(::)?\s*").match(code, start):
        names.append(match.group(1))
        start = match.end()
        if match.group(2) is None:
            break
        if code[start] == "{":
            for rest in _names(code, start):
                yield names + rest
            return
    yield names


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
