"""From need to risk: how actual costs are spread around predicted ones."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .. import _engine
from .._arguments import Arguments
from .._costs import CostModel
from .._errors import InputError
from ._formula import Formula
from ._persons import check_persons, is_whole, open_once

Numbers = NDArray[np.float64]

STEPS_A_DOUBLING = 64


def _steps() -> Numbers:
    """A ladder of costs from 2^-10 to 2^40 £.

    By square roots and products alone, so that it is the same on every machine.
    """
    doubling = np.ones(1)
    root = 2.0
    for _ in range(STEPS_A_DOUBLING.bit_length() - 1):
        root = math.sqrt(root)
        doubling = np.sort(np.concatenate([doubling, doubling * root]))
    return (2.0 ** np.arange(-10, 40)[:, None] * doubling).ravel()


_STEPS = _steps()
_HALF_A_STEP = math.sqrt(_STEPS[1] / _STEPS[0])

FLOOR = 0.05
"""Share of the mean prediction that the smallest predictions are raised to.

A sum of terms may come near 0, or below it, for a few people; a cost many times such a prediction
would be put down to it.
"""


class FormulaCosts(CostModel):
    """The law of actual cost around predicted cost, by band of prediction.

    Made by ``CostModel.from_formula``; ``population`` gives the people that go with it.
    """

    _formula: Formula
    _edges: Numbers
    _least: float
    _neutral: bool

    def population(
        self,
        persons: Any,
        *,
        codes: Any | None = None,
        by: str = "practice",
        rounded: bool = True,
    ) -> pa.Table:
        """People as the risk functions take them: one row per person.

        Parameters
        ----------
        persons, codes
            As for ``Formula.predict``.
        by
            The column of practices.
        rounded
            Round predicted costs to 64 steps a doubling, by 0.3 % on average. People of equal
            predictions are of one kind, and exact laws take time by kinds: a practice's expected
            cost moves by about 1e-4, and all of England becomes possible.

        Returns
        -------
        pyarrow.Table
            The columns of the persons' table that name people and pools (text, whole numbers and
            dictionaries that the formula does not read), ``practice`` among them, and ``band`` and
            ``scale`` (£: the predicted cost).

        Raises
        ------
        InputError, InputTypeError
            As for ``Formula.predict``.
        """
        arguments = Arguments()
        check_persons(arguments, persons)
        if not isinstance(by, str):
            arguments.refuse_type("by", by, "the name of a column")
        rounded = arguments.flag("rounded", rounded)
        arguments.check()
        table = pa.table(open_once(persons))
        if by not in table.column_names:
            there = ", ".join(table.column_names)
            raise InputError([f"column '{by}' is missing: the table has {there}"])
        predicted = self._formula.predict(table, self._neutral, codes=codes)["predicted"]
        scale = np.maximum(predicted.to_numpy(), self._least)
        band = _bands(self._edges, scale)
        if rounded:
            scale = _STEPS[np.searchsorted(_STEPS[1:], scale * _HALF_A_STEP, side="right")]
        read = {*self._formula.columns(), "practice", "band", "scale", "p_any", "count", by}
        names = [f.name for f in table.schema if f.name not in read and _is_label(f.type)]
        return pa.table(
            {
                "practice": table[by],
                **{name: table[name] for name in names},
                "band": band,
                "scale": scale,
            }
        )


def costs_from_formula(
    formula: Formula,
    persons: Any,
    *,
    cost: str,
    bands: int,
    weight: str | None,
    tail: Literal["gpd"] | None,
    codes: Any | None,
    neutral: bool,
) -> FormulaCosts:
    """``CostModel.from_formula``."""
    arguments = Arguments()
    check_persons(arguments, persons)
    if not isinstance(formula, Formula):
        arguments.refuse_type("formula", formula, "a Formula")
    for name, value in (("cost", cost), ("weight", weight)):
        if not isinstance(value, str) and not (name == "weight" and value is None):
            arguments.refuse_type(name, value, "the name of a column")
    bands = arguments.integer("bands", bands, 1, 1_000)
    arguments.check()
    table, _, _ = formula._engine.compare(
        open_once(persons),
        cost=cost,
        weight=weight,
        carried=[],
        neutral=neutral,
        codes=codes,
        whole=is_whole(persons),
    )
    table = table.append_column("weighted", pc.multiply(table["predicted"], table["weight"]))
    sums = _engine.add_up(
        table, by=None, columns=["weight", "weighted"], whole=True, name="persons"
    )
    people, total = sums["weight"][0].as_py(), sums["weighted"][0].as_py()
    if not (people > 0 and total > 0):
        raise InputError(["persons: the mean predicted cost must be above 0"])
    least = FLOOR * total / people
    scale = np.maximum(table["predicted"].to_numpy(), least)
    edges = _edges(scale, table["weight"].to_numpy(), bands)
    years = pa.table(
        {
            "band": _bands(edges, scale),
            # Ratios count by what they are ratios of, so that a band costs what its people cost.
            "ratio": pc.divide(table["actual"], pa.array(scale)),
            "weight": pc.multiply(table["weight"], pa.array(scale)),
        }
    )
    model = _engine.CostModel.from_costs(
        years, cost="ratio", band="band", weight="weight", gpd_tail=tail == "gpd"
    )
    made = FormulaCosts._of(model)
    assert isinstance(made, FormulaCosts)
    made._formula, made._edges, made._least, made._neutral = formula, edges, least, neutral
    return made


def _edges(
    scale: Numbers,
    weight: Numbers,
    bands: int,
) -> Numbers:
    """Upper ends of all bands but the last: weighted quantiles, each once."""
    order = np.lexsort((weight, scale))
    upto = np.cumsum(weight[order])
    at = np.searchsorted(upto, upto[-1] * np.arange(1, bands) / bands)
    edges = np.unique(scale[order][np.minimum(at, len(order) - 1)])
    below: Numbers = edges[edges < scale.max()]
    return below


def _bands(edges: Numbers, scale: Any) -> pa.DictionaryArray:
    width = len(str(len(edges) + 1))
    ends = [f"to £{edge:,.0f}" for edge in edges] + [
        f"above £{edges[-1]:,.0f}" if len(edges) else "all"
    ]
    names = [f"{n + 1:0{width}} {end}" for n, end in enumerate(ends)]
    at = np.searchsorted(edges, scale, side="left").astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(at), pa.array(names))


def _is_label(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_label(kind.value_type)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(text or pa.types.is_integer(kind))


def with_formula_error(variance: pa.Table, need: pa.Table, *, by: str = "practice") -> pa.Table:
    """Put the error of the formula beside chance and systematic variation.

    Parameters
    ----------
    variance
        A result of ``fundholder.variance``.
    need
        A result of ``Formula.need`` for the same units.
    by
        The column of units.

    Returns
    -------
    pyarrow.Table
        ``variance`` with ``formula_sd`` (£: what the errors of the coefficients make of the unit's
        budget) and ``total_sd`` (£: chance, systematic variation and formula error together;
        variances add up) after ``systematic_sd``.

    Raises
    ------
    InputError
        Units in one table and not in the other, and a formula without a covariance.

    Examples
    --------
    >>> import pyarrow as pa
    >>> spread = pa.table({"practice": ["A"], "budget": [500.0], "sd": [30.0],
    ...                    "systematic_sd": [0.0]})
    >>> need = pa.table({"practice": ["A"], "need": [1000.0], "formula_sd": [80.0]})
    >>> with_formula_error(spread, need)["total_sd"].to_pylist()
    [50.0]
    """
    problems = [
        f"{kind}: column '{name}' is missing"
        for kind, table, names in (
            ("variance", variance, (by, "budget", "sd", "systematic_sd")),
            ("need", need, (by, "need", "formula_sd")),
        )
        for name in names
        if name not in table.column_names
    ]
    if problems:
        raise InputError(problems)
    rows = {str(row[by]): row for row in need.select([by, "need", "formula_sd"]).to_pylist()}
    units = [str(unit) for unit in variance[by].to_pylist()]
    problems = [f"need: no row for '{u}': every unit must have one" for u in units if u not in rows]
    known = set(units)
    problems += [
        f"variance: no row for '{u}': every unit must have one" for u in rows if u not in known
    ]
    problems += [
        f"need of '{u}' has no formula_sd above 0 need: must be of a formula with a covariance"
        for u in units
        if u in rows and (rows[u]["formula_sd"] is None or not rows[u]["need"] > 0)
    ]
    if problems:
        raise InputError(problems)
    relative = np.array([rows[u]["formula_sd"] / rows[u]["need"] for u in units])
    formula_sd = relative * variance["budget"].to_numpy()
    total_sd = np.sqrt(variance["sd"].to_numpy() ** 2 + formula_sd**2)
    place = variance.column_names.index("systematic_sd") + 1
    made = variance.add_column(place, "formula_sd", pa.array(formula_sd))
    return made.add_column(place + 1, "total_sd", pa.array(total_sd))
