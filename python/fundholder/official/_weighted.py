"""GP practice weighted populations, of the two editions whose columns are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from .._errors import Problem
from ._cells import Cells, Column, described
from ._source import Source, plain_heading, read_source

PUBLICATION = "Allocation of resources: GP practice weighted populations (NHS England)"
THOUSAND = 1_000.0
ADDS_UP = 1e-7
"""Relative. Single precision leaves 4e-9 between a need and its population (formula of 2018/19)."""

PEOPLE = Column("people", ("Population", "GP_pop"))


@dataclass(frozen=True)
class Edition:
    """The columns of an edition, in the order of the result."""

    codes: tuple[Column, ...]
    texts: tuple[Column, ...]
    needs: tuple[Column, ...]
    """Weighted populations: each adds up to the population."""
    factors: tuple[Column, ...]
    """Indices, and populations after them."""
    money: tuple[Column, ...]
    """In £k."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns."""
        return (*self.codes, *self.texts, PEOPLE, *self.needs, *self.factors, *self.money)


def _columns(**headings: str) -> tuple[Column, ...]:
    return tuple(Column(name, (heading,)) for name, heading in headings.items())


BY_NEED = Edition(
    codes=_columns(practice="Practice_Code", icb="ICB", region="Rcode", lad="LAD"),
    texts=_columns(
        practice_name="GP_Practice_Name", icb_name="ICBname", region_name="Region", lad_name="LTLA"
    ),
    needs=_columns(
        general_acute="G&A WP",
        community="CS WP",
        mental_health="MH WP",
        maternity="Mat WP",
        health_inequalities="Health Ineq WP",
        prescribing="Prescr WP",
        overall="Final WP",
        primary_medical="Primary Medical Care WP",
        primary_medical_final="Final PMC WP",
    ),
    factors=(),
    money=(),
)
WITH_TARGETS = Edition(
    codes=(
        *_columns(practice="Practice"),
        Column("pcn", ("PCN",), required=False),
        *_columns(sub_icb="CCG", icb="STP21", region="R21"),
    ),
    texts=(
        *_columns(practice_name="GP practice name"),
        Column("pcn_name", ("PCN_name",), required=False),
        *_columns(sub_icb_name="CCG19", icb_name="STP21_42", region_name="Region21_7"),
    ),
    needs=_columns(
        general_acute="WP_G&A",
        community="WP_CS",
        mental_health="WP_MH",
        maternity="WP_Mat",
        hospital_community="WP_HCHS",
        prescribing="WP_Presc",
        avoidable_mortality="WP_AM",
        overall="WP_Overall",
    ),
    factors=_columns(
        mff="MFF_index",
        eaca="EACA_index",
        hospital_community_mff="WP_MFF",
        hospital_community_mff_eaca="WP_EACA",
        need_index="Need_index",
    ),
    money=_columns(target="Target_exc_remote_£k", target_with_remoteness="Target_inc_remote_£k"),
)
MAY_BE_UNKNOWN = ("pcn", "pcn_name", "practice_name")


def read_weighted_populations(path: str | Path) -> pa.Table:
    """The weighted populations of each practice: its people, counted by their need.

    Parameters
    ----------
    path
        "GP practice weighted populations" as .csv, .csv.gz or .xlsx, in one of two editions that
        are told apart by their columns: by need (2025/26), or with the whole chain from needs to
        targets (formula of 2018/19).

    Returns
    -------
    pyarrow.Table
        ``practice``, areas and names as far as the edition has them (``pcn``, ``sub_icb``,
        ``icb``, ``region``, ``lad``), ``people``, and weighted populations in people:
        ``general_acute``, ``community``, ``mental_health``, ``maternity``, ``prescribing``,
        ``overall``; by need also ``health_inequalities``, ``primary_medical``,
        ``primary_medical_final``; with targets also ``hospital_community``,
        ``avoidable_mortality``, the indices ``mff`` and ``eaca``, ``hospital_community_mff``,
        ``hospital_community_mff_eaca``, ``need_index``, ``target`` and ``target_with_remoteness``
        (£). In the order of the practices' codes.

    Raises
    ------
    InputError
        Columns of neither edition, a practice twice, cells that are no numbers of at least 0, a
        weighted population that does not add up to the population, a need index that is not the
        overall weighted population over people: all at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> headings = ("Practice_Code,GP_Practice_Name,ICB,ICBname,Rcode,Region,LAD,LTLA,Population,"
    ...             "G&A WP,CS WP,MH WP,Mat WP,Health Ineq WP,Prescr WP,Final WP,"
    ...             "Primary Medical Care WP,Final PMC WP")
    >>> place = "Surgery,QHM,NHS North East ICB,Y63,North East,E06000004,Stockton"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "weighted_populations.csv")
    ...     _ = file.write_text(f"{headings}\\nA1,{place},4000{',4500' * 9}\\n"
    ...                         f"A2,{place},6000{',5500' * 9}\\n")
    ...     read_weighted_populations(file).select(["practice", "people", "overall"]).to_pylist()[0]
    {'practice': 'A1', 'people': 4000.0, 'overall': 4500.0}
    """
    headings = [
        h for edition in (BY_NEED, WITH_TARGETS) for c in edition.columns for h in c.headings
    ]
    source = read_source(path, headings)
    edition = _edition(source)
    cells = Cells(source, edition.columns)
    arrays: dict[str, pa.Array] = {}
    for column in edition.codes:
        if cells.has(column):
            arrays[column.name] = cells.code(column, needed=column.name not in MAY_BE_UNKNOWN)
    cells.unique(edition.codes[0], arrays["practice"])
    for column in edition.texts:
        if cells.has(column):
            arrays[column.name] = cells.text(column, needed=column.name not in MAY_BE_UNKNOWN)
    arrays["people"] = cells.number(PEOPLE, above=True)
    for column in (*edition.needs, *edition.factors, *edition.money):
        arrays[column.name] = cells.number(column)
    for column in edition.needs:
        _check_sum(cells, column, arrays[column.name], arrays["people"])
    if edition is WITH_TARGETS:
        _check_index(cells, arrays)
    for column in edition.money:
        arrays[column.name] = pa.array(arrays[column.name].to_numpy() * THOUSAND)
    return described(cells.table(arrays), PUBLICATION, [source])


def _edition(source: Source) -> Edition:
    """The edition of which the file has most columns."""
    plain = {plain_heading(heading) for heading in source.headings}

    def hits(edition: Edition) -> int:
        named = [{plain_heading(h) for h in column.headings} for column in edition.columns]
        return sum(bool(names & plain) for names in named)

    return max((BY_NEED, WITH_TARGETS), key=hits)


def _check_sum(cells: Cells, column: Column, need: pa.Array, people: pa.Array) -> None:
    """Check that a weighted population adds up to the population."""
    given, expected = math.fsum(need.to_pylist()), math.fsum(people.to_pylist())
    # Cells that are no numbers are NaN, and have been reported.
    if math.isfinite(given - expected) and not math.isclose(given, expected, rel_tol=ADDS_UP):
        heading, allowed = cells.heading(column), f"{expected:,.1f}, the population"
        text = f"column {heading!r}: {given:,.1f} in all; must be {allowed}"
        cells.problem(
            Problem(text, code="inconsistent", column=heading, value=given, allowed=allowed)
        )


def _check_index(cells: Cells, arrays: dict[str, pa.Array]) -> None:
    index, overall, people = (
        arrays[name].to_numpy() for name in ("need_index", "overall", "people")
    )
    apart = np.abs(overall / people - index) > ADDS_UP * index
    (column,) = [c for c in WITH_TARGETS.factors if c.name == "need_index"]
    cells.reject(column, apart, "the overall weighted population over people", "inconsistent")
