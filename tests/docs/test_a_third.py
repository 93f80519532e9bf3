"""Does docs/a_third.md say what its example prints, and does the example do without matplotlib?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from studies import check_page

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "a_third.py"
PAGE = PROJECT / "docs" / "a_third.md"


def test_the_page_shows_what_the_example_prints_and_draws(tmp_path: Path) -> None:
    check_page(EXAMPLE, PAGE, 7, tmp_path)


def test_without_matplotlib_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    import a_third

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    groups = a_third.fh.england.population(year=2010)
    costs = a_third.fh.CostModel(a_third.fh.england.costs(year=2010))
    one = a_third.groups_of(groups, "practice", a_third.pa.array(["P00797"]))
    sweep = a_third.fh.stop_loss(one, costs, ceilings=[None, 20_000])
    with pytest.raises(a_third.fh.plots.MissingPackageError, match="plots"):
        a_third.draw(tmp_path, sweep, {}, {}, 0.078, one, costs)
    assert not list(tmp_path.iterdir())
