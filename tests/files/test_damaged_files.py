"""Is a damaged file a table or an error of the package, and never the end of the process?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from fundholder import CostModel, InputError, fit_formula, read, simulate, variance, write

TOOL = Path(__file__).resolve().parents[2] / "tools" / "read_damaged_files.py"


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.skipif(
    int(pa.__version__.split(".")[0]) < 15, reason="pyarrow 14 ends the process itself on some"
)
def test_damaged_files_are_read_or_rejected() -> None:
    # In processes of their own: the fault that is looked for ends them.
    command = [sys.executable, str(TOOL), "300", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def inconsistent(kind: str) -> pa.Table:
    """A table of pyarrow's own whose parts do not fit together."""
    if kind == "text that ends before it begins":
        ends = pa.array([0, 2, 1], pa.int32()).buffers()[1]
        practice = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"AB")])
    elif kind == "text that is no UTF-8":
        ends = pa.array([0, 1, 2], pa.int32()).buffers()[1]
        practice = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"\xff\xfe")])
    else:
        codes = pa.array([0, 7], pa.int32())
        practice = pa.DictionaryArray.from_arrays(codes, pa.array(["A"]), safe=False)
    return pa.table({"practice": practice, "need": [1.0, 2.0]})


@pytest.mark.parametrize(
    "kind", ["text that ends before it begins", "text that is no UTF-8", "a code of no entry"]
)
@pytest.mark.parametrize("reader", [False, True])
def test_tables_whose_parts_do_not_fit_are_rejected(
    costs: CostModel, tmp_path: Path, kind: str, reader: bool
) -> None:
    table = inconsistent(kind)
    calls = [
        ("population", lambda rows: simulate(rows, costs, replications=2)),
        ("population", lambda rows: variance(rows, costs)),
        ("persons", lambda rows: fit_formula(rows, cost="need", categories="practice")),
    ]
    if not reader:
        calls.append(("table", lambda rows: write(rows, tmp_path / "table.csv")))
    for name, call in calls:
        with pytest.raises(InputError, match=f"^{name} cannot be read: ") as caught:
            call(table.to_reader() if reader else table)
        assert [problem.code for problem in caught.value.problems] == ["unreadable"]


def test_what_a_damaged_file_says_names_the_file(costs: CostModel, tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    write(pa.table({"practice": [f"P{i}" for i in range(5_000)]}), path)
    data = bytearray(path.read_bytes())
    data[100:400] = bytes(300)
    path.write_bytes(bytes(data))
    for call in (lambda: read(path).read_all(), lambda: simulate(read(path), costs)):
        with pytest.raises(InputError, match=r"people\.parquet: cannot be read: ") as caught:
            call()
        assert [problem.code for problem in caught.value.problems] == ["unreadable"]


@pytest.mark.parametrize("of_column", [False, True])
def test_metadata_that_are_no_text_are_rejected(costs: CostModel, of_column: bool) -> None:
    binary = {b"made by": b"\xff\xfe"}
    field = pa.field("practice", pa.string(), metadata=binary if of_column else None)
    schema = pa.schema([field], metadata=None if of_column else binary)
    table = pa.table([pa.array(["A"])], schema=schema)
    with pytest.raises(InputError, match="the metadata b'made by' are no text") as caught:
        variance(table, costs)
    assert [problem.code for problem in caught.value.problems] == ["unreadable"]
