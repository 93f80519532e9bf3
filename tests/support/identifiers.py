"""Names that source gives to things, and the words that a name or a text is made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from rust_source import code_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RUST_NAME = re.compile(r"\b[A-Za-z_]\w*")
_RUST_TEST = re.compile(r"#\[test\]\s*(?:#\[[^\]]*\]\s*)*fn\s+(\w+)")


def words_of(text: str) -> list[str]:
    """Words in lower case; names fall apart at underscores and capitals."""
    return [word.lower() for word in _WORD.findall(text)]


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of what a file defines (Python) or names (Rust), but for names of tests.

    What a test is called is a sentence, in which a word is prose.
    """
    text = path.read_text(encoding="utf-8")
    names = _python_names(ast.parse(text)) if path.suffix in (".py", ".pyi") else _rust_names(text)
    return ((line, name) for line, name in names if not name.startswith("test_"))


def _python_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What the module binds: names of others, such as ``shutil.which``, are no choice of ours."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield line, node.name
            case ast.arg():
                yield line, node.arg
            case ast.Name(ctx=ast.Store()):
                yield line, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield line, node.attr
            case ast.alias(asname=str(name)):
                yield line, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield line, name
            case ast.MatchStar(name=str(name)):
                yield line, name
            case ast.MatchMapping(rest=str(name)):
                yield line, name


def _rust_names(text: str) -> Iterator[tuple[int, str]]:
    code = code_of(text)
    tests = set(_RUST_TEST.findall(code))
    for number, line in enumerate(code.splitlines(), start=1):
        for name in dict.fromkeys(_RUST_NAME.findall(line)):
            if name not in tests:
                yield number, name
