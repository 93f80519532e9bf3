"""Blocks of paths that are finished: kept in files, so that a run that was stopped can go on."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _engine
from .._errors import InputError, Problem
from .._files.atomic_write import new_folder, write_atomically
from .block import Block
from .draws import Plan
from .measures import Sums
from .practices import Practices
from .run_options import Options

RUN = "run.json"
UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
"""What numpy raises of damaged files."""


def digest_of(practices: Practices, plan: Plan, options: Options) -> str:
    """What tells a run from any other: its inputs, its options and the version."""
    costs = practices.costs
    parts: list[Any] = [
        _engine.version,
        _table_digest(practices.table),
        _table_digest(costs.table),
        None if costs.services_table is None else _table_digest(costs.services_table),
        [repr(scheme) for scheme in options.schemes],
        _table_digest(plan.persistence.table) if plan.persistence is not None else None,
        None if options.budgets is None else _table_digest(options.budgets),
        None if options.scores is None else _table_digest(options.scores),
        repr(options.effects),
        [options.years, options.seed, options.behaves, options.edges],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _table_digest(table: pa.Table) -> str:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


class BlockFiles:
    """A folder with the finished blocks of one run."""

    def __init__(self, folder: Path, digest: str, resume: bool) -> None:
        self._folder = folder
        with new_folder(folder):
            pass
        of_run = folder / RUN
        begun = of_run.exists() or any(folder.glob("paths_*.npz"))
        if begun and (_digest_in(of_run) != digest or not resume):
            allowed = "a new folder, or that of the same run with resume=True"
            text = f"out is {str(folder)!r}, which has blocks of another run: must be {allowed}"
            raise InputError([Problem(text, code="not_allowed", column="out")])
        content = json.dumps({"digest": digest, "version": _engine.version}) + "\n"
        write_atomically({of_run: lambda file: file.write(content.encode())})

    def _path(self, first: int, paths: int) -> Path:
        return self._folder / f"paths_{first:09}_{first + paths:09}.npz"

    def read(self, first: int, paths: int, schemes: int) -> list[Block] | None:
        """The blocks of these paths, one for each scheme; none where they are not finished."""
        path = self._path(first, paths)
        if not path.exists():
            return None
        try:
            with path.open("rb") as stored, np.load(stored) as file:
                return [_block(file, number) for number in range(schemes)]
        except UNREADABLE as error:
            raise InputError([Problem(f"{path}: {error}", code="unreadable")]) from None

    def write(self, first: int, paths: int, blocks: Sequence[Block]) -> None:
        """Keep the blocks of these paths."""
        arrays: dict[str, Any] = {}
        for number, block in enumerate(blocks):
            arrays |= _arrays(block, number)

        def fill(file: Any) -> None:
            content = io.BytesIO()
            np.savez(content, **arrays)
            file.write(content.getvalue())

        write_atomically({self._path(first, paths): fill})


def _digest_in(path: Path) -> Any:
    """The run that a folder says it has; none where it says none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content.get("digest") if isinstance(content, dict) else None


def _arrays(block: Block, number: int) -> dict[str, Any]:
    arrays: dict[str, Any] = {f"{number}/rewards": block.rewards}
    for (measure, year), (above, below) in block.sums.of.items():
        arrays[f"{number}/sums/{json.dumps([measure, year])}"] = np.array([above, below])
    for key, amounts in block.flows.items():
        arrays[f"{number}/flows/{json.dumps(key)}"] = amounts
    for holder_key, counts in block.holders.items():
        arrays[f"{number}/holders/{json.dumps(holder_key)}"] = counts
    return arrays


def _block(file: Any, number: int) -> Block:
    block = Block(Sums(), {}, {}, file[f"{number}/rewards"])
    for name in file.files:
        of, *rest = name.split("/", 2)
        if of != str(number) or len(rest) < 2:
            continue
        key = tuple(json.loads(rest[1]))
        if rest[0] == "sums":
            above, below = file[name]
            block.sums.of[key] = (above, below)
        elif rest[0] == "flows":
            block.flows[key] = file[name]
        else:
            block.holders[key] = file[name]
    return block
