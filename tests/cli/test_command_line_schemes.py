"""Does the command ``scheme`` do what the functions do, and say clearly what it rejects?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from commands import rejected, rejected_untouched, run
from fundholder import (
    Contract,
    CostModel,
    Gate,
    Participation,
    Reserve,
    Scheme,
    SharedSavings,
    StopLoss,
    Tier,
    _cli,
    compare_schemes,
    england,
    read,
    run_scheme,
    schemes,
    write,
)

PEOPLE = pa.table({"practice": ["A", "B"], "band": ["male 65-74"] * 2, "count": [900, 1_500]})
MINE = Scheme(
    "mine",
    [Tier("all", contract=Contract([StopLoss(20_000, to="pool")]), reserve=Reserve(debt=0.05))],
    years=2,
)
GATED = Scheme(
    "gated", [Tier("all", contract=Contract([Gate("quality", full=100), SharedSavings(0.5)]))]
)
DRUGS = Scheme("drugs alone", [Tier("all", scope=["drugs"])])
GIVEN: dict[str, Any] = {"replications": 8, "seed": 3}
DRAWS = ["--replications", "8", "--seed", "3"]


def costs() -> CostModel:
    return CostModel(england.costs(), england.services())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(PEOPLE, tmp_path / "people.csv")
    MINE.write(tmp_path / "mine.toml")
    DRUGS.write(tmp_path / "drugs.toml")
    GATED.write(tmp_path / "gated.toml")
    return tmp_path


def scheme(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints that ends well."""
    assert _cli.main(["scheme", *arguments]) == 0
    return capsys.readouterr().out


def table(path: Path) -> pa.Table:
    return pa.table(read(path))


# ---- what there is -----------------------------------------------------------------------------
def test_list_names_every_scheme() -> None:
    done = run("scheme", "list")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    known = schemes().to_pylist()
    assert [line.split()[0] for line in lines] == [row["name"] for row in known]
    assert all(line.endswith(row["title"]) for line, row in zip(lines, known, strict=True))


def test_show_says_what_a_scheme_is_and_writes_a_copy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "copy.toml"
    text = scheme(capsys, "show", "fundholding-1991", "--out", str(out))
    assert "GP fundholding, 1991 (fundholding-1991)" in text
    assert "tier.fundholder.contract.1.ceiling = 5000  [SI 1994/640, explanatory note]" in text
    assert "[assumption]" in text and text.endswith(f"Written: {out}\n")
    assert Scheme.read(out) == Scheme.read("fundholding-1991")
    assert "mine" in scheme(capsys, "show", str(folder / "mine.toml"))


def test_check_counts_what_a_file_assumes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = scheme(capsys, "check", str(folder / "gated.toml"))
    assert "gated, tiers all" in text and "of them assumptions" in text
    assert "a run needs scores: quality" in text
    assert "scores" not in scheme(capsys, "check", str(folder / "mine.toml"))


# ---- runs --------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_run_writes_what_the_function_gives(folder: Path, ending: str) -> None:
    outs = {name: folder / f"{name}.{ending}" for name in ("out", "flows", "holders")}
    files = [word for name, path in outs.items() for word in (f"--{name}", str(path))]
    people = ["--people", str(folder / "people.csv"), "--practice-sd", "0.02"]
    done = run("scheme", "run", str(folder / "mine.toml"), *people, *DRAWS, *files)
    assert (done.returncode, done.stderr) == (0, "")
    expected = run_scheme(PEOPLE, costs(), MINE, practice_sd=0.02, **GIVEN)
    tables = {"out": expected.table, "flows": expected.flows(), "holders": expected.holders()}
    for name, path in outs.items():
        assert table(path).to_pydict() == tables[name].to_pydict()
        assert f"Written: {path}: {tables[name].num_rows:,} rows" in done.stdout
    assert "who bears the variation of all care" in done.stdout


def test_run_takes_costs_services_scores_budgets_and_years(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = pa.table({"practice": ["B", "A"], "quality": [100.0, 50.0]})
    budgets = pa.table({"practice": ["A", "B"], "budget": [4.4e6, 6.6e6]})
    inputs = {"costs": england.costs(), "services": england.services()}
    inputs |= {"scores": scores, "budgets": budgets}
    files = ["--people", str(folder / "people.csv")]
    for name, content in inputs.items():
        write(content, folder / f"{name}.parquet")
        files += [f"--{name}", str(folder / f"{name}.parquet")]
    out = folder / "out.parquet"
    options = ["--years", "1", "--behaviour", "--threads", "1", "--out", str(out)]
    scheme(capsys, "run", str(folder / "gated.toml"), *files, *DRAWS, *options)
    given = {"years": 1, "behaviour": True, "scores": scores, "budgets": budgets} | GIVEN
    assert table(out).to_pydict() == run_scheme(PEOPLE, costs(), GATED, **given).table.to_pydict()


def test_services_are_read_without_costs_of_ones_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix = {"rank_from": [0.0, 0.0], "rank_to": [1.0, 1.0], "service": ["beds", "drugs"]}
    services = pa.table(mix | {"share": [0.6, 0.4]})
    write(services, folder / "mix.csv")
    out = folder / "out.parquet"
    files = ["--people", str(folder / "people.csv"), "--services", str(folder / "mix.csv")]
    options = [*DRAWS, "--years", "1", "--out", str(out)]
    scheme(capsys, "run", str(folder / "drugs.toml"), *files, *options)
    model = CostModel(england.costs(), services)
    assert (
        table(out).to_pydict()
        == run_scheme(PEOPLE, model, DRUGS, years=1, **GIVEN).table.to_pydict()
    )


def test_compare_writes_tables_below_each_other_or_differences(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["pbc-2006", str(folder / "mine.toml")]
    people = ["--people", str(folder / "people.csv"), "--years", "2"]
    expected = compare_schemes(PEOPLE, costs(), names, years=2, **GIVEN)
    for options, of_function in (
        ([], expected.table),
        (["--base", "mine"], expected.differences("mine")),
    ):
        out = folder / f"out{len(options)}.parquet"
        text = scheme(capsys, "compare", *names, *people, *DRAWS, *options, "--out", str(out))
        assert table(out).to_pydict() == of_function.to_pydict()
        assert text.startswith(str(expected))


def test_blocks_are_kept_and_used_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(folder / "mine.toml"), "--people", str(folder / "people.csv"), *DRAWS]
    given += ["--blocks", str(folder / "blocks")]
    first = scheme(capsys, "run", *given)
    assert {path.suffix for path in (folder / "blocks").iterdir()} == {".json", ".npz"}
    assert scheme(capsys, "run", *given) == first
    said = rejected(capsys, "scheme", "run", *given, "--years", "1")
    assert "has blocks of another run" in said


def test_a_tier_with_nobody_is_noted_on_standard_error(folder: Path) -> None:
    few = Scheme("few", [Tier("large", who=Participation("above", people=5_000))])
    few.write(folder / "few.toml")
    files = [str(folder / "few.toml"), "--people", str(folder / "people.csv")]
    done = run("scheme", "run", *files, *DRAWS, "--years", "1")
    assert done.returncode == 0
    assert done.stderr.startswith("fundholder: note: scheme few, tier large: nobody takes part")
    assert "holds a budget: 0 % of people" in done.stdout


# ---- what is rejected --------------------------------------------------------------------------
REJECTED: list[tuple[list[str], list[str]]] = [
    (["show", "fundholding-1992"], ["'fundholding-1992'", "nearest: fundholding-1991"]),
    (["show", "FOLDER/none.toml"], ["none.toml"]),
    (["check", "FOLDER/wrong.toml"], ["2 problems", "tier one, who", "nearest: gain"]),
    (["run", "pbra-20"], ["nearest: pbra-20k"]),
    (["run", "mine", "--years", "0"], ["2 problems", "'mine'", "years is 0"]),
    (["run", "FOLDER/mine.toml", "--replications", "0"], ["replications is 0"]),
    (["run", "FOLDER/mine.toml", "--seed", "x"], ["--seed"]),
    (["run", "FOLDER/gated.toml"], ["the score 'quality'", "tier all"]),
    (["run", "FOLDER/mine.toml", "--out", "FOLDER/out.doc"], ["out.doc"]),
    (["run", "FOLDER/mine.toml", "--flows", "FOLDER/none/out.csv"], ["none"]),
    (["run", "FOLDER/mine.toml", "--out", "FOLDER/people.csv"], ["--out", "people.csv"]),
    (["run", "FOLDER/mine.toml", "--holders", "FOLDER/people.csv"], ["--holders", "people.csv"]),
    (["run", "FOLDER/mine.toml", "--budgets", "FOLDER/people.csv"], ["'budget' is missing"]),
    (["run", "FOLDER/mine.toml", "--costs", "FOLDER/costs.csv"], ["a cost model with services"]),
    (["run", "ccg-2013"], ["'icb'", "a column of the population"]),
    (["compare", "pbc-2006", "pbc-2006"], ["'pbc-2006'", "the name of one scheme"]),
    (["compare", "pbc-2006", "--base", "pbc"], ["'pbc'", "schemes of this comparison"]),
    (["compare"], ["scheme"]),
    ([], ["action"]),
    (["draw"], ["'draw'", "compare"]),
]


@pytest.mark.parametrize(("arguments", "words"), REJECTED)
def test_bad_input_is_rejected_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    write(england.costs(), folder / "costs.csv")
    (folder / "wrong.toml").write_text(
        'name = "wrong"\n[[tier]]\nname = "one"\nwho = { rule = "volunteers" }\n'
        "result = { gian = 1.0 }\n"
    )
    words_of_call = [word.replace("FOLDER", str(folder)) for word in arguments]
    if words_of_call[:1] in (["run"], ["compare"]) and len(words_of_call) > 1:
        words_of_call += ["--people", str(folder / "people.csv")]
        if "--out" not in words_of_call:
            words_of_call += ["--out", str(folder / "result.csv")]
    said = rejected_untouched(folder, capsys, "scheme", *words_of_call)
    assert not [word for word in words if word not in said], said
