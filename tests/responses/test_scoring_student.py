"""Student's t against tables that others printed."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.student import t_quantile, t_tail

# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, critical values of Student's t.
COLUMNS = (0.90, 0.95, 0.975, 0.99, 0.995, 0.999)
PRINTED = {
    1: (3.078, 6.314, 12.706, 31.821, 63.657, 318.309),
    2: (1.886, 2.920, 4.303, 6.965, 9.925, 22.327),
    3: (1.638, 2.353, 3.182, 4.541, 5.841, 10.215),
    4: (1.533, 2.132, 2.776, 3.747, 4.604, 7.173),
    5: (1.476, 2.015, 2.571, 3.365, 4.032, 5.893),
    9: (1.383, 1.833, 2.262, 2.821, 3.250, 4.297),
    10: (1.372, 1.812, 2.228, 2.764, 3.169, 4.144),
    19: (1.328, 1.729, 2.093, 2.539, 2.861, 3.579),
    29: (1.311, 1.699, 2.045, 2.462, 2.756, 3.396),
    30: (1.310, 1.697, 2.042, 2.457, 2.750, 3.385),
    50: (1.299, 1.676, 2.009, 2.403, 2.678, 3.261),
    99: (1.290, 1.660, 1.984, 2.365, 2.626, 3.175),
    100: (1.290, 1.660, 1.984, 2.364, 2.626, 3.174),
}


@pytest.mark.parametrize("freedom", PRINTED)
def test_quantiles_are_those_of_the_table_of_nist(freedom: int) -> None:
    found = [round(t_quantile(probability, freedom), 3) for probability in COLUMNS]

    assert found == list(PRINTED[freedom])


@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9995])
def test_quantiles_have_closed_forms_for_one_two_and_four_degrees(probability: float) -> None:
    """W. T. Shaw, "Sampling Student's T distribution", Journal of Computational Finance 9, 2006."""
    spread = 4 * probability * (1 - probability)
    root = math.sqrt(spread)

    assert t_quantile(probability, 1) == pytest.approx(
        math.tan(math.pi * (probability - 0.5)), rel=1e-11
    )
    assert t_quantile(probability, 2) == pytest.approx(
        2 * (probability - 0.5) * math.sqrt(2 / spread), rel=1e-11
    )
    assert t_quantile(probability, 4) == pytest.approx(
        2 * math.sqrt(math.cos(math.acos(root) / 3) / root - 1), rel=1e-11
    )


@pytest.mark.parametrize("probability", [0.9, 0.975, 0.995])
def test_many_degrees_of_freedom_are_the_normal_distribution(probability: float) -> None:
    assert t_quantile(probability, 1e7) == pytest.approx(
        NormalDist().inv_cdf(probability), rel=1e-6
    )


def test_degrees_of_freedom_need_not_be_whole() -> None:
    """R: qt(0.975, 7.5) lies between qt(0.975, 7) and qt(0.975, 8), 2.365 and 2.306."""
    assert 2.306 < t_quantile(0.975, 7.5) < 2.365


@pytest.mark.parametrize("probability", [0, 1, -0.1])
def test_quantile_refuses_an_impossible_probability(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_quantile(probability, 10)


@pytest.mark.parametrize("freedom", [0, -1])
def test_degrees_of_freedom_are_positive(freedom: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        t_quantile(0.975, freedom)
    with pytest.raises(ValueError, match="positive"):
        t_tail(1.0, freedom)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1, 10_000))
def test_tail_and_quantile_undo_each_other(probability: float, freedom: float) -> None:
    assert t_tail(t_quantile(probability, freedom), freedom) == pytest.approx(
        1 - probability, rel=1e-8
    )


@given(st.floats(-50, 50), st.floats(1, 10_000))
def test_the_tails_of_both_sides_are_one_together(t: float, freedom: float) -> None:
    assert t_tail(t, freedom) + t_tail(-t, freedom) == pytest.approx(1, abs=1e-12)
