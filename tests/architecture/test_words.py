"""Are the words of the house kept? The lists, and what to write instead, stand in ``words.py``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import words
from identifiers import names_in, words_of
from listed import none_of
from words import Allowed

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = (".ci", "benches", "docs", "examples", "python", "rust", "tests", "tools")
TEXT = {".md", ".py", ".pyi", ".rs", ".toml"}
CODE = {".py", ".pyi", ".rs"}
#: The lists themselves, and the test that shows the checkers what is wrong.
LISTS = {"tests/architecture/words.py", "tests/architecture/test_words.py"}


def texts(root: Path) -> list[Path]:
    """Every file that people write: code, documents and settings."""
    inside = [path for folder in FOLDERS for path in (root / folder).rglob("*")]
    files = [path for path in [*root.iterdir(), *inside] if path.is_file()]
    chosen = [path for path in files if path.suffix in TEXT or path.name in ("Makefile", "run")]
    return sorted(path for path in chosen if name_of(path, root) not in LISTS)


def name_of(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def is_allowed(path: Path, word: str, allowed: Iterable[Allowed], root: Path) -> bool:
    file = name_of(path, root)
    return any(each.word == word and fnmatch(file, each.files) for each in allowed)


def gone_words(root: Path) -> Iterator[tuple[Path, int, str]]:
    """File, line and word of everything that is gone."""
    for path in texts(root):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if path.name == "CONTRIBUTING.md" and line.startswith("|"):
                continue  # the table of words
            for phrase in words.PHRASES:
                line = line.replace(phrase, "")
            held = words_of(line)
            held += ["there once"] if re.search(r"\bthere\s+once\b", line) else []
            held = dict.fromkeys(held)
            yield from ((path, number, word) for word in held if word in words.GONE)


def bad_names(root: Path) -> Iterator[tuple[Path, int, str, str, str]]:
    """File, line, name, the word that it must not hold, and what to write instead."""
    for path in texts(root):
        if path.suffix not in CODE:
            continue
        file = name_of(path, root)
        folder = next((f for f in words.NOT_NAMES_IN if file.startswith(f"{f}/")), "")
        parts = words.NOT_NAMES | words.NOT_NAMES_IN.get(folder, {})
        for line, name in sorted({*names_in(path), (1, path.stem)}):
            held = {word: parts[word] for word in words_of(name) if word in parts}
            alone = name.strip("_").lower()
            held |= {alone: words.NOT_ALONE[alone]} if alone in words.NOT_ALONE else {}
            if line == 1 and name == path.stem and alone in words.NOT_MODULES:
                held[alone] = words.NOT_MODULES[alone]
            if name in words.GONE_TYPES:
                held[name] = words.GONE_TYPES[name]
            yield from ((path, line, name, word, instead) for word, instead in held.items())


def gone_problems(root: Path) -> list[str]:
    return [
        f"{name_of(path, root)}:{line}: '{word}' is gone: {words.GONE[word]}"
        for path, line, word in gone_words(root)
        if not is_allowed(path, word, words.ALLOWED_WORDS, root)
    ]


def name_problems(root: Path) -> list[str]:
    return [
        f"{name_of(path, root)}:{line}: {name}: '{word}' is no name: {instead}"
        for path, line, name, word, instead in bad_names(root)
        if not is_allowed(path, word, words.ALLOWED_NAMES, root)
    ]


def test_words_that_are_gone_stand_nowhere() -> None:
    none_of(gone_problems(PROJECT))


def test_names_hold_no_word_that_is_no_name() -> None:
    none_of(name_problems(PROJECT))


def test_what_is_allowed_is_still_needed() -> None:
    files = [name_of(path, PROJECT) for path in texts(PROJECT)]
    gone = [(path, word) for path, _, word in gone_words(PROJECT)]
    names = [(path, word) for path, _, _, word, _ in bad_names(PROJECT)]
    none_of(
        [
            f"{each.files}: '{each.word}' no longer stands there"
            for occurrences, allowed in ((gone, words.ALLOWED_WORDS), (names, words.ALLOWED_NAMES))
            for each in allowed
            if any(fnmatch(file, each.files) for file in files)
            if not any(is_allowed(path, word, [each], PROJECT) for path, word in occurrences)
        ]
    )


# The checkers themselves: each finds what it is for.


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("docs/model.md", "The law of large numbers.", "law"),
        ("python/a.py", "def unit_laws(): ...", "laws"),
        ("rust/core/src/a.rs", "struct UnitLaw; // law", "law"),
        ("python/a.py", 'raise ValueError("Refused: must be there once")', "refused"),
        ("README.md", "Each stands there  once.", "there once"),
        ("tests/test_a.py", "axes.canvas.draw()", "canvas"),
        ("Makefile", "# the dearest", "dearest"),
        ("docs/england.md", "| `LADDER` |", "ladder"),
    ],
)
def test_a_word_that_is_gone_is_reported(tmp_path: Path, name: str, text: str, word: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"\n{text}\n")
    assert f"{name}:2: '{word}' is gone: {words.GONE[word]}" in gone_problems(tmp_path)


def test_words_that_hold_one_that_is_gone_are_other_words(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("A lawful flaw, a rectangle, a refund; once there.")
    (tmp_path / "CONTRIBUTING.md").write_text("| law | distribution |")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("axes.figure.canvas.draw()")
    assert gone_problems(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "text", "name", "word"),
    [
        ("python/a.py", "found = 1", "found", "found"),
        ("python/a.py", "def f(is_whole): ...", "is_whole", "whole"),
        ("python/a.py", "class PlaceOfUnit: ...", "PlaceOfUnit", "place"),
        ("python/a.py", "import shutil as which", "which", "which"),
        ("python/a.py", "for _turn, x in y: ...", "_turn", "turn"),
        ("python/a.py", "self.wanted_columns = 1", "wanted_columns", "wanted"),
        ("python/a.py", "try: ...\nexcept OSError as halt: ...", "halt", "halt"),
        ("python/a.py", "pairs = [x for pairs in y]", "pairs", "pairs"),
        ("rust/core/src/a.rs", "const FIRST_WAVES: u8 = 1;", "FIRST_WAVES", "waves"),
        ("rust/core/src/a.rs", "enum E { A { reach: f64 } }", "reach", "reach"),
        ("rust/core/src/a.rs", "pub struct Ended;", "Ended", "Ended"),
        ("rust/core/src/exact/a.rs", "let price = 1.0;", "price", "price"),
        ("rust/core/src/fit/runs.rs", "", "runs", "runs"),
        ("python/_places.py", "", "_places", "places"),
    ],
)
def test_a_name_that_is_none_is_reported(
    tmp_path: Path, file: str, text: str, name: str, word: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert any(f": {name}: '{word}' is no name" in line for line in name_problems(tmp_path))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("python/a.py", '"""What is found, in which place."""\nx = shutil.which("found")  # found'),
        ("python/a.py", "def test_which_whole_place_is_found(): ...\nreplace = founder = 1"),
        ("python/a.py", "packed_pairs = np.sort(y, kind='wide').found"),
        ("rust/core/src/a.rs", "// found\n/* which */ fn f<'a>() -> &'a str { \"the place\" }"),
        ("rust/core/src/a.rs", "#[test]\nfn is_the_whole_place_found() { let price = 1.0; }"),
    ],
)
def test_prose_and_names_of_others_are_free(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert name_problems(tmp_path) == []
