"""Reads damaged files of every format and counts what comes of them: 2,000 take some minutes.

Every file is a table or is rejected with the package's own error; a process that ends, or another
error, is printed with the number of the file, which makes the same file again.

    python tools/read_damaged_files.py [files] [first]
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from damage import damaged, damaged_inside, good_files  # noqa: I001

import fundholder as fh

COSTS = fh.CostModel(
    pa.table(
        {
            "band": ["young", "old"],
            "p_any": [0.2, 0.6],
            "family": ["lognormal", "gamma"],
            "mean": [1_500.0, 4_000.0],
            "shape": [1.6, 0.5],
        }
    )
)
MOST_MEGABYTES = 1_000
PUBLISHED = (".xlsx", ".gz")
"""Of files that only the readers of published files take."""


def use(path: Path) -> str:
    """What comes of a file in the hands of the package."""
    if path.suffix in PUBLISHED:
        try:
            fh.official.read_patients(path)
        except fh.FundholderError:
            return "rejected"
        return "read"
    by_itself = {
        ".arrow": lambda: pa.ipc.open_file(str(path)).read_all(),
        ".parquet": lambda: fh.read(path).read_all(),
        ".csv": lambda: fh.read(path).read_all(),
    }[path.suffix]
    uses = (
        lambda: fh.simulate(fh.read(path), COSTS, replications=2, by=["practice", "icb"]),
        lambda: fh.variance(fh.read(path), COSTS, method="moments"),
        lambda: fh.fit_formula(fh.read(path), cost="scale", categories="band"),
        lambda: fh.read(path).read_all().to_pylist(),
    )
    outcomes = set()
    for call in uses:
        try:
            call()
            outcomes.add("read")
        except fh.FundholderError:
            outcomes.add("rejected")
    # A table that another reader has made of it, unchecked.
    try:
        table = by_itself()
    except Exception:
        return "/".join(sorted(outcomes))
    for use_table in (
        lambda: fh.simulate(table, COSTS, replications=2),
        lambda: fh.write(table, path.with_name(f"again{path.suffix}")),
    ):
        try:
            use_table()
            outcomes.add("read")
        except fh.FundholderError:
            outcomes.add("rejected")
    return "/".join(sorted(outcomes))


def work(first: int, files: int) -> None:
    """Read these files, and print each one's number before and its outcome after."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = [("".join(path.suffixes), path.read_bytes()) for path in good_files(folder)]
        for number in range(first, first + files):
            rng = random.Random(number)
            suffix, data = good[number % len(good)]
            path = folder / f"damaged{suffix}"
            packed = suffix == ".xlsx" and rng.random() < 0.8
            path.write_bytes(damaged_inside(data, rng) if packed else damaged(data, rng))
            print(number, end=" ", flush=True)
            try:
                print(suffix, use(path), flush=True)
            except BaseException as error:  # a panic is no Exception
                print(
                    suffix, f"{type(error).__name__}: {error}"[:200].replace("\n", " "), flush=True
                )


def main(files: int, first: int) -> int:
    """Read files in processes of their own, and print what is wrong with any."""
    counts: Counter[str] = Counter()
    wrong, number, last = [], first, first + files
    while number < last:
        command = [sys.executable, __file__, "--work", str(number), str(last - number)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        for line in lines:
            number = int(line.split()[0]) + 1
            outcome = line.split(" ", 2)[2] if line.count(" ") >= 2 else f"ended: {done.returncode}"
            known = outcome.replace("/", " ").split()
            counts[" ".join(known) if set(known) <= {"read", "rejected"} else "wrong"] += 1
            if not set(known) <= {"read", "rejected"}:
                wrong.append(f"{line} {done.stderr[-300:] if outcome.startswith('ended') else ''}")
        if not lines:
            raise SystemExit(done.stderr)
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{files} files: {dict(counts)}; at most {megabytes} MB", *wrong, sep="\n")
    return int(bool(wrong) or megabytes > MOST_MEGABYTES)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(int(sys.argv[2]), int(sys.argv[3]))
        os._exit(0)  # what a damaged table holds is not looked at again
    arguments = [int(argument) for argument in sys.argv[1:]]
    raise SystemExit(main(*(arguments + [2_000, 0][len(arguments) :])))
