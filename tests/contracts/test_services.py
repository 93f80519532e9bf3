"""Are services of observed years those of the data, and are wrong services rejected by name?"""

from __future__ import annotations

import pickle
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from fundholder import CarveOut, Contract, CostModel, StopLoss, fit_services, simulate, variance
from rejections import rejection, says

SERVICES = ["obvexp", "optexp", "ertexp", "iptexp", "dvtexp", "hhaexp", "hhnexp", "rxexp"]
"""Spending by service in MEPS: offices, outpatients, emergency room, inpatients, dentists, home
care of agencies and of others, drugs."""


@pytest.fixture(scope="module")
def meps(real: Path) -> pa.Table:
    """The US person-years of 2014."""
    return pyarrow.csv.read_csv(real / "person" / "meps_2014.csv.gz")


@pytest.fixture(scope="module")
def observed(meps: pa.Table) -> CostModel:
    return CostModel.from_costs(meps, cost=SERVICES, weight="perwtf")


def moments_of(meps: pa.Table, services: list[str]) -> tuple[float, float, float]:
    """Weighted mean, SD and probability of any cost, from the rows."""
    spent = sum(meps[service].to_numpy().astype(float) for service in services)
    weight = meps["perwtf"].to_numpy().astype(float)
    mean = np.average(spent, weights=weight)
    sd = np.sqrt(np.average((spent - mean) ** 2, weights=weight))
    return float(mean), float(sd), float(np.average(spent > 0, weights=weight))


def test_services_and_their_subsets_are_those_of_the_data(
    meps: pa.Table, observed: CostModel
) -> None:
    subsets = [list(SERVICES), *([s] for s in SERVICES), *map(list, combinations(SERVICES, 3))]
    for subset in subsets:
        mean, sd, p_any = moments_of(meps, subset)
        moments = observed.moments(services=subset).to_pylist()[0]
        assert moments["mean"] == pytest.approx(mean, rel=1e-9)
        assert moments["sd"] == pytest.approx(sd, rel=1e-9)
        assert moments["cv"] == pytest.approx(sd / mean, rel=1e-9)
        assert moments["p_any"] == pytest.approx(p_any, rel=1e-9)


def test_dependence_between_services_is_that_of_the_data(observed: CostModel) -> None:
    """US 2014: the variances of the services are about 73 % of that of their sum."""
    parts = sum(observed.moments(services=s)["sd"][0].as_py() ** 2 for s in SERVICES)
    assert parts / observed.moments()["sd"][0].as_py() ** 2 == pytest.approx(0.7446, abs=5e-4)


def test_simulated_services_are_those_of_the_data(meps: pa.Table, observed: CostModel) -> None:
    people = pa.table({"practice": ["A"], "count": [5_000]})
    totals = simulate(people, observed, replications=1_000, seed=4).totals(services=True)
    for service in SERVICES:
        mean, sd, _ = moments_of(meps, [service])
        years = np.array(totals[f"gross_{service}"][0].as_py())
        error = years.std(ddof=1) / 1_000**0.5
        # Eight means and eight SDs at 4 standard errors: one false alarm in 1,000 seeds.
        assert abs(years.mean() - 5_000 * mean) < 4 * error
        kurtosis = np.mean((years - years.mean()) ** 4) / years.var() ** 2
        sd_error = years.std() * np.sqrt((kurtosis - 1) / 4_000)
        assert abs(years.std(ddof=1) - 5_000**0.5 * sd) < 4 * sd_error


def test_models_read_back(observed: CostModel) -> None:
    mixed = CostModel(observed.table, observed.services_table)
    events = CostModel.events(
        pa.table({"rate": [0.2, 3.0], "family": ["fixed"] * 2, "mean": [4e3, 40.0],
                  "shape": [None, None], "service": ["stays", "visits"]})
    )  # fmt: skip
    contract = Contract([StopLoss(5_000, services=observed.services[:2])])
    assert mixed.moments(contract=contract) == observed.moments(contract=contract)
    for model in (observed, mixed, events):
        again = pickle.loads(pickle.dumps(model))
        assert again.services == model.services
        assert again.moments(services=model.services[0]) == model.moments(
            services=model.services[0]
        )
    assert events.moments(services="stays")["mean"][0].as_py() == pytest.approx(800)
    carved = events.moments(contract=CarveOut("visits"))
    assert carved["mean"][0].as_py() == pytest.approx(800)


COSTS = pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [2_000.0], "shape": [1.6]})


def mix(**columns: Any) -> pa.Table:
    rows: dict[str, Any] = {
        "rank_from": [0.0, 0.0, 0.9, 0.9],
        "rank_to": [0.9, 0.9, 1.0, 1.0],
        "service": ["drugs", "hospital"] * 2,
        "share": [0.8, 0.2, 0.1, 0.9],
    }
    return pa.table({k: v for k, v in (rows | columns).items() if v is not None})


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"share": [0.8, 0.3, 0.1, 0.9]}, ["ranks from 0 to 0.9", "shares add up to 1.1"]),
        ({"share": [0.8, 0.2, 0.1, 1.9]}, ["column 'share', row 3", "from 0 to 1"]),
        ({"share": [1.0, 0.0, 1.0, 0.0]}, ["'hospital' has no share in any profile"]),
        ({"rank_from": [0.0, 0.0, 0.8, 0.8]}, ["ranks from 0.8 to 0.9 have two classes"]),
        ({"rank_from": [0.0, 0.0, 0.95, 0.95]}, ["ranks from 0.9 to 0.95 have no class"]),
        ({"rank_to": [0.9, 0.9, 0.99, 0.99]}, ["ranks end at 0.99"]),
        ({"service": ["drugs", "drugs", "drugs", "hospital"]}, ["row 1", "duplicate of row 0"]),
        ({"share": None}, ["column 'share' is missing"]),
        ({"band": ["x"] * 4}, ["'x' is no band of the cost model"]),
        (
            {"profile": [1, 2, 1, 1], "probability": [0.5, 0.6, 1.0, 1.0],
             "share": [1.0, 1.0, 0.1, 0.9]},
            ["probabilities of profiles add up to 1.1"],
        ),
    ],
)  # fmt: skip
def test_wrong_mixes_are_rejected(columns: dict[str, Any], words: list[str]) -> None:
    says(rejection(CostModel, COSTS, mix(**columns)), *words)


def test_bands_without_a_mix_are_rejected() -> None:
    two = pa.table({"band": ["young", "old"], **{
        name: COSTS[name].to_pylist() * 2 for name in COSTS.column_names
    }})  # fmt: skip
    says(rejection(CostModel, two, mix(band=["old"] * 4)), "band 'young'", "must have a mix")


def test_services_that_a_model_lacks_are_rejected_together() -> None:
    model = CostModel(COSTS, mix())
    people = pa.table({"practice": ["A"], "count": [100]})
    contract = Contract([CarveOut("dentist"), StopLoss(5_000, services=["hospitals"])])
    words = ["services is 'dentist'", "services is 'hospitals'", "drugs, hospital"]
    for call in (variance, simulate):
        says(rejection(call, people, model, contract=contract), *words)
    says(rejection(model.moments, services="drug"), "services is 'drug'", "drugs, hospital")
    says(
        rejection(variance, people, CostModel(COSTS), services="drugs"),
        "the cost model has no services",
    )


def test_terms_on_part_of_a_stop_loss_are_rejected() -> None:
    model = CostModel(COSTS, mix())
    contract = Contract([StopLoss(9_000), StopLoss(5_000, services=["hospital"])])
    says(rejection(model.moments, contract=contract), "term 2 is on some services of term 1")


def test_what_a_lane_cannot_do_names_the_lane_that_can() -> None:
    events = CostModel.events(
        pa.table({"rate": [0.2, 3.0], "family": ["fixed"] * 2, "mean": [4e3, 40.0],
                  "shape": [None, None], "service": ["stays", "visits"]})
    )  # fmt: skip
    nested = Contract([StopLoss(6_000, services=["stays"]), StopLoss(7_000)])
    people = pa.table({"practice": ["A"], "count": [100]})
    says(rejection(variance, people, events, contract=nested), "only simulation")
    kept = simulate(people, events, contract=nested, replications=200).totals()["kept"]
    # 100 people: at most £7,000 of each.
    assert 0 < max(kept[0].as_py()) < 700_000


def test_mixes_measured_from_people_are_those_of_the_people(
    meps: pa.Table, observed: CostModel
) -> None:
    fitted = CostModel(observed.table, fit_services(meps, cost=SERVICES, weight="perwtf"))
    for service in SERVICES:
        mean, sd, _ = moments_of(meps, [service])
        moments = fitted.moments(services=service).to_pylist()[0]
        assert moments["mean"] == pytest.approx(mean, rel=0.01)
        assert moments["sd"] == pytest.approx(sd, rel=0.05)


def test_wrong_people_of_a_mix_are_rejected() -> None:
    years = pa.table({"a": [0.0, 0.0], "b": [0.0, 0.0]})
    says(rejection(fit_services, years, cost=["a", "b"]), "persons", "above 0")
    says(rejection(fit_services, years, cost=["a", "c"]), "'c'")
    says(rejection(fit_services, years, cost=["a"], ranks=[0.5, 0.2]), "ranks", "ascending")
