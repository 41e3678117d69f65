"""The arithmetic of the score; worked values come from the sources named beside them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.scoring import (
    Category,
    Counts,
    Thresholds,
    Tier,
    apportion,
    categorise,
    category_range,
    interval,
    nps,
    nps_rounded,
    nps_to_one_decimal,
    round_away,
    shares,
    tier,
    variance,
)

some_counts = st.builds(
    Counts,
    detractors=st.integers(0, 5000),
    passives=st.integers(0, 5000),
    promoters=st.integers(0, 5000),
).filter(lambda counts: counts.n > 0)


@pytest.mark.parametrize("scale_min", [0, 1])
def test_categories_have_the_same_thresholds_on_both_scales(scale_min: int) -> None:
    found = [categorise(score, scale_min=scale_min) for score in range(scale_min, 11)]

    assert found[: 7 - scale_min] == [Category.DETRACTOR] * (7 - scale_min)
    assert found[7 - scale_min :] == [Category.PASSIVE] * 2 + [Category.PROMOTER] * 2


@pytest.mark.parametrize(("score", "scale_min"), [(0, 1), (11, 0), (-1, 0), (11, 1), (5, 2)])
def test_categorise_refuses_a_score_outside_the_scale(score: int, scale_min: int) -> None:
    with pytest.raises(ValueError, match="scale"):
        categorise(score, scale_min=scale_min)


def test_category_range_of_a_scale_from_one_has_no_zero() -> None:
    assert category_range(Category.DETRACTOR, scale_min=1) == (1, 6)
    assert category_range(Category.PROMOTER) == (9, 10)


def test_counts_from_scores() -> None:
    counts = Counts.from_scores([0, 6, 7, 8, 9, 10, 10])

    assert counts == Counts(detractors=2, passives=2, promoters=3)
    assert counts.n == 7


def test_counts_from_scores_refuses_a_zero_on_a_scale_from_one() -> None:
    with pytest.raises(ValueError, match="scale of 1 to 10"):
        Counts.from_scores([10, 0], scale_min=1)


def test_counts_from_histogram() -> None:
    assert Counts.from_histogram([1, 0, 0, 0, 0, 0, 2, 3, 4, 5, 6]) == Counts(3, 7, 11)


@pytest.mark.parametrize(("histogram", "scale_min"), [([1] * 10, 0), ([1] * 11, 1)])
def test_counts_from_histogram_refuses_what_is_no_histogram(
    histogram: list[int], scale_min: int
) -> None:
    with pytest.raises(ValueError, match=r"histogram|below 1"):
        Counts.from_histogram(histogram, scale_min=scale_min)


def test_counts_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Counts(detractors=-1)


def test_the_rest_is_what_a_segment_is_held_against() -> None:
    assert Counts(20, 30, 50) - Counts(5, 0, 10) == Counts(15, 30, 40)
    with pytest.raises(ValueError, match="negative"):
        Counts(20, 30, 50) - Counts(21, 0, 0)


def test_nothing_has_no_score() -> None:
    empty = Counts()

    assert (nps(empty), nps_rounded(empty), variance(empty)) == (None, None, None)
    assert (interval(empty), shares(empty)) == (None, None)


@pytest.mark.parametrize(
    ("counts", "raw"),
    [
        (Counts(20, 30, 50), 30.0),
        (Counts(54, 108, 162), 100 / 3),
        (Counts(10, 20, 90), 200 / 3),
        # Every answer equally likely, an expectation of yunojuno/django-nps and of
        # EricBoersma/net_promoter_score: the two scales are not interchangeable.
        (Counts.from_scores(range(11)), -500 / 11),
        (Counts.from_scores(range(1, 11), scale_min=1), -40.0),
    ],
)
def test_nps_worked_values(counts: Counts, raw: float) -> None:
    assert nps(counts) == pytest.approx(raw)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        (Counts.from_scores([10, 9, 9, 8, 7, 6]), 33),  # truncated shares would give 34
        (Counts(10, 20, 90), 67),  # truncation would give 66
        (Counts(0, 199, 1), 1),  # 0.5 goes away from zero, not to the even 0
        (Counts(1, 199, 0), -1),
        (Counts(0, 195, 5), 3),  # 2.5
        (Counts(5, 195, 0), -3),
        (Counts(71, 317, 501), 48),  # 48.37
        (Counts(7, 3, 7), 0),
    ],
)
def test_nps_rounded_is_half_away_from_zero_from_counts(counts: Counts, shown: int) -> None:
    assert nps_rounded(counts) == shown


@pytest.mark.parametrize(
    ("points", "whole"), [(0.5, 1), (-0.5, -1), (2.4, 2), (-79.5, -80), (0, 0)]
)
def test_round_away(points: float, whole: int) -> None:
    assert round_away(points) == whole


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(20, 30, 50), 0.61),
        (
            Counts(54, 108, 162),
            5 / 9,
        ),  # jjscheng; whuber, stats.stackexchange.com/a/18609
        (Counts(50, 0, 50), 1.0),
        (Counts(25, 50, 25), 0.50),
        (Counts(10, 20, 90), 0.389),
    ],
)
def test_variance_worked_values(counts: Counts, expected: float) -> None:
    assert variance(counts) == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # R: nps_test_(..., test = "adjusted.wald") of B. Rocks, brendan-r/NPS
        (Counts(20, 30, 50), 14.1, 44.2),
        (Counts(10, 20, 90), 53.8, 76.2),
        (Counts(3, 5, 7), -13.2, 57.7),
        (Counts(75, 20, 5), -79.0, -56.9),
        (Counts(0, 7, 13), 33.7, 79.3),
        (Counts(0, 0, 10), 47.5, 100.0),  # unclamped 106.3
    ],
)
def test_interval_worked_values(counts: Counts, low: float, high: float) -> None:
    found = interval(counts)

    assert found is not None
    assert list(found) == pytest.approx([low, high], abs=0.05)


def test_interval_is_widened_to_hold_the_raw_score_of_one_answer() -> None:
    found, mirror = interval(Counts(promoters=1)), interval(Counts(detractors=1))

    assert found is not None
    assert mirror is not None
    assert found.high == 100.0
    assert found.low < 0
    assert tuple(mirror) == (-found.high, -found.low)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_interval_refuses_an_impossible_level(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        interval(Counts(1, 1, 1), level)


def test_shares_add_up_where_rounding_would_not() -> None:
    found = shares(Counts(1, 1, 1))

    assert found == (Decimal("33.4"), Decimal("33.3"), Decimal("33.3"))


def test_apportion_gives_the_last_tenth_to_the_largest_remainder() -> None:
    assert apportion([129, 165, 318]) == [
        Decimal("21.1"),
        Decimal("26.9"),
        Decimal("52.0"),
    ]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, Tier.EMPTY),
        (1, Tier.COUNT_ONLY),
        (4, Tier.COUNT_ONLY),
        (5, Tier.TOO_FEW),
        (29, Tier.TOO_FEW),
        (30, Tier.INDICATIVE),
        (99, Tier.INDICATIVE),
        (100, Tier.FIRM),
    ],
)
def test_tier_by_number_of_answers(n: int, expected: Tier) -> None:
    assert tier(n) == expected


def test_thresholds_can_be_set_but_must_rise() -> None:
    assert tier(12, Thresholds(show=3, compare=10, firm=50)) == Tier.INDICATIVE
    with pytest.raises(ValueError, match="rise"):
        Thresholds(show=30, compare=5)


@given(some_counts)
def test_score_and_interval_stay_on_the_scale_and_hold_the_score(
    counts: Counts,
) -> None:
    raw, found = nps(counts), interval(counts)

    assert raw is not None
    assert found is not None
    assert -100 <= found.low <= raw <= found.high <= 100


@given(some_counts, st.sampled_from([(0.9, 0.95), (0.95, 0.99)]))
def test_more_confidence_never_gives_a_narrower_interval(
    counts: Counts, levels: tuple[float, float]
) -> None:
    narrow, wide = interval(counts, levels[0]), interval(counts, levels[1])

    assert narrow is not None
    assert wide is not None
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(some_counts)
def test_swapping_detractors_and_promoters_mirrors_everything(counts: Counts) -> None:
    mirrored = Counts(counts.promoters, counts.passives, counts.detractors)
    found, mirror = interval(counts), interval(mirrored)

    assert nps_rounded(mirrored) == -(nps_rounded(counts) or 0)
    assert found is not None
    assert mirror is not None
    assert list(mirror) == pytest.approx([-found.high, -found.low])


@given(some_counts.filter(lambda counts: counts.detractors > 0))
def test_one_detractor_turned_passive_raises_the_score(counts: Counts) -> None:
    better = Counts(counts.detractors - 1, counts.passives + 1, counts.promoters)
    before, after = nps(counts), nps(better)

    assert before is not None
    assert after is not None
    assert after > before
    assert (nps_rounded(better) or 0) >= (nps_rounded(counts) or 0)


@given(some_counts)
def test_the_shown_score_is_the_nearest_whole_number(counts: Counts) -> None:
    raw, shown = nps(counts), nps_rounded(counts)

    assert raw is not None
    assert shown is not None
    assert abs(shown - raw) <= 0.5
    assert abs(shown) <= 100


@given(some_counts)
def test_shares_add_up_to_exactly_one_hundred(counts: Counts) -> None:
    found = shares(counts)

    assert found is not None
    assert sum(found) == Decimal("100.0")
    for share, count in zip(
        found, (counts.detractors, counts.passives, counts.promoters), strict=True
    ):
        assert abs(share - Decimal(100 * count) / counts.n) < Decimal("0.1")


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=11).filter(any))
def test_a_larger_count_never_gets_a_smaller_share(
    counts: list[int],
) -> None:
    found = apportion(counts)

    assert found is not None
    assert sum(found) == Decimal(100)
    ordered = [share for _, share in sorted(zip(counts, found, strict=True))]
    assert ordered == sorted(ordered)


@given(st.lists(st.lists(st.integers(0, 10)), max_size=8))
def test_counts_of_days_add_up(days: list[list[int]]) -> None:
    together = sum((Counts.from_scores(day) for day in days), Counts())

    assert together == Counts.from_scores(score for day in days for score in day)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10))))
def test_counts_of_segments_add_up_and_leave_the_rest(answers: list[tuple[str, int]]) -> None:
    def of(*segments: str) -> Counts:
        return Counts.from_scores(score for segment, score in answers if segment in segments)

    everybody = of("a", "b", "c")

    assert of("a") + of("b") + of("c") == everybody
    assert everybody - of("b") == of("a", "c")


@given(st.lists(st.integers(0, 300), min_size=11, max_size=11))
def test_eleven_counts_say_what_the_scores_say(histogram: list[int]) -> None:
    scores = [score for score, count in enumerate(histogram) for _ in range(count)]

    assert Counts.from_histogram(histogram) == Counts.from_scores(scores)


@given(some_counts)
def test_one_decimal_is_the_nearest(counts: Counts) -> None:
    raw, shown = nps(counts), nps_to_one_decimal(counts)

    assert raw is not None
    assert shown is not None
    assert abs(float(shown) - raw) <= 0.05 + 1e-9
