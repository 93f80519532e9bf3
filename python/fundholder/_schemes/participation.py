"""Who holds a budget, and who takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .._tables.arguments import Arguments
from .checks import MOST_PEOPLE, choice, names, only_with, optional_integer, plain_numbers, share

ParticipationRule = Literal["everyone", "above", "named", "volunteers"]
Gain = Literal["budget", "expected"]


@dataclass(frozen=True)
class Holder:
    """Holders of a budget: the units of a level, or groups of them.

    Parameters
    ----------
    level
        A column of the population: each of its units is a holder.
    people
        Units are joined to groups of at least so many people; ``None``: each unit by itself.
    within
        A column: groups do not reach over its units.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also ``within`` without ``people``.

    Examples
    --------
    >>> print(Holder("practice", people=100_000, within="icb"))
    groups of at least 100,000 people, made of units of practice within each icb
    """

    level: str = "practice"
    people: int | None = None
    within: str | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        level = arguments.column("level", self.level)
        optional_integer(arguments, "people", self.people, MOST_PEOPLE)
        within = arguments.column("within", self.within, optional=True)
        if self.people is None:
            only_with(arguments, "within", self.within, "beside people")
        elif within and within == level:
            arguments.reject("within", self.within, "another column than the level")
        arguments.check()
        plain_numbers(self)

    def __str__(self) -> str:
        if self.people is None:
            return f"every unit of {self.level}"
        within = f" within each {self.within}" if self.within else ""
        return f"groups of at least {self.people:,} people, made of units of {self.level}{within}"


@dataclass(frozen=True)
class Participation:
    """The holders that take part in a tier.

    Parameters
    ----------
    rule
        ``"everyone"``; ``"above"`` a number of people; ``"named"`` ones; or ``"volunteers"``, who
        expect to gain.
    people
        The fewest people of a holder; may stand beside any rule.
    names
        Names of holders, for ``"named"``.
    gain
        What volunteers compare with the budget by formula: ``"budget"``, their outturn of the year
        before the first; ``"expected"``, what their people are expected to cost.
    at_least
        The gain that a volunteer needs, as a share of the budget.
    share
        At most this share of the holders volunteers, the largest gains first; all if ``None``.

    Raises
    ------
    InputError, InputTypeError
        All problems at once; also volunteers without a gain, and rules that nobody passes.

    Examples
    --------
    >>> print(Participation("volunteers", people=9_000, gain="budget"))
    those of at least 9,000 people whose budget by formula is above last year's outturn
    """

    rule: ParticipationRule = "everyone"
    people: int | None = None
    names: Sequence[str] | None = None
    gain: Gain | None = None
    at_least: float = 0.0
    share: float | None = None

    def __post_init__(self) -> None:
        arguments = Arguments()
        rule = choice(arguments, "rule", self.rule, ParticipationRule)
        optional_integer(arguments, "people", self.people, MOST_PEOPLE)
        if rule == "above" and self.people is None:
            arguments.reject("people", None, "the fewest people of a holder, for the rule 'above'")
        if rule == "named":
            if self.names is None:
                arguments.reject("names", None, "names of holders, for the rule 'named'")
            else:
                holders = names(arguments, "names", self.names, "holders")
                object.__setattr__(self, "names", holders)
        else:
            only_with(arguments, "names", self.names, "by the rule 'named'")
        self._check_volunteers(arguments, rule)
        arguments.check()
        plain_numbers(self)

    def _check_volunteers(self, arguments: Arguments, rule: str) -> None:
        arguments.number("at_least", self.at_least)
        if rule != "volunteers":
            by = "by the rule 'volunteers'"
            only_with(arguments, "gain", self.gain, by)
            only_with(arguments, "at_least", self.at_least, by, 0.0)
            only_with(arguments, "share", self.share, by)
            return
        if self.gain is None:
            allowed = "'budget' or 'expected': what volunteers expect to gain"
            arguments.reject("gain", None, allowed)
        else:
            choice(arguments, "gain", self.gain, Gain)
        if self.share is not None and share(arguments, "share", self.share) == 0:
            arguments.reject("share", self.share, "above 0: nobody would take part")

    def __str__(self) -> str:
        size = "" if self.people is None else f" of at least {self.people:,} people"
        if self.rule == "named":
            return f"{', '.join(self.names or ())}{f', each{size}' if size else ''}"
        if self.rule == "volunteers":
            than = "last year's outturn" if self.gain == "budget" else "expected cost"
            least = f"{100 * self.at_least:.10g} % or more " if self.at_least else ""
            most = "" if self.share is None else f", at most {100 * self.share:.10g} % of them"
            return f"those{size} whose budget by formula is {least}above {than}{most}"
        return f"those{size}" if size else "everyone"
