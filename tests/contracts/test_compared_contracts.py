"""Is no contract compared without a name, and has what no term can pay no error?"""

from __future__ import annotations

import numpy as np
import pytest

from fundholder import Corridor, SharedSavings, StopLoss, simulate
from random_contracts import random_case
from rejections import rejection, says


def test_one_contract_without_a_name_is_not_compared() -> None:
    people, costs = random_case(3).population(), random_case(3).costs
    run = simulate(people, costs, contract=StopLoss(2_000), replications=2)
    says(rejection(run.compare, "a", "b"), "one contract without a name", "contract={name: ...}")
    none = simulate(people, costs, contract={"a": StopLoss(2_000), "b": None}, replications=2)
    flows = none.flows(contract="b").to_pylist()
    assert [flow["kind"] for flow in flows] == ["cost"]
    kept = none.totals(contract="a")["net"], none.totals(contract="b")["gross"]
    apart = np.mean(kept[0].to_pylist()) - np.mean(kept[1].to_pylist())
    assert none.compare("a", "b")["expected"][0].as_py() == pytest.approx(apart)


def test_what_no_term_can_pay_has_no_error() -> None:
    case = random_case(3)
    corridor = Corridor([(0, None, 0.5)])
    contracts = {"corridor": corridor, "one-sided": SharedSavings(0.5, msr=0.9)}
    run = simulate(case.population(), case.costs, contract=contracts, replications=50)
    (row,) = run.summary(contract="corridor").to_pylist()
    assert [row[f"p_{kind}_se"] for kind in ("bonus", "penalty")] == [0, 0]
    (row,) = run.summary(contract="one-sided").to_pylist()
    # Savings of 90 % might have come, losses are not the holder's.
    assert (row["p_bonus"], row["p_penalty"], row["p_penalty_se"]) == (0, 0, 0)
    assert row["p_bonus_se"] > 0
