"""The files of schemes that come with the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

FOLDER = files(__package__) / "presets"
ENDING = ".toml"


@cache
def preset_names() -> tuple[str, ...]:
    """The names of the schemes, in order of the alphabet."""
    names = (file.name for file in FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(ENDING) for name in names if name.endswith(ENDING)))


def preset_text(name: str) -> str:
    """The text of a scheme's file."""
    return (FOLDER / f"{name}{ENDING}").read_text(encoding="utf-8")
