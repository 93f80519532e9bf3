"""Pages of studies: what a program prints and draws stands on them."""

from __future__ import annotations

import re
from pathlib import Path

from commands import printed


def check_page(example: Path, page: Path, blocks: int, charts: Path) -> None:
    """Run the program, and look for every block and chart of its page in what it makes."""
    text = page.read_text(encoding="utf-8")
    output = printed(str(example), "--charts", str(charts))
    shown = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert len(shown) == blocks
    for block in shown:
        assert block in output
    drawn = {path.name for path in charts.iterdir()}
    assert drawn == set(re.findall(r"\(images/(.*?)\)", text))
    assert all((page.parent / "images" / name).is_file() for name in drawn)
