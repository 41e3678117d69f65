"""The working clock, without a database: properties over zones, week-ends and moved clocks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeloop.targets import (
    UTC,
    WorkingHours,
    add_working_time,
    due_at,
    working_time_between,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = {"detractor": 1, "passive": 3, "promoter": 5}
OFFICE = WorkingHours(AMSTERDAM, [0, 1, 2, 3, 4], dt.time(9), dt.time(17))

zones = st.sampled_from(
    ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
)
clocks = st.times().map(lambda time: time.replace(second=0, microsecond=0))
# From 2020 to 2030.
moments = st.integers(1_577_836_800, 1_893_456_000).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, tz=UTC)
)

free_days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
# Further apart than any target, near enough to be counted in full.
spans = st.timedeltas(dt.timedelta(), dt.timedelta(120))


@st.composite
def working_hours(draw: st.DrawFn) -> WorkingHours:
    first, last = sorted([draw(clocks), draw(clocks)])
    if first == last:
        first, last = dt.time(9), dt.time(17)
    weekdays = draw(st.lists(st.integers(0, 6), unique=True))
    free = frozenset(draw(st.lists(free_days, max_size=8)))
    return WorkingHours(ZoneInfo(draw(zones)), weekdays, first, last, free)


def local(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=AMSTERDAM)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("category", "start", "due"),
    [
        # Monday afternoon: the same clock time one working day on.
        ("detractor", local(2026, 11, 23, 14), local(2026, 11, 24, 14)),
        # Friday afternoon: over the week-end to Monday.
        ("detractor", local(2026, 11, 27, 14), local(2026, 11, 30, 14)),
        # In the night and at the week-end the clock stands still.
        ("detractor", local(2026, 11, 23, 22), local(2026, 11, 24, 17)),
        ("detractor", local(2026, 11, 28, 12), local(2026, 11, 30, 17)),
        ("passive", local(2026, 11, 23, 10), local(2026, 11, 26, 10)),
        ("promoter", local(2026, 11, 23, 10), local(2026, 11, 30, 10)),
        # Over the nights in which the clock is moved, at day.
        ("detractor", local(2026, 3, 27, 16), local(2026, 3, 30, 16)),
        ("detractor", local(2026, 10, 23, 16), local(2026, 10, 26, 16)),
    ],
)
def test_due_falls_where_a_person_would_put_it(
    category: str, start: dt.datetime, due: dt.datetime
) -> None:
    assert due_at(start, DAYS[category], OFFICE) == due


def test_due_counts_real_hours_in_the_night_the_clock_is_moved() -> None:
    night_shift = WorkingHours(AMSTERDAM, [], dt.time(1), dt.time(5))

    # 29 March 2026 has no hour from 2 to 3: of four hours only three happened before 5 o'clock.
    due = due_at(local(2026, 3, 29, 1), 1, night_shift)

    assert due == local(2026, 3, 30, 2)


def test_due_is_found_without_any_working_day_named() -> None:
    every_day = WorkingHours(AMSTERDAM, [], dt.time(9), dt.time(17))

    assert due_at(local(2026, 11, 28, 12), 1, every_day) == local(2026, 11, 29, 12)


@settings(deadline=None)
@given(hours=working_hours(), start=moments, length=st.integers(1, 40 * 3600))
def test_target_holds_exactly_the_time_it_promises(
    hours: WorkingHours, start: dt.datetime, length: int
) -> None:
    due = add_working_time(start, dt.timedelta(seconds=length), hours)

    # Very short days may take longer than the search reaches; that end is a plain date.
    if due - start < dt.timedelta(days=390):
        assert working_time_between(start, due, hours) == dt.timedelta(seconds=length)


@settings(deadline=None)
@given(hours=working_hours(), start=moments, length=st.integers(1, 3600))
def test_target_falls_into_working_hours(
    hours: WorkingHours, start: dt.datetime, length: int
) -> None:
    due = add_working_time(start, dt.timedelta(seconds=length), hours)
    opens, closes = next(hours.spans_from(due - dt.timedelta(microseconds=1)))

    assert due - start > dt.timedelta(days=390) or opens < due <= closes


@settings(deadline=None)
@given(hours=working_hours(), start=moments, later=st.timedeltas(dt.timedelta(), dt.timedelta(14)))
def test_whoever_answers_later_is_never_due_earlier(
    hours: WorkingHours, start: dt.datetime, later: dt.timedelta
) -> None:
    assert due_at(start, 3, hours) <= due_at(start + later, 3, hours)


@settings(deadline=None)
@given(hours=working_hours(), start=moments)
def test_more_days_end_later(hours: WorkingHours, start: dt.datetime) -> None:
    one, three, five = (due_at(start, days, hours) for days in (1, 3, 5))

    assert start < one < three < five


def test_due_skips_free_days() -> None:
    # Christmas 2026 falls on a Friday: after Thursday the 24th comes Monday the 28th.
    free = frozenset({dt.date(2026, 12, 25), dt.date(2026, 12, 26)})
    with_christmas = replace(OFFICE, free=free)

    assert due_at(local(2026, 12, 24, 14), 1, OFFICE) == local(2026, 12, 25, 14)
    assert due_at(local(2026, 12, 24, 14), 1, with_christmas) == local(2026, 12, 28, 14)


# How much working time lies between two moments


def test_working_time_of_a_week_end_and_a_holiday_is_none() -> None:
    christmas = replace(OFFICE, free=frozenset({dt.date(2026, 12, 25)}))
    thursday, monday = local(2026, 12, 24, 16), local(2026, 12, 28, 10)

    assert working_time_between(thursday, monday, OFFICE) == dt.timedelta(hours=10)
    assert working_time_between(thursday, monday, christmas) == dt.timedelta(hours=2)
    assert working_time_between(monday, thursday, OFFICE) == dt.timedelta()


def test_working_time_of_a_night_in_which_the_clock_is_moved_is_real_time() -> None:
    night_shift = WorkingHours(AMSTERDAM, [], dt.time(1), dt.time(5))
    spring, autumn = local(2026, 3, 29, 0), local(2026, 10, 25, 0)
    day = dt.timedelta(hours=12)

    assert working_time_between(spring, spring + day, night_shift) == dt.timedelta(hours=3)
    assert working_time_between(autumn, autumn + day, night_shift) == dt.timedelta(hours=5)


@settings(deadline=None)
@given(hours=working_hours(), start=moments, first=spans, second=spans)
def test_working_time_adds_up(
    hours: WorkingHours, start: dt.datetime, first: dt.timedelta, second: dt.timedelta
) -> None:
    middle, end = start + first, start + first + second

    both = working_time_between(start, middle, hours) + working_time_between(middle, end, hours)

    assert working_time_between(start, end, hours) == both


@settings(deadline=None)
@given(hours=working_hours(), start=moments, first=spans, second=spans)
def test_working_time_grows_with_the_span_and_never_beyond_it(
    hours: WorkingHours, start: dt.datetime, first: dt.timedelta, second: dt.timedelta
) -> None:
    shorter, longer = sorted([first, second])

    passed = working_time_between(start, start + longer, hours)

    assert dt.timedelta() <= working_time_between(start, start + shorter, hours) <= passed <= longer


@settings(deadline=None)
@given(hours=working_hours(), start=moments, span=spans)
def test_adding_the_working_time_of_a_span_ends_within_it(
    hours: WorkingHours, start: dt.datetime, span: dt.timedelta
) -> None:
    end = start + span
    passed = working_time_between(start, end, hours)

    back = add_working_time(start, passed, hours)

    # What is left between the two is time in which nobody works.
    assert passed == dt.timedelta() or start <= back <= end
    assert passed == dt.timedelta() or working_time_between(back, end, hours) == dt.timedelta()


@settings(deadline=None)
@given(
    hours=working_hours(),
    start=moments,
    first=st.integers(0, 20 * 3600),
    second=st.integers(1, 20 * 3600),
)
def test_adding_twice_is_adding_once(
    hours: WorkingHours, start: dt.datetime, first: int, second: int
) -> None:
    one, two = dt.timedelta(seconds=first), dt.timedelta(seconds=second)

    at_once = add_working_time(start, one + two, hours)
    in_turn = add_working_time(add_working_time(start, one, hours), two, hours)

    # Very short days reach the end of the search sooner from the start than from between.
    assert at_once - start > dt.timedelta(days=380) or at_once == in_turn


@settings(deadline=None)
@given(hours=working_hours(), start=moments, span=spans, minute=st.integers(0, 120 * 24 * 60))
def test_free_day_is_never_working_time(
    hours: WorkingHours, start: dt.datetime, span: dt.timedelta, minute: int
) -> None:
    day = (start + dt.timedelta(minutes=minute)).astimezone(hours.zone).date()
    with_day_off = replace(hours, free=hours.free | {day})

    less = working_time_between(start, start + span, with_day_off)

    assert less <= working_time_between(start, start + span, hours)
    midnight = dt.datetime.combine(day, dt.time.min, hours.zone)
    tomorrow = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, hours.zone)
    assert working_time_between(midnight, tomorrow, with_day_off) == dt.timedelta()
