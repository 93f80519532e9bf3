"""Are files short, and are the bindings a small part of the engine?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from listed import none_of
from rust_source import lines_of_code

PROJECT = Path(__file__).resolve().parents[2]
RUST = PROJECT / "rust"

#: Lines of a file. Past them, the file does a second thing that wants a file of its own.
MOST_RUST, MOST_PYTHON = 400, 250
#: The bindings' share of the engine's lines of code: glue, and nothing else.
BINDINGS = 0.1


def too_long(files: Iterable[Path], most: int, root: Path) -> list[str]:
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sorted(files)}
    return [
        f"{f.relative_to(root)}: {n} lines, {most} at most" for f, n in lines.items() if n > most
    ]


def code_in(folder: Path) -> int:
    return sum(lines_of_code(file.read_text(encoding="utf-8")) for file in folder.rglob("*.rs"))


def test_the_files_of_the_engine_and_its_tests_are_short() -> None:
    folders = [*RUST.glob("*/src"), RUST / "core" / "tests"]
    none_of(too_long((f for folder in folders for f in folder.rglob("*.rs")), MOST_RUST, PROJECT))


def test_the_files_of_the_package_are_short() -> None:
    # The stub lists the whole extension, and is no .py.
    none_of(too_long((PROJECT / "python").rglob("*.py"), MOST_PYTHON, PROJECT))


def test_the_bindings_are_a_small_part_of_the_engine() -> None:
    bindings, engine = code_in(RUST / "python" / "src"), code_in(RUST / "core" / "src")
    assert bindings < BINDINGS * engine, f"{bindings} lines of bindings, {engine} of the engine"


def test_a_file_past_the_limit_is_reported(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x\n" * 4)
    (tmp_path / "short.py").write_text("x\n" * 3)
    assert too_long(tmp_path.glob("*.py"), 3, tmp_path) == ["long.py: 4 lines, 3 at most"]


def test_lines_of_code_are_neither_blank_nor_comment(tmp_path: Path) -> None:
    text = """//! What the file holds.

/* A comment /* with a comment inside */
   of two lines. */
const URL: &str = "https://example.org"; // a text with slashes
fn quote<'a>() -> char { '"' } /* a character */
/// A comment with a "quote.
struct End;
"""
    (tmp_path / "lib.rs").write_text(text)
    assert code_in(tmp_path) == 3
