"""Are the schemes of the package what their sources say, and do they say what is assumed?"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fundholder import SharedSavings, england
from fundholder._schemes.preset_files import preset_names, preset_text
from fundholder._schemes.scheme import Scheme, schemes

NAMES = {
    "ccg-2013",
    "ccg-devolved",
    "fundholding-1991",
    "fundholding-community",
    "iho-2026",
    "lcp-2009",
    "mssp-one-sided",
    "mssp-two-sided",
    "neighbourhood-50k",
    "pbc-2006",
    "pbra-20k",
    "reach",
    "tier-full",
    "tier-partial",
    "tier-provider",
    "tiers-2010",
    "total-purchasing",
    "us-capitation",
}
#: What is no source of a value: how sure somebody was.
LETTERS = re.compile(r"^[VDSMA]$|\bassum|memory")


def test_every_scheme_is_there_and_is_listed() -> None:
    assert set(preset_names()) == NAMES
    assert schemes()["name"].to_pylist() == sorted(NAMES)
    folder = files("fundholder._schemes") / "presets"
    assert {file.name for file in folder.iterdir()} == {f"{name}.toml" for name in NAMES}


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_as_it_would_be_written(name: str, tmp_path: Path) -> None:
    scheme = Scheme.read(name)
    assert scheme.name == name and scheme.title and scheme.summary
    scheme.write(tmp_path / "scheme.toml")
    assert (tmp_path / "scheme.toml").read_text(encoding="utf-8") == preset_text(name)


@pytest.mark.parametrize("name", preset_names())
def test_every_value_of_a_preset_has_a_source_or_is_an_assumption(name: str) -> None:
    content = tomllib.loads(preset_text(name))
    rows = {row["key"]: row["source"] for row in Scheme.read(name).assumptions.to_pylist()}
    assert set(values(content)) == set(rows)
    assert not [text for text in content["sources"].values() if LETTERS.search(text)]
    assert all(key in rows or key.endswith(".scope") for key in content["sources"])


def values(content: dict[str, Any]) -> Iterator[str]:
    """The names of the values in a file."""
    yield from (key for key in ("payer", "inflation", "years") if key in content)
    yield from (f"pays.{party}" for party in content.get("pays", {}))
    for tier in content["tier"]:
        lead = f"tier.{tier['name']}"
        for part, value in tier.items():
            if part == "contract":
                for number, term in enumerate(value, 1):
                    yield from (f"{lead}.contract.{number}.{key}" for key in term if key != "term")
            elif part != "name":
                yield from (f"{lead}.{part}.{key}" for key in value)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_runs_on_the_built_in_england(name: str) -> None:
    scheme = Scheme.read(name)
    known = set(england.services()["service"].to_pylist())
    named = {service for services in (scheme.pays or {}).values() for service in services}
    for tier in scheme.tiers:
        named |= set(tier.shares or ())
    assert named <= known
    assert not scheme.missing_scores
    columns = england.population().column_names
    for tier in scheme.tiers:
        assert {tier.holder.level, tier.holder.within or "practice"} <= set(columns)


def test_the_limit_of_fundholding_is_on_goods_and_services() -> None:
    (tier,) = Scheme.read("fundholding-1991").tiers
    (limit,) = tier.contract.person_terms
    assert (limit.ceiling, limit.services) == (5_000, ("elective", "outpatient", "community"))
    assert "prescribing" in (tier.shares or {})


def test_savings_rates_of_medicare_fall_with_size() -> None:
    # 42 CFR 425.604(b), the beginnings of its bands
    (tier,) = Scheme.read("mssp-one-sided").tiers
    (savings,) = (term for term in tier.contract.terms if isinstance(term, SharedSavings))
    assert savings.msr == (
        *((5_000, 0.039), (6_000, 0.036), (7_000, 0.034), (8_000, 0.032), (9_000, 0.031)),
        *((10_000, 0.03), (15_000, 0.027), (20_000, 0.025), (50_000, 0.022), (60_000, 0.02)),
    )


def test_a_limit_of_2010_is_worth_half_as_much_again() -> None:
    for name in ("pbra-20k", "tier-full", "tier-partial"):
        (tier,) = Scheme.read(name).inflated().tiers
        assert tier.contract.person_terms[0].ceiling == 29_980


def test_mixed_tiers_are_the_three_and_scale_down() -> None:
    mixed = Scheme.read("tiers-2010").tiers
    for tier in mixed:
        (alone,) = Scheme.read(tier.name).tiers
        assert (tier.scope, tier.contract, tier.reserve) == (
            alone.scope,
            alone.contract,
            alone.reserve,
        )
    follow = [tier.failure.then if tier.failure else None for tier in mixed]
    assert follow == ["tier-partial", "tier-provider", None]
