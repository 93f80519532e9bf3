"""157 diagnoses a hospital may record: names are published, how often and how costly is assumed.

The names are those of blocks of ICD-10 (World Health Organization); P00-P96 and Q00-Q99 are
chapters in one. Which blocks stand here is our choice: those that hospitals record most.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from .._tables.arrays import FloatArray


class Chapter(NamedTuple):
    """Blocks that share how they depend on age and sex."""

    #: Relative frequency at 0-4, 5-14, 15-44, 45-64, 65-74, 75-84 and 85+.
    by_age: tuple[float, float, float, float, float, float, float]
    #: Frequency among women relative to men; infinite where only women have it.
    women: float
    #: Next year's cost of a block that gives none of its own.
    cost: float
    #: "name:frequency" or "name:frequency:cost", in the order of ICD-10.
    blocks: str


# Assumed, all of it: relative frequencies and costs, written down to be plausible in order and
# size. How many diagnoses there are at an age, and what one unit of cost is, is fitted to
# published figures elsewhere, so that only ratios matter here.
CHAPTERS: Final = (
    Chapter(
        (2.0, 0.8, 0.6, 0.8, 1.4, 2.2, 3.0),
        1.0,
        1.0,
        "A00-A09:40 A15-A19:2:2 A30-A49:25:2 A50-A64:3 A80-A89:2 B00-B09:10 B15-B19:4:2 "
        "B20-B24:2:3 B25-B34:15:0.7 B35-B49:10 B95-B97:40",
    ),
    Chapter(
        (0.1, 0.1, 0.4, 1.6, 3.0, 3.6, 3.0),
        1.0,
        3.0,
        "C00-C14:3 C15-C26:18:4 C30-C39:9:4 C43-C44:14:1 C45-C49:2 C50:14 C51-C58:6 C60-C63:14:2 "
        "C64-C68:9 C69-C72:2:4 C76-C80:20:4 C81-C96:14:6 D00-D09:6:1 D10-D36:35:0.5 D37-D48:10:2",
    ),
    Chapter(
        (0.4, 0.3, 0.6, 1.0, 2.0, 4.0, 5.5),
        1.2,
        1.5,
        "D50-D53:30 D55-D59:4:3 D60-D64:30:2 D65-D69:10 D70-D77:9:2.5",
    ),
    Chapter(
        (0.2, 0.1, 0.4, 1.4, 2.8, 3.4, 3.0),
        1.0,
        1.0,
        "E00-E07:40 E10-E14:75:1.8 E15-E16:5 E20-E35:6 E40-E46:2:2 E50-E64:4 E65-E68:20 "
        "E70-E90:80:0.9",
    ),
    Chapter(
        (0.1, 0.4, 1.0, 1.0, 1.0, 2.2, 3.5),
        1.0,
        1.2,
        "F00-F09:20 F10-F19:60:0.8 F20-F29:6:2.5 F30-F39:35 F40-F48:20 F50-F59:4 F60-F69:4:2 "
        "F70-F79:3:2 F80-F89:4:1.5 F90-F98:3",
    ),
    Chapter(
        (0.8, 0.6, 0.6, 1.2, 1.6, 2.4, 2.8),
        1.0,
        1.5,
        "G00-G09:2:2 G20-G26:8 G30-G32:6 G35-G37:3:3 G40-G47:35 G50-G59:15:0.7 G60-G64:5 "
        "G80-G83:10:3 G90-G99:10:2",
    ),
    Chapter(
        (0.3, 0.2, 0.15, 0.8, 3.0, 6.0, 6.0),
        1.1,
        0.6,
        "H00-H06:6 H10-H13:2 H15-H22:3 H25-H28:55 H30-H36:15:1 H40-H42:10 H43-H45:4 H49-H52:6 "
        "H53-H54:5",
    ),
    Chapter(
        (2.0, 1.5, 0.4, 0.9, 1.5, 2.2, 2.8),
        1.0,
        0.5,
        "H60-H62:3 H65-H75:16 H80-H83:3 H90-H95:15",
    ),
    Chapter(
        (0.05, 0.03, 0.2, 1.4, 3.0, 4.6, 5.4),
        0.8,
        1.2,
        "I05-I09:6 I10-I15:190:0.7 I20-I25:85 I26-I28:10:1.8 I30-I52:90:1.8 I60-I69:25:1.5 "
        "I70-I79:20:1.6 I80-I89:35:0.7 I95-I99:15",
    ),
    Chapter(
        (2.2, 0.9, 0.6, 0.9, 1.8, 2.8, 3.2),
        1.0,
        1.2,
        "J00-J06:35:0.6 J09-J18:35:1.6 J20-J22:40 J30-J39:30:0.5 J40-J47:100:1.5 J60-J70:7:2 "
        "J80-J84:5:3 J90-J94:12:2 J95-J99:15:2",
    ),
    Chapter(
        (0.6, 0.5, 0.8, 1.3, 1.8, 2.0, 2.2),
        1.0,
        1.0,
        "K00-K14:40:0.4 K20-K31:85 K35-K38:9:0.6 K40-K46:50:0.7 K50-K52:30:1.5 K55-K63:85 "
        "K65-K67:7:1.5 K70-K77:12:3 K80-K87:28 K90-K93:25:1.3",
    ),
    Chapter(
        (0.8, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0),
        1.0,
        1.0,
        "L00-L08:25 L20-L30:10 L40-L45:5 L50-L54:4 L60-L75:8:0.5 L80-L99:20:1.5",
    ),
    Chapter(
        (0.2, 0.2, 0.6, 1.6, 2.2, 2.6, 2.8),
        1.2,
        1.0,
        "M00-M25:100 M30-M36:8:2.5 M40-M54:45 M60-M79:35:0.8 M80-M94:25:1.2",
    ),
    Chapter(
        (0.5, 0.3, 0.8, 1.1, 1.5, 2.6, 4.0),
        1.1,
        1.2,
        "N00-N08:3:3 N10-N16:10 N17-N19:30:5 N20-N23:15:0.8 N25-N29:8:2 N30-N39:65 N40-N51:35:0.6 "
        "N60-N64:8:0.5 N70-N77:15:0.5 N80-N98:50:0.6",
    ),
    Chapter(
        (0.0, 0.0, 2.4, 0.02, 0.0, 0.0, 0.0),
        np.inf,
        0.4,
        "O00-O08:20 O10-O16:6 O20-O29:25 O30-O48:35 O60-O75:60 O80-O84:65:0.3 O85-O92:12 "
        "O95-O99:25",
    ),
    Chapter((16.0, 0.2, 0.05, 0.0, 0.0, 0.0, 0.0), 1.0, 0.6, "P00-P96:30"),
    Chapter((6.0, 2.0, 0.6, 0.4, 0.4, 0.3, 0.3), 1.0, 1.5, "Q00-Q99:12"),
    Chapter(
        (1.2, 0.7, 0.8, 1.0, 1.6, 2.6, 3.4),
        1.0,
        0.8,
        "R00-R09:65 R10-R19:80 R20-R23:10 R25-R29:15:1.2 R30-R39:25 R40-R46:20 R47-R49:4 "
        "R50-R69:65 R70-R79:10 R80-R82:3 R90-R94:8",
    ),
    Chapter(
        (0.8, 0.7, 0.9, 0.8, 1.1, 2.2, 4.0),
        1.0,
        0.9,
        "S00-S09:30 S10-S19:4 S20-S29:10 S30-S39:12 S40-S49:15 S50-S59:20 S60-S69:25:0.5 "
        "S70-S79:20:1.8 S80-S89:20 T20-T32:3 T36-T50:22 T51-T65:4 T80-T88:30:1.5",
    ),
    Chapter(
        (0.4, 0.3, 0.7, 1.3, 2.4, 3.0, 3.2),
        1.0,
        1.0,
        "Z00-Z13:15:0.5 Z40-Z54:40:1.2 Z80-Z99:120:1.5",
    ),
)


def _parse() -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names, relative frequency by sex, age and block (2, 7, 157), and relative cost."""
    names: list[str] = []
    frequency: list[FloatArray] = []
    cost: list[float] = []
    for chapter in CHAPTERS:
        women = 2 / (1 + 1 / chapter.women)
        sexes = np.array([women, 2 - women])
        for block in chapter.blocks.split():
            name, often, *own = block.split(":")
            names.append(name)
            frequency.append(float(often) * np.outer(sexes, chapter.by_age))
            cost.append(float(own[0]) if own else chapter.cost)
    return tuple(names), np.stack(frequency, axis=-1), np.array(cost)


#: Names of the blocks; relative frequency by sex (female, male), age and block; relative cost.
DIAGNOSES, FREQUENCY, RELATIVE_COST = _parse()
