"""Outturns against budgets: what chance explains, what it does not, and whose ratio to believe."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _engine
from .._contracts.stop_loss import StopLoss
from .._errors import InputError
from .._risk.cost_model import CostModel
from .._risk.population import check_people, read_people, read_terms
from .._tables.arguments import Arguments
from .._tables.arrays import FloatArray
from .._tables.provenance import traced
from .._tables.results import arrow_table, numbers
from .._tables.warning import deprecated
from .panel import Outturns, read_outturns, unit_keys
from .variance_components import Interval, Panel, components

BESIDE = 1e-7
"""Step to either side of a ratio: a cost that has a probability of its own then counts towards both
tails, whatever the rounding of the ratio."""
UNIT_COLUMN = re.compile(
    r"years?|outturn|ratio|chance_cv|credibility|shrunk_ratio|p_value|(lower|upper|outside)_.*"
)
"""Further names that the tables use themselves, so that no level may have them."""
COUNTS = ("units", "years")
SUMMARY = pa.schema(
    (name, pa.int64() if name in COUNTS else pa.float64())
    for name in (
        *COUNTS,
        "bias",
        "bias_se",
        *(
            f"{part}_sd{end}"
            for part in ("systematic", "persistent", "yearly")
            for end in ("", "_low", "_high")
        ),
        "p_value",
        "chance_cv",
        "chance_share",
        "person_cv",
        "k_people",
    )
)


@dataclass(frozen=True, repr=False)
class Decomposition:
    """What ``decompose`` found: tables of ``units`` and ``years``, and a ``summary`` of one row."""

    units: pa.Table
    years: pa.Table
    summary: pa.Table

    def __repr__(self) -> str:
        found = self.summary.to_pylist()[0]
        years = "1 year" if found["years"] == 1 else f"{found['years']} years"
        return (
            f"<fundholder.Decomposition of {found['units']} units in {years}: "
            f"systematic SD {found['systematic_sd']:.1%}, "
            f"{found['systematic_sd_low']:.1%} to {found['systematic_sd_high']:.1%}>"
        )


def decompose(
    observed: Any,
    population: Any,
    costs: CostModel,
    *,
    by: str = "practice",
    stop_loss: float | StopLoss | None = None,
    limits: Sequence[float] = (0.95, 0.998),
    confidence: float = 0.95,
    level: float | None = None,
) -> Decomposition:
    """Divide observed ratios of outturn to budget into chance and systematic variation.

    The chance variation of each unit's ratio is that of its people under ``costs``, in proportion
    to its budget; what the observed ratios vary beyond it is systematic: practice style, formula
    error, shocks. Variances are estimated by moments, after each year's mean ratio is taken out, so
    that a budget wrong for everyone is no difference between units.

    Parameters
    ----------
    observed
        Anything with ``__arrow_c_stream__``: ``<by>``, ``budget`` (£, above 0), ``outturn`` (£, 0
        or more, net of the contract) and, where there are several years, ``year`` (integer or
        string). One row for each unit and year; every year needs two units, and a unit may miss
        years.
    population, costs
        As for ``variance``: the people and costs of chance alone, the same in every year. A reader
        of batches is read into memory.
    by
        The column whose values are units.
    stop_loss
        The contract under which outturns are net: a ceiling in £ or a ``StopLoss``.
    limits
        Shares of years that chance keeps within the limits of each unit, between 0 and 1.
    confidence
        Confidence of the intervals, between 0 and 1.
    level
        The deprecated name of ``confidence``.

    Returns
    -------
    Decomposition
        ``units``, in the order of ``variance``: ``<by>``, ``years``, ``people``, ``budget`` and
        ``outturn`` (£, all years), ``ratio`` (mean over years of outturn / budget), ``chance_cv``
        (SD of that ratio by chance alone), ``credibility`` (0 to 1), ``shrunk_ratio`` (the
        Bühlmann-Straub estimate of the unit's own ratio), ``p_value`` (probability, by chance
        alone and on the budget as it is, of a ratio as far out on either side), and for each of
        ``limits`` ``lower_<limit>``, ``upper_<limit>`` (ratios between which chance alone stays
        with that probability) and ``outside_<limit>``.

        ``years``: ``year`` (null without that column), ``units``, ``budget``, ``outturn`` (£),
        ``bias`` (mean ratio).

        ``summary``: ``units``, ``years``, ``bias`` (mean ratio of everything) and ``bias_se``; as
        SDs of a year's ratio, ``systematic_sd`` and its parts ``persistent_sd`` (the same in all
        years of a unit) and ``yearly_sd`` (another each year), each with ``_low`` and ``_high``;
        ``p_value`` (probability, by chance alone, of as much spread: near 0 there is systematic
        variation, near 1 the chance distribution is too wide); ``chance_cv`` (root mean square over
        units, one year), ``chance_share`` (of the variance of a year's ratio), ``person_cv`` and
        ``k_people`` (people-years at which credibility is one half, but for what belongs to the
        year; null where nothing persists).

        Where no unit has two years, persistent and yearly variation cannot be told apart: they are
        null, and credibility takes all systematic variation to persist, which is the most it can
        be.

    Raises
    ------
    InputError, InputTypeError
        As for ``variance``. Then all problems of ``observed`` at once: a missing column, values
        that are not allowed, a unit twice in a year, a unit that only one of the tables has, a year
        with fewer than two units. Also a unit whose chance has no variance or no fourth moment.

    Notes
    -----
    Squared deviations weigh by the inverse of their variances (Crowder 1987), which the kurtosis of
    each unit's distribution gives. The interval holds the variances at which their weighted sum
    lies within its quantiles (Viechtbauer 2007) under a gamma distribution of the same mean and
    variance (Biggerstaff and Tweedie 1997); for normal chance alike in all units that is the
    chi-square distribution. An estimate that would be negative is 0. Limits and p values are those
    of the exact distribution, over n years that of n times the people. Effects are independent
    between units, chance also between years.

    Examples
    --------
    >>> import pyarrow as pa
    >>> costs = CostModel(pa.table({"p_any": [0.3], "family": ["lognormal"],
    ...                             "mean": [800 / 0.3], "shape": [1.6]}))
    >>> practices = pa.table({"practice": ["A", "B", "C", "D"], "count": [6_000] * 4})
    >>> observed = pa.table({"practice": ["A", "B", "C", "D"], "budget": [4.8e6] * 4,
    ...                      "outturn": [4.1e6, 4.6e6, 5.0e6, 7.2e6]})
    >>> found = decompose(observed, practices, costs)
    >>> found.units.column("outside_0.998").to_pylist()
    [False, False, False, True]
    >>> found.summary.column("yearly_sd").to_pylist()
    [None]
    """
    if level is not None:
        deprecated("decompose(level=...)", "confidence=...")
        confidence = level
    arguments = Arguments()
    levels = check_people(arguments, population, costs, by)
    if len(levels) > 1:
        arguments.reject("by", by, "one column")
    for name in filter(UNIT_COLUMN.fullmatch, levels):
        arguments.reject("by", name, "a column that results do not have under the same name")
    terms = read_terms(arguments, stop_loss=stop_loss)
    asked = arguments.fractions("limits", limits)
    arguments.fractions("confidence", [confidence])
    arguments.check()
    table = arrow_table("observed", observed)
    population = arrow_table("population", population)

    people = read_people(population, costs, [by])
    chance = traced(people.variance(0, terms, None, [], [], exact=False))
    outturns = read_outturns(table, by, chance[by])
    panel = _panel(outturns, chance, by)
    found = components(panel, confidence)
    persistent = (found.persistent or found.total).estimate
    yearly = found.yearly.estimate if found.yearly else 0.0
    bias, bias_se = panel.bias(persistent, yearly)
    own = panel.relative(persistent + yearly).sum(axis=1) / panel.years
    credibility = persistent / (persistent + (yearly + panel.chance) / panel.years)
    ratio = panel.ratio.sum(axis=1) / panel.years

    lived = people
    if len(outturns.years) > 1:
        every_year = _every_year(population, by, chance[by], panel.years)
        lived = _engine.People(every_year, costs._model, by=[by], streamed=False)
    units = {
        by: chance[by],
        "years": panel.years.astype(np.int64),
        "people": chance["people"],
        "budget": outturns.budget.sum(axis=1),
        "outturn": outturns.outturn.sum(axis=1),
        "ratio": ratio,
        "chance_cv": np.sqrt(panel.chance / panel.years),
        "credibility": credibility,
        "shrunk_ratio": bias * (1 + credibility * own),
        **_limits(lived, terms, by, ratio, asked),
    }
    years = {
        "year": outturns.years,
        "units": panel.seen.sum(axis=0),
        "budget": outturns.budget.sum(axis=0),
        "outturn": outturns.outturn.sum(axis=0),
        "bias": panel.means(persistent + yearly),
    }
    size = numbers(chance, "people")
    person = (panel.chance * size) @ size / size.sum()
    mean_chance = panel.chance.mean()
    summary = {
        "units": len(size),
        "years": len(outturns.years),
        "bias": bias,
        "bias_se": bias_se,
        **_sd("systematic_sd", found.total),
        **_sd("persistent_sd", found.persistent),
        **_sd("yearly_sd", found.yearly),
        "p_value": found.total.p_at_zero,
        "chance_cv": math.sqrt(mean_chance),
        "chance_share": mean_chance / (mean_chance + found.total.estimate),
        "person_cv": math.sqrt(person),
        "k_people": person / persistent if persistent > 0 else None,
    }
    metadata = {
        **chance.schema.metadata,
        b"fundholder.limits": ", ".join(text for text, _ in asked),
        b"fundholder.confidence": str(confidence),
    }
    return Decomposition(
        pa.table(units, metadata=metadata),
        pa.table(years, metadata=metadata),
        pa.Table.from_pylist([summary], SUMMARY.with_metadata(metadata)),
    )


def _panel(outturns: Outturns, chance: pa.Table, by: str) -> Panel:
    """The ratios with the chance of each, which must have a variance and a fourth moment."""
    cv, kurtosis = numbers(chance, "cv"), numbers(chance, "kurtosis")
    problems = [
        f"unit {label!r}: its chance must have a variance above 0 and a finite fourth moment"
        " (without people, it has no variance; with a heavy tail that no ceiling bounds, it may"
        " have no fourth moment)"
        for label, spread, fourth in zip(chance[by].to_pylist(), cv, kurtosis, strict=True)
        if not (spread > 0 and math.isfinite(fourth))
    ]
    if problems:
        raise InputError(problems)
    return Panel(outturns.ratio, outturns.seen, cv**2, kurtosis * cv**4)


def _every_year(
    population: pa.Table, by: str, labels: pa.ChunkedArray, years: FloatArray
) -> pa.Table:
    """The population with everyone counted once for each year in which their unit was seen."""
    times = dict(zip(unit_keys(labels), years.tolist(), strict=True))
    column = population[by]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    units = column.cast(pa.string()).combine_chunks().dictionary_encode()
    # The last stands for the unit named null.
    years_of_label = np.array(
        [times.get(key, 0.0) for key in [*units.dictionary.to_pylist(), None]]
    )
    seen = years_of_label[units.indices.fill_null(len(units.dictionary)).to_numpy()]
    names = population.column_names
    if "count" not in names:
        return population.append_column("count", pa.array(seen))
    count = pc.multiply(population["count"].cast(pa.float64()), pa.array(seen))
    return population.set_column(names.index("count"), "count", count)


def _limits(
    people: _engine.People,
    terms: _engine.Terms,
    by: str,
    ratio: FloatArray,
    asked: Sequence[tuple[str, float]],
) -> dict[str, Any]:
    """How far out each ratio is in the exact distribution of chance, and its limits."""
    tails = [((1 - limit) / 2, (1 + limit) / 2) for _, limit in asked]
    quantiles = [(str(q), q) for pair in tails for q in pair]
    exact = traced(people.variance(0, terms, None, [], quantiles, exact=True))
    expected = numbers(exact, "expected")
    columns: dict[str, Any] = {}
    twice = pa.chunked_array(exact[by].chunks * 2)
    beside = np.concatenate([ratio + BESIDE, np.maximum(ratio - BESIDE, 0)])
    at = pa.table({by: twice, "cost": beside * np.tile(expected, 2)})
    below = numbers(traced(people.cumulative(0, terms, at)), "cumulative")
    at_most, less = below.reshape(2, -1)
    less = np.where(ratio > 0, less, 0.0)
    columns["p_value"] = np.clip(2 * np.minimum(at_most, 1 - less), 0, 1)
    for (text, _), (low, high) in zip(asked, tails, strict=True):
        lower = columns[f"lower_{text}"] = numbers(exact, f"q{low}") / expected
        upper = columns[f"upper_{text}"] = numbers(exact, f"q{high}") / expected
        columns[f"outside_{text}"] = (ratio < lower) | (ratio > upper)
    return columns


def _sd(name: str, variance: Interval | None) -> dict[str, float | None]:
    """An SD and its limits, from those of a variance."""
    names = name, f"{name}_low", f"{name}_high"
    if variance is None:
        return dict.fromkeys(names)
    found = variance.estimate, variance.low, variance.high
    return dict(zip(names, map(math.sqrt, found), strict=True))
