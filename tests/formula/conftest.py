"""People, codes and a formula that several tests of formulas share."""

from __future__ import annotations

import pyarrow as pa
import pytest

import formula_oracle as oracle
from formula_oracle import ROLES, some_codes, some_people
from fundholder import Formula, fit_formula


@pytest.fixture(scope="session")
def people() -> pa.Table:
    return some_people()


@pytest.fixture(scope="session")
def codes(people: pa.Table) -> pa.Table:
    return some_codes(people)


@pytest.fixture(scope="session")
def formula(people: pa.Table) -> Formula:
    return fit_formula(people, cost="cost", weight="weight", **ROLES)


@pytest.fixture(scope="session")
def expected(people: pa.Table) -> oracle.Fit:
    return oracle.fit(people, weight="weight", **ROLES)
