"""Is what stands at a name replaced with care: its mode, its links, and what was left behind?"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from commands import run_python
from fundholder import InputError, _cli, read, write, write_workbook

LISTS = pa.table({"practice": ["A", "B"], "people": [7_000, 12_000]})
NAMES = ["lists.parquet", "lists.arrow", "lists.csv", "lists.xlsx"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes, pipes and signals of POSIX")

# The file is opened, half of it is written, and then nothing more comes.
WRITES_FOR_EVER = """
import sys, time
import pyarrow as pa, pyarrow.parquet
import fundholder as fh

def half(table, file):
    file.write(b"half of it")
    file.flush()
    print("half", flush=True)
    time.sleep(60)

pyarrow.parquet.write_table = half
fh.write(pa.table({"people": [1]}), sys.argv[1])
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "metadata" not in path.name)


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
@pytest.mark.parametrize("name", NAMES)
def test_the_mode_of_a_file_is_kept(tmp_path: Path, name: str, mode: int) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    path.chmod(mode)
    write(LISTS, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() != b"old"


@POSIX
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("there", [True, False])
def test_a_link_goes_on_to_where_it_leads(tmp_path: Path, name: str, there: bool) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / name, tmp_path / name
    link.symlink_to(target)
    if there:
        target.write_bytes(b"old")
    write(LISTS, link)
    assert link.is_symlink() and target.stat().st_size > 10
    assert names(tmp_path / "there") == [name] and names(tmp_path) == [name, "there"]


@POSIX
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_not_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(InputError, match="a pipe or a device is not replaced"):
        write(LISTS, path)
    assert stat.S_ISFIFO(path.stat().st_mode) and names(tmp_path) == [name]


@POSIX
def test_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "lists.csv").symlink_to(tmp_path / "nowhere" / "lists.csv")
    (tmp_path / "round.csv").symlink_to(tmp_path / "round.csv")
    for name in ("lists.csv", "round.csv"):
        with pytest.raises(InputError, match=rf"{name}: "):
            write(LISTS, tmp_path / name)


def started(path: Path) -> subprocess.Popen[str]:
    """A process that has written half of a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    return process


@POSIX
def test_a_signal_to_end_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    path.write_bytes(b"old")
    with started(path) as process:
        assert len(names(tmp_path)) == 2
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM
    assert names(tmp_path) == ["lists.parquet"] and path.read_bytes() == b"old"


@POSIX
def test_what_a_killed_process_left_is_removed_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lists.parquet"
    other = tmp_path / ".lists.parquet.keep"
    other.write_text("another's")
    with started(path) as killed, started(path) as working:
        killed.kill()
        killed.wait(10)
        assert len(names(tmp_path)) == 3
        write(LISTS, path)
        assert len(names(tmp_path)) == 3, "the file of the process that works, the new one, another"
        working.kill()
    write(LISTS, path)
    assert names(tmp_path) == [".lists.parquet.keep", "lists.parquet"]
    assert read(path).read_all().equals(LISTS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs limits of file sizes")
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_is_full_is_one_line(tmp_path: Path, name: str) -> None:
    program = """
import resource, signal, sys
import pyarrow as pa, numpy as np
import fundholder as fh
table = pa.table({"a": np.random.default_rng(1).random(40_000)})
fh.write(pa.table({"a": [1]}), sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    fh.write(table, sys.argv[1])
except fh.InputError as error:
    print(error, end="")
"""
    path = tmp_path / name
    done = run_python("-c", program, str(path))
    # The limit of a file's size stands for the end of a disk.
    assert done.stdout == f"{path}: cannot be written: File too large", done.stderr
    assert done.stderr == "" and names(tmp_path) == [name]


@POSIX
def test_england_leaves_all_of_its_files_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fundholder import CostModel, england

    lists = pa.table({"practice": ["A", "B"], "icb": ["X", "Y"], "region": ["N", "N"]})
    monkeypatch.setattr(england, "population", lambda year: lists)
    costs = pa.table({"p_any": [0.3], "family": ["fixed"], "mean": [100.0]})
    monkeypatch.setattr(england, "costs", lambda year: CostModel(costs).table)
    real, calls = pq.write_table, []

    def third_fails(table: pa.Table, file: object) -> None:
        calls.append(file)
        if len(calls) == 3:
            raise OSError(28, "disk full")
        real(table, file)

    monkeypatch.setattr(pq, "write_table", third_fails)
    out = tmp_path / "out"
    assert _cli.main(["england", "--replications", "3", "--out", str(out)]) == 2
    assert capsys.readouterr().err == (
        f"fundholder: {out / 'region.parquet'}: cannot be written: No space left on device\n"
    )
    assert not out.exists()
    assert _cli.main(["england", "--replications", "3", "--out", str(out)]) == 0
    assert names(out) == ["icb.parquet", "practice.parquet", "region.parquet"]


# ---- Text that looks like a formula -----------------------------------------------------------
FORMULAS = ["=1+1", "+A1", "-A1*2", "@SUM(A1)", "\tx", "'=1", "''=1"]
PLAIN = ["A", "", "-", "+", "-5", "+1.5", "O'Hara", "'quoted'", "1=1", None]


def test_text_that_looks_like_a_formula_is_marked_in_csv_and_read_as_it_was(tmp_path: Path) -> None:
    table = pa.table({"practice": FORMULAS + PLAIN, "=odd": [-1.5] * len(FORMULAS + PLAIN)})
    path = tmp_path / "labels.csv"
    write(table, path)
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    plain = pyarrow.csv.read_csv(path, convert_options=options)
    assert plain.column_names == ["practice", "'=odd"]
    cells = plain["practice"].to_pylist()
    assert cells[: len(FORMULAS)] == [f"'{text}" for text in FORMULAS]
    assert cells[len(FORMULAS) :] == [text or None for text in PLAIN]
    again = read(path).read_all()
    assert again["practice"].to_pylist() == FORMULAS + [text or None for text in PLAIN]
    assert again["=odd"].to_pylist() == table["=odd"].to_pylist()


def test_text_that_looks_like_a_formula_is_text_in_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    texts = [text for text in FORMULAS if not text.startswith("\t")]
    table = pa.table({"=odd": texts, "category": pa.array(texts).dictionary_encode()})
    path = tmp_path / "labels.xlsx"
    write_workbook({"=1+1": table}, path, about={"=1+1": "=2+2"})
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    held = [cell for cell in cells if isinstance(cell.value, str)]
    assert {cell.data_type for cell in held} == {"s"}
    assert [cell.value for cell in book["=1+1"]["A"]] == ["=odd", *texts]


def test_a_write_is_interrupted_between_its_parts(tmp_path: Path) -> None:
    program = """
import sys, time
import numpy as np, pyarrow as pa
import fundholder as fh
table = pa.table({"a": np.random.default_rng(1).random(60_000_000)})
print("ready", flush=True)
try:
    while True:
        fh.write(table, sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    if sys.platform == "win32":
        pytest.skip("sends the signal of Ctrl-C as POSIX does")
    path = tmp_path / "long.parquet"
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(1)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        # A second is promised; the rest is for a machine that does other work beside.
        assert time.monotonic() - sent < 3
    assert set(names(tmp_path)) <= {"long.parquet"}
