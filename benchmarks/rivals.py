"""Other ways to put a margin on a score, which the product does not use: `coverage.py` says why.

All on the scale of the product, in points. Sources: B. Rocks, "Interval Estimation for the Net
Promoter Score", The American Statistician 70(4), 2016; the score interval is that of T. Tango for
the difference of two shares of the same answers, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from responses.differing import find_p
from responses.scoring import Counts, Interval, adjust, critical_value
from responses.student import t_quantile, t_tail

Method = Callable[[Counts, float], Interval]
_HALVINGS = 50


def moments(counts: Counts) -> tuple[float, float]:
    """Return mean and variance of the recode to -1, 0, +1."""
    mean = (counts.promoters - counts.detractors) / counts.n
    return mean, (counts.promoters + counts.detractors) / counts.n - mean**2


def wald(counts: Counts, level: float = 0.95) -> Interval:
    mean, variance = moments(counts)
    return _around(mean, critical_value(level) * math.sqrt(variance / counts.n))


def student(counts: Counts, level: float = 0.95) -> Interval:
    mean, variance = moments(counts)
    freedom = counts.n - 1
    return _around(mean, t_quantile((1 + level) / 2, freedom) * math.sqrt(variance / freedom))


def adjusted_wald(counts: Counts, level: float = 0.95) -> Interval:
    """Return what the product begins with: neither clamped, nor widened to hold the score."""
    centre, squared_error = adjust(counts)
    return _around(centre, critical_value(level) * math.sqrt(squared_error))


def score(counts: Counts, level: float = 0.95) -> Interval:
    """Return all scores that a test would not reject, found by halving."""
    mean, _ = moments(counts)
    limit = critical_value(level)
    return Interval(
        100 * _find_end(counts, mean, -1.0, limit), 100 * _find_end(counts, mean, 1.0, limit)
    )


def _find_end(counts: Counts, inside: float, outside: float, limit: float) -> float:
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if abs(_score_statistic(counts, middle)) <= limit:
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


def _score_statistic(counts: Counts, supposed: float) -> float:
    n, up, down = counts.n, counts.promoters, counts.detractors
    # The likeliest share of detractors, were the score as supposed: the root of a quadratic.
    b = (2 * n - up + down) * supposed - up - down
    c = -down * supposed * (1 - supposed)
    detractors = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * detractors + supposed * (1 - supposed))
    distance = up - down - n * supposed
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-9 else math.inf
    return distance / math.sqrt(variance)


def wald_test(before: Counts, after: Counts) -> tuple[float, float, float]:
    """Return standard error in points, z and p of a difference."""
    (first, s1), (second, s2) = moments(before), moments(after)
    error = math.sqrt(s1 / before.n + s2 / after.n)
    z = _divide(second - first, error)
    return 100 * error, z, find_p(z)


def welch_test(before: Counts, after: Counts) -> tuple[float, Interval]:
    """Return p and interval of a difference, by Welch's t on the recode."""
    (first, s1), (second, s2) = moments(before), moments(after)
    v1, v2 = s1 / (before.n - 1), s2 / (after.n - 1)
    difference, error = second - first, math.sqrt(v1 + v2)
    if not error:
        return (0.0 if difference else 1.0), _around(difference, 0.0)
    freedom = (v1 + v2) ** 2 / (v1**2 / (before.n - 1) + v2**2 / (after.n - 1))
    p = 2 * t_tail(abs(difference) / error, freedom)
    return p, _around(difference, t_quantile(0.975, freedom) * error)


def _around(centre: float, margin: float) -> Interval:
    return Interval(100 * (centre - margin), 100 * (centre + margin))


def _divide(difference: float, error: float) -> float:
    if error:
        return difference / error
    return math.copysign(math.inf, difference) if difference else 0.0
