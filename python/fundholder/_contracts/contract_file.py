"""Contracts in files that people can read and edit: TOML and JSON."""

from __future__ import annotations

import difflib
import json
import math
import operator
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from .._errors import InputError, Problem
from .._files.atomic_write import path_problems, write_atomically
from .._tables.arguments import Arguments
from .provider_payment import ProviderPayment
from .scores import ByScore, Gate
from .shared_savings import SharedSavings
from .stop_loss import CarveOut, StopLoss
from .terms import Term
from .unit_terms import AggregateStopLoss, Corridor, QuotaShare

KINDS: dict[str, type[Any]] = {
    "stop_loss": StopLoss,
    "carve_out": CarveOut,
    "provider_payment": ProviderPayment,
    "quota_share": QuotaShare,
    "aggregate_stop_loss": AggregateStopLoss,
    "corridor": Corridor,
    "shared_savings": SharedSavings,
    "gate": Gate,
}
"""The value of a term's key ``term``, and what it is."""
SUFFIXES = (".toml", ".json")
BY_SCORE = tuple(field.name for field in fields(ByScore))


def read_terms(path: Path) -> list[Term]:
    """The terms of a contract file; every mistake is named, with the nearest key there is."""
    arguments = Arguments()
    if path.suffix not in SUFFIXES:
        arguments.reject("path", str(path), "a file that ends with .toml or .json")
    arguments.check()
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError([Problem(f"{path}: {error}", code="unreadable")]) from None
    rows = content.get("terms") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or set(content) - {"terms"}:
        keys = ", ".join(content) if isinstance(content, Mapping) else type(content).__name__
        text = f"{path} has {keys or 'nothing'}: must have a list 'terms', and nothing else"
        raise InputError([Problem(text, code="unreadable")])
    terms, problems = terms_of_rows(rows, str(path))
    if problems:
        raise InputError(problems)
    return terms


def terms_of_rows(rows: list[Any], where: str) -> tuple[list[Term], list[Problem]]:
    """The terms of the rows of a file, and what is wrong with the others; ``where`` they stand."""
    problems: list[Problem] = []
    terms = []
    for number, row in enumerate(rows, 1):
        try:
            terms.append(_term(row if isinstance(row, Mapping) else {}))
        except InputError as error:
            problems += [
                Problem(f"{where}, term {number}: {problem}", code=problem.code)
                for problem in error.problems
            ]
        except TypeError as error:
            problems.append(Problem(f"{where}, term {number}: {error}", code="wrong_type"))
    return terms, problems


def _term(row: Mapping[str, Any]) -> Term:
    arguments = Arguments()
    name = row.get("term")
    if name not in KINDS:
        near = nearest(str(name), list(KINDS))
        arguments.reject("term", name, f"one of {', '.join(KINDS)}{near}")
        keys = ["term", *(key.name for of in KINDS.values() for key in fields(of))]
        for key in row:
            if key not in keys:
                arguments.reject("key", key, f"'term', or a key of a term{nearest(key, keys)}")
        arguments.check()
    kind = KINDS[str(name)]
    known = {field.name: field for field in fields(kind)}
    for key in row:
        if key != "term" and key not in known:
            near = nearest(key, list(known))
            arguments.reject("key", key, f"a key of {name}: {', '.join(known)}{near}")
    for key, field in known.items():
        if key not in row and _is_needed(field):
            arguments.reject(key, None, f"given for {name}")
    arguments.check()
    term: Term = kind(**{key: _from_file(row[key]) for key in row if key != "term"})
    return term


def nearest(name: str, names: Iterable[str]) -> str:
    """The nearest of some names, as an error ends; nothing if none is near."""
    near = difflib.get_close_matches(name, list(names), 1, 0.4)
    return f" (nearest: {near[0]})" if near else ""


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _from_file(value: Any) -> Any:
    """A value as terms take it: a row that ends without a bound has null in JSON, inf in TOML."""
    if isinstance(value, Mapping):
        return _by_score(value)
    if isinstance(value, list):
        return [_from_file(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def _by_score(table: Mapping[str, Any]) -> ByScore:
    arguments = Arguments()
    if set(table) != set(BY_SCORE):
        arguments.reject("rate", list(table), f"a number, rows, or a table of {BY_SCORE}")
    arguments.check()
    return ByScore(**table)


def write_terms(terms: tuple[Term, ...], path: Path) -> None:
    """Write a contract file, complete or not at all."""
    problems = list(path_problems(path, SUFFIXES))
    if problems:
        raise InputError(problems)
    rows = [term_row(term) for term in terms]
    if path.suffix == ".json":
        text = json.dumps({"terms": rows}, indent=2) + "\n"
    else:
        text = "\n".join(toml_term(term, "terms") for term in terms)
        text = text or "terms = []\n"
    write_atomically({path: lambda file: file.write(text.encode())})


def term_row(term: Term) -> dict[str, Any]:
    """A term as it stands in a file: its kind, and every value that is not the default."""
    (name,) = (name for name, kind in KINDS.items() if isinstance(term, kind))
    values = {
        field.name: _in_file(getattr(term, field.name))
        for field in fields(term)
        if getattr(term, field.name) != field.default
    }
    return {"term": name} | values


def _in_file(value: Any) -> Any:
    if isinstance(value, ByScore):
        return {name: getattr(value, name) for name in BY_SCORE}
    return value


def toml_term(term: Term, table: str) -> str:
    """A term as a table of TOML in the array ``table``, led by its sentence."""
    lines = [toml_comment(str(term)), f"[[{table}]]"]
    lines += [f"{key} = {toml_value(value)}" for key, value in term_row(term).items()]
    return "\n".join(lines) + "\n"


def toml_comment(line: str) -> str:
    """A line as a comment of TOML, which holds no control characters."""
    return f"# {''.join(letter if letter.isprintable() else ' ' for letter in line)}"


def toml_value(value: Any) -> str:
    """A value as TOML writes it; ``None``, no bound, as inf."""
    value = _in_file(value)
    if value is None:
        return "inf"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Mapping):
        items = (f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {', '.join(items)} }}"
    text = json.dumps(value, ensure_ascii=False, default=_plain_number)
    return text.replace("\x7f", "\\u007f")


def _plain_number(value: Any) -> int | float:
    """A number of another library as Python's."""
    return operator.index(value) if hasattr(value, "__index__") else float(value)


def toml_key(name: str) -> str:
    """A key as TOML writes it: in quotes where it is more than letters and digits."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)
