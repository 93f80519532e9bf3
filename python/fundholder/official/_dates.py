"""Days as published files write them."""

from __future__ import annotations

import datetime
import re

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""By name: what ``strptime`` understands depends on the language of the machine."""
DATES = (
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    rf"(?P<day>\d{{2}})(?P<month>{'|'.join(MONTHS)})(?P<year>\d{{4}})",
    rf"(?P<day>\d{{1,2}})-(?P<month>{'|'.join(MONTHS)})-(?P<year>\d{{4}}|\d{{2}})",
    r"(?P<day>\d{2})/(?P<month>\d{2})/(?P<year>\d{4})",
)
FROM_1900 = datetime.date(1899, 12, 30)
"""Excel's day 0 for days from 1 March 1900 on."""
FROM_1904 = datetime.date(1904, 1, 1)
"""Excel's day 0 in workbooks that count days from 1904."""


def date_of(text: str, day_zero: datetime.date | None) -> datetime.date | None:
    """The day that a text means; in a workbook, also as Excel counts days from its day 0."""
    if day_zero is not None and re.fullmatch(r"\d{5}", text):
        return day_zero + datetime.timedelta(days=int(text))
    for pattern in DATES:
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match:
            month = match["month"].upper()
            number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            try:
                year = int(match["year"])
                return datetime.date(year + (year < 100) * 2000, number, int(match["day"]))
            except ValueError:
                return None
    return None
