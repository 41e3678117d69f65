"""How many answers it takes; worked values with their sources beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rivals import adjusted_wald
from responses.scoring import Counts, Thresholds, adjust, interval, variance
from responses.sizing import (
    expected_variance,
    of_population,
    population_factor,
    sample_size,
    sample_size_to_detect,
)

ABOUT_67, ABOUT_30, WORST = Counts(10, 20, 90), Counts(20, 30, 50), Counts(50, 0, 50)


def variance_of(counts: Counts) -> float:
    found = variance(counts)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        (ABOUT_67, [1657, 595, 147, 64]),
        # relock2/nps_sample_size computes 232, 935 and 2601 too.
        (ABOUT_30, [2601, 935, 232, 102]),
        (WORST, [4266, 1534, 382, 168]),
    ],
)
def test_sample_size_for_a_margin_as_measuringu(counts: Counts, sizes: list[int]) -> None:
    """MeasuringU, nps-confidence-interval-sample-size: margins of 3, 5, 10 and 15 points."""
    own = variance_of(counts)

    assert [sample_size(margin, variance=own) for margin in (3, 5, 10, 15)] == sizes


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        (ABOUT_67, [2439, 608, 150]),
        (ABOUT_30, [3828, 955, 237]),
        (WORST, [6277, 1567, 390]),
    ],
)
def test_sample_size_to_detect_as_measuringu(counts: Counts, sizes: list[int]) -> None:
    """MeasuringU, nps-sig-test-sample-size: differences of 5, 10 and 20 points, power 80 %."""
    own = variance_of(counts)

    found = [sample_size_to_detect(points, variances=(own, own)) for points in (5, 10, 20)]

    assert found == sizes


def test_a_thousand_answers_are_about_five_points() -> None:
    """The rule of thumb of cybaea.net."""
    found = interval(Counts(200, 300, 500))

    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(5, abs=0.2)
    assert sample_size(5, variance=0.61) == pytest.approx(1000, rel=0.1)


def test_groups_may_vary_differently() -> None:
    assert sample_size_to_detect(10, variances=(1.0, 0.0)) == 782  # half of 1567 + 3, less 3
    assert sample_size_to_detect(10, variances=(0.0, 1.0)) == 782


def test_without_a_variance_the_worst_is_expected() -> None:
    assert sample_size(5) == 1534
    assert sample_size_to_detect(10) == 1567


def test_own_variance_is_used_from_a_hundred_answers_on() -> None:
    assert expected_variance(Counts(20, 30, 50)) == pytest.approx(0.61)
    assert expected_variance(Counts(20, 30, 49)) == 1.0
    assert expected_variance(Counts()) == 1.0
    assert expected_variance(Counts(2, 3, 5), thresholds=Thresholds(1, 5, 10)) < 1.0


def test_a_closed_population_needs_fewer() -> None:
    """The 937 of a margin of 5 points before the three added answers come off."""
    assert of_population(937, 2000) == 639
    assert of_population(937, 500) == 327
    assert of_population(10, 10) == 6  # 10 / (1 + 9/10) = 5.3


def test_a_margin_is_smaller_when_much_of_a_population_answered() -> None:
    """200 of 500 with a variance of .61: 10.8 points become 8.4."""
    assert 10.8 * population_factor(200, 500) == pytest.approx(8.4, abs=0.05)


def test_a_population_that_answered_wholly_has_no_margin() -> None:
    assert population_factor(500, 500) == 0
    assert population_factor(1, 1) == 0


@pytest.mark.parametrize("points", [0, -5])
def test_sizes_refuse_what_no_sample_shows(points: float) -> None:
    with pytest.raises(ValueError, match="points"):
        sample_size(points)
    with pytest.raises(ValueError, match="points"):
        sample_size_to_detect(points)


def test_sizes_refuse_impossible_chances_and_empty_populations() -> None:
    with pytest.raises(ValueError, match="power"):
        sample_size_to_detect(5, power=1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample_size(5, level=95)
    with pytest.raises(ValueError, match="empty"):
        of_population(10, 0)
    with pytest.raises(ValueError, match="answered"):
        population_factor(11, 10)


@given(
    st.builds(Counts, st.integers(0, 500), st.integers(0, 500), st.integers(1, 500)),
    st.sampled_from([0.90, 0.95, 0.99]),
)
def test_the_margin_of_some_answers_takes_as_many_answers(counts: Counts, level: float) -> None:
    low, high = adjusted_wald(counts, level)
    spread = adjust(counts).squared_error * (counts.n + 3)

    # A hair wider or narrower, so that rounding up does not hang on the last digit.
    needed = [
        sample_size((high - low) / 2 * hair, variance=spread, level=level)
        for hair in (1 + 1e-9, 1 - 1e-9)
    ]

    assert needed == [counts.n, counts.n + 1]


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_population_never_needs_more_than_itself_or_than_endless_ones(
    needed: int, population: int
) -> None:
    assert 1 <= of_population(needed, population) <= min(needed, population)
