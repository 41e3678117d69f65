"""The drawing of a trend: gaps, scale, lines, and flags that hide no other flag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.charting.trend import CLOSEST_FLAGS, draw_trend

SCORE = (20.0, (10.0, 30.0))
CROWDS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 0.3)).map(lambda pair: (pair[0], min(1, sum(pair)))),
    max_size=8,
)


def test_trend_is_broken_where_there_is_no_score() -> None:
    trend = draw_trend([SCORE, SCORE, None, SCORE])

    assert [slot.dot is None for slot in trend.slots] == [False, False, True, False]
    assert [letter for letter in trend.path if letter.isalpha()] == ["M", "L", "M"]
    assert trend.path.startswith("M125.0 ")


def test_trend_is_broken_where_the_survey_changed() -> None:
    trend = draw_trend([SCORE] * 4, breaks=[2])

    assert [letter for letter in trend.path if letter.isalpha()] == ["M", "L", "M", "L"]


@pytest.mark.parametrize(
    ("interval", "points"),
    [
        ((10.0, 30.0), [0, 25, 50]),
        ((-30.0, -10.0), [-50, -25, 0]),
        ((-10.0, 60.0), [-25, 0, 25, 50, 75]),
        ((-100.0, 100.0), [-100, -50, 0, 50, 100]),
        ((0.0, 0.0), [0, 25]),
    ],
)
def test_scale_of_a_trend_holds_zero_and_every_interval(
    interval: tuple[float, float], points: list[int]
) -> None:
    trend = draw_trend([(sum(interval) / 2, interval)])

    assert [rule.points for rule in trend.rules] == points
    (dot,) = [slot.dot for slot in trend.slots]
    assert dot is not None
    assert float(dot.high_y) <= float(dot.y) <= float(dot.low_y) <= float(trend.base)


def test_scale_of_a_trend_holds_the_year_before_and_the_rolling_line() -> None:
    trend = draw_trend([SCORE], overlay=[-60.0], rolling=[(0.5, 80.0)])

    assert {rule.points for rule in trend.rules} == {-50, 0, 50, 100}
    assert trend.overlay.startswith("M500.0 ")
    assert trend.rolling.startswith("M500.0 ")


def test_newest_label_of_a_trend_is_never_minor() -> None:
    for length in (1, 2, 5):
        trend = draw_trend([None] * length)
        assert not trend.slots[-1].is_minor
    assert [slot.is_minor for slot in trend.slots] == [False, True, False, True, False]


def test_long_trend_scrolls_on_a_phone_and_a_dense_one_everywhere() -> None:
    assert not draw_trend([None] * 14).is_long
    assert draw_trend([None] * 15).is_long
    assert not draw_trend([None] * 36).is_dense
    assert draw_trend([None] * 37).is_dense


@given(CROWDS)
def test_flags_never_lie_upon_each_other(spans: list[tuple[float, float]]) -> None:
    trend = draw_trend([SCORE], spans=spans)

    places = [
        (flag.y, (first + last) / 2) for flag, (first, last) in zip(trend.flags, spans, strict=True)
    ]
    for index, (row, middle) in enumerate(places):
        for other_row, other in places[:index]:
            assert row != other_row or abs(middle - other) >= CLOSEST_FLAGS
    (dot,) = [slot.dot for slot in trend.slots]
    assert dot is not None
    assert all(float(flag.y) < float(dot.high_y) for flag in trend.flags)


def test_flags_far_apart_share_the_lowest_row() -> None:
    apart = draw_trend([SCORE], spans=[(0.1, 0.1), (0.5, 0.6), (0.9, 0.9)])
    close = draw_trend([SCORE], spans=[(0.1, 0.1), (0.12, 0.12)])

    assert [flag.y for flag in apart.flags] == ["11.0"] * 3
    assert [flag.is_band for flag in apart.flags] == [False, True, False]
    assert [flag.y for flag in close.flags] == ["11.0", "33.0"]
    assert close.height == apart.height + 22


def test_lines_across_lie_within_the_scale_and_their_letters_between_points() -> None:
    trend = draw_trend([(10.0, (0.0, 20.0))] * 4, levels=[71.0, -40.0])

    assert [level.label_x for level in trend.levels] == ["25.000%", "50.000%"]
    high, low = (float(level.y) for level in trend.levels)
    assert float(trend.top) < high < low < float(trend.base)
