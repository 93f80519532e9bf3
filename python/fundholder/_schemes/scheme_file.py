"""Schemes in files of TOML that people can read and edit."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any

from .._contracts.contract import Contract
from .._contracts.contract_file import (
    nearest,
    terms_of_rows,
    toml_comment,
    toml_key,
    toml_term,
    toml_value,
)
from .._errors import FundholderError, InputError, Problem
from .._files.atomic_write import path_problems, write_atomically
from .._tables.problems import Problems
from .preset_files import ENDING, preset_names, preset_text
from .scheme_words import tier_words
from .tier import PARTS, Tier

TOP = ("name", "title", "summary", "payer", "price_year", "inflation", "years")
"""Keys of a scheme beside its tables."""
TABLES = ("pays", "tier", "sources")
TIER = ("name", "scope", *PARTS, "scores")
"""Keys of a tier."""


def read_scheme(path: str | PathLike[str]) -> tuple[str, dict[str, Any]]:
    """Where a scheme was read, and its arguments; every mistake is named, with its tier."""
    where, text = _text(path)
    try:
        content = tomllib.loads(text)
    except ValueError as error:
        raise InputError([Problem(f"{where}: {error}", code="unreadable")]) from None
    problems = Problems()
    problems.extend(_unknown_keys(where, content, (*TOP, *TABLES), "a scheme"))
    for key in ("name", "tier"):
        if key not in content:
            problems.add(Problem.argument(key, None, "given for a scheme").at(where))
    rows = content.get("tier", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        problems.add(Problem.argument("tier", rows, "tables [[tier]]").at(where))
        rows = []
    tiers = [_read_tier(problems, where, number, row) for number, row in enumerate(rows, 1)]
    problems.check()
    given = {key: content[key] for key in (*TOP, "pays", "sources") if key in content}
    return where, {**given, "tiers": tiers}


def _text(path: str | PathLike[str]) -> tuple[str, str]:
    """Where a scheme stands, and its text: a preset by its name, or a file."""
    if isinstance(path, str) and path in preset_names():
        return path, preset_text(path)
    problems = Problems()
    if not isinstance(path, str | PathLike):
        problems.add(Problem.argument_type("path", path, "the name of a scheme, or a file"))
    problems.check()
    if Path(path).suffix != ENDING:
        names = preset_names()
        allowed = f"a file that ends with {ENDING}, or one of {', '.join(names)}"
        problem = Problem.argument("scheme", str(path), f"{allowed}{nearest(str(path), names)}")
        raise InputError([problem])
    try:
        return str(path), Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError([Problem(f"{path}: {error}", code="unreadable")]) from None


def _read_tier(problems: Problems, where: str, number: int, row: Mapping[str, Any]) -> Any:
    where = f"{where}, tier {row.get('name', number)}"
    before = [*_unknown_keys(where, row, TIER, "a tier")]
    if "name" not in row:
        before.append(Problem.argument("name", None, "given for a tier").at(where))
    arguments: dict[str, Any] = {key: row[key] for key in ("name", "scope", "scores") if key in row}
    for key, (_, kind) in PARTS.items():
        if key not in row:
            continue
        if key == "contract":
            read, wrong = _read_contract(f"{where}, contract", row[key])
        else:
            read, wrong = _read_part(f"{where}, {key}", kind, row[key])
        before += wrong
        arguments[key] = read
    problems.extend(before)
    return None if before else _made(problems, where, Tier, arguments)


def _read_part(where: str, kind: type[Any], row: Any) -> tuple[Any, list[Problem]]:
    if not isinstance(row, Mapping):
        return None, [Problem(f"{where}: {row!r}: must be a table", code="wrong_type")]
    known = [field.name for field in fields(kind)]
    wrong = Problems(_unknown_keys(where, row, known, where.rpartition(", ")[2]))
    values = {key: _from_file(value) for key, value in row.items() if key in known}
    part = _made(wrong, where, kind, values)
    return part, _problems(wrong)


def _read_contract(where: str, rows: Any) -> tuple[Any, list[Problem]]:
    if not isinstance(rows, list):
        text = f"{where}: {rows!r}: must be tables [[tier.contract]]"
        return None, [Problem(text, code="wrong_type")]
    terms, problems = terms_of_rows(rows, where)
    wrong = Problems(problems)
    contract = None if problems else _made(wrong, where, Contract, {"terms": terms})
    return contract, _problems(wrong)


def _made(problems: Problems, where: str, kind: type[Any], arguments: dict[str, Any]) -> Any:
    """An object, or nothing where its arguments are wrong, of which problems are noted."""
    try:
        return kind(**arguments)
    except FundholderError as error:
        problems.extend((problem.at(where) for problem in error.problems), error.more)
    return None


def _problems(problems: Problems) -> list[Problem]:
    try:
        problems.check()
    except FundholderError as error:
        return error.problems
    return []


def _unknown_keys(
    where: str, row: Mapping[str, Any], known: Sequence[str], of: str
) -> list[Problem]:
    return [
        Problem.argument("key", key, f"a key of {of}: {', '.join(known)}{nearest(key, known)}").at(
            where
        )
        for key in row
        if key not in known
    ]


def _from_file(value: Any) -> Any:
    """A value as parts take it: no limit is inf."""
    return None if isinstance(value, float) and math.isinf(value) else value


def write_scheme(
    top: Mapping[str, Any],
    pays: Mapping[str, Any],
    tiers: Sequence[Tier],
    sources: Mapping[str, str],
    path: Path,
) -> None:
    """Write a scheme, complete or not at all."""
    problems = list(path_problems(path, (ENDING,)))
    if problems:
        raise InputError(problems)
    blocks = ["".join(f"{key} = {toml_value(value)}\n" for key, value in top.items())]
    blocks += [_table("pays", pays)] if pays else []
    for tier in tiers:
        blocks += [_toml_tier(tier, sources)]
        blocks += [toml_term(term, "tier.contract") for term in tier.contract.terms]
    blocks += [_table("sources", sources)] if sources else []
    text = "\n".join(blocks)
    write_atomically({path: lambda file: file.write(text.encode())})


def _table(name: str, rows: Mapping[str, Any]) -> str:
    lines = (f"{toml_key(key)} = {toml_value(value)}\n" for key, value in rows.items())
    return f"[{name}]\n{''.join(lines)}"


def _toml_tier(tier: Tier, sources: Mapping[str, str]) -> str:
    """A tier, led by its words: every value that is not the default, or has a source."""
    lines = [*map(toml_comment, tier_words(tier).splitlines()), "[[tier]]"]
    lines.append(f"name = {toml_value(tier.name)}")
    shares = tier.shares
    if shares is not None:
        every = all(share == 1 for share in shares.values())
        lines.append(f"scope = {toml_value(list(shares) if every else shares)}")
    for key, (_, kind) in PARTS.items():
        part = getattr(tier, key)
        if key != "contract" and part is not None:
            values = {
                field.name: getattr(part, field.name)
                for field in fields(kind)
                if getattr(part, field.name) != field.default
                or f"tier.{tier.name}.{key}.{field.name}" in sources
            }
            lines += [f"{key} = {toml_value(values)}"] if values else []
    lines += [f"scores = {toml_value(tier.scores)}"] if tier.scores else []
    return "\n".join(lines) + "\n"
