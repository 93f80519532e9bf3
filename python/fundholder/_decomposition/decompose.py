"""Outturns against budgets: what chance explains, what it does not, and whose ratio to believe."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from .._contracts.stop_loss import StopLoss
from .._risk.agreement import read_agreement
from .._risk.cost_model import CostModel
from .._risk.population import check_people
from .._tables.arguments import Arguments
from .._tables.checked import arrow_table
from .._tables.warning import deprecated
from .chance import chance_limits, limits_with_systematic
from .decomposition import Decomposition, summary_table
from .lists import Lists, positive_chance_factor
from .panel import read_outturns
from .robust import warn_of_suspects, winsorised
from .variance_components import components

UNIT_COLUMN = re.compile(
    r"years?|outturn|ratio|suspect|chance_cv|credibility|shrunk_ratio|p_value|(lower|upper|outside)_.*"
)
"""Further names that the tables use themselves, so that no level may have them."""

CONFIDENCE = 0.95


def decompose(
    observed: Any,
    population: Any,
    costs: CostModel,
    *,
    by: str = "practice",
    stop_loss: float | StopLoss | None = None,
    limits: Sequence[float] = (0.95, 0.998),
    confidence: float = CONFIDENCE,
    robust: bool = False,
    systematic_limits: bool = False,
    chance: Literal["model", "years"] = "model",
    threads: int | None = None,
    level: float | None = None,
) -> Decomposition:
    """Divide observed ratios of outturn to budget into chance and systematic variation.

    The chance variation of each unit's ratio is that of its people under ``costs``, in proportion
    to its budget; what the observed ratios vary beyond it is systematic: practice style, formula
    error, shocks. Variances are estimated by moments, after each year's mean ratio is taken out, so
    that a budget wrong for all is no difference between units.

    Parameters
    ----------
    observed
        Anything with ``__arrow_c_stream__``: ``<by>``, ``budget`` (£, above 0), ``outturn`` (£, 0
        or more, net of the contract) and, where there are several years, ``year`` (integer or
        string). One row for each unit and year; every year needs two units, and a unit may miss
        years.
    population, costs
        As for ``variance``: the people and costs of chance alone. With a column ``year``, each year
        has its own lists; without, they are the same in every year. A reader of batches is read
        into memory.
    by
        The column whose values are units.
    stop_loss
        The contract under which outturns are net: a ceiling in £ or a ``StopLoss``.
    limits
        Shares of years that chance keeps within the limits of each unit, between 0 and 1.
    confidence
        Confidence of the intervals, between 0 and 1.
    robust
        Whether ratios more than 2 SDs of chance and systematic variation from the mean of their
        year count as 2 SDs: an outturn with an extra digit then moves next to nothing. Without
        wrong outturns the interval is a sixteenth wider. The middle of each ratio's distribution is
        taken to be normal.
    systematic_limits
        Whether there are limits of chance and systematic variation together, too.
    chance
        ``"model"``: the variance of chance is that of ``costs``. ``"years"``: it is so many times
        that as the ratios of a unit vary between its years, so that what belongs to the year
        counts as chance; needs a unit with two years. Limits and p values are stretched likewise.
    threads
        By default, as many as the processors that the process may use.
    level
        The deprecated name of ``confidence``.

    Returns
    -------
    Decomposition
        ``units``, in the order of ``variance``: ``<by>``, ``years``, ``people`` (mean over years),
        ``budget`` and
        ``outturn`` (£, all years), ``ratio`` (mean over years of outturn / budget), ``chance_cv``
        (SD of that ratio by chance alone), ``credibility`` (0 to 1), ``shrunk_ratio`` (the
        Bühlmann-Straub estimate of the unit's own ratio), ``p_value`` (probability, by chance
        alone and on the budget as it is, of a ratio as far out on either side), and for each of
        ``limits`` ``lower_<limit>``, ``upper_<limit>`` (ratios between which chance alone stays
        with that probability) and ``outside_<limit>``; with ``systematic_limits``, ``lower_``,
        ``upper_`` and ``outside_with_systematic_<limit>`` (as if the estimated systematic variation
        were lognormal; null above an SD of 0.5). ``suspect`` is true where a ratio is so far out
        that a wrong outturn is likelier than chance and systematic variation: in data without such
        errors, for any unit at all in a hundredth of cases at most. Suspects are named in a
        warning unless ``robust``.

        ``years``: ``year`` (null without that column), ``units``, ``budget``, ``outturn`` (£),
        ``bias`` (mean ratio).

        ``summary``: ``units``, ``years``, ``bias`` (mean ratio over units and years) and
        ``bias_se``; as SDs of a year's ratio, ``systematic_sd`` and its parts ``persistent_sd``
        (the same in all years of a unit) and ``yearly_sd`` (another each year), each with ``_low``
        and ``_high``; ``p_value`` (probability, by chance alone, of as much spread: near 0 there is
        systematic variation, near 1 the chance distribution is too wide); ``chance_cv`` (root mean
        square over units, one year), ``chance_share`` (of the variance of a year's ratio),
        ``chance_factor`` (of ``chance="years"``; otherwise 1), ``person_cv`` and ``k_people``
        (people-years at which credibility is one half, but for what belongs to the year; null where
        nothing persists).

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
    arguments = Arguments()
    if level is not None:
        deprecated("decompose(level=...)", "confidence=...")
        if confidence != CONFIDENCE:
            arguments.reject("level", level, "left out where there is a confidence")
        confidence = level
    levels = check_people(arguments, population, costs, by, single=True)
    by = levels[0] if levels else ""
    for name in filter(UNIT_COLUMN.fullmatch, levels):
        arguments.reject("by", name, "a column that results do not have under the same name")
    agreement = read_agreement(arguments, costs, stop_loss=stop_loss)
    labelled_limits = arguments.fractions("limits", limits)
    confidence = next((c for _, c in arguments.fractions("confidence", [confidence])), CONFIDENCE)
    robust = arguments.flag("robust", robust)
    systematic_limits = arguments.flag("systematic_limits", systematic_limits)
    threads = arguments.threads(threads)
    if chance not in ("model", "years"):
        arguments.reject("chance", chance, "'model' or 'years'")
    if chance == "years" and systematic_limits:
        arguments.reject("systematic_limits", True, "False where chance is 'years'")
    arguments.check()
    table = arrow_table("observed", observed)
    population = arrow_table("population", population)
    valuation = agreement.valuation(costs)

    lists = Lists.read(population, table, costs, by, valuation, threads)
    outturns = read_outturns(table, by, lists.units)
    panel, size = lists.ratio_panel(outturns)
    bounded = winsorised(panel)
    if robust:
        panel = bounded.panel
    factor = 1.0
    if chance == "years":
        factor = positive_chance_factor(panel)
        panel = panel.scaled_chance(factor)
    parts = components(panel, confidence)
    if chance == "years":
        parts = replace(parts, yearly=None)
    persistent = (parts.persistent or parts.total).estimate
    yearly = parts.yearly.estimate if parts.yearly else 0.0
    bias, bias_se = panel.bias(persistent, yearly)
    own = panel.relative(persistent + yearly).sum(axis=1) / panel.years
    credibility = persistent / (persistent + (yearly + panel.mean_chance) / panel.years)
    ratio = outturns.ratio.sum(axis=1) / panel.years

    people_years = lists.of_all_years(outturns)
    of_chance = chance_limits(
        people_years, valuation, by, ratio, labelled_limits, math.sqrt(factor)
    )
    suspect = bounded.suspects(of_chance["p_value"])
    if suspect.any() and not robust:
        warn_of_suspects(lists.units.to_pylist(), outturns.ratio, suspect)
    of_both = {}
    if systematic_limits:
        variances = persistent + yearly / panel.years
        of_both = limits_with_systematic(
            people_years, costs, agreement, by, ratio, labelled_limits, variances
        )
    units = {
        by: lists.units,
        "years": panel.years.astype(np.int64),
        "people": lists.mean_people(panel, size),
        "budget": outturns.budget.sum(axis=1),
        "outturn": outturns.outturn.sum(axis=1),
        "ratio": ratio,
        "chance_cv": np.sqrt(panel.mean_chance / panel.years),
        "credibility": credibility,
        "shrunk_ratio": bias * (1 + credibility * own),
        **of_chance,
        **of_both,
        "suspect": suspect,
    }
    years = {
        "year": outturns.years,
        "units": panel.seen.sum(axis=0),
        "budget": outturns.budget.sum(axis=0),
        "outturn": outturns.outturn.sum(axis=0),
        "bias": panel.means(persistent + yearly),
    }
    metadata = {
        **(lists.moments.schema.metadata or {}),
        b"fundholder.limits": ", ".join(text for text, _ in labelled_limits),
        b"fundholder.confidence": str(confidence),
        b"fundholder.chance": chance,
        b"fundholder.robust": str(robust).lower(),
    }
    return Decomposition(
        pa.table(units, metadata=metadata),
        pa.table(years, metadata=metadata),
        summary_table(panel, size, parts, (bias, bias_se), factor).replace_schema_metadata(
            metadata
        ),
    )
