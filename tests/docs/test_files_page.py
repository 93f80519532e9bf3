"""Are the files that docs/files.md shows read as it says?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from fundholder import Contract, Corridor, CostModel

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


def test_the_contract_files_of_the_page(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "contract.toml"
    path.write_text(block, encoding="utf-8")
    contract = Contract.read(path)
    sentences = str(contract).splitlines()
    comments = [line.lstrip("# ") for line in block.splitlines() if line.startswith("#")]
    assert [line[3:] for line in sentences[:2]] == comments
    assert contract.unit_terms == (
        Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]),
    )
    (text,) = re.findall(r"`(\{\"terms\": .*?\})`", PAGE)
    (tmp_path / "contract.json").write_text(text, encoding="utf-8")
    assert json.loads(text)["terms"][0]["bands"] == [[0, None, 0.5]]
    assert Contract.read(tmp_path / "contract.json").terms == (Corridor([(0, None, 0.5)]),)


def test_the_services_of_the_page() -> None:
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (hospital|drugs) \| (\S+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 4
    low, high, service, share = zip(*rows, strict=True)
    numbers = {"rank_from": low, "rank_to": high, "share": share}
    mix = pa.table({name: list(map(float, of)) for name, of in numbers.items()})
    mix = mix.append_column("service", pa.array(service))
    band = {"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]}
    costs = CostModel(pa.table(band), mix)
    of_services = [costs.moments(services=name)["mean"][0].as_py() for name in costs.services]
    assert sum(of_services) == pytest.approx(600, rel=1e-9)
