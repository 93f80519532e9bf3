"""From need to risk: how actual costs are spread around predicted ones."""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._errors import InputError, Problem
from .._risk.cost_model import CostModel
from .._risk.tail import check_tail
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.checked import Rule, arrow_table, read_table
from .._tables.columns import is_label
from .persons import check_codes, check_persons, open_once, warn_of_codes
from .weighted_quantiles import quantiles

STEPS_A_DOUBLING = 64


def _steps() -> FloatArray:
    """Costs from 2^-10 to 2^40 £.

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

COUNT = Rule("a whole number from 0 to 4294967295", 0.0, 2.0**32 - 1, integer=True)
FLOOR = 0.05
"""Share of the mean prediction that the smallest predictions are raised to.

A sum of terms may come near 0, or below it, for a few people; a cost many times such a prediction
would be put down to it.
"""

RATIO = "column 'ratio', "
"""How the engine names what is only here a column."""


class Predictor(Protocol):
    """What a ``FormulaCosts`` needs of its formula."""

    def predict(
        self,
        persons: Any,
        neutral: bool = True,
        *,
        codes: Any | None = None,
        threads: int | None = None,
    ) -> pa.Table:
        """The expected cost of each person."""
        ...

    def columns(self, *roles: str) -> list[str]:
        """The columns that the formula reads."""
        ...


class FormulaCosts(CostModel):
    """The distribution of actual cost around predicted cost, by band of prediction.

    Made by ``Formula.cost_model``; ``population`` gives the people that go with it.
    """

    def __init__(
        self,
        model: _engine.CostModel,
        formula: Predictor,
        edges: FloatArray,
        least: float,
        neutral: bool,
    ) -> None:
        self._model = model
        self._formula = formula
        self._edges = edges
        self._least = least
        self._neutral = neutral

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _again, (self.table, self._formula, self._edges, self._least, self._neutral)

    def population(
        self,
        persons: Any,
        *,
        codes: Any | None = None,
        by: str = "practice",
        rounded: bool = True,
        threads: int | None = None,
    ) -> pa.Table:
        """People as the risk functions take them: one row per person.

        Parameters
        ----------
        persons, codes, threads
            As for ``Formula.predict``.
        by
            The column of practices.
        rounded
            Round predicted costs to 64 steps a doubling, by 0.3 % on average. People of equal
            predictions are of one risk class, and exact distributions take time by risk class: a
            practice's expected cost moves by about 1e-4, and all of England becomes possible.

        Returns
        -------
        pyarrow.Table
            The columns of the persons' table that name people and pools (text, whole numbers and
            dictionaries that the formula does not read), ``practice`` among them, ``count`` where
            it is there, and ``band`` and ``scale`` (£: the predicted cost).

        Raises
        ------
        InputError, InputTypeError
            As for ``Formula.predict``.
        """
        arguments = Arguments()
        check_persons(arguments, persons)
        check_codes(arguments, codes)
        arguments.column("by", by)
        rounded = arguments.flag("rounded", rounded)
        threads = arguments.threads(threads)
        arguments.check()
        table = arrow_table("persons", open_once(persons))
        names = self._labels(table.schema, by)
        count = ["count"] if "count" in table.column_names and by != "count" else []
        # Other labels must only be unique columns.
        read_table("persons", table.slice(0, 0), labels=names, nullable=names, rows=False)
        read_table("persons", table, labels=[by], numbers=dict.fromkeys(count, COUNT))
        persons = self._formula.predict(table, self._neutral, codes=codes, threads=threads)
        scale = np.maximum(persons["predicted"].to_numpy(), self._least)
        band = _bands(self._edges, scale)
        if rounded:
            scale = _STEPS[np.searchsorted(_STEPS[1:], scale * _HALF_A_STEP, side="right")]
        return pa.table(
            {
                "practice": table[by],
                **{name: table[name] for name in names + count},
                "band": band,
                "scale": scale,
            }
        )

    def _labels(self, schema: pa.Schema, by: str) -> list[str]:
        """Columns that name people and pools, beside that of practices."""
        other = {*self._formula.columns(), "practice", "band", "scale", "p_any", "count", by}
        names = [f.name for f in schema if f.name not in other and is_label(f.type)]
        return list(dict.fromkeys(names))


def _again(table: pa.Table, *other: Any) -> FormulaCosts:
    return FormulaCosts(_engine.CostModel(table), *other)


def check_cost_model(arguments: Arguments, cost: Any, weight: Any, tail: Any, bands: Any) -> None:
    """Raise unless a cost model can be made with these arguments."""
    arguments.column("cost", cost)
    arguments.column("weight", weight, optional=True)
    check_tail(arguments, tail)
    arguments.integer("bands", bands, 1, 1_000)
    arguments.check()


def cost_model(
    formula: Predictor,
    engine: _engine.Formula,
    persons: Any,
    cost: str,
    weight: str | None,
    bands: int,
    tail: Literal["gpd"] | None,
    given: dict[str, Any],
) -> FormulaCosts:
    """``Formula.cost_model``, its arguments checked."""
    threads = given["threads"]
    table, unknown = engine.compare(open_once(persons), cost=cost, weight=weight, **given)
    warn_of_codes(unknown)
    table = table.append_column("weighted", pc.multiply(table["predicted"], table["weight"]))
    sums = _engine.add_up(
        table,
        by=None,
        columns=["weight", "weighted"],
        materialised=True,
        name="persons",
        threads=threads,
    )
    people, total = sums["weight"][0].as_py(), sums["weighted"][0].as_py()
    if not (people > 0 and total > 0):
        text = "persons: the mean predicted cost must be above 0"
        raise InputError([Problem(text, code="not_allowed", column="predicted")])
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
    model = _fitted(years, tail == "gpd", threads)
    return FormulaCosts(model, formula, edges, least, given["neutral"])


def _fitted(years: pa.Table, gpd_tail: bool, threads: int) -> _engine.CostModel:
    try:
        model, _ = _engine.CostModel.from_costs(
            years, cost=["ratio"], band="band", weight="weight", gpd_tail=gpd_tail, threads=threads
        )
    except InputError as error:
        # To the caller, a band of predicted costs has no column of ratios.
        problems = [
            Problem(f"predicted-cost {p.removeprefix(RATIO)}: use fewer bands", code=p.code)
            for p in error.problems
        ]
        raise InputError(problems) from None
    return model


def _edges(scale: FloatArray, weight: FloatArray, bands: int) -> FloatArray:
    """Upper ends of all bands but the last: weighted quantiles, each once."""
    edges = np.unique(quantiles(scale, weight, bands))
    below: FloatArray = edges[edges < scale.max()]
    return below


def _bands(edges: FloatArray, scale: Any) -> pa.DictionaryArray:
    width = len(str(len(edges) + 1))
    ends = [f"to £{edge:,.0f}" for edge in edges] + [
        f"above £{edges[-1]:,.0f}" if len(edges) else "all"
    ]
    names = [f"{n + 1:0{width}} {end}" for n, end in enumerate(ends)]
    at = np.searchsorted(edges, scale, side="left").astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(at), pa.array(names))
