"""Is the national chain of weighted capitation reproduced, and is what does not add up rejected?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fundholder import (
    InputError,
    InputTypeError,
    combine_targets,
    targets_by,
    weighted_capitation,
)
from rejections import rejection, says

NAN, INF = math.nan, math.inf

# NHS England, allocations 2018/19: the weights of need, and the pots in £k of hospital and
# community services and of prescribing, recovered from its table of practices to ten digits.
HCHS = {
    "WP_G&A": 0.7443451385,
    "WP_CS": 0.0641386621,
    "WP_MH": 0.1498554525,
    "WP_Mat": 0.0416607469,
}
HCHS_POT, PRESCRIBING_POT = 65_214_610.64, 8_936_517.99
KEPT = ["CCG", "PCN", "STP21"]

LISTS = pa.table(
    {
        "practice": ["B", "A"],
        "icb": ["N", "S"],
        "people": [6_000, 4_000],
        "acute": [5_500.0, 4_500.0],
        "mental": [6_500.0, 3_500.0],
        "early_deaths": [5_000.0, 5_000.0],
        "mff": [1.05, 0.95],
        "extra": [0.0, 2.0],
    }
)
TERMS: dict[str, Any] = {"components": {"acute": 0.8, "mental": 0.2}, "pot": 1_000_000}


# ---- The published chain ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def published(real: Path) -> pd.DataFrame:
    """7,325 practices, with the amount per head that each place has for remoteness.

    The table has targets before and after remoteness alone; what a place gains, over its people, is
    one number for each of seven places.
    """
    rows = pd.read_csv(real / "allocation" / "gp_wp_target_2018-19_formula.csv.gz")
    rows = rows.rename(columns={"Practice": "practice", "GP_pop": "people"})
    gain = rows["Target_inc_remote_£k"] - rows["Target_exc_remote_£k"]
    per_head = rows.CCG.map(gain.groupby(rows.CCG).sum() / rows.people.groupby(rows.CCG).sum())
    return rows.assign(remote=per_head.where(per_head > 1e-6, 0.0)).sort_values("practice")


def chain(rows: pd.DataFrame, remoteness: str | None) -> pd.DataFrame:
    kw: dict[str, Any] = {"unmet_need": ("WP_AM", 0.1), "also": KEPT}
    hospital = weighted_capitation(
        rows,
        components=HCHS,
        pot=HCHS_POT,
        cost_index=["MFF_index", "EACA_index"],
        remoteness=remoteness,
        **kw,
    )
    drugs = weighted_capitation(rows, components={"WP_Presc": 1.0}, pot=PRESCRIBING_POT, **kw)
    # The published mix of needs, which weights of ten digits give within 2e-10.
    assert relative(hospital["need"].to_numpy(), rows["WP_HCHS"]) < 1e-9
    return combine_targets({"hchs": hospital, "prescribing": drugs})


def relative(computed: Any, expected: Any) -> float:
    """The largest relative difference."""
    return float(np.abs(np.asarray(computed) / np.asarray(expected) - 1).max())


def test_every_target_of_2018_is_reproduced(published: pd.DataFrame) -> None:
    """Weights and pots have ten digits, so targets have nine at least."""
    targets = chain(published, None)
    assert targets["practice"].to_pylist() == published.practice.tolist()
    assert relative(targets["target"], published["Target_exc_remote_£k"]) < 1e-9
    assert round(math.fsum(targets["target"].to_pylist())) == 74_151_129
    case = targets.filter(pa.compute.equal(targets["practice"], "A83005"))
    assert case["target"][0].as_py() == pytest.approx(16_745.507963, rel=1e-9)


def test_remoteness_is_an_amount_per_head_of_each_place(published: pd.DataFrame) -> None:
    """Seven numbers give the targets of 268 practices; together they exceed the pots by £34m."""
    targets = chain(published, "remote")
    remote = published["remote"].to_numpy() > 0
    assert remote.sum() == 268 and published.CCG[remote].nunique() == 7
    assert relative(targets["target"], published["Target_inc_remote_£k"]) < 1e-9
    assert relative(targets["overall_weighted_people"], published["WP_Overall"]) < 1e-9
    assert relative(targets["need_index"], published["Need_index"]) < 1e-9
    over = math.fsum(targets["target"].to_pylist()) - HCHS_POT - PRESCRIBING_POT
    assert over == pytest.approx(34_055.6, abs=0.1)


@pytest.mark.parametrize(("level", "number"), [("CCG", 192), ("STP21", 42)])
def test_places_and_icbs_add_up(published: pd.DataFrame, level: str, number: int) -> None:
    """The index of a group is its weighted population over its population."""
    groups = targets_by(chain(published, "remote"), level).to_pandas().set_index(level)
    sums = published.groupby(level)[["people", "WP_Overall", "Target_inc_remote_£k"]].sum()
    assert len(groups) == number and groups.units.sum() == 7_325
    assert groups.index.tolist() == sums.index.tolist()
    assert relative(groups.target, sums["Target_inc_remote_£k"]) < 1e-9
    assert relative(groups.need_index, sums.WP_Overall / sums.people) < 1e-9


def test_practices_without_a_network_are_a_row_of_their_own(published: pd.DataFrame) -> None:
    groups = targets_by(chain(published, None), "PCN")
    last = groups.to_pylist()[-1]
    assert last["PCN"] is None and last["units"] == 840
    assert math.fsum(groups["people"].to_pylist()) == math.fsum(published.people)


def test_primary_medical_care_of_2025_is_reproduced(real: Path) -> None:
    """NHS England, 2025/26: 85 % primary medical need, 15 % health inequalities; 10 digits."""
    rows = pd.read_csv(real / "allocation" / "gp_wp_2025-26.csv.gz").sort_values("Practice_Code")
    table = weighted_capitation(
        rows,
        components={"Primary Medical Care WP": 1},
        unmet_need=("Health Ineq WP", 0.15),
        pot=1,
        by="Practice_Code",
        people="Population",
    )
    assert relative(table["weighted_people"], rows["Final PMC WP"]) < 1e-8


# ---- By hand ------------------------------------------------------------------------------------
def test_the_chain_is_that_computed_by_hand() -> None:
    """A: need 4,300, with unmet need 4,370, times 0.95 is 4,151.5; B: 5,630 * 1.05 = 5,911.5."""
    table = weighted_capitation(
        LISTS, unmet_need=("early_deaths", 0.1), cost_index="mff", also="icb", **TERMS
    )
    assert table["practice"].to_pylist() == ["A", "B"]
    assert table["icb"].to_pylist() == ["S", "N"]
    assert table["need"].to_pylist() == [4_300.0, 5_700.0]
    assert table["weighted_people"].to_pylist() == [4_370.0, 5_630.0]
    target = [1e6 * 4_151.5 / 10_063, 1e6 * 5_911.5 / 10_063]
    # Two or three roundings of floats.
    assert table["target"].to_pylist() == pytest.approx(target, rel=1e-15)
    assert table["cost_index"].to_pylist() == pytest.approx([0.95 / 1.0063, 1.05 / 1.0063])
    assert table["target_per_head"][0].as_py() == pytest.approx(target[0] / 4_000)
    assert table["overall_weighted_people"][0].as_py() == pytest.approx(target[0] / 100)
    assert table["need_index"][0].as_py() == pytest.approx(target[0] / 400_000)


def test_remoteness_comes_on_top() -> None:
    plain = weighted_capitation(LISTS, **TERMS)["target"].to_pylist()
    remote = weighted_capitation(LISTS, remoteness="extra", **TERMS)["target"].to_pylist()
    assert remote == [plain[0] + 8_000, plain[1]]


def test_normalising_scales_to_the_population() -> None:
    double = LISTS.set_column(3, "acute", pa.array([11_000.0, 9_000.0]))
    table = weighted_capitation(double, normalise=True, **TERMS)
    assert table.equals(weighted_capitation(LISTS, **TERMS))


def test_an_empty_list_has_no_target_and_no_index() -> None:
    lists = pa.table({"practice": ["A", "B"], "people": [0, 5], "acute": [0, 5]})
    row = weighted_capitation(lists, components={"acute": 1}, pot=10).to_pylist()[0]
    assert row["target"] == row["weighted_people"] == 0
    assert row["target_per_head"] is None and row["need_index"] is None


@pytest.mark.parametrize("seed", range(10))
def test_any_chain_adds_up_in_any_order(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    n = int(rng.integers(1, 300))
    rows = pa.table(
        {"practice": np.arange(n), "people": rng.integers(1, 20_000, n)}
        | {c: rng.random(n) + 0.01 for c in ("a", "b", "am", "mff", "eaca")}
    )
    w = float(rng.random())
    kw: dict[str, Any] = {
        "components": {"a": w, "b": 1 - w},
        "unmet_need": ("am", float(rng.random())),
        "cost_index": ("mff", "eaca"),
        "pot": float(np.exp(rng.normal(0, 10))),
        "normalise": True,
    }
    table = weighted_capitation(rows, **kw)
    people = math.fsum(rows["people"].to_pylist())
    # Each of n targets is rounded a few times, by 1e-16 of itself.
    for column, expected in (
        ("target", kw["pot"]),
        ("weighted_people", people),
        ("overall_weighted_people", people),
    ):
        assert math.fsum(table[column].to_pylist()) == pytest.approx(expected, rel=2e-15)
    index = table["cost_index"].to_numpy() * table["weighted_people"].to_numpy()
    assert math.fsum(index) == pytest.approx(people, rel=2e-15)
    assert weighted_capitation(rows.take(rng.permutation(n)), **kw).equals(table)


# ---- What is rejected? ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"practice": ["A", "A"]}, ["row 1: 'A' is a duplicate of row 0: must be unique"]),
        ({"practice": ["A", None]}, ["column 'practice', row 1: null"]),
        ({"acute": None}, ["column 'acute' is missing", "has practice, icb, people"]),
        ({"acute": [5_500.0, 4_400.0]}, ["'acute' adds up to 9900", "10000", "normalise=True"]),
        ({"acute": [0.0, 0.0]}, ["'acute' adds up to 0"]),
        ({"acute": [5_500.0, NAN]}, ["column 'acute', row 1: NaN"]),
        ({"acute": [10_500.0, -500.0]}, ["column 'acute', row 1: -500", "0 or more"]),
        ({"early_deaths": [5_000.0, None]}, ["column 'early_deaths', row 1: null"]),
        ({"mff": [INF, 0.0]}, ["'mff', row 0: inf", "'mff', row 1: 0", "above 0"]),
        ({"extra": [-1.0, 0.0]}, ["'extra', row 0: -1"]),
        ({"people": [10_000, 0]}, ["'acute': 4500 for practice 'A' without people"]),
        ({"people": [0, 0]}, ["'people' adds up to 0"]),
        ({"icb": None}, ["column 'icb' must be in units, once"]),
    ],
)
def test_tables_are_rejected_by_column_and_row(
    columns: dict[str, list | None], texts: list[str]
) -> None:
    merged = LISTS.to_pydict() | columns
    table = pa.table({name: values for name, values in merged.items() if values is not None})
    error = rejection(
        weighted_capitation,
        table,
        unmet_need=("early_deaths", 0.1),
        cost_index="mff",
        remoteness="extra",
        also=["icb"],
        **TERMS,
    )
    assert isinstance(error, InputError)
    says(error, *texts)


def test_a_single_practice_left_out_is_noticed(published: pd.DataFrame) -> None:
    """A component without one practice of average size is 1e-4 short."""
    rows = published.copy()
    average = (rows.people - rows.people.mean()).abs().idxmin()
    rows.loc[average, "WP_MH"] = 0.0
    error = rejection(weighted_capitation, rows, components=HCHS, pot=HCHS_POT)
    says(error, "'WP_MH' adds up to", "0.001 %")


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"components": {}}, ["components is {}", "not empty"]),
        ({"components": ["acute"]}, ["components is ['acute'] (list)"]),
        ({"components": {"acute": 0.5}}, ["sum of the weights of components is 0.5", "must be 1"]),
        ({"components": {"acute": 1.5, "mental": -0.5}}, ["components['mental'] is -0.5"]),
        ({"components": {"acute": NAN}}, ["components['acute'] is nan"]),
        ({"pot": -1}, ["pot is -1"]),
        ({"pot": 0}, ["pot is 0", "above 0"]),
        ({"pot": NAN}, ["pot is nan"]),
        ({"pot": 1e16}, ["pot is 1e+16"]),
        ({"unmet_need": "early_deaths"}, ["unmet_need is 'early_deaths'", "a pair"]),
        ({"unmet_need": ("early_deaths", 1.1)}, ["unmet_need is 1.1", "from 0 to 1"]),
        ({"cost_index": 3}, ["cost_index is 3"]),
        ({"remoteness": 3}, ["remoteness is 3"]),
        ({"also": ["need"]}, ["also is 'need'", "none of the columns"]),
        ({"also": ["practice"]}, ["also is 'practice'"]),
        ({"by": "target"}, ["by is 'target'"]),
        ({"normalise": 1}, ["normalise is 1", "True or False"]),
        ({"pot": -1, "by": "need", "cost_index": 3}, ["3 problems"]),
    ],
)
def test_arguments_are_rejected_by_name(arguments: dict[str, Any], texts: list[str]) -> None:
    says(rejection(weighted_capitation, LISTS, **{**TERMS, **arguments}), *texts)


def test_pots_of_different_units_are_not_added_up() -> None:
    one = weighted_capitation(LISTS, **TERMS)
    renamed = one.set_column(0, "practice", pa.array(["A", "C"]))
    says(rejection(combine_targets, {"a": one, "b": renamed}), "pots['b']", "'B' is not in both")
    others = one.set_column(1, "people", pa.array([4_000, 6_001]))
    says(rejection(combine_targets, {"a": one, "b": others}), "people of practice 'B' differ")
    assert isinstance(rejection(combine_targets, [one]), InputTypeError)
    says(rejection(combine_targets, {}), "not empty")
    says(rejection(combine_targets, {"per_head": one}), "'target_per_head' for something else")
    says(rejection(combine_targets, {"a": one, "b": 3}), "pots['b'] is int")


def test_levels_that_are_not_there() -> None:
    targets = weighted_capitation(LISTS, **TERMS)
    says(rejection(targets_by, targets, "icb"), "column 'icb' is missing")
    says(rejection(targets_by, targets, "people"), "level is 'people'")
    says(rejection(targets_by, targets.slice(0, 0), "practice"), "is empty")
