"""Student's t: the chance beyond a value, and the value for a chance. Pure.

The tail is half the regularised incomplete beta function I_x(n/2, 1/2) at x = n / (n + t²)
(M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions", 26.7.1), which is computed from
its continued fraction (NIST, Digital Library of Mathematical Functions, 8.17.22) by Lentz's
method. Degrees of freedom need not be whole.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_PRECISION = 1e-15
_TINY = 1e-300
_MOST_STEPS = 100_000


def t_tail(t: float, freedom: float) -> float:
    """Return the chance of a value of at least `t`."""
    if not freedom > 0:
        raise ValueError(f"Degrees of freedom are positive; {freedom} is not.")
    square = t * t
    whole = freedom + square
    tail = _incomplete_beta(freedom / 2, 0.5, freedom / whole, square / whole) / 2
    return tail if t >= 0 else 1 - tail


def t_quantile(probability: float, freedom: float) -> float:
    """Return the value below which a draw lies with this probability."""
    if not 0 < probability < 1:
        raise ValueError(f"A probability lies between 0 and 1; {probability} does not.")
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    wanted = 1 - probability
    # Right of 0 the tail falls and is convex, and the normal quantile lies left of the answer:
    # from there Newton's steps only go right and never past it.
    found = NormalDist().inv_cdf(probability)
    while True:
        step = (t_tail(found, freedom) - wanted) / _density(found, freedom)
        if step <= 1e-13 * found:
            return found
        found += step


def _density(t: float, freedom: float) -> float:
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    log -= (math.log(freedom * math.pi) + (freedom + 1) * math.log1p(t * t / freedom)) / 2
    return math.exp(log)


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return I_x(a, b); `rest` is 1 - x, which near 0 has more digits than x has."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        # On this side the fraction converges slowly; that of the mirrored function does not.
        return 1 - _incomplete_beta(b, a, rest, x)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log += a * math.log(x) + b * math.log(rest)
    return math.exp(log) / (a * _continued_fraction(a, b, x))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Return 1 + d₁/(1 + d₂/(1 + …)) with the d of DLMF 8.17.23."""
    value = numerator = 1.0
    denominator = 0.0
    for step in range(1, _MOST_STEPS):
        m = step // 2
        if step % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / ((1 + d * denominator) or _TINY)
        numerator = (1 + d / numerator) or _TINY
        change = numerator * denominator
        value *= change
        if abs(change - 1) < _PRECISION:
            return value
    raise ArithmeticError("The continued fraction does not converge.")
