"""Can a program read what was wrong: a stable code, the column, row, value, what is allowed?"""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fundholder as fh
from fundholder import _engine
from fundholder._errors import Problem
from rejections import rejection

PROJECT = Path(__file__).resolve().parents[2]
COSTS = fh.CostModel(
    pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]})
)
LISTS = pa.table({"practice": ["A", "B"], "count": [500, 600]})
NEED = pa.table({"practice": ["A", "B"], "people": [5, 6], "need": [1.0, 2.0]})


def test_the_page_lists_the_codes_of_the_engine() -> None:
    page = (PROJECT / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = page[page.index("## Codes") : page.index("## In Python")]
    assert re.findall(r"^\| `(\w+)` \|", codes, flags=re.MULTILINE) == _engine.codes()


def test_python_has_no_code_of_its_own() -> None:
    used = set()
    for path in (PROJECT / "python" / "fundholder").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"code=\"(\w+)\"", text))
        used |= set(re.findall(r"Problem\.cell\(\s*\"(\w+)\"", text))
    assert len(used) > 10
    assert used <= set(_engine.codes())


# What is called, and the code, column, row and value of its first problem.
REJECTED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "a value": (
        lambda: fh.variance(pa.table({"practice": ["A"], "scale": [-1.0]}), COSTS),
        ("not_allowed", "scale", 0, -1.0),
    ),
    "a null": (
        lambda: fh.variance(pa.table({"practice": ["A", None]}), COSTS),
        ("null", "practice", 1, None),
    ),
    "a missing column": (
        lambda: fh.variance(pa.table({"count": [1]}), COSTS),
        ("missing_column", "practice", None, None),
    ),
    "a column twice": (
        lambda: fh.variance(pa.table([[1], [1], [1]], ["practice", "count", "count"]), COSTS),
        ("duplicate_column", "count", None, None),
    ),
    "a type": (
        lambda: fh.variance(pa.table({"practice": [1.5]}), COSTS),
        ("wrong_type", "practice", None, None),
    ),
    "a text for a number": (
        lambda: fh.variance(pa.table({"practice": ["A"], "count": ["many"]}), COSTS),
        ("wrong_type", "count", 0, "many"),
    ),
    "a duplicate": (
        lambda: fh.variance(
            LISTS, COSTS, budgets=pa.table({"practice": ["A", "B", "A"], "budget": [1.0, 2.0, 3.0]})
        ),
        ("duplicate", "practice", 2, "A"),
    ),
    "a duplicate that Python finds": (
        lambda: fh.decompose(
            pa.table({"practice": ["A", "B", "A"], "budget": [1.0] * 3, "outturn": [1.0] * 3}),
            LISTS,
            COSTS,
        ),
        ("duplicate", "practice", 2, "A"),
    ),
    "a unit without a budget": (
        lambda: fh.variance(LISTS, COSTS, budgets=pa.table({"practice": ["A"], "budget": [1.0]})),
        ("missing_label", "practice", None, "B"),
    ),
    "a budget without a unit": (
        lambda: fh.variance(
            LISTS, COSTS, budgets=pa.table({"practice": ["A", "B", "C"], "budget": [1.0] * 3})
        ),
        ("unknown_label", "practice", None, "C"),
    ),
    "an unknown unit": (
        lambda: fh.distribution(LISTS, COSTS, units=["Z"]),
        ("unknown_label", "units", None, "Z"),
    ),
    "no rows": (lambda: fh.variance(LISTS.slice(0, 0), COSTS), ("empty", None, None, None)),
    "an argument": (
        lambda: fh.simulate(LISTS, COSTS, replications=0),
        ("argument", "replications", None, 0),
    ),
    "a type of an argument": (
        lambda: fh.simulate(LISTS, COSTS, replications="many"),
        ("wrong_type", "replications", None, "many"),
    ),
    "an infinite variance": (
        lambda: fh.CostModel(
            pa.table({"p_any": [0.3], "family": ["pareto"], "mean": [1.0], "shape": [1.5]})
        ).moments(),
        ("not_computable", None, None, None),
    ),
    "need of nobody": (
        lambda: fh.allocate(NEED.set_column(1, "people", pa.array([5, 0])), need="need", total=100),
        ("not_allowed", "need", None, "B"),
    ),
    "a file": (lambda: fh.read("nowhere.txt"), ("path", None, None, "nowhere.txt")),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_problem_has_a_code_and_where_it_is(name: str) -> None:
    call, expected = REJECTED[name]
    problem = rejection(call).problems[0]
    assert (problem.code, problem.column, problem.row, problem.value) == expected


def test_a_problem_is_its_message_and_says_what_is_allowed() -> None:
    problem = rejection(REJECTED["a value"][0]).problems[0]
    assert (
        problem
        == "column 'scale', row 0: -1: must be a finite number, 0 or more (0, or from 1e-9 to 1e9)"
    )
    assert problem.allowed == "a finite number, 0 or more (0, or from 1e-9 to 1e9)"


def test_engine_and_python_word_a_duplicate_alike() -> None:
    by_engine = rejection(REJECTED["a duplicate"][0]).problems[0]
    by_python = rejection(REJECTED["a duplicate that Python finds"][0]).problems[0]
    words = "column 'practice', row 2: 'A' is a duplicate of row 0: must be unique"
    assert (by_engine, by_python) == (words, words)


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_problems_survive_copies_and_other_processes(again: Any) -> None:
    error = rejection(fh.variance, pa.table({"practice": [None, "A"], "scale": [-1.0, 2.0]}), COSTS)
    other = again(error)
    assert type(other) is type(error) and str(other) == str(error) and other.more == error.more
    assert [vars(problem) for problem in other.problems] == [vars(p) for p in error.problems]


def test_a_problem_says_in_which_file_it_is_and_keeps_its_fields() -> None:
    problem = Problem.cell("null", "budget", 3, None, "a number").at("budgets.csv")
    assert problem == "budgets.csv: column 'budget', row 3: null: must be a number"
    assert (problem.code, problem.column, problem.row) == ("null", "budget", 3)


@pytest.mark.parametrize("rows", [1, 2, 6])
def test_problems_are_the_same_however_a_table_is_cut(banded: fh.CostModel, rows: int) -> None:
    people = pa.table(
        {
            "practice": ["A"] * 6,
            "band": ["old", "X", "X", "Y", None, "X"],
            "count": ["x", "y", "z", "1", "2", "3"],
            "scale": [True] * 6,
        }
    )
    cut = pa.Table.from_batches(people.to_batches(max_chunksize=rows))
    expected = rejection(fh.simulate, people, banded, replications=2).problems
    assert sorted(rejection(fh.simulate, cut, banded, replications=2).problems) == sorted(expected)
    assert [problem.row for problem in expected if problem.code == "unknown_label"] == [1, 3]
