"""Does the study of schemes say what its example prints, and does schemes.md name what there is?"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from commands import printed
from fundholder import CostModel, compare_schemes, england, schemes
from studies import check_page

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "thirty_five_years.py"
PAGE = PROJECT / "docs" / "thirty_five_years.md"
SCHEMES = (PROJECT / "docs" / "schemes.md").read_text(encoding="utf-8")


def test_the_page_shows_what_the_example_prints_and_draws(tmp_path: Path) -> None:
    check_page(EXAMPLE, PAGE, 7, tmp_path)


def test_every_preset_is_in_the_study_and_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    import thirty_five_years

    names = schemes()["name"].to_pylist()
    assert sorted(thirty_five_years.ORDER) == sorted(names)
    assert all(f"`{name}`" in SCHEMES for name in names)


def test_without_matplotlib_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    import thirty_five_years

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    none = pa.nulls(1, pa.int64())
    columns = {"scheme": ["reach"], "size_from": none, "size_below": none, "year": none}
    table = pa.table({**columns, "measure": ["variance_share_payer"], "value": [1.0]})
    with pytest.raises(thirty_five_years.fh.plots.MissingPackageError, match="plots"):
        thirty_five_years.draw(tmp_path, table)
    assert not list(tmp_path.iterdir())


def test_the_page_of_schemes_runs_and_names_every_measure_and_flow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", SCHEMES, re.DOTALL))
    printed("-c", code)
    lists = {"practice": ["A", "B"], "icb": ["ICB01"] * 2, "band": ["male 65-74"] * 2}
    comparison = compare_schemes(
        pa.table({**lists, "count": [160_000, 190_000]}),
        CostModel(england.costs(), england.services()),
        ["fundholding-1991", "tiers-2010", "us-capitation", "mssp-two-sided", "iho-2026"],
        years=3,
        replications=4,
        practice_sd=0.1,
        behaviour=True,
    )
    measures = {
        re.sub(r"(variance_share|cost_per_head)_(?!outside).*", r"\1_<party>", name)
        for name in comparison.table["measure"].to_pylist()
    }
    kinds = {kind for run in comparison.runs.values() for kind in run.flows()["kind"].to_pylist()}
    assert len(measures) > 12 and len(kinds) > 12
    assert not [name for name in measures | kinds if f"`{name}`" not in SCHEMES]
