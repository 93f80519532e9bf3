"""Do files hold the table and what it was made from, and appear whole or not at all?"""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from fundholder import (
    CostModel,
    InputError,
    Simulation,
    StopLoss,
    __version__,
    read,
    simulate,
    write,
)

ENDINGS = ["parquet", "arrow", "csv"]


@pytest.fixture(scope="module")
def run(people: pa.Table, banded: CostModel) -> Simulation:
    contract = StopLoss(4_000.5, share=0.8, limit=30_000)
    return simulate(
        people,
        banded,
        replications=6,
        seed=2**64 - 1,
        stop_loss=contract,
        practice_sd=0.1,
        national_sd=0.02,
    )


def metadata(table: pa.Table) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in table.schema.metadata.items()}


# ---- What is written is read ------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_results_read_back(run: Simulation, tmp_path: Path, ending: str) -> None:
    for name, table in (("totals", run.totals()), ("summary", run.summary())):
        path = tmp_path / f"{name}.{ending}"
        write(table, path)
        again = read(path).read_all()
        assert again.equals(table)
        assert metadata(again) | run.metadata == metadata(again)


def test_a_summary_as_csv_reads_back(run: Simulation, tmp_path: Path) -> None:
    write(run.summary(), tmp_path / "summary.csv")
    assert read(tmp_path / "summary.csv").read_all().equals(run.summary())


def test_totals_as_csv_have_a_row_for_each_replication(run: Simulation, tmp_path: Path) -> None:
    write(run.totals(), tmp_path / "totals.csv")
    again = read(tmp_path / "totals.csv").read_all()
    assert again.column_names == ["practice", "people", "replication", "gross", "net"]
    assert again.num_rows == 7 * 6
    assert again["replication"].to_pylist() == list(range(6)) * 7
    net = np.array(again["net"].to_pylist()).reshape(7, 6)
    assert np.array_equal(net, np.array(run.totals()["net"].to_pylist()))


def test_metadata_stands_beside_a_csv(run: Simulation, tmp_path: Path) -> None:
    write(run.totals(), tmp_path / "totals.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["totals.csv", "totals.csv-metadata.json"]
    beside = json.loads((tmp_path / "totals.csv-metadata.json").read_text(encoding="utf-8"))
    assert beside == run.metadata


def test_labels_that_look_like_numbers_stay_text_in_csv(tmp_path: Path) -> None:
    table = pa.table({"practice": ["01", "1"], "ward": ["007", "7"], "count": [1, 2]})
    write(table, tmp_path / "people.csv")
    assert read(tmp_path / "people.csv", ["ward"]).read_all().equals(table)
    assert read(tmp_path / "people.csv").read_all()["ward"].to_pylist() == [7, 7]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_population_in_a_file_is_that_population(
    people: pa.Table, banded: CostModel, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"people.{ending}"
    write(people, path)
    terms: dict[str, Any] = {"replications": 5, "stop_loss": 4_000}
    once = simulate(people, banded, **terms).totals()
    assert simulate(read(path), banded, **terms).totals().equals(once)


# ---- What it was made from --------------------------------------------------------------------
def test_every_result_says_what_it_was_made_from(run: Simulation, people: pa.Table) -> None:
    for table, of in (
        (run.totals(), {}),
        (run.summary(), {"fundholder.of": "net"}),
        (run.summary(of="gross"), {"fundholder.of": "gross"}),
    ):
        written = metadata(table)
        assert written == run.metadata | of
        assert written["fundholder.version"] == __version__
        assert written["fundholder.seed"] == str(2**64 - 1)
        assert written["fundholder.population_rows"] == str(people.num_rows)


def test_a_result_is_replayed_from_its_file(
    run: Simulation, people: pa.Table, banded: CostModel, tmp_path: Path
) -> None:
    write(run.totals(), tmp_path / "totals.parquet")
    written = metadata(pq.read_table(tmp_path / "totals.parquet"))
    text = written["fundholder.stop_loss"]
    terms = re.fullmatch(r"ceiling (\S+), share (\S+), limit (\S+)", text)
    assert terms, text
    again = simulate(
        people,
        banded,
        replications=int(written["fundholder.replications"]),
        seed=int(written["fundholder.seed"]),
        stop_loss=StopLoss(*map(float, terms.groups())),
        practice_sd=float(written["fundholder.practice_sd"]),
        national_sd=float(written["fundholder.national_sd"]),
    )
    assert again.totals().equals(run.totals()) and again.metadata == run.metadata


def test_the_digest_of_costs_sees_every_change(people: pa.Table, banded: CostModel) -> None:
    table = banded.table
    digests = set()
    for name, values in (
        ("mean", [1_500.0, 4_000.0]),
        ("mean", [1_500.0, 4_000.0 * (1 + 2**-52)]),
        ("shape", [1.6, 0.6]),
        ("p_any", [0.2, 0.7]),
        ("family", ["gamma", "gamma"]),
    ):
        changed = CostModel(table.set_column(table.column_names.index(name), name, [values]))
        run = simulate(people, changed, replications=1)
        digests.add(run.metadata["fundholder.costs_digest"])
    assert len(digests) == 5


def test_the_digest_sees_who_belongs_to_which_unit(costs: CostModel) -> None:
    digests = {
        simulate(
            pa.table({"practice": ["A", "B"], "icb": icbs}), costs, by="icb", replications=1
        ).metadata["fundholder.population_digest"]
        for icbs in (["X", "Y"], ["Y", "X"], ["X", "X"])
    }
    assert len(digests) == 3


# ---- Whole or not at all ----------------------------------------------------------------------
@pytest.mark.parametrize("before", [None, "an older result"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_while_writing_leaves_all_as_it_was(
    run: Simulation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    before: str | None,
) -> None:
    path = tmp_path / f"totals.{ending}"
    if before is not None:
        path.write_text(before)

    def half(file: Any, *_: Any) -> NoReturn:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(pq, "write_table", lambda _, file: half(file))
    monkeypatch.setattr(pyarrow.feather, "write_feather", lambda _, file: half(file))
    monkeypatch.setattr(pyarrow.csv, "CSVWriter", half)
    with pytest.raises(InputError, match=r"cannot be written: No space left on device$") as caught:
        write(run.totals(), path)
    assert [problem.code for problem in caught.value.problems] == ["path"]
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == (
        {} if before is None else {path.name: before}
    )


def test_a_new_file_replaces_the_old_and_may_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    (tmp_path / "other").touch()
    for people in (1, 2):
        write(pa.table({"people": [people]}), path)
        assert read(path).read_all()["people"].to_pylist() == [people]
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("totals.xls", "must end in .parquet, .csv, .arrow, .xlsx"),
        ("totals", "must end in"),
        ("nowhere/totals.csv", "nowhere must be a folder that exists"),
        ("a_file/totals.csv", "a_file must be a folder that exists"),
        ("a_folder.csv", "must not be a folder"),
    ],
)
def test_names_that_cannot_be_written(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder.csv").mkdir()
    with pytest.raises(InputError, match=says):
        write(pa.table({"x": [1]}), tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a_file", "a_folder.csv"]


def test_a_folder_that_may_not_be_written_to() -> None:
    # /proc takes no files from anyone, the superuser included.
    if not Path("/proc/self").is_dir():
        pytest.skip("needs a /proc that cannot be written to")
    with pytest.raises((InputError, OSError)):
        write(pa.table({"x": [1]}), "/proc/totals.csv")


# ---- Files that cannot be read ----------------------------------------------------------------
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"people.{ending}"
    path.write_bytes(b"\x00\xff" * 50 if ending != "csv" else b"")
    with pytest.raises(InputError, match=r"people\.\w+: cannot be read"):
        read(path)


@pytest.mark.parametrize("name", ["people.txt", "people.parquet"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="must "):
        read(tmp_path / name)
