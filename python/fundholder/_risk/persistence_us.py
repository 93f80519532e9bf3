"""The persistence of yearly costs in the United States, built in."""

from __future__ import annotations

import pyarrow as pa

from .persistence import Persistence

SOURCE = "United States: MEPS 2012 to 2014, all ages, weighted; a later decay like that of the HIE"

CLASSES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 0.999, 1.0)

SHARES = ".1342 .3837 .1957 .1421 .0614 .0435 .0276 .0118"

TRANSITIONS = """
.9409 .0225 .0169 .0089 .0037 .0037 .0015 .0019
.0110 .9464 .0205 .0138 .0037 .0024 .0017 .0005
.0093 .0361 .9241 .0187 .0057 .0031 .0027 .0004
.0084 .0347 .0149 .9169 .0142 .0077 .0027 .0004
.0064 .0533 .0187 .0087 .9066 .0035 .0018 .0009
.0048 .0347 .0229 .0094 .0071 .9184 .0021 .0007
.0025 .0242 .0140 .0138 .0109 .0057 .9282 .0007
.0014 .0083 .0061 .0276 .0074 .0057 .0015 .9420
"""

CLASS_SHARES = """
.2423 .4841 .1999 .0656 .0043 .0017 .0004 .0000 .0011 .0000 .0000 .0003 .0000 .0002 .0000
.0433 .0868 .1802 .2166 .2573 .1389 .0543 .0180 .0042 .0000 .0003 .0000 .0000 .0000 .0000
.0011 .0023 .0038 .0236 .2305 .3786 .2590 .0683 .0259 .0060 .0002 .0000 .0007 .0000 .0000
.0027 .0054 .0125 .0068 .0074 .1274 .4456 .3061 .0568 .0164 .0057 .0045 .0026 .0000 .0000
.0001 .0002 .0005 .0275 .0571 .0033 .0677 .4516 .2734 .0740 .0406 .0036 .0000 .0001 .0002
.0057 .0114 .0314 .0002 .0026 .0010 .2106 .0880 .3424 .2074 .0770 .0195 .0029 .0000 .0000
.0004 .0007 .0042 .0288 .0022 .1462 .0459 .1428 .0532 .2453 .2477 .0503 .0322 .0001 .0000
.0000 .0000 .0000 .0004 .0708 .0001 .0456 .0599 .1656 .0974 .1140 .1573 .1240 .0813 .0835
"""


def persistence_us() -> Persistence:
    """The persistence of a person's yearly cost in the United States.

    ``fit_persistence`` made it of 33,862 people with two years in the Medical Expenditure Panel
    Survey (AHRQ, 2012 to 2014, total cost, survey weights), with ``stay=0.9``. What it says of two
    years in a row is MEPS's. Nobody is seen for longer there, so that the decay beyond a year is
    an assumption, near that of the RAND Health Insurance Experiment: correlations of log(1 + cost)
    fall by a factor of 0.93 a year here, and by 0.90, 0.93 and 0.93 there. It is not England's: no
    such figures are published for England.

    Returns
    -------
    Persistence
        8 states, 15 classes of rank; ``source`` says that it is of the United States.

    Examples
    --------
    >>> years = persistence_us()
    >>> years.source[:13]
    'United States'
    >>> [round(rank, 2) for rank in years.correlations(lags=3)["rank"].to_pylist()]
    [0.62, 0.57, 0.53]
    """
    moves = [[float(number) for number in row.split()] for row in TRANSITIONS.strip().split("\n")]
    rows = [
        {"state": str(state), "share": float(share), "rank_from": low, "rank_to": high}
        | {"probability": float(probability)}
        | {f"next_{following}": move for following, move in enumerate(to_states, start=1)}
        for state, (share, to_states, densities) in enumerate(
            zip(SHARES.split(), moves, CLASS_SHARES.strip().split("\n"), strict=True), start=1
        )
        for low, high, probability in zip(
            (0.0, *CLASSES[:-1]), CLASSES, densities.split(), strict=True
        )
    ]
    return Persistence(pa.Table.from_pylist(rows), source=SOURCE)
