"""Is the national summary by size of list the sums and means of the units it covers?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from fundholder import (
    CostModel,
    FundholderError,
    InputError,
    InputTypeError,
    simulate,
    size_bands,
    stop_loss,
)

CEILINGS = [20_000.0, None]


def swept(people: list[int]) -> pa.Table:
    """What a sweep of two ceilings looks like, with figures that differ from unit to unit."""
    rows = []
    for ceiling in CEILINGS:
        for i, count in enumerate(people):
            ceded = 0.0 if ceiling is None else 0.1 * (i + 1)
            rows.append(
                {
                    "practice": f"P{i}",
                    "ceiling": ceiling,
                    "people": count,
                    "expected_gross": 800.0 * count,
                    "expected_net": 800.0 * count * (1 - ceded),
                    "expected_ceded": 800.0 * count * ceded,
                    "ceded_share": ceded,
                    "premium_per_head": 800.0 * ceded,
                    "cv": (0.05 if ceiling else 0.1) * (i + 1),
                    "cv_gross": 0.1 * (i + 1),
                    "p_outside_0.1": (0.01 if ceiling else 0.2) * (i + 1),
                    "p_outside_0.1_gross": 0.2 * (i + 1),
                }
            )
    return pa.Table.from_pylist(rows).replace_schema_metadata({"fundholder.version": "x"})


def test_a_band_adds_up_money_and_averages_its_units() -> None:
    bands = size_bands(swept([1_000, 1_999, 2_000, 9_000]), edges=[2_000, 4_000])
    assert bands["people_from"].to_pylist() == [1, 1, 2_000, 2_000, 4_000, 4_000]
    assert bands["people_below"].to_pylist() == [2_000, 2_000, 4_000, 4_000, None, None]
    assert bands["ceiling"].to_pylist() == CEILINGS * 3
    assert bands["units"].to_pylist() == [2, 2, 1, 1, 1, 1]
    first = bands.to_pylist()[0]
    ceded = 800 * 1_000 * 0.1 + 800 * 1_999 * 0.2
    # Sums of a few doubles: to their rounding.
    assert first["people"] == 2_999 and first["expected_gross"] == 800 * 2_999
    assert first["expected_ceded"] == pytest.approx(ceded, rel=1e-12)
    assert first["expected_net"] == pytest.approx(800 * 2_999 - ceded, rel=1e-12)
    assert first["ceded_share"] == pytest.approx(ceded / (800 * 2_999), rel=1e-12)
    assert first["premium_per_head"] == pytest.approx(ceded / 2_999, rel=1e-12)
    assert first["cv"] == pytest.approx(0.075) and first["cv_gross"] == pytest.approx(0.15)
    assert first["p_outside_0.1"] == pytest.approx(0.015)
    assert first["p_outside_0.1_gross"] == pytest.approx(0.3)
    none = bands.to_pylist()[1]
    assert none["cv"] == none["cv_gross"] and none["expected_ceded"] == 0


def test_bands_add_up_to_the_whole() -> None:
    table = swept([1, 1_999, 2_000, 7_999, 12_000, 19_999, 20_000, 72_438])
    bands = size_bands(table)
    for name in ("people", "expected_gross", "expected_net", "expected_ceded"):
        total, of_units = sum(bands[name].to_pylist()), sum(table[name].to_pylist())
        assert total == pytest.approx(of_units, rel=1e-12)
    assert sum(bands["units"].to_pylist()) == table.num_rows


def test_units_without_people_are_left_out_and_empty_bands_are_null() -> None:
    bands = size_bands(swept([0, 500]), edges=[2_000]).to_pylist()
    assert [band["units"] for band in bands] == [1, 1, 0, 0]
    assert bands[0]["cv"] == pytest.approx(0.1)  # of the second unit alone
    empty = bands[2]
    assert empty["people"] == 0 and empty["expected_gross"] == 0
    assert [empty[n] for n in ("cv", "ceded_share", "premium_per_head")] == [None] * 3


def test_a_unit_without_a_cv_does_not_move_the_mean() -> None:
    table = swept([500, 600])
    cv = pa.array([None, *table["cv"].to_pylist()[1:]], pa.float64())
    band = size_bands(table.set_column(table.column_names.index("cv"), "cv", cv)).to_pylist()[0]
    assert band["units"] == 2 and band["cv"] == pytest.approx(0.1)


def test_where_a_figure_came_from_travels_with_it() -> None:
    assert size_bands(swept([500])).schema.metadata == {b"fundholder.version": b"x"}


def test_a_table_of_pandas_is_read() -> None:
    frame: pd.DataFrame = swept([500, 3_000]).to_pandas()
    assert size_bands(frame).equals(size_bands(swept([500, 3_000])))


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"people": None}, ["column 'people' is missing", "has practice"]),
        ({"people": [-5, 3]}, ["column 'people', row 0: -5", "0 or more"]),
        ({"people": ["a", "b"]}, ["column 'people' is string", "a number"]),
        ({"expected_net": [1.0, None]}, ["'expected_net', row 1: null"]),
        ({"cv": [float("nan"), 1.0]}, ["'cv', row 0: NaN", "or null"]),
        ({"cv": None, "ceiling": [-1.0, 0]}, ["2 problems", "'cv' is missing", "'ceiling', row 0"]),
    ],
)
def test_tables_are_rejected_by_column_and_row(
    change: dict[str, list | None], texts: list[str]
) -> None:
    columns = swept([500]).to_pydict() | change
    table = pa.table({name: values for name, values in columns.items() if values is not None})
    with pytest.raises(FundholderError) as caught:
        size_bands(table)
    assert all(text in str(caught.value) for text in texts), caught.value


def test_what_is_no_table_or_empty() -> None:
    for value in (3, None, "swept.csv", pa.chunked_array([[1]])):
        with pytest.raises(InputTypeError, match="table is"):
            size_bands(value)
    with pytest.raises(InputError, match="table is empty"):
        size_bands(swept([500]).slice(0, 0))


@pytest.mark.parametrize("edges", [[5, 2], [3, 3], [1], [2.5], ["2"], 7, "78"])
def test_edges_are_rejected_by_value(edges: Any) -> None:
    with pytest.raises(FundholderError, match="edges is"):
        size_bands(swept([500]), edges)


def test_a_simulation_and_a_sweep_call_the_same_things_by_the_same_names(costs: CostModel) -> None:
    lists = pa.table({"practice": ["A", "B"], "count": [1_500, 3_000]})
    sweep = size_bands(stop_loss(lists, costs, ceilings=[20_000], thresholds=[0.1, 0.2]))
    run = simulate(lists, costs, replications=2, stop_loss=20_000)
    simulated = run.size_bands(thresholds=[0.1, 0.2]).column_names
    estimates = ["ceded_share", "cv", "cv_gross"]
    estimates += ["p_outside_0.1", "p_outside_0.1_gross", "p_outside_0.2", "p_outside_0.2_gross"]
    counts = ["people_from", "people_below", "units", "people"]
    assert simulated == counts + [n for name in estimates for n in (name, f"{name}_se")]
    assert [n for n in sweep.column_names if n in simulated] == counts + estimates
