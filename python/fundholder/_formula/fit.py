"""Fitting a formula by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from .. import _engine
from .._tables.arguments import Arguments, listed
from .deprecated import current_value
from .formula import Formula
from .persons import check_codes, check_persons, is_materialised, open_twice

Names = str | Sequence[str]


def fit_formula(
    persons: Any,
    *,
    cost: str,
    categories: Names = (),
    flags: Names = (),
    codes: Any | None = None,
    need: Names = (),
    supply: Names = (),
    area: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    nonnegative: bool = False,
    redundant: Literal["error", "drop"] = "error",
    errors: bool = True,
    threads: int | None = None,
) -> Formula:
    """Fit the cost of a person on what is known of them, by ordinary least squares.

    The expected cost is a sum: of the person's category, flags, need, supply and area. Plain least
    squares is what person-based budgets for England are set with (Dixon et al. 2011, BMJ 343:d6608;
    CHE Research Paper 73 found no model in two stages or on the log scale that set practices'
    budgets better): predictions add up to the costs they were fitted to, for everyone and for every
    flag.

    Parameters
    ----------
    persons
        One row per person: a table, or a function without arguments that opens a reader of batches,
        for people who do not fit in memory. It is read twice, the second time for the errors; a
        reader that can be read only once is copied to a temporary file on the way.
    cost
        Column of the cost to be explained, £ a person, 0 or more: mostly next year's.
    categories
        Columns of text or whole numbers: age and sex, mostly. Every level of the first is a term;
        of further ones, all but the most common. Without categories there is an intercept.
    flags
        Columns that are true or false (or 1 or 0): diagnoses, mostly.
    codes
        Flags as a long table ``person``, ``code``: every code is a flag of the persons who have it.
        ``persons`` then needs a column ``person``. Rows of other persons are left aside.
    need, supply
        Columns of numbers that describe need, or access to services. Where budgets are set, supply
        is held at its mean.
    area
        Column of areas, each with an effect of its own: a term for each but the most common. Where
        budgets are set, areas are held at their mean.
    weight
        Column of survey weights, 0 or more.
    cluster
        Column of clusters, such as ``practice``: standard errors then allow for people of one
        cluster being alike. Needs ``errors``.
    nonnegative
        Hold categories, flags and need at 0 or more.
    redundant
        What becomes of a flag that nobody has, and of a term that is a combination of those before
        it (of which the rest is less than 1e-10 of its sum of squares): "error", or "drop", which
        leaves it without a coefficient and says so in ``note``.
    errors
        Whether to read the persons again for standard errors: heteroskedasticity-consistent (HC1:
        White 1980; MacKinnon and White 1985), or by cluster. Those of terms "held at 0" and of
        dropped ones are null.
    threads
        Of the computation; as many as there are processors unless given.

    Returns
    -------
    Formula
        Its digits do not depend on the order of rows, on batches or on threads: products are added
        up exactly.

    Raises
    ------
    InputError, InputTypeError
        All problems of the columns at once; fewer people than columns, too; and terms that add
        nothing, unless dropped.

    Examples
    --------
    >>> import pyarrow as pa
    >>> persons = pa.table({"age": ["young", "young", "old", "old"], "spent": [10, 20, 50, 70],
    ...                     "diabetes": [False, True, False, True]})
    >>> formula = fit_formula(persons, cost="spent", categories="age", flags="diabetes")
    >>> formula.coefficients.select(["term", "coefficient"]).to_pylist()[2]
    {'term': 'diabetes', 'coefficient': 15.0}
    """
    arguments = Arguments()
    check_persons(arguments, persons)
    check_codes(arguments, codes)
    several = {
        "categories": _names(arguments, "categories", categories),
        "flags": _names(arguments, "flags", flags),
        "need": _names(arguments, "need", need),
        "supply": _names(arguments, "supply", supply),
    }
    arguments.column("cost", cost)
    for name, value in (("area", area), ("weight", weight), ("cluster", cluster)):
        arguments.column(name, value, optional=True)
    used = [n for names in several.values() for n in dict.fromkeys(names)]
    used += [n for n in (cost, area, weight) if isinstance(n, str)]
    roles: dict[str, Sequence[str | None]] = {
        **several,
        "cost": [cost],
        "area": [area],
        "weight": [weight],
    }
    for name in dict.fromkeys(n for n in used if used.count(n) > 1):
        where = " and ".join(role for role, names in roles.items() if name in names)
        arguments.reject(where, name, "columns that are used once")
    redundant = current_value("redundant", redundant)
    if redundant not in ("error", "drop"):
        arguments.reject("redundant", redundant, "'error' or 'drop'")
    nonnegative = arguments.flag("nonnegative", nonnegative)
    errors = arguments.flag("errors", errors)
    if isinstance(cluster, str) and not errors:
        arguments.reject("cluster", cluster, "None with errors=False: cluster needs errors=True")
    threads = arguments.threads(threads)
    arguments.check()
    columns = [*used, *([cluster] if cluster else []), *(["person"] if codes is not None else [])]
    with open_twice(persons, columns, again=errors) as opened:
        terms, covariance, people, r2 = _engine.fit(
            opened,
            cost=cost,
            **several,
            codes=codes,
            area=area,
            weight=weight,
            cluster=cluster,
            not_negative=nonnegative,
            drop=redundant == "drop",
            errors=errors,
            materialised=is_materialised(persons),
            threads=threads,
        )
    made_of = {"cost": cost, "people": str(people), "r2": repr(r2)}
    made_of |= {name: text for name, text in (("weight", weight), ("cluster", cluster)) if text}
    made_of["errors"] = "none" if not errors else "by cluster" if cluster else "robust (HC1)"
    metadata = {f"fundholder.{name}": text for name, text in made_of.items()}
    metadata["fundholder.version"] = _engine.version
    return Formula(terms.replace_schema_metadata(dict(sorted(metadata.items()))), covariance)


def _names(arguments: Arguments, name: str, value: Any) -> list[str]:
    items = listed(value)
    return [] if items == [] else arguments.names(name, value if items is None else items)
