"""An assertion whose message lists every problem, one a line."""

from __future__ import annotations

from collections.abc import Sequence


def none_of(problems: Sequence[str]) -> None:
    assert not problems, "\n".join([f"{len(problems)} problems:", *problems])
