"""Does every relative link of the documentation lead to a file, and its anchor to a heading?"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
#: Code between backticks holds brackets that are no links.
CODE = re.compile(r"`[^`\n]*`")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page; equal ones are numbered."""
    names: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", prose(page), re.MULTILINE):
        text = LINK.sub(lambda link: link.group(0).partition("](")[0].strip("["), heading)
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{name}-{number}" if number else name) in names:
            number += 1
        names.add(anchor)
    return names


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = []
    for link in LINK.findall(CODE.sub("", prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(PROJECT) or not target.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and (target.suffix != ".md" or anchor not in anchors(target)):
            wrong.append(f"{link}: no such heading")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    assert not broken(page)


def test_a_page_is_read_from_somewhere() -> None:
    """Every page of docs/ is linked from another page."""
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in LINK.findall(prose(page))
    }
    assert {page for page in PAGES if page.parent.name == "docs"} <= linked


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_links.PROJECT", tmp_path)
    (tmp_path / "other.md").write_text("# How well?\n\n## `code` and *more*\n\n## How well?\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#how-well-1) [c](#here) [d](https://x.y/z) `[e](none.md)`\n"
        "[f](other.md#code-and-more) [g](gone.md) [h](other.md#gone) [i](../out.md)\n\n# Here\n"
    )
    assert broken(page) == [
        "gone.md: no such file",
        "other.md#gone: no such heading",
        "../out.md: no such file",
    ]
