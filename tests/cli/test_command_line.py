"""Do the commands do what the functions do, and say clearly what they reject?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from commands import rejected, rejected_untouched, run
from fundholder import (
    CostModel,
    StopLoss,
    __version__,
    _cli,
    minimum_population,
    read,
    simulate,
    stop_loss,
    variance,
    write,
)
from fundholder._risk.size_bands import size_bands


@pytest.fixture
def inputs(people: pa.Table, banded: CostModel, tmp_path: Path) -> list[str]:
    """Files of people and costs, and nothing else yet."""
    write(people, tmp_path / "people.parquet")
    pa.csv.write_csv(banded.table, tmp_path / "costs.csv")
    return [str(tmp_path / "people.parquet"), str(tmp_path / "costs.csv")]


# ---- The installed command --------------------------------------------------------------------
def test_the_command_says_its_version() -> None:
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"fundholder {__version__}\n")


def test_england_in_a_pipe_writes_and_prints_its_results(tmp_path: Path) -> None:
    result = run("england", "--replications", "2", "--seed", "3", "--out", str(tmp_path / "out"))
    assert (result.returncode, result.stderr) == (0, "")  # no progress bar
    assert re.search(r"6[0-9],\d{3},\d{3} people, 6,348 practices", result.stdout)
    assert "£20,000 a person-year" in result.stdout and "20,000+" in result.stdout
    assert "\x1b" not in result.stdout and "nan" not in result.stdout.lower()
    rows = {"practice": 6_348, "icb": 42, "region": 7}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f"{name}.parquet" for name in rows}
    for level, units in rows.items():
        table = pq.read_table(tmp_path / "out" / f"{level}.parquet")
        assert table.num_rows == units
        assert {level, "cv", "cv_se", "gross_cv", "gross_cv_se"} <= set(table.column_names)
        assert table.schema.metadata[b"fundholder.seed"] == b"3"


def test_bad_input_from_a_shell_is_rejected(tmp_path: Path) -> None:
    result = run("simulate", str(tmp_path / "a.csv"), "b.csv", "--out", str(tmp_path / "c.csv"))
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith("fundholder: ") and "must be a file" in result.stderr
    assert list(tmp_path.iterdir()) == []


# ---- Simulating files -------------------------------------------------------------------------
TERMS = ["--ceiling", "4000", "--share", "0.8", "--limit", "9000", "--seed", "7"]
TERMS += ["--replications", "5", "--practice-sd", "0.1", "--national-sd", "0.02", "--threads", "2"]


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
@pytest.mark.parametrize("level", ["practice", "icb"])
def test_simulate_is_the_function(
    people: pa.Table,
    banded: CostModel,
    inputs: list[str],
    tmp_path: Path,
    ending: str,
    level: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = simulate(
        people,
        banded,
        replications=5,
        seed=7,
        by=level,
        stop_loss=StopLoss(4_000, 0.8, 9_000),
        practice_sd=0.1,
        national_sd=0.02,
    )
    path = tmp_path / f"result.{ending}"
    arguments = ["simulate", *inputs, *TERMS, "--by", level, "--out", str(path)]
    assert _cli.main([*arguments, "--summary"]) == 0
    # In a CSV file, a column of doubles that are all whole looks like one of integers.
    assert read(path).read_all().cast(expected.summary().schema).equals(expected.summary())
    assert _cli.main(arguments) == 0
    written = read(path).read_all()
    if ending == "csv":
        assert written.num_rows == 5 * expected.totals().num_rows
    else:
        assert written.equals(expected.totals())
    assert capsys.readouterr().err == ""


def test_simulate_takes_a_table_of_events(inputs: list[str], tmp_path: Path) -> None:
    # The people have no p_any of 1, which events would reject.
    costs = tmp_path / "events.csv"
    costs.write_text("band,rate,family,mean,shape\nold,0.2,fixed,6000,\nyoung,0.1,gamma,900,2\n")
    path = tmp_path / "totals.parquet"
    arguments = ["simulate", inputs[0], str(costs), "--events", "--out", str(path)]
    assert _cli.main([*arguments, "--replications", "3"]) == 0
    assert pq.read_table(path).num_rows == 7


# ---- Rejections ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--replications", "0"], "replications is 0"),
        (["--replications", "many"], "invalid int value: 'many'"),
        (["--seed", "-1"], "seed is -1"),
        (["--ceiling", "-1"], "ceiling is -1"),
        (["--ceiling", "nan"], "ceiling is nan"),
        (["--ceiling", "9", "--share", "2"], "share is 2.0"),
        (["--practice-sd", "-1"], "practice_sd is -1"),
        (["--threads", "0"], "threads is 0"),
        (["--by", "ward"], "column 'ward' is missing"),
        (["--by", "icb", "--by", "practice"], "--by was given 2 times"),
        (["--events"], "column 'rate' is missing"),
        (["--share", "0.5"], "--ceiling"),
        (["--limit", "500"], "--ceiling"),
    ],
)
def test_bad_options_write_nothing(
    inputs: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    command = ["simulate", *inputs, "--out", str(tmp_path / "totals.parquet")]
    assert says in rejected_untouched(tmp_path, capsys, *command, *arguments)


@pytest.mark.parametrize("out", ["totals.ods", "nowhere/totals.csv", "people.parquet/totals.csv"])
def test_bad_outputs_are_rejected_and_write_nothing(
    inputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    command = ["simulate", *inputs, "--out", str(tmp_path / out)]
    assert out.split("/")[-1] in rejected_untouched(tmp_path, capsys, *command)


@pytest.mark.parametrize("damaged_input", ["population", "costs"])
def test_a_damaged_file_is_rejected_and_nothing_written(
    inputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged_input: str
) -> None:
    # Whole at both ends, so that it fails only when its middle is read.
    names = [f"{i:09}" for i in range(9_999)]
    intact = pa.table({"practice": names, "band": ["old"] * 9_999})
    damaged = tmp_path / "damaged.parquet"
    write(intact, damaged)
    content = bytearray(damaged.read_bytes())
    content[40:4_000] = b"\xff" * 3_960
    damaged.write_bytes(content)
    inputs[damaged_input == "costs"] = str(damaged)
    command = ["simulate", *inputs, "--out", str(tmp_path / "totals.csv")]
    assert "cannot be read" in rejected_untouched(tmp_path, capsys, *command)


@pytest.mark.parametrize(
    "arguments",
    [["--year", "2011"], ["--replications", "0"], ["--seed", "-1"], ["--ceiling", "-5"]],
)
def test_bad_england_leaves_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    said = rejected(capsys, "england", "--out", str(tmp_path / "out"), *arguments)
    assert f"{arguments[0][2:]} is {arguments[1]}" in said
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert "invalid choice: 'scotland'" in rejected(capsys, "scotland")
    assert "required: command" in rejected(capsys)


# ---- Help -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "command", ["england", "simulate", "variance", "stop-loss", "pool-size", "fit", "allocate"]
)
def test_help_teaches_by_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        _cli.main([command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    examples = text.split("examples:\n")[1]
    lines = [line for line in examples.splitlines() if line.strip().startswith("fundholder ")]
    assert len(lines) >= 3
    # Every example is one that the command understands.
    for line in lines:
        _cli._parser().parse_args(line.split()[1:])


# ---- Exact answers ----------------------------------------------------------------------------
@pytest.fixture
def lists() -> pa.Table:
    """Three practices in two ICBs."""
    return pa.table(
        {
            "practice": ["A", "A", "B", "B", "C"],
            "icb": ["X", "X", "X", "X", "Y"],
            "band": ["young", "old", "young", "old", "old"],
            "count": [5_000, 2_000, 900, 100, 2_000],
        }
    )


@pytest.fixture
def listed(lists: pa.Table, banded: CostModel, tmp_path: Path) -> list[str]:
    """Files of those lists and their costs, and nothing else yet."""
    write(lists, tmp_path / "lists.parquet")
    pa.csv.write_csv(banded.table, tmp_path / "costs.csv")
    return [str(tmp_path / "lists.parquet"), str(tmp_path / "costs.csv")]


def in_rows(table: pa.Table, like: pa.Table) -> list[dict[str, object]]:
    """Rows whose types are those of the function's result: a CSV file has lost them."""
    return table.cast(like.schema.remove_metadata()).to_pylist()


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_variance_is_the_function(
    lists: pa.Table,
    banded: CostModel,
    listed: list[str],
    tmp_path: Path,
    ending: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    budgets = pa.table({"icb": ["X", "Y"], "budget": [8_200_000, 4_700_000]})
    pa.csv.write_csv(budgets, tmp_path / "budgets.csv")
    expected = variance(
        lists,
        banded,
        by="icb",
        budgets=budgets,
        stop_loss=StopLoss(4_000, 0.8, 9_000),
        practice_sd=0.1,
        national_sd=0.02,
        thresholds=[0.1, 0.3],
        quantiles=[0.25],
        of="gross",
    )
    path = tmp_path / f"variance.{ending}"
    arguments = ["variance", *listed, "--by", "icb", "--budgets", str(tmp_path / "budgets.csv")]
    arguments += ["--ceiling", "4000", "--share", "0.8", "--limit", "9000", "--of", "gross"]
    arguments += ["--practice-sd", "0.1", "--national-sd", "0.02", "--quantile", "0.25"]
    arguments += ["--threshold", "0.10", "--threshold", "0.3", "--out", str(path)]
    assert _cli.main(arguments) == 0
    assert in_rows(read(path).read_all(), expected) == expected.to_pylist()
    output = capsys.readouterr()
    assert output.err == "" and f"{path}: 2 by icb, 10,000 people" in output.out


@pytest.mark.parametrize("method", ["moments", "simulation"])
def test_other_methods_of_variance_are_those_of_the_function(
    lists: pa.Table, banded: CostModel, listed: list[str], tmp_path: Path, method: Any
) -> None:
    expected = variance(lists, banded, method=method, replications=20, seed=4)
    path = tmp_path / "variance.arrow"
    arguments = ["variance", *listed, "--method", method, "--out", str(path)]
    assert _cli.main([*arguments, "--replications", "20", "--seed", "4"]) == 0
    assert read(path).read_all().equals(expected)


def test_stop_loss_is_the_function(
    lists: pa.Table, banded: CostModel, listed: list[str], tmp_path: Path
) -> None:
    expected = stop_loss(
        lists, banded, ceilings=[5_000, None], by="icb", practice_sd=0.05, thresholds=[0.1]
    )
    path = tmp_path / "sweep.parquet"
    arguments = ["stop-loss", *listed, "--ceiling", "5000", "--ceiling", "none", "--by", "icb"]
    arguments += ["--practice-sd", "0.05", "--threshold", "0.1", "--out", str(path)]
    assert _cli.main(arguments) == 0
    assert read(path).read_all().equals(expected)
    assert _cli.main([*arguments, "--by-size"]) == 0
    assert read(path).read_all().equals(size_bands(expected))


def test_events_have_exact_answers_too(listed: list[str], tmp_path: Path) -> None:
    costs = tmp_path / "events.csv"
    costs.write_text("band,rate,family,mean,shape\nold,0.2,fixed,6000,\nyoung,0.1,gamma,900,2\n")
    path = tmp_path / "result.parquet"
    for command in (["variance"], ["stop-loss", "--ceiling", "5000"]):
        arguments = [*command, listed[0], str(costs), "--events", "--out", str(path)]
        assert _cli.main(arguments) == 0
        assert pq.read_table(path).num_rows == 3


def test_pool_size_is_the_function(
    costs: CostModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costly = pa.table({"practice": ["A", "B"], "count": [3, 1], "scale": [2.0, 2.0]})
    write(costly, tmp_path / "people.parquet")
    pa.csv.write_csv(costs.table, tmp_path / "costs.csv")
    expected = minimum_population(
        costs, tolerance=0.1, probability=0.05, population=costly, stop_loss=20_000
    )
    path = tmp_path / "pool.parquet"
    arguments = ["pool-size", str(tmp_path / "costs.csv"), "--ceiling", "20000"]
    arguments += ["--tolerance", "0.1", "--probability", "0.05"]
    arguments += ["--population", str(tmp_path / "people.parquet")]
    assert _cli.main(arguments) == 0
    assert f"{expected['people'][0].as_py():,} people: a year is further" in capsys.readouterr().out
    assert not path.exists()
    assert _cli.main([*arguments, "--out", str(path)]) == 0
    assert read(path).read_all().to_pylist() == expected.to_pylist()


def test_no_pool_is_an_answer(
    costs: CostModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pa.csv.write_csv(costs.table, tmp_path / "costs.csv")
    arguments = ["pool-size", str(tmp_path / "costs.csv"), "--ceiling", "20000"]
    arguments += ["--practice-sd", "0.2", "--tolerance", "0.1", "--probability", "0.05"]
    assert _cli.main(arguments) == 0
    assert "No pool is large enough" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "ending"), [("variance", "png"), ("variance", "svg"), ("stop-loss", "pdf")]
)
def test_charts_are_written_by_their_ending(
    listed: list[str], tmp_path: Path, command: str, ending: str
) -> None:
    chart = tmp_path / f"chart.{ending}"
    arguments = [command, *listed, "--out", str(tmp_path / "a.csv"), "--plot", str(chart)]
    arguments += ["--ceiling", "20000"]
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert str(chart) in result.stdout
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert chart.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["variance", "--by", "icb", "--by", "practice"], "--by was given 2 times"),
        (["variance", "--threshold", "2"], "thresholds is 2.0"),
        (["variance", "--threads", "0"], "threads is 0"),
        (["variance", "--quantile", "1"], "quantiles is 1.0"),
        (["variance", "--method", "guess"], "invalid choice: 'guess'"),
        (["variance", "--of", "profit"], "invalid choice: 'profit'"),
        (["variance", "--share", "0.5"], "--ceiling"),
        (["variance", "--budgets", "nowhere.csv"], "nowhere.csv: must be a file"),
        (["variance", "--plot", "a.jpg"], "a.jpg: the name must end in .png, .svg, .pdf"),
        (["variance", "--plot", "nowhere/a.png"], "nowhere must be a folder that exists"),
        (["variance", "--method", "moments", "--plot", "a.png"], "--plot shows quantiles"),
        (["variance", "--by", "ward"], "column 'ward' is missing"),
        (["stop-loss"], "required: --ceiling"),
        (["stop-loss", "--ceiling", "much"], "'much': must be a number of £, or none"),
        (["stop-loss", "--ceiling", "-1"], "ceilings is -1.0"),
        (["stop-loss", "--ceiling", "9", "--threads", "0"], "threads is 0"),
        (["stop-loss", "--ceiling", "9", "--ceiling", "9"], "ceilings is 9.0"),
        (["stop-loss", "--ceiling", "9", "--practice-sd", "-1"], "practice_sd is -1"),
    ],
)
def test_exact_commands_reject_and_write_nothing(
    listed: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *options = arguments
    command = [name, *listed, "--out", "result.parquet", *options]
    assert says in rejected_untouched(tmp_path, capsys, *command)


def test_a_result_does_not_replace_its_budgets(
    listed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = tmp_path / "budgets.csv"
    budgets.write_text("practice,budget\nA,1\n")
    arguments = ["variance", *listed, "--budgets", str(budgets), "--out", str(budgets)]
    assert "must not be a file that is read" in rejected(capsys, *arguments)
    assert budgets.read_text().startswith("practice,budget\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--probability", "0.1"], "required: --tolerance"),
        (["--tolerance", "0", "--probability", "0.1"], "tolerance is 0.0"),
        (["--tolerance", "0.1", "--probability", "1"], "probability is 1.0"),
        (["--tolerance", "0.1", "--probability", "0.1"], "population is None"),  # two bands
        (["--tolerance", "0.1", "--probability", "0.1", "--threads", "0"], "threads is 0"),
        (["--tolerance", "0.1", "--probability", "0.1", "--out", "a.txt"], "must end in"),
    ],
)
def test_bad_pool_sizes_are_rejected(
    listed: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert says in rejected(capsys, "pool-size", listed[1], *arguments)
