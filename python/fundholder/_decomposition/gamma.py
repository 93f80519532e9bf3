"""The gamma distribution."""

from __future__ import annotations

import math


def gamma_cdf(shape: float, x: float) -> float:
    """P(X <= x) of a gamma distribution of scale 1: the regularised incomplete gamma function.

    Power series below the mean, continued fraction above (Abramowitz and Stegun 1964, 6.5.29 and
    6.5.31, by Lentz's algorithm 1976).
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        n = shape
        while term > 1e-16 * total:
            n += 1
            term *= x / n
            total += term
        return min(1.0, front * total)
    b = x + 1 - shape
    c, d = math.inf, 1 / b
    fraction, step, n = d, 0.0, 0
    while abs(step - 1) > 1e-15:
        n += 1
        a = n * (shape - n)
        b += 2
        d = 1 / (b + a * d)
        c = b + a / c
        step = c * d
        fraction *= step
    return max(0.0, 1 - front * fraction)
