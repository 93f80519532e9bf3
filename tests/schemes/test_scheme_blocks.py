"""Is a run that goes through blocks, or was stopped and goes on, the run in one piece?"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import long_scheme
from fundholder import Comparison, Scheme, SchemeRun, Tier, run_scheme
from fundholder._schemes import run as runs
from rejections import rejection, says

PROGRAM = Path(long_scheme.__file__)
#: Seconds, as in test_interrupt: what is promised, and what a machine that does other work takes.
WITHIN = 1.0 + 2.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="sends signals as POSIX does")


def tables(of: list[SchemeRun]) -> list[pa.Table]:
    made = [t for run in of for t in (run.table, run.flows(), run.holders(), run.rewards())]
    return [*made, Comparison(of).differences("bare")]


@pytest.fixture(scope="module")
def undisturbed() -> list[pa.Table]:
    return tables(long_scheme.run())


# ---- blocks ------------------------------------------------------------------------------------
@pytest.mark.parametrize("at_once", [4, 24])
def test_blocks_move_no_digit(at_once: int, undisturbed: list[pa.Table]) -> None:
    assert tables(long_scheme.run(at_once=at_once)) == undisturbed


def test_blocks_of_a_folder_move_no_digit(tmp_path: Path, undisturbed: list[pa.Table]) -> None:
    folder = tmp_path / "blocks"
    assert tables(long_scheme.run(at_once=8, out=folder)) == undisturbed
    assert len(list(folder.glob("*.npz"))) == 6
    # All of it is there, or a half of it, or none in such blocks.
    assert tables(long_scheme.run(at_once=8, out=folder)) == undisturbed
    for path in sorted(folder.glob("*.npz"))[::2]:
        path.unlink()
    assert tables(long_scheme.run(at_once=8, out=folder)) == undisturbed
    assert tables(long_scheme.run(at_once=4, out=folder)) == undisturbed


def test_finished_blocks_are_not_drawn_again(
    tmp_path: Path, undisturbed: list[pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    long_scheme.run(at_once=16, out=tmp_path)
    sorted(tmp_path.glob("*.npz"))[1].unlink()
    draw, drawn = runs.draw, []

    def counted(practices: Any, plan: Any, first: int, paths: int, shown: Any) -> Any:
        drawn.append((first, paths))
        return draw(practices, plan, first, paths, shown)

    monkeypatch.setattr(runs, "draw", counted)
    assert tables(long_scheme.run(at_once=16, out=tmp_path)) == undisturbed
    assert drawn == [(16, 16)]


def test_more_paths_go_on_where_fewer_ended(tmp_path: Path, undisturbed: list[pa.Table]) -> None:
    long_scheme.run(replications=24, at_once=8, out=tmp_path)
    assert tables(long_scheme.run(at_once=8, out=tmp_path)) == undisturbed


# ---- runs that were stopped --------------------------------------------------------------------
@contextmanager
def under_way(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The run in a process of its own, when it has written two blocks."""
    command = [sys.executable, str(PROGRAM), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            until = time.monotonic() + 30
            while len(list(folder.glob("*.npz"))) < 2 and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(0.02)  # past what follows a write: in the midst of the next draw
            yield process
        finally:
            process.kill()


def finished(folder: Path) -> int:
    count = len(list(folder.glob("*.npz")))
    assert 2 <= count < long_scheme.PATHS / long_scheme.AT_ONCE, "stopped in the middle"
    return count


@posix
def test_a_run_that_was_killed_goes_on(tmp_path: Path, undisturbed: list[pa.Table]) -> None:
    folder = tmp_path / "blocks"
    with under_way(folder) as process:
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    finished(folder)
    assert tables(long_scheme.run(at_once=long_scheme.AT_ONCE, out=folder)) == undisturbed
    assert all(path.suffix in (".npz", ".json") for path in folder.iterdir())


@posix
def test_an_interrupt_ends_a_run_that_then_goes_on(
    tmp_path: Path, undisturbed: list[pa.Table]
) -> None:
    folder = tmp_path / "blocks"
    with under_way(folder) as process:
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None and process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - sent < WITHIN
        assert process.wait(10) == 0
    finished(folder)
    assert tables(long_scheme.run(at_once=long_scheme.AT_ONCE, out=folder)) == undisturbed


# ---- folders that are not of this run ----------------------------------------------------------
OTHERS: list[dict[str, Any]] = [
    {"seed": 10},
    {"years": 2},
    {"practice_sd": 0.02},
    {"behaviour": True},
    {"edges": (5_000,)},
    {"resume": False},
    {"budgets": pa.table({"practice": long_scheme.PEOPLE["practice"], "budget": [1e6] * 60})},
]


@pytest.mark.parametrize("options", OTHERS)
def test_a_folder_of_another_run_is_rejected(tmp_path: Path, options: dict[str, Any]) -> None:
    folder = tmp_path / "blocks"
    long_scheme.run(replications=4, out=folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    error = rejection(long_scheme.run, replications=4, out=folder, **options)
    says(error, f"out is '{folder}'", "blocks of another run", "resume=True")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_of_another_population_or_scheme_is_rejected(tmp_path: Path) -> None:
    given: dict[str, Any] = {"years": 1, "replications": 4, "out": tmp_path}
    people, costs = long_scheme.PEOPLE, long_scheme.cost_model()
    run_scheme(people, costs, long_scheme.SCHEMES[1], **given)
    for table, scheme in (
        (people.slice(1), long_scheme.SCHEMES[1]),
        (people, long_scheme.SCHEMES[0]),
        (people, Scheme("bare", [Tier("bare")], payer="nation")),
    ):
        says(rejection(run_scheme, table, costs, scheme, **given), "blocks of another run")


DAMAGES = [b"", b"PK\x03\x04", b"not a block of paths", b"\x93NUMPY"]


@pytest.mark.parametrize("content", [*DAMAGES, None])
def test_a_damaged_block_is_rejected_by_name(tmp_path: Path, content: bytes | None) -> None:
    long_scheme.run(replications=8, at_once=4, out=tmp_path)
    path = sorted(tmp_path.glob("*.npz"))[1]
    path.write_bytes(path.read_bytes()[:2_000] if content is None else content)
    says(rejection(long_scheme.run, replications=8, at_once=4, out=tmp_path), str(path))


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"digest": 3})])
def test_a_folder_that_does_not_say_its_run_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    says(rejection(long_scheme.run, replications=4, out=tmp_path), str(tmp_path))


def test_blocks_without_a_run_are_rejected(tmp_path: Path) -> None:
    long_scheme.run(replications=4, out=tmp_path)
    (tmp_path / "run.json").unlink()
    error = rejection(long_scheme.run, replications=4, out=tmp_path)
    says(error, str(tmp_path), "blocks of another run")


def test_a_folder_that_is_a_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    path.write_text("a file")
    says(rejection(long_scheme.run, replications=4, out=path), str(path))
