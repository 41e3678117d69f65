"""The interval of the product beside those that it was chosen over, and how often each holds."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks import rivals
from benchmarks.coverage import (
    METHODS,
    TRUTHS,
    Truth,
    draw_coverage,
    find_coverage,
    find_false_alarms,
    list_chances,
    list_outcomes,
    make_truths,
    of_product,
)
from responses.scoring import Counts, adjust, critical_value, interval, nps, variance

PLUS_30, PLUS_64, PLUS_84, HALVES = TRUTHS


def coverage(truth: Truth, n: int) -> list[float]:
    chances = list_chances(truth, n)
    return [round(find_coverage(method, truth, chances, n), 3) for method in METHODS.values()]


@pytest.mark.parametrize(
    ("counts", "points"),
    [
        (Counts(20, 30, 50), 7.810),  # B. Rocks
        (Counts(54, 108, 162), 4.14),  # jjscheng; whuber, stats.stackexchange.com/a/18609
    ],
)
def test_standard_error_worked_values(counts: Counts, points: float) -> None:
    spread = variance(counts)

    assert spread is not None
    assert 100 * math.sqrt(spread / counts.n) == pytest.approx(points, abs=0.005)


def test_variance_is_that_of_three_shares() -> None:
    """p(1−p) + d(1−d) + 2pd, the other way to write it."""
    assert variance(Counts(20, 30, 50)) == pytest.approx(0.5 * 0.5 + 0.2 * 0.8 + 2 * 0.5 * 0.2)


def test_adjusted_wald_worked_step_by_step() -> None:
    """B. Rocks 2016, for 20/30/50."""
    centre, squared_error = adjust(Counts(20, 30, 50))

    assert centre == pytest.approx(0.29126, abs=0.000005)
    assert squared_error * 103 == pytest.approx(0.60934, abs=0.000005)
    assert math.sqrt(squared_error) == pytest.approx(0.07692, abs=0.000005)
    assert critical_value(0.95) * math.sqrt(squared_error) == pytest.approx(0.15075, abs=0.00001)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        (rivals.adjusted_wald, 14.1, 44.2),
        (rivals.wald, 14.7, 45.3),
        (rivals.score, 14.0, 44.3),
        (rivals.student, 14.4, 45.6),
    ],
)
def test_four_methods_on_the_same_hundred_answers(
    method: rivals.Method, low: float, high: float
) -> None:
    assert list(method(Counts(20, 30, 50), 0.95)) == pytest.approx([low, high], abs=0.06)


def test_what_the_product_clamps() -> None:
    """R: nps_test_(0, 0, 10, test = "adjusted.wald") ends at 106.3."""
    assert rivals.adjusted_wald(Counts(0, 0, 10)).high == pytest.approx(106.3, abs=0.05)
    assert rivals.wald(Counts(0, 0, 10)) == (100, 100)


@pytest.mark.parametrize(
    ("n", "truth", "found"),
    [
        # In the order Wald, t, AW, Score; every outcome weighed by its chance.
        (10, PLUS_30, [0.896, 0.932, 0.962, 0.947]),
        (10, PLUS_84, [0.746, 0.751, 0.955, 0.955]),
        (20, PLUS_64, [0.904, 0.927, 0.959, 0.965]),
        (20, PLUS_84, [0.792, 0.794, 0.957, 0.962]),
        (30, PLUS_84, [0.837, 0.928, 0.958, 0.964]),
        (100, PLUS_84, [0.925, 0.925, 0.956, 0.951]),
    ],
)
def test_coverage_by_enumeration(n: int, truth: Truth, found: list[float]) -> None:
    assert coverage(truth, n) == found


def test_coverage_is_weakest_for_ten_answers_half_and_half() -> None:
    _, _, adjusted, score = coverage(HALVES, 10)

    assert (adjusted, score) == (0.891, 0.979)


@pytest.mark.parametrize(
    ("n", "averages"), [(20, [0.914, 0.934, 0.951, 0.957]), (100, [0.944, 0.948, 0.950, 0.950])]
)
def test_coverage_averaged_over_random_truths(n: int, averages: list[float]) -> None:
    truths = make_truths(60, random.Random(1))

    every = [coverage(truth, n) for truth in truths]

    assert [sum(each) / len(each) for each in zip(*every, strict=True)] == pytest.approx(
        averages, abs=0.015
    )
    # The worst truth: adjusted Wald and Score give way little, the other two fall far.
    wald, student, adjusted, score = (min(each) for each in zip(*every, strict=True))
    assert min(adjusted, score) > 0.89
    assert max(wald, student) < 0.93


def test_drawing_answers_finds_what_enumerating_finds() -> None:
    drawn = draw_coverage(PLUS_30, 10, 4000, random.Random(1))

    assert drawn == pytest.approx(0.962, abs=0.012)


def test_the_chances_of_all_outcomes_are_one_together() -> None:
    assert sum(list_chances(PLUS_84, 30)) == pytest.approx(1)
    assert len(list_outcomes(30)) == 31 * 32 / 2


@pytest.mark.parametrize(
    ("truth", "sizes", "wald", "adjusted"),
    [(PLUS_30, (10, 10), 0.082, 0.038), (PLUS_84, (30, 300), 0.108, 0.033)],
)
def test_false_alarms_of_small_groups(
    truth: Truth, sizes: tuple[int, int], wald: float, adjusted: float
) -> None:
    found = list(find_false_alarms(truth, sizes, 3000, random.Random(1)))

    assert found[0] == pytest.approx(wald, abs=0.017)
    assert found[2] == pytest.approx(adjusted, abs=0.011)


@pytest.mark.parametrize(("level", "largest"), [(0.95, 1), (0.90, 4)])
def test_the_raw_score_lies_outside_only_for_a_handful(level: float, largest: int) -> None:
    """At 80 % it would for every n, which is why that is not offered."""
    assert [n for n in range(1, 41) if leaves_out(n, level)] == list(range(1, largest + 1))
    assert all(leaves_out(n, 0.80) for n in range(1, 41))


def leaves_out(n: int, level: float) -> bool:
    for counts in list_outcomes(n):
        low, high = rivals.adjusted_wald(counts, level)
        if not low <= (nps(counts) or 0) <= high:
            return True
    return False


@pytest.mark.parametrize(
    ("n", "half"), [(10, 42), (20, 32), (30, 27), (50, 21), (100, 15), (200, 11)]
)
def test_half_width_by_number_of_answers(n: int, half: int) -> None:
    """20/30/50 %, the table from which the thresholds of display come."""
    low, high = of_product(Counts(n // 5, n * 3 // 10, n // 2), 0.95)

    assert (high - low) / 2 == pytest.approx(half, abs=0.5)


def test_half_width_of_five_answers() -> None:
    """20/30/50 % of five is between these two: 53 points."""
    widths = [
        (high - low) / 2
        for low, high in (
            rivals.adjusted_wald(Counts(1, 1, 3)),
            rivals.adjusted_wald(Counts(1, 2, 2)),
        )
    ]

    assert sum(widths) / 2 == pytest.approx(53, abs=0.5)


@pytest.mark.parametrize(("n", "points"), [(5, 40), (30, 6.7), (100, 2)])
def test_one_customer_who_turns_round_moves_the_score(n: int, points: float) -> None:
    before, after = nps(Counts(1, n - 1, 0)), nps(Counts(0, n - 1, 1))

    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(points, abs=0.05)


def test_whole_weights_are_as_many_answers() -> None:
    """Turas: weights 3 and 1 on the scores 9 and 3 make +50."""
    assert nps(Counts.from_scores([9] * 3 + [3])) == 50


def test_interval_is_never_far_from_that_of_the_score_test() -> None:
    """The second opinion: no closed form, but the best coverage where it is worst."""
    for counts in list_outcomes(30):
        ours, theirs = interval(counts), rivals.score(counts)
        assert ours is not None
        assert list(ours) == pytest.approx(list(theirs), abs=8)
