"""Is every odd input rejected by name, or accepted with a result, and never anything else?"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from finite import finite
from fundholder import FundholderError
from odd_calls import CALLS, odd_values

GUARD = 30.0
"""Seconds: an odd input that takes longer hangs."""
LONGEST_MESSAGE = 8_000
CARRIED = ("predict", "weighted_capitation", "Formula")
"""Columns that are not read are carried or shown as they are, so that theirs may be NaN."""


def results_of(result: Any) -> list[pa.Table]:
    if isinstance(result, pa.Table):
        return [result]
    if isinstance(result, dict):
        return [table for table in result.values() if isinstance(table, pa.Table)]
    return (
        [table for table in vars(result).values() if isinstance(table, pa.Table)]
        if hasattr(result, "__dict__")
        else []
    )


def outcome_of(call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The result, or the exception; warnings of other libraries are exceptions."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            return call(**arguments)
    except Exception as error:
        return error


@pytest.mark.parametrize("name", CALLS)
def test_odd_inputs_are_rejected_by_name_or_have_a_result(name: str) -> None:
    """5,000 over all calls; a warning is an answer as well."""
    call, right = CALLS[name]
    call(**right)
    outcomes = {"rejected": 0, "accepted": 0}
    for argument, value in right.items():
        for label, odd in odd_values(argument, value).items():
            where = f"{name}({argument}={label})"
            begun = time.monotonic()
            outcome = outcome_of(call, right | {argument: odd})
            if isinstance(outcome, FundholderError):
                outcomes["rejected"] += 1
                assert isinstance(outcome, ValueError | TypeError), where
                assert outcome.problems and all(p.code for p in outcome.problems), where
                assert len(str(outcome)) < LONGEST_MESSAGE, where
            else:
                assert not isinstance(outcome, Exception), f"{where}: {outcome!r}"
                outcomes["accepted"] += 1
                if name not in CARRIED:
                    assert all(finite(table) for table in results_of(outcome)), where
            assert time.monotonic() - begun < GUARD, where
    assert outcomes["rejected"] > 0
