"""Is a formula least squares with robust errors, and what becomes of what is redundant?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import formula_oracle as oracle
from arrow_types import STRING_VIEWS
from formula_oracle import ROLES, column, some_people, with_column
from fundholder import Formula, fit_formula

# Of the value or of its standard error, whichever is larger. The condition number of the columns is
# 4e6 (year of birth beside age); in 40 digits, the oracle's errors are good to 2e-10 there.
CLOSE = 1e-8
# Of the product of two standard errors. Those of age and year of birth nearly cancel: an inverse in
# double precision has errors of 1e-8 there.
CLOSE_COVARIANCE = 1e-7

CASES: dict[str, dict[str, Any]] = {
    "one category": {"categories": ["age"]},
    "two categories": {"categories": ["age", "sex"]},
    "flags alone": {"flags": ["diabetes", "stroke"]},
    "need alone": {"need": ["deprivation"]},
    "area alone": {"area": "region"},
    "everything": ROLES,
    "weights": ROLES | {"weight": "weight"},
    "clusters": ROLES | {"cluster": "practice"},
    "weights and clusters": ROLES | {"weight": "weight", "cluster": "practice"},
}


def covariance(formula: Formula) -> np.ndarray:
    """Of all terms; 0 for those that were not estimated."""
    table = formula.covariance
    terms = formula.coefficients["term"].to_pylist()
    matrix = np.zeros((len(terms), len(terms)))
    for row in table.to_pylist():
        i = terms.index(row.pop("term"))
        for j, term in enumerate(terms):
            matrix[i, j] = row.get(term) or 0.0
    return matrix


def agrees(formula: Formula, expected: oracle.Fit) -> None:
    """The same terms in the same order, the same coefficients and the same errors."""
    table = formula.coefficients
    assert table["term"].to_pylist() == expected.design.terms
    assert table["role"].to_pylist() == expected.design.roles
    reference = expected.design.reference
    assert [note == "reference" for note in table["note"].to_pylist()] == reference
    scale = np.maximum(abs(expected.coefficients), expected.standard_errors)
    scale = np.where(reference, 1.0, scale)
    assert (abs(column(table, "coefficient") - expected.coefficients) <= CLOSE * scale).all()
    errors = np.array([error or 0.0 for error in table["standard_error"].to_pylist()])
    assert errors == pytest.approx(expected.standard_errors, rel=CLOSE, abs=0)
    bound = CLOSE_COVARIANCE * np.outer(*[expected.standard_errors] * 2)
    assert (abs(covariance(formula) - expected.covariance) <= bound).all()
    assert formula.r2 == pytest.approx(expected.r2, rel=CLOSE)


# ---- Least squares ------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES)
def test_a_formula_is_least_squares_with_robust_errors(people: pa.Table, case: str) -> None:
    roles = CASES[case]
    agrees(fit_formula(people, cost="cost", **roles), oracle.fit(people, **roles))


def test_codes_are_flags(people: pa.Table, codes: pa.Table) -> None:
    formula = fit_formula(people, cost="cost", codes=codes, **ROLES)
    agrees(formula, oracle.fit(people, codes=codes, **ROLES))


def test_a_code_that_stands_twice_is_had_once(people: pa.Table, codes: pa.Table) -> None:
    roles: dict[str, Any] = {"cost": "cost", "categories": ["age"]}
    twice = pa.concat_tables([codes, codes.slice(0, 50)])
    once = fit_formula(people, codes=codes, **roles)
    assert fit_formula(people, codes=twice, **roles).coefficients.equals(once.coefficients)


def test_many_people_in_many_batches_agree_with_the_oracle() -> None:
    """More people than any block of the engine is likely to hold, with few people of some ages."""
    many = some_people(20_000, seed=7)
    agrees(fit_formula(many, cost="cost", **ROLES), oracle.fit(many, **ROLES))


def test_weights_may_be_of_any_size_and_0(people: pa.Table) -> None:
    """Weighted least squares does not know the unit of the weights, and 0 is no row.

    R's lm and Stata's aweights have it so; statsmodels counts such rows.
    """
    weight = column(people, "weight").copy()
    weight[::7] = 0
    some = with_column(people, "weight", weight)
    agrees(
        fit_formula(some, cost="cost", weight="weight", **ROLES),
        oracle.fit(some, weight="weight", **ROLES),
    )
    huge = with_column(people, "weight", weight * 2.0**40)
    agrees(
        fit_formula(huge, cost="cost", weight="weight", **ROLES),
        oracle.fit(some, weight="weight", **ROLES),
    )


# Longley, JASA 1967;62:819-41: employment from six economic series, an old trial of least squares
# (public domain). Coefficients and R2 are those that NIST StRD certifies. Errors are HC1 of
# statsmodels 0.15.0: OLS(endog, add_constant(exog)).fit(cov_type="HC1").bse, with
# statsmodels.datasets.longley.load_pandas().
LONGLEY = {
    "employed": [
        *[60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761],
        *[66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551],
    ],
    "deflator": [
        *[83.0, 88.5, 88.2, 89.5, 96.2, 98.1, 99.0, 100.0],
        *[101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9],
    ],
    "product": [
        *[234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112],
        *[397469, 419180, 442769, 444546, 482704, 502601, 518173, 554894],
    ],
    "unemployed": [
        *[2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578],
        *[2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007],
    ],
    "army": [
        *[1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350],
        *[3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827],
    ],
    "population": [
        *[107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219],
        *[117388, 118734, 120445, 121950, 123366, 125368, 127852, 130081],
    ],
    "year": list(range(1947, 1963)),
}
CERTIFIED = [
    -3482258.63459582,
    15.0618722713733,
    -0.358191792925910e-01,
    -2.02022980381683,
    -1.03322686717359,
    -0.511041056535807e-01,
    1829.15146461355,
]
HC1 = [
    1109615.4408028382,
    68.29379659178706,
    0.03276799677711565,
    0.5109854812400448,
    0.19499333485633655,
    0.21094466162348505,
    571.1791673951346,
]


def test_coefficients_are_those_that_nist_certifies() -> None:
    """The columns' condition number is 5e9: plain normal equations would keep no digit."""
    need = [name for name in LONGLEY if name != "employed"]
    table = pa.table(LONGLEY)
    exact = oracle.exact(
        [[1, *row] for row in zip(*(LONGLEY[n] for n in need), strict=True)], LONGLEY["employed"]
    )
    assert exact[0] == pytest.approx(CERTIFIED, rel=1e-14)  # All digits that NIST prints.
    assert exact[1] == pytest.approx(HC1, rel=1e-9)  # statsmodels' own error at this condition.
    formula = fit_formula(table, cost="employed", need=need)
    assert formula.coefficients["term"].to_pylist() == ["intercept", *need]
    assert column(formula.coefficients, "coefficient") == pytest.approx(exact[0], rel=CLOSE)
    assert column(formula.coefficients, "standard_error") == pytest.approx(
        exact[1], rel=CLOSE_COVARIANCE
    )
    assert formula.r2 == pytest.approx(0.995479004577296, rel=1e-12)


def test_standard_errors_are_those_of_repeated_samples() -> None:
    """Among 300 samples of 300 people, the SD of an estimate has a relative error of 4 %.

    HC1 is a little small in small samples (MacKinnon and White 1985): hence 15 %, not 12 %.
    """
    roles: dict[str, Any] = {"categories": ["age"], "flags": ["stroke"], "need": ["deprivation"]}
    coefficients, errors = [], []
    for seed in range(300):
        table = fit_formula(some_people(300, seed=100 + seed), cost="cost", **roles).coefficients
        coefficients.append(column(table, "coefficient"))
        errors.append(column(table, "standard_error"))
    claimed = np.sqrt(np.mean(np.square(errors), axis=0))
    assert claimed == pytest.approx(np.std(coefficients, axis=0, ddof=1), rel=0.15)


# ---- The table of terms -------------------------------------------------------------------------
def test_terms_say_who_has_them(people: pa.Table, formula: Formula, expected: oracle.Fit) -> None:
    table = formula.coefficients
    names = ["term", "role", "coefficient", "standard_error", "people", "mean", "note"]
    assert table.column_names == [*names, "column", "level"]
    indicators = np.isin(expected.design.roles, ["category", "flag", "area"])
    has = np.where(indicators, expected.design.matrix.sum(axis=0), people.num_rows)
    assert table["people"].to_pylist() == has.tolist()
    assert column(table, "mean") == pytest.approx(expected.mean, rel=1e-12)
    assert formula.people == people.num_rows


def test_references_are_the_most_common_levels_and_ties_go_to_the_first_name() -> None:
    people = pa.table(
        {
            "age": ["young", "old"] * 18,
            "sex": ["M", "F", "M"] * 12,
            "area": sorted([1, 2, 3, 4, 10, 9] * 6),
            "cost": np.arange(36.0) ** 2,
        }
    )
    formula = fit_formula(people, cost="cost", categories=["age", "sex"], area="area")
    notes = {row["term"]: row["note"] for row in formula.coefficients.to_pylist()}
    assert list(notes) == [
        "age=old",
        "age=young",
        "sex=F",
        "sex=M",
        *[f"area={i}" for i in (1, 2, 3, 4, 9, 10)],
    ]
    assert [term for term, note in notes.items() if note == "reference"] == ["sex=M", "area=1"]


@pytest.mark.parametrize(
    "data_type",
    [pa.dictionary(pa.int8(), pa.string()), pa.large_string(), *STRING_VIEWS],
    ids=str,
)
def test_text_of_any_type_gives_the_same_formula(
    people: pa.Table, formula: Formula, data_type: pa.DataType
) -> None:
    for name in ("age", "sex", "region"):
        text = people[name].combine_chunks()
        text = text.dictionary_encode() if pa.types.is_dictionary(data_type) else text
        people = with_column(people, name, text.cast(data_type))
    other = fit_formula(people, cost="cost", weight="weight", **ROLES)
    assert other.coefficients.equals(formula.coefficients)


@pytest.mark.parametrize("data_type", [pa.bool_(), pa.int8(), pa.int64(), pa.uint8(), pa.float64()])
def test_flags_of_any_type_give_the_same_formula(
    people: pa.Table, formula: Formula, data_type: pa.DataType
) -> None:
    for name in ("diabetes", "stroke"):
        column_of = people[name].cast(pa.int8()).cast(data_type)
        people = with_column(people, name, column_of.combine_chunks())
    other = fit_formula(people, cost="cost", weight="weight", **ROLES)
    assert other.coefficients.equals(formula.coefficients)


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_tables_of_other_libraries_give_the_same_formula(
    people: pa.Table, formula: Formula, library: str
) -> None:
    if library == "pandas":
        given: Any = people.to_pandas()
    elif library == "polars":
        given = pytest.importorskip("polars").from_arrow(people)
    else:
        given = pytest.importorskip("duckdb").sql("select * from people")
    other = fit_formula(given, cost="cost", weight="weight", **ROLES)
    assert other.coefficients.equals(formula.coefficients)


# ---- What is redundant, what is held at 0 -------------------------------------------------------
def test_dropped_terms_leave_the_others_as_if_they_had_never_been(people: pa.Table) -> None:
    more = people.append_column("nobody", pa.array([False] * people.num_rows))
    more = more.append_column("born_2", pa.array(2 * column(people, "born") + 5))
    with_redundant = {"flags": ["nobody", *ROLES["flags"]], "need": [*ROLES["need"], "born_2"]}
    formula = fit_formula(more, cost="cost", redundant="drop", **(ROLES | with_redundant))
    rows = {row["term"]: row for row in formula.coefficients.to_pylist()}
    for term, note in (("nobody", "nobody"), ("born_2", "collinear")):
        row = rows.pop(term)
        assert row["note"] == note
        assert row["coefficient"] == 0 and row["standard_error"] is None
    lean = fit_formula(people, cost="cost", **ROLES).coefficients.to_pylist()
    assert list(rows) == [row["term"] for row in lean]
    for row, other in zip(rows.values(), lean, strict=True):
        assert row["note"] == other["note"] and row["people"] == other["people"]
        if row["note"] != "reference":
            error = other["standard_error"]
            assert row["coefficient"] == pytest.approx(other["coefficient"], abs=CLOSE * error)
            assert row["standard_error"] == pytest.approx(error, rel=CLOSE)


def test_what_an_area_has_in_common_comes_before_the_areas(people: pa.Table) -> None:
    """A supply variable that is the same all over a region takes one region's place."""
    beds = {"R0": 1.0, "R1": 2.0, "R2": 4.0, "R3": 8.0}
    people = with_column(people, "beds", [beds[region] for region in people["region"].to_pylist()])
    roles: dict[str, Any] = {"categories": ["age"], "supply": ["beds"], "area": "region"}
    formula = fit_formula(people, cost="cost", redundant="drop", **roles)
    notes = dict(zip(*(formula.coefficients[c].to_pylist() for c in ("term", "note")), strict=True))
    reference = next(term for term, note in notes.items() if note == "reference")
    last = [term for term in notes if term.startswith("region=") and term != reference][-1]
    assert {term for term, note in notes.items() if note == "collinear"} == {last}
    plain = oracle.fit(people, categories=["age"], area="region")
    predicted = column(formula.predict(people, neutral=False), "predicted")
    fitted = plain.design.matrix @ plain.coefficients
    assert predicted == pytest.approx(fitted, rel=CLOSE)


@pytest.mark.parametrize("seed", range(6))
def test_held_at_0_is_the_best_there_is(seed: int) -> None:
    """The conditions of Karush, Kuhn and Tucker: for a convex problem they are enough.

    Each free coefficient has a gradient of 0, and each that is held has one that points below 0.
    """
    people = some_people(150, seed=40 + seed)
    roles = ROLES | {"weight": "weight"}
    formula = fit_formula(people, cost="cost", nonnegative=True, **roles)
    table = formula.coefficients
    columns = oracle.design(people, **ROLES)
    beta, w = column(table, "coefficient"), column(people, "weight")
    residual = column(people, "cost") - columns.matrix @ beta
    gradient = columns.matrix.T @ (w * residual)
    # Of the size of the sums that cancel in it.
    scale = abs(columns.matrix).T @ (w * abs(column(people, "cost")))
    for i, row in enumerate(table.to_pylist()):
        if row["note"] == "reference":
            continue
        if row["note"] == "held at 0":
            assert row["coefficient"] == 0 and row["standard_error"] is None
            assert row["role"] in ("category", "flag", "need")
            assert gradient[i] <= 1e-9 * scale[i]
        else:
            assert row["coefficient"] > 0 or row["role"] in ("supply", "area")
            assert abs(gradient[i]) <= 1e-9 * scale[i]


def test_costs_of_nothing_hold_every_term_at_0() -> None:
    persons = pa.table({"age": list("yoyo"), "ill": [0, 1, 1, 0], "spent": [0.0] * 4})
    roles = {"categories": "age", "flags": "ill"}
    formula = fit_formula(persons, cost="spent", nonnegative=True, **roles)
    assert formula.coefficients["coefficient"].to_pylist() == [0.0] * 3
    assert formula.predict(persons)["predicted"].to_pylist() == [0.0] * 4


def test_the_others_are_those_of_a_formula_without_what_is_held() -> None:
    people = some_people(150, seed=41)
    rows = fit_formula(people, cost="cost", nonnegative=True, **ROLES).coefficients.to_pylist()
    x = oracle.design(people, **ROLES)
    free = [i for i in x.fitted if rows[i]["note"] is None]
    assert len(free) < len(x.fitted), "the case is too easy"
    beta, own = oracle.least_squares(x.matrix[:, free], column(people, "cost"))
    for i, value, error in zip(free, beta, np.sqrt(np.diag(own)), strict=True):
        assert rows[i]["coefficient"] == pytest.approx(value, abs=CLOSE * error)
        assert rows[i]["standard_error"] == pytest.approx(error, rel=CLOSE)


@pytest.mark.parametrize("cluster", [None, "area"])
def test_people_of_weight_0_are_as_if_absent(people: pa.Table, cluster: str | None) -> None:
    """Bit by bit, a cluster of theirs alone among them."""
    areas = pa.array([f"a{i % 40}" for i in range(people.num_rows)])
    weight = column(people, "weight").copy()
    weight[::7] = 0
    weight[2::40] = 0
    some = with_column(people, "weight", weight).append_column("cluster", areas)
    present = some.filter(pa.array(weight > 0))
    roles = (
        ROLES | {"cost": "cost", "weight": "weight"} | ({"cluster": "cluster"} if cluster else {})
    )
    fits = [fit_formula(table, **roles) for table in (some, present)]
    assert fits[0].coefficients.equals(fits[1].coefficients)
    assert fits[0].people == fits[1].people == present.num_rows
