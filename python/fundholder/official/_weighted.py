"""GP practice weighted populations, of the editions whose columns are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from .._errors import Problem
from ._cells import Cells, described
from ._columns import Column, layout
from ._headings import is_called
from ._read import read_source
from ._source import Source

PUBLICATION = "Allocation of resources: GP practice weighted populations (NHS England)"
THOUSAND = 1_000.0
ADDS_UP = 1e-7
"""Relative. Single precision leaves 4e-9 between a need and its population (formula of 2018/19)."""

PEOPLE = Column("people", ("Population", "GP_pop", "pop"))


@dataclass(frozen=True)
class Edition:
    """The columns of an edition, in the order of the result."""

    name: str
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


def _columns(**headings: str | tuple[str, ...]) -> tuple[Column, ...]:
    named = {name: (h,) if isinstance(h, str) else h for name, h in headings.items()}
    return tuple(Column(name, headings) for name, headings in named.items())


BY_NEED = Edition(
    name="by need (2025/26)",
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
    name="with targets (formula of 2018/19)",
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
BY_NEED_AND_PCN = Edition(
    name="by need with PCNs (2022/23 to 2024/25)",
    codes=_columns(
        practice="Practice_Code",
        pcn="PCN_Code",
        sub_icb="LOC<yy>",
        icb=("ICB<yy>", "ICS<yy>"),
        region="R<yy>",
        lad="LAD<yy>",
    ),
    texts=_columns(
        practice_name="GP_Practice_Name",
        pcn_name="PCN_Name",
        sub_icb_name="LOC<yy>name",
        icb_name=("ICB<yy>name", "ICS<yy>name"),
        region_name="Region<yy>",
        lad_name="LTLA<yy>",
    ),
    needs=(
        *(need for need in BY_NEED.needs if need.name != "primary_medical"),
        *_columns(primary_medical=("Primary Medical Care WP", "Primary Medical Care need")),
    ),
    factors=(),
    money=(),
)
EDITIONS = (BY_NEED, BY_NEED_AND_PCN, WITH_TARGETS)
MAY_BE_UNKNOWN = ("pcn", "pcn_name", "practice_name")


def read_weighted_populations(
    path: str | Path, *, sheet: str | None = None, year: str | None = None
) -> pa.Table:
    """The weighted populations of each practice: its people, counted by their need.

    Parameters
    ----------
    path
        "GP practice weighted populations" as .csv, .csv.gz or .xlsx, in one of three editions that
        are told apart by their columns: by need (2025/26), by need with PCNs (2022/23 to 2024/25),
        or with the whole chain from needs to targets (formula of 2018/19).
    sheet, year
        Which sheet of a workbook: its name, or its year, as "2023/24". Needed where several visible
        sheets have the columns. The year that the file says is in the metadata.

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
        Columns of no edition, a practice twice, cells that are no numbers of at least 0, a
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
    source = read_source(path, [layout(edition.columns) for edition in EDITIONS], sheet, year)
    edition = _edition(source)
    cells = Cells(source, edition.columns, edition.name)
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

    def hits(edition: Edition) -> int:
        named = layout(edition.columns)
        return sum(any(is_called(h, names) for h in source.headings) for names in named)

    return max(EDITIONS, key=hits)


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
