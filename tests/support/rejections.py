"""What a call that must be rejected raises, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from fundholder import FundholderError


def rejection(call: Any, *arguments: Any, **named: Any) -> FundholderError:
    """What the call raises: always the package's, and always a ValueError or a TypeError."""
    with pytest.raises(FundholderError) as caught:
        call(*arguments, **named)
    assert isinstance(caught.value, ValueError | TypeError)
    return caught.value


def says(error: FundholderError, *texts: str) -> None:
    missing = [text for text in texts if text not in str(error)]
    assert not missing, f"{missing} not in: {error}"
