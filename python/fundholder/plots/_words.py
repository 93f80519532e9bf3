"""Words of figures: money, shares, years and quantiles."""

from __future__ import annotations

import numpy as np

SIZES = ((1e9, "bn"), (1e6, "m"))


def signed_percent(value: float) -> str:
    """+10 % for 0.1, with a minus sign as wide as the plus."""
    return f"{100 * value:+.3g} %".replace("-", "\u2212") if round(value, 9) else "0 %"


def percent(share: float) -> str:
    """A share of years in words: 33.6 %."""
    return f"{100 * share:.3g} %" if share == 0 or share >= 1e-4 else "under 0.01 %"


def pounds(value: float) -> str:
    """An amount short enough for a label: £20,000, £4.87m, £1.2bn."""
    for size, word in SIZES:
        if value >= 0.9995 * size:
            digits = max(0, 2 - int(np.log10(value / size)))
            text = f"{value / size:,.{digits}f}"
            return f"£{text.rstrip('0').rstrip('.') if '.' in text else text}{word}"
    return f"£{value:,.0f}"


def round_step(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)))


def frequency(share: float) -> str:
    """A share of years as a frequency: "1 year in 20", or "30 % of years"."""
    one_in = 1 / share
    if share < 0.5 and abs(one_in - round(one_in)) < 1e-6 * one_in:
        return f"1 year in {round(one_in):,}"
    return f"{100 * share:.3g} % of years"


def quantile_words(probability: float) -> str:
    """A quantile in words: "1 year in 10 above", "half of years above", "1 year in 10 below"."""
    if probability == 0.5:
        return "half of years above"
    if probability > 0.5:
        return f"{frequency(1 - probability)} above"
    return f"{frequency(probability)} below"
