"""Damaged files: made of good ones, the same for the same seed."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from fundholder import write_workbook

ENDINGS = ("arrow", "parquet", "csv")


def people() -> pa.Table:
    """A population in many types of columns, with nulls."""
    n = 2_000
    views = {}
    if hasattr(pa, "string_view"):
        views["ward"] = pa.array([f"a ward with a long name {i % 50}" for i in range(n)]).cast(
            pa.string_view()
        )
    return pa.table(
        {
            "practice": [f"P{i % 7}" for i in range(n)],
            "person": list(range(n)),
            "band": pa.array(["young", "old"] * (n // 2)).dictionary_encode(),
            "icb": pa.array([f"ICB{i % 3}" for i in range(n)], pa.large_string()),
            "scale": [1.0 + i / n for i in range(n)],
            "p_any": pa.array([0.1 if i % 3 else None for i in range(n)]),
            **views,
        }
    )


def good_files(folder: Path) -> Iterator[Path]:
    """Good files of every format, compressed and not."""
    table = people()
    plain = table.drop_columns(["ward"]) if "ward" in table.column_names else table
    for compression in ("uncompressed", "lz4", "zstd"):
        path = folder / f"{compression}.arrow"
        pyarrow.feather.write_feather(table, path, compression=compression, chunksize=700)
        yield path
    for compression in ("none", "snappy"):
        path = folder / f"{compression}.parquet"
        pyarrow.parquet.write_table(plain, path, compression=compression, row_group_size=700)
        yield path
    path = folder / "plain.csv"
    pyarrow.csv.write_csv(plain.slice(0, 500), path)
    yield path
    lists = pa.table(
        {
            "CODE": [f"A8{i:04d}" for i in range(400)],
            "SEX": ["ALL"] * 400,
            "NUMBER_OF_PATIENTS": list(range(1_000, 1_400)),
        }
    )
    path = folder / "lists.csv.gz"
    packed = io.BytesIO()
    pyarrow.csv.write_csv(lists, packed)
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    yield path
    path = folder / "lists.xlsx"
    write_workbook({"Totals": lists}, path)
    yield path


def damaged_inside(good: bytes, rng: random.Random) -> bytes:
    """A packed file of which a part is damaged, packed again so that its checksums are right."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(parts))
    if rng.random() < 0.5:
        parts[name] = damaged(parts[name], rng)
    else:
        # What a sheet refers to is told by single digits and letters.
        data = bytearray(parts[name])
        for _ in range(rng.choice((1, 2, 5))):
            data[rng.randrange(len(data))] = rng.choice(b"0123456789ABCXFDersnt-")
        parts[name] = bytes(data)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return made.getvalue()


def damaged(good: bytes, rng: random.Random) -> bytes:
    """A file with bytes that are changed, missing, doubled or cut off."""
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 40))):
        at = rng.randrange(len(data))
        end = min(len(data), at + rng.choice((1, 4, 8, 64)))
        match rng.randrange(7):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at:end] = rng.randbytes(end - at)
            case 2:
                data[at:end] = bytes(end - at)
            case 3:
                data[at:end] = b"\xff" * (end - at)
            case 4:
                del data[at:end]
            case 5:
                data[at:at] = data[at:end]
            case _:
                # Most of what describes a file stands at its end.
                at = max(0, len(data) - rng.randrange(1, 2_000))
                data[at] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        del data[rng.randrange(1, len(data)) :]
    return bytes(data) or b"\x00"
