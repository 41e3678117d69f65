"""What a period is held against: months of any length, leap years, periods still running."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.spans import (
    DAY,
    Grain,
    Span,
    cut_at,
    each_of,
    earlier_by_a_year,
    span_a_year_before,
    span_before,
)

LATER = dt.date(2030, 1, 1)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
SPANS = st.tuples(DAYS, st.integers(0, 800)).map(
    lambda pair: Span(pair[0], pair[0] + pair[1] * DAY)
)


def span(text: str) -> Span:
    first, last = text.split("/")
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("chosen", "today", "before"),
    [
        # Whole months against whole months, however long.
        ("2026-03-01/2026-03-31", LATER, "2026-02-01/2026-02-28"),
        ("2024-03-01/2024-03-31", LATER, "2024-02-01/2024-02-29"),
        ("2026-02-01/2026-02-28", LATER, "2026-01-01/2026-01-31"),
        ("2026-01-01/2026-01-31", LATER, "2025-12-01/2025-12-31"),
        ("2026-01-01/2026-03-31", LATER, "2025-10-01/2025-12-31"),
        ("2026-01-01/2026-12-31", LATER, "2025-01-01/2025-12-31"),
        # The 28th is not the end of a February of 29 days: as many days of the month before.
        ("2024-02-01/2024-02-28", LATER, "2024-01-01/2024-01-28"),
        # What runs still, against as many days from the start of the period before.
        ("2026-11-01/2026-11-30", dt.date(2026, 11, 22), "2026-10-01/2026-10-22"),
        ("2026-03-01/2026-03-31", dt.date(2026, 3, 30), "2026-02-01/2026-02-28"),
        ("2026-10-01/2026-12-31", dt.date(2026, 11, 22), "2026-07-01/2026-08-22"),
        ("2026-11-01/2026-11-30", dt.date(2026, 11, 30), "2026-10-01/2026-10-31"),
        ("2026-11-16/2026-11-22", dt.date(2026, 11, 18), "2026-11-09/2026-11-11"),
        ("2026-01-01/2026-12-31", dt.date(2026, 11, 22), "2025-01-01/2025-11-22"),
        # Any other days against as many directly before.
        ("2026-10-24/2026-11-22", LATER, "2026-09-24/2026-10-23"),
        ("2026-03-05/2026-03-05", LATER, "2026-03-04/2026-03-04"),
        ("2025-11-23/2026-11-22", LATER, "2024-11-23/2025-11-22"),
    ],
)
def test_period_before(chosen: str, today: dt.date, before: str) -> None:
    assert span_before(span(chosen), today=today) == span(before)


@pytest.mark.parametrize(
    ("chosen", "today", "before"),
    [
        ("2025-02-01/2025-02-28", LATER, "2024-02-01/2024-02-29"),
        ("2024-02-01/2024-02-29", LATER, "2023-02-01/2023-02-28"),
        ("2026-07-01/2026-09-30", LATER, "2025-07-01/2025-09-30"),
        ("2026-11-01/2026-11-30", dt.date(2026, 11, 22), "2025-11-01/2025-11-22"),
        # A running February of 29 days has one day more than the year before.
        ("2024-02-01/2024-02-29", dt.date(2024, 2, 29), "2023-02-01/2023-02-28"),
        # 364 days: a Saturday to a Sunday stays that.
        ("2026-10-24/2026-11-22", LATER, "2025-10-25/2025-11-23"),
        # A year would share a day with the 364 days before it: the calendar instead.
        ("2025-11-23/2026-11-22", LATER, "2024-11-23/2025-11-22"),
        ("2024-03-01/2025-02-28", LATER, "2023-03-01/2024-02-29"),
    ],
)
def test_year_before(chosen: str, today: dt.date, before: str) -> None:
    assert span_a_year_before(span(chosen), today=today) == span(before)


def test_more_than_a_year_has_no_year_before() -> None:
    assert span_a_year_before(span("2025-01-15/2026-03-01"), today=LATER) is None
    assert span_a_year_before(span("2023-02-28/2024-02-28"), today=LATER) is None
    assert span_a_year_before(span("2024-01-01/2025-12-31"), today=LATER) is None


@given(SPANS, DAYS)
def test_what_is_compared_never_shares_a_day(chosen: Span, today: dt.date) -> None:
    come = cut_at(chosen, today)
    before, year = span_before(chosen, today=today), span_a_year_before(chosen, today=today)

    assert before.last < come.first
    assert year is None or year.last < come.first


@given(SPANS)
def test_other_days_keep_their_length_and_their_weekdays(chosen: Span) -> None:
    if chosen.first.day == 1:
        return
    before, year = span_before(chosen, today=LATER), span_a_year_before(chosen, today=LATER)
    if chosen.last < LATER:
        assert (before.days, before.last) == (chosen.days, chosen.first - DAY)
    if chosen.last < LATER and chosen.days < 364:
        assert year is not None
        assert (year.days, year.first.weekday()) == (chosen.days, chosen.first.weekday())


@given(SPANS, st.sampled_from(list(Grain)))
def test_periods_of_a_line_follow_on_each_other_and_hold_it(chosen: Span, grain: Grain) -> None:
    periods = list(each_of(grain, chosen))

    assert chosen.first in periods[0]
    assert chosen.last in periods[-1]
    for before, after in pairwise(periods):
        assert after.first == before.last + DAY
    if grain == Grain.WEEK:
        assert {period.first.weekday() for period in periods} == {0}
        assert earlier_by_a_year(grain, periods[0]).first.weekday() == 0


def test_year_before_a_point_is_the_same_month_or_quarter() -> None:
    february, quarter = span("2025-02-01/2025-02-28"), span("2026-01-01/2026-03-31")

    assert earlier_by_a_year(Grain.MONTH, february) == span("2024-02-01/2024-02-29")
    assert earlier_by_a_year(Grain.QUARTER, quarter) == span("2025-01-01/2025-03-31")
