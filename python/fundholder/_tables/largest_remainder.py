"""Whole numbers in proportion that add up: the method of the largest remainder."""

from __future__ import annotations

from collections.abc import Sequence


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to ``total``.

    Each is its exact quota rounded down, or one more where the part cut off is among the largest;
    of equal parts, the first. Weights are finite, 0 or more, and not all 0; exact in rational
    arithmetic, so that nothing hangs on the rounding of floats.
    """
    ratios = [weight.as_integer_ratio() for weight in map(float, weights)]
    # The denominator of a float is a power of two: the largest is common to all.
    common = max(denominator for _, denominator in ratios)
    integers = [numerator * (common // denominator) for numerator, denominator in ratios]
    divisor = sum(integers)
    quotas = [divmod(total * weight, divisor) for weight in integers]
    shares = [quota for quota, _ in quotas]
    cut_off = sorted(range(len(quotas)), key=lambda i: -quotas[i][1])
    for i in cut_off[: total - sum(shares)]:
        shares[i] += 1
    return shares
