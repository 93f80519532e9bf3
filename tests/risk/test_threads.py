"""Does a call have the threads that it is given, and none that it shares with others?"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from commands import printed
from fundholder import InputError
from verbs import PREPARED, VERBS


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_no_thread_is_left_behind_by_any_verb() -> None:
    # A pool of the process would stay, with 16 threads; libraries may have begun a few of theirs.
    calls = "\n".join(verb.format(n=3) for verb in VERBS.values())
    program = f"{PREPARED}\n{calls}\ntime.sleep(0.2)\nprint(threads() - before)"
    assert int(printed("-c", program)) < 16 // 2


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the calls name."""
    names: dict[str, Any] = {}
    exec(PREPARED, names)
    return names


@pytest.mark.parametrize("verb", VERBS)
def test_the_number_of_threads_is_checked(names: dict[str, Any], verb: str) -> None:
    with pytest.raises(InputError, match="threads is 0") as caught:
        eval(VERBS[verb].format(n=0), names)
    assert caught.value.problems[0].column == "threads"
