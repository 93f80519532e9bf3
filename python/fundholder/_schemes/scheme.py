"""Schemes: tiers of budgets in order, and who pays for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace
from os import PathLike
from pathlib import Path

import pyarrow as pa

from .._contracts.contract_file import nearest
from .._errors import FundholderError
from .._tables.arguments import Arguments, listed
from .._tables.problems import Problems
from .checks import MOST_YEARS, is_text, nonblank, party, plain_numbers
from .inflation import inflated_tier
from .preset_files import preset_names
from .scheme_checks import check_failures, read_pays
from .scheme_file import TOP, read_scheme, write_scheme
from .scheme_words import price_words, rest_words, tier_words
from .tier import Tier
from .values import TOP_DEFAULTS, Value, assumptions, scope_of, values_of


@dataclass(frozen=True)
class Scheme:
    """A scheme: tiers of budgets, from the first, and who pays for what no tier has.

    The first tier whose holders take part has their practices; those in no tier are paid for by the
    payer. Amounts are in £ of ``price_year``.

    Parameters
    ----------
    name
        Of the scheme.
    tiers
        Each a ``Tier``, in order.
    title, summary
        What it is, for people.
    payer
        The party that pays what nobody else does.
    price_year
        The year whose prices the amounts are in, for people.
    inflation
        Multiplies every amount in £ to the price level of the cost model.
    pays
        Party -> services that it pays for where no tier has them; the payer pays for others.
    years
        Years of a run, from 1 to 100.
    sources
        Name of a value -> where it is from: ``"tier.<tier>.<part>.<key>"``,
        ``"tier.<tier>.contract.<n>.<key>"`` with n from 1, ``"tier.<tier>.scope"`` or
        ``"tier.<tier>.scope.<service>"``, ``"pays.<party>"``, ``"inflation"``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once: tiers of one name, a failure that leads to no later tier, a service
        that two parties pay for, a source of a value that there is not.

    Examples
    --------
    >>> from fundholder import Contract, StopLoss
    >>> tier = Tier("drugs", scope=["prescribing"], contract=Contract([StopLoss(5_000)]))
    >>> scheme = Scheme("drugs", [tier], inflation=1.5, price_year="2010/11")
    >>> print(scheme.inflated().tiers[0].contract)
    1. of cost above £7,500 a person-year, all is met by the pool
    >>> scheme.assumptions.to_pylist()[1]
    {'key': 'tier.drugs.scope.prescribing', 'value': '1.0', 'source': 'assumption'}
    """

    name: str
    tiers: Sequence[Tier]
    _: KW_ONLY
    title: str = ""
    summary: str = ""
    payer: str = "health authority"
    price_year: str | None = None
    inflation: float = 1.0
    pays: Mapping[str, Sequence[str]] | None = None
    years: int = 5
    sources: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        nonblank(arguments, "name", self.name, "the name of a scheme")
        for name in ("title", "summary"):
            value = getattr(self, name)
            if not isinstance(value, str) or not is_text(value):
                arguments.reject_type(name, value, "text")
        party(arguments, "payer", self.payer)
        if self.price_year is not None:
            nonblank(arguments, "price_year", self.price_year, "a year as text, or None")
        if arguments.number("inflation", self.inflation, below=1e6) == 0:
            arguments.reject("inflation", self.inflation, "a number above 0")
        arguments.integer("years", self.years, 1, MOST_YEARS)
        tiers = self._read_tiers(arguments)
        object.__setattr__(self, "tiers", tiers)
        object.__setattr__(self, "pays", read_pays(arguments, self.pays))
        arguments.check()
        check_failures(arguments, tiers)
        object.__setattr__(self, "sources", self._read_sources(arguments))
        arguments.check()
        plain_numbers(self)

    def _read_tiers(self, arguments: Arguments) -> tuple[Tier, ...]:
        tiers = listed(self.tiers)
        if not tiers or not all(isinstance(tier, Tier) for tier in tiers):
            arguments.reject_type("tiers", self.tiers, "a list of one Tier or more")
            return ()
        names = [tier.name for tier in tiers]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            arguments.reject("tiers", name, "the name of one tier")
        return tuple(tiers)

    def _read_sources(self, arguments: Arguments) -> dict[str, str] | None:
        if self.sources is None:
            return None
        if not isinstance(self.sources, Mapping):
            arguments.reject_type("sources", self.sources, "a table of value -> source")
            return None
        known = {value.key for value in self._values()}
        known |= {scope for key in known if (scope := scope_of(key))}
        for key, source in self.sources.items():
            if key not in known:
                allowed = f"the name of a value of the scheme{nearest(str(key), sorted(known))}"
                arguments.reject("sources", key, allowed)
            nonblank(arguments, "sources", source, f"where the value of {key} is from")
        return dict(self.sources) or None

    def _values(self) -> list[Value]:
        top = {key: getattr(self, key) for key in TOP_DEFAULTS}
        return list(values_of(top, self.pays or {}, self.tiers))

    @property
    def assumptions(self) -> pa.Table:
        """Every value that is set: ``key``, ``value`` as text, and ``source``, or "assumption"."""
        return assumptions(iter(self._values()), self.sources or {})

    @property
    def missing_scores(self) -> tuple[str, ...]:
        """Scores that contracts read and tiers do not have: a run needs them."""
        names = (name for tier in self.tiers for name in tier.missing_scores)
        return tuple(dict.fromkeys(names))

    def inflated(self) -> Scheme:
        """The scheme at the price level of the cost model: amounts multiplied, ``inflation`` 1."""
        if self.inflation == 1:
            return self
        sources = {key: text for key, text in (self.sources or {}).items() if key != "inflation"}
        return replace(
            self,
            tiers=[inflated_tier(tier, self.inflation) for tier in self.tiers],
            price_year=None,
            inflation=1.0,
            sources=sources or None,
        )

    @staticmethod
    def read(path: str | PathLike[str]) -> Scheme:
        """Read a scheme that comes with the package, by its name, or from a file of TOML.

        Raises
        ------
        InputError
            A name or a file that is not there; every tier, key and value that is not allowed, with
            the nearest one.

        Examples
        --------
        >>> Scheme.read("fundholding-1991").tiers[0].who.people
        9000
        """
        where, arguments = read_scheme(path)
        try:
            return Scheme(**arguments)
        except FundholderError as error:
            problems = Problems(problem.at(where) for problem in error.problems)
            problems.extend([], error.more)
            problems.check()
            raise

    def write(self, path: str | PathLike[str]) -> None:
        """Write the scheme to a file of TOML that people can read and edit.

        Raises
        ------
        InputError
            A file of another ending, or that cannot be written.
        """
        top = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in TOP
            and (getattr(self, field.name) != field.default or field.name in (self.sources or {}))
        }
        write_scheme(top, self.pays or {}, self.tiers, self.sources or {}, Path(path))

    def __str__(self) -> str:
        title = f"{self.title} ({self.name})" if self.title else self.name
        head = [title, *filter(None, [self.summary])]
        head += [rest_words(self.payer, self.pays or {})]
        head += [price_words(self.price_year, self.inflation)]
        return "\n\n".join(["\n".join(head), *map(tier_words, self.tiers)])


def schemes() -> pa.Table:
    """The schemes that come with the package.

    Returns
    -------
    pyarrow.Table
        ``name``, as ``Scheme.read`` takes it, ``title`` and ``summary``.

    Examples
    --------
    >>> "pbc-2006" in schemes()["name"].to_pylist()
    True
    """
    rows = [Scheme.read(name) for name in preset_names()]
    columns = ("name", "title", "summary")
    return pa.table({key: [getattr(row, key) for row in rows] for key in columns})
