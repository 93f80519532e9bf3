"""What a call that must be rejected raises, and what it says."""

from __future__ import annotations

import math
from typing import Any

import pytest

from fundholder import FundholderError

#: What a result cannot report, of a distribution or of simulated years, and what is said of it.
REPORTED: list[tuple[dict[str, Any], list[str]]] = [
    ({"thresholds": [0.1, 1.0]}, ["thresholds is 1.0", "between 0 and 1"]),
    ({"thresholds": [0.0]}, ["thresholds is 0.0"]),
    ({"thresholds": [-0.1]}, ["thresholds is -0.1"]),
    ({"thresholds": [math.nan]}, ["thresholds is nan"]),
    ({"thresholds": [0.1, 0.10]}, ["thresholds is 0.1", "different"]),
    ({"quantiles": [0.5, 0.5]}, ["quantiles is 0.5", "different"]),
    ({"quantiles": [0.0], "thresholds": [2]}, ["2 problems", "quantiles", "thresholds"]),
    ({"of": "total"}, ["of is 'total'", "'gross'"]),
]


def rejection(call: Any, *arguments: Any, **named: Any) -> FundholderError:
    """What the call raises: always the package's, and always a ValueError or a TypeError."""
    with pytest.raises(FundholderError) as caught:
        call(*arguments, **named)
    assert isinstance(caught.value, ValueError | TypeError)
    return caught.value


def says(error: FundholderError, *texts: str) -> None:
    missing = [text for text in texts if text not in str(error)]
    assert not missing, f"{missing} not in: {error}"
