"""Rust source without what is not code: comments, texts, and items that only tests compile."""

from __future__ import annotations

import re

_NOT_CODE = re.compile(
    r"""
    //[^\n]*                                          # a comment to the end of the line
    | /\*                                             # a comment that may hold comments
    | (?<!\w) b?c?r (?P<hashes>\#*) " .*? " (?P=hashes)   # a raw text
    | (?<!\w) [bc]? " (?: \\. | [^"\\] )* "             # a text
    | (?<!\w) b? ' (?: \\ (?: u\{\w+\} | x\w\w | . ) | [^\\'\n] ) '   # a character, not a lifetime
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_TEST_ITEM = re.compile(r"#\[cfg\((?:all\()?test\b[^\]]*\)\]")
_MARK = re.compile(r"[;{]")


def _blank(text: str) -> str:
    """Spaces for everything but the ends of lines, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", text)


def code_of(text: str) -> str:
    """The source with comments and texts blanked out; every line keeps its number."""
    parts, start = [], 0
    while match := _NOT_CODE.search(text, start):
        end = match.end()
        if match.group() == "/*":
            depth = 1
            while depth and (edge := _COMMENT_EDGE.search(text, end)):
                depth += 1 if edge.group() == "/*" else -1
                end = edge.end()
        parts += [text[start : match.start()], _blank(text[match.start() : end])]
        start = end
    return "".join([*parts, text[start:]])


def without_tests(code: str) -> str:
    """Code (of ``code_of``) with the items under ``#[cfg(test)]`` blanked out."""
    while match := _TEST_ITEM.search(code):
        mark = _MARK.search(code, match.end())
        end = len(code) if mark is None else mark.end()
        if mark is not None and mark.group() == "{":
            end = closing(code, mark.start())
        code = code[: match.start()] + _blank(code[match.start() : end]) + code[end:]
    return code


def closing(code: str, opening: int) -> int:
    """Where the block ends that opens at ``opening``: one past its brace."""
    depth = 0
    for position in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if not depth:
            return position + 1
    return len(code)


def test_files(code: str) -> list[str]:
    """Names of the modules in files of their own that only tests compile."""
    return re.findall(_TEST_ITEM.pattern + r"\s*mod\s+(\w+)\s*;", code)


def lines_of_code(text: str) -> int:
    """Lines that hold code: not blank, not comment alone."""
    # A text of several lines counts where it begins and ends, which is all that a ratio needs.
    return sum(bool(line.strip()) for line in code_of(text).splitlines())
