"""How many answers a margin, or the sight of a difference, takes. Pure.

The adjusted Wald interval solved for n, so the three answers that it adds come off again. Sources:
https://measuringu.com/nps-confidence-interval-sample-size/ and
https://measuringu.com/nps-sig-test-sample-size/. Answers, not invitations: divide by the response
rate to know how many to ask.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds, critical_value, variance

# Half detractors, half promoters; a score of +30 from 20/30/50 % has 0.61, one of +67 has 0.39.
WORST_VARIANCE = 1.0
_ADDED = 3


def sample_size(margin: float, *, variance: float = WORST_VARIANCE, level: float = 0.95) -> int:
    """Return how many answers give an interval of about `margin` points to either side."""
    return _round_up(variance * (critical_value(level) / _positive(margin)) ** 2)


def sample_size_to_detect(
    difference: float,
    *,
    variances: tuple[float, float] = (WORST_VARIANCE, WORST_VARIANCE),
    level: float = 0.95,
    power: float = 0.8,
) -> int:
    """Return how many answers each of two groups needs.

    With so many, a true difference of this many points is found significant with chance `power`.
    """
    if not 0 < power < 1:
        raise ValueError(f"A power lies between 0 and 1; {power} does not.")
    reach = critical_value(level) + NormalDist().inv_cdf(power)
    return _round_up(sum(variances) * (reach / _positive(difference)) ** 2)


def expected_variance(counts: Counts, *, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> float:
    """Return the survey's own variance once it has enough answers, the worst one before."""
    own = variance(counts)
    return WORST_VARIANCE if own is None or counts.n < thresholds.firm else own


def of_population(needed: int, population: int) -> int:
    """Return how many of `needed` answers do when nobody exists outside of `population`.

    Only for a closed list, such as all accounts or all staff: what a shop wants to know is about
    its customers to come as well.
    """
    if needed < 1 or population < 1:
        raise ValueError("Neither a sample nor a population is empty.")
    return -(-needed * population // (population + needed - 1))


def population_factor(n: int, population: int) -> float:
    """Return what remains of a margin when `n` of a closed `population` have answered."""
    if not 1 <= n <= population:
        raise ValueError(f"{n} of {population} cannot have answered.")
    return math.sqrt((population - n) / (population - 1)) if population > 1 else 0.0


def _positive(points: float) -> float:
    """Return points on the scale of the recode, -1 to +1."""
    if not points > 0:
        raise ValueError(f"{points} points are none to be seen.")
    return points / 100


def _round_up(size: float) -> int:
    return max(1, math.ceil(size - _ADDED))
