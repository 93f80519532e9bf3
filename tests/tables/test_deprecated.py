"""Old names still work, and one warning at the caller's own line says what replaces them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import fundholder
from fundholder import CostModel, decompose, england, fit_formula, icd10_blocks, validate_formula

LISTS = pa.table({"practice": ["A", "B", "C"], "count": [6_000, 5_000, 4_000]})
OBSERVED = pa.table(
    {
        "practice": ["A", "B", "C"],
        "budget": [4.8e6, 4.0e6, 3.2e6],
        "outturn": [4.1e6, 4.6e6, 3.3e6],
    }
)
PERSONS = pa.table(
    {
        "person": range(60),
        "practice": [i % 5 for i in range(60)],
        "old": [i % 3 == 0 for i in range(60)],
        "spent": [100.0 + 300.0 * (i % 3 == 0) + i % 7 for i in range(60)],
    }
)


def warned(old: Callable[[], Any], *texts: str) -> Any:
    """What an old name gives; its one warning has these texts and the line where it was called."""
    with pytest.warns(DeprecationWarning, match="is deprecated: use ") as warnings:
        result = old()
    assert len(warnings) == 1
    (warning,) = warnings
    assert all(text in str(warning.message) for text in texts)
    lines, first = inspect.getsourcelines(old)
    assert warning.filename == __file__ and first <= warning.lineno < first + len(lines)
    return result


def test_level_of_decompose_is_confidence(costs: CostModel) -> None:
    old = warned(
        lambda: decompose(OBSERVED, LISTS, costs, level=0.8), "decompose(level=...)", "confidence="
    )
    new = decompose(OBSERVED, LISTS, costs, confidence=0.8)
    for table in ("units", "years", "summary"):
        assert getattr(old, table).equals(getattr(new, table), check_metadata=True)


def test_refuse_of_fit_formula_is_error() -> None:
    arguments: dict[str, Any] = {"cost": "spent", "flags": "old", "redundant": "refuse"}
    old = warned(lambda: fit_formula(PERSONS, **arguments), 'redundant="refuse"', "error")
    new = fit_formula(PERSONS, cost="spent", flags="old", redundant="error")
    assert old.coefficients.equals(new.coefficients, check_metadata=True)
    validation = warned(lambda: validate_formula(PERSONS, **arguments), 'redundant="refuse"')
    assert validation.formula.coefficients.num_rows == 2


def test_refuse_of_icd10_blocks_is_error() -> None:
    arguments: dict[str, Any] = {"unknown": "refuse"}
    old = warned(lambda: icd10_blocks(["E11.9"], **arguments), 'unknown="refuse"', "error")
    assert old.equals(icd10_blocks(["E11.9"], unknown="error"))


@pytest.mark.parametrize(("old", "new"), [("LADDER", "NESTED_MODELS"), ("Rung", "NestedModel")])
def test_old_names_in_england(old: str, new: str) -> None:
    value = warned(lambda: getattr(england, old), f"england.{old}", f"england.{new}")
    assert value is getattr(england, new)
    with pytest.raises(AttributeError):
        _ = england.Lader  # type: ignore[attr-defined]


def test_from_formula_is_cost_model_of_the_formula() -> None:
    formula = fit_formula(PERSONS, cost="spent", flags="old")
    old = warned(
        lambda: CostModel.from_formula(formula, PERSONS, cost="spent", bands=2),
        "CostModel.from_formula",
        "formula.cost_model",
    )
    assert old.table.equals(formula.cost_model(PERSONS, cost="spent", bands=2).table)
    with (
        pytest.warns(DeprecationWarning, match="from_formula"),
        pytest.raises(fundholder.InputTypeError, match="must be a Formula"),
    ):
        CostModel.from_formula("formula.csv", PERSONS, cost="spent")
