"""Does every example and tool run, and does the README's example print what the README says?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands import printed, run_python

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
TOOLS = PROJECT / "tools"
REAL = PROJECT.parent / "shared" / "real" / "practice" / "age_sex_imd_2023.csv.gz"

#: Settings that keep each example short.
SETTINGS: dict[str, list[str]] = {
    "first_steps.py": [],
    "payoffs.py": [],
    "lists_to_budgets.py": [],
    "larger_than_memory.py": ["--people", "250000", "--practices", "20", "--replications", "20"],
    "real_lists.py": ["--replications", "4"],
}

#: The same for the calibrations of the built-in England.
CALIBRATIONS: dict[str, list[str]] = {
    "calibrate_england.py": [],
    "calibrate_morbidity.py": ["--seeds", "1"],
}


def test_every_example_runs_in_a_test() -> None:
    # The studies have tests of their own, which hold them against their pages.
    studies = {"a_third.py", "thirty_five_years.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SETTINGS, *studies}


@pytest.mark.parametrize(
    ("folder", "name", "arguments"),
    [(EXAMPLES, *setting) for setting in SETTINGS.items()]
    + [(TOOLS, *setting) for setting in CALIBRATIONS.items()],
    ids=[*SETTINGS, *CALIBRATIONS],
)
def test_the_program_runs(folder: Path, name: str, arguments: list[str]) -> None:
    if name == "real_lists.py" and not REAL.exists():
        pytest.skip(f"shared/real/practice/{REAL.name} is not beside the project")
    assert printed(str(folder / name), *arguments).strip()


def test_every_calibration_runs_in_a_test() -> None:
    assert {path.name for path in TOOLS.glob("calibrate_*.py")} == set(CALIBRATIONS)


def test_real_lists_says_which_file_is_missing() -> None:
    done = run_python(str(EXAMPLES / "real_lists.py"), "no-such-file.csv.gz")
    assert done.returncode == 2
    assert done.stderr.startswith("no-such-file.csv.gz: no such file") and not done.stdout


def test_published_targets_and_allocations_are_computed_again(real: Path, tmp_path: Path) -> None:
    book = tmp_path / "budgets.xlsx"
    folder = str(real / "allocation")
    output = printed(str(EXAMPLES / "lists_to_budgets.py"), folder, "--out", str(book))
    assert "7,325 targets within " in output
    assert "42 of 42 core allocations" in output
    assert book.read_bytes().startswith(b"PK")


def test_lists_to_budgets_says_which_file_is_missing(tmp_path: Path) -> None:
    done = run_python(str(EXAMPLES / "lists_to_budgets.py"), str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "gp_wp_target_2018-19_formula.csv.gz: must be a file that exists" in done.stderr


def test_the_readme_prints_what_it_says_and_is_an_example() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.search(r"```python\n(.*?)```\s+```text\n(.*?)```", readme, re.DOTALL)
    assert blocks, "README.md: no block of Python that a block of text follows"
    code, output = blocks.groups()
    assert printed("-c", code) == output
    assert code in (EXAMPLES / "first_steps.py").read_text(encoding="utf-8")
