"""Do commands take contracts and services, and settle what the function settles?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from commands import rejected, run
from fundholder import (
    Contract,
    Corridor,
    CostModel,
    Gate,
    SharedSavings,
    StopLoss,
    england,
    read,
    simulate,
    variance,
    write,
)

CONTRACT = Contract(
    [
        StopLoss(5_000, services=["elective", "outpatient"]),
        Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]),
    ]
)
PEOPLE = pa.table({"practice": ["A", "B"], "band": ["male 65-74"] * 2, "count": [900, 1_500]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(PEOPLE, tmp_path / "people.csv")
    write(england.costs(), tmp_path / "costs.csv")
    write(england.services(), tmp_path / "mix.parquet")
    CONTRACT.write(tmp_path / "contract.toml")
    return tmp_path


def test_variance_and_simulate_take_contracts_on_services(folder: Path) -> None:
    costs = CostModel(england.costs(), england.services())
    files = [str(folder / name) for name in ("people.csv", "costs.csv")]
    mix, agreed = str(folder / "mix.parquet"), str(folder / "contract.toml")
    options = ["--services", mix, "--contract", agreed]
    exact, years = folder / "exact.parquet", folder / "years.parquet"
    assert run("variance", *files, *options, "--out", str(exact)).returncode == 0
    assert (
        pa.table(read(exact)).to_pydict() == variance(PEOPLE, costs, contract=CONTRACT).to_pydict()
    )
    drawn = ["--replications", "20", "--summary", "--out", str(years)]
    assert run("simulate", *files, *options, *drawn).returncode == 0
    summary = simulate(PEOPLE, costs, contract=CONTRACT, replications=20).summary()
    assert pa.table(read(years)).to_pydict() == summary.to_pydict()


def test_simulate_takes_budgets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    costs = CostModel(england.costs(), england.services())
    budgets = pa.table({"practice": ["B", "A"], "budget": [8e6, 5e6]})
    write(budgets, folder / "budgets.csv")
    files = [str(folder / name) for name in ("people.csv", "costs.csv")]
    given = ["--budgets", str(folder / "budgets.csv")]
    options = ["--services", str(folder / "mix.parquet"), "--replications", "20", *given]
    agreed = ["--contract", str(folder / "contract.toml")]
    run_of = simulate(PEOPLE, costs, contract=CONTRACT, replications=20)
    for more, expected in [
        (["--summary"], run_of.summary(budgets=budgets)),
        ([], run_of.totals(budgets=budgets)),
    ]:
        out = str(folder / f"years{len(more)}.parquet")
        assert run("simulate", *files, *options, *agreed, *more, "--out", out).returncode == 0
        assert pa.table(read(out)).to_pydict() == expected.to_pydict()
    words = rejected(capsys, "simulate", *files, *options, "--out", str(folder / "out.csv"))
    assert "--budgets is compared with by --summary" in words


def test_settle_carries_columns(folder: Path) -> None:
    Contract(CONTRACT.unit_terms).write(folder / "corridor.json")
    write(
        pa.table({"practice": ["A", "B"], "actual": [110.0, 92.0], "budget": [100.0, 100.0]}),
        folder / "units.csv",
    )
    out = folder / "settled.csv"
    files = [str(folder / name) for name in ("corridor.json", "units.csv")]
    assert run("settle", *files, "--out", str(out)).returncode == 0
    settled = pa.table(read(out))
    assert settled["practice"].to_pylist() == ["A", "B"]
    # The corridor of the Affordable Care Act: 4.1 at 110, -2.5 at 92.
    assert settled["ceded"].to_pylist() == [4.1, -2.5]
    assert settled["kept"].to_pylist() == [105.9, 94.5]


def test_commands_take_scores(folder: Path) -> None:
    gated = Contract([Gate("quality", full=100), SharedSavings(0.5)])
    gated.write(folder / "gated.toml")
    units = pa.table({"practice": ["A", "B"], "actual": [90.0, 80.0], "budget": [100.0, 100.0]})
    scores = pa.table({"practice": ["B", "A"], "quality": [100.0, 50.0]})
    write(units.append_column("quality", pa.array([50.0, 100.0])), folder / "units.csv")
    write(scores, folder / "scores.csv")
    settled, exact = folder / "settled.csv", folder / "exact.parquet"
    files = [str(folder / name) for name in ("gated.toml", "units.csv")]
    assert run("settle", *files, "--out", str(settled)).returncode == 0
    assert pa.table(read(settled))["bonus"].to_pylist() == [2.5, 10.0]
    files = [str(folder / name) for name in ("people.csv", "costs.csv")]
    options = ["--contract", str(folder / "gated.toml"), "--scores", str(folder / "scores.csv")]
    assert run("variance", *files, *options, "--out", str(exact)).returncode == 0
    costs = CostModel(england.costs())
    expected = variance(PEOPLE, costs, contract=gated, scores=scores)
    assert pa.table(read(exact)).to_pydict() == expected.to_pydict()
    drawn = ["--replications", "5", "--out", str(folder / "years.parquet")]
    assert run("simulate", *files, *options, *drawn).returncode == 0


def test_what_settle_rejects(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(pa.table({"actual": [1.0]}), folder / "units.csv")
    write(pa.table({"cost": [1.0]}), folder / "none.csv")
    write(pa.table({"actual": [1.0], "budget": [1.0], "kept": [1.0]}), folder / "kept.csv")
    Contract(CONTRACT.unit_terms).write(folder / "corridor.toml")
    for contract, units, words in [
        ("contract.toml", "units.csv", "use settle_persons, with a row for each person"),
        ("corridor.toml", "units.csv", "budget is None: must be given"),
        ("corridor.toml", "none.csv", "column 'actual' is missing"),
        ("corridor.toml", "kept.csv", "columns of the result"),
    ]:
        files = [str(folder / name) for name in (contract, units)]
        assert words in rejected(capsys, "settle", *files, "--out", str(folder / "out.csv"))
        assert not (folder / "out.csv").exists()
