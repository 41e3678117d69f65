"""The calendar strip: one bar a day, or a week where days would be too thin."""

from __future__ import annotations

import datetime as dt

from surveys.strip import Strip, draw_strip

FIRST = dt.date(2026, 10, 1)  # a Thursday


def draw(days: int, mails: dict[int, int], done: dict[int, int] | None = None) -> Strip:
    """Draw `days` from the first on; keys are days counted from it."""
    return draw_strip(
        FIRST,
        FIRST + dt.timedelta(days=days - 1),
        mails={FIRST + dt.timedelta(days=day): count for day, count in mails.items()},
        done={FIRST + dt.timedelta(days=day): count for day, count in (done or {}).items()},
        open_days={FIRST + dt.timedelta(days=day) for day in mails},
        today=FIRST,
    )


def test_bar_for_each_day() -> None:
    strip = draw(30, {0: 10, 1: 5, 4: 1})

    assert [bar.height for bar in strip.bars[:5]] == [100, 50, 0, 0, 10]
    assert [bar.is_open for bar in strip.bars[:5]] == [True, True, False, False, True]
    assert (len(strip.bars), strip.weekday, strip.has_weeks) == (30, 4, False)
    assert [bar.is_today for bar in strip.bars[:2]] == [True, False]


def test_mails_that_left_stand_within_those_planned() -> None:
    strip = draw(2, {0: 10, 1: 5}, done={0: 10, 1: 1})

    assert [(bar.height, bar.done_height) for bar in strip.bars] == [(100, 100), (50, 10)]


def test_single_mail_among_thousands_is_visible() -> None:
    assert draw(2, {0: 100_000, 1: 1}).bars[1].height == 1


def test_long_window_is_drawn_by_week() -> None:
    strip = draw(200, dict.fromkeys(range(200), 1))

    assert strip.has_weeks
    assert [bar.mails for bar in strip.bars[:2]] == [4, 7]
    assert sum(bar.mails for bar in strip.bars) == 200


def test_window_without_mails_is_empty_and_whole() -> None:
    strip = draw(7, {})

    assert [bar.height for bar in strip.bars] == [0] * 7
