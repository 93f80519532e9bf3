"""Values of a scheme by name: what is set, what may have a source, and what is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from .._contracts.contract_file import toml_value
from .tier import PARTS, Tier

ASSUMPTION = "assumption"
"""The source of a value that has none."""
TOP_DEFAULTS = {"payer": "health authority", "inflation": 1.0, "years": 5}
"""Values of a scheme beside its tiers, and their defaults."""


@dataclass(frozen=True)
class Value:
    """One value: its name, what it is, and whether it differs from the default."""

    key: str
    value: Any
    is_set: bool


def values_of(
    top: Mapping[str, Any], pays: Mapping[str, Any], tiers: Sequence[Tier]
) -> Iterator[Value]:
    """Every value of a scheme, in the order of its file."""
    for key, default in TOP_DEFAULTS.items():
        yield Value(key, top[key], top[key] != default)
    for party, services in pays.items():
        yield Value(f"pays.{party}", services, True)
    for tier in tiers:
        for value in _tier_values(tier):
            yield Value(f"tier.{tier.name}.{value.key}", value.value, value.is_set)


def _tier_values(tier: Tier) -> Iterator[Value]:
    for service, part in (tier.shares or {}).items():
        yield Value(f"scope.{service}", part, True)
    for name in PARTS:
        if name != "contract":
            yield from _part_values(name, getattr(tier, name))
            continue
        for number, term in enumerate(tier.contract.terms, 1):
            yield from _part_values(f"contract.{number}", term)
    for score, value in (tier.scores or {}).items():
        yield Value(f"scores.{score}", value, True)


def _part_values(name: str, part: Any) -> Iterator[Value]:
    """Values of a part that are not ``None``; nothing where there is no part."""
    for field in fields(part) if part is not None else ():
        value = getattr(part, field.name)
        if value is not None:
            yield Value(f"{name}.{field.name}", value, value != field.default)


def source_of(key: str, sources: Mapping[str, str]) -> str | None:
    """The source of a value: its own, or that of its tier's whole scope."""
    return sources.get(key, sources.get(scope_of(key) or ""))


def scope_of(key: str) -> str | None:
    """The name of the whole scope that a value is a service of; none for other values."""
    tier, dot, _ = key.partition(".scope.")
    return f"{tier}.scope" if dot else None


def assumptions(values: Iterator[Value], sources: Mapping[str, str]) -> pa.Table:
    """Values that are set or have a source, as text, each with its source."""
    rows = []
    for value in values:
        source = source_of(value.key, sources)
        if value.is_set or source is not None:
            rows.append((value.key, _text(value.value), source or ASSUMPTION))
    columns: Any = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("key", "value", "source")
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.Table.from_arrays(arrays, names=list(names))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else toml_value(value)
