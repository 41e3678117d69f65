"""The calendar: local rules hold in every zone, and lengths are real elapsed time."""

from __future__ import annotations

import datetime as dt
import itertools
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveys.planning.calendar import LAST_MINUTE, Hours, Slot, moment_of, open_slots
from tests.properties import cases

EVERY_DAY = frozenset(range(7))
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
# Changes at midnight, by half an hour, over the date line, and in the southern summer.
AWKWARD = [
    "Europe/Amsterdam", "America/New_York", "America/Havana", "Africa/Cairo", "Asia/Beirut",
    "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Santiago", "Asia/Kolkata",
]  # fmt: skip


def list_slots(hours: Hours, first: dt.date, days: int) -> list[Slot]:
    last = first + dt.timedelta(days=days - 1)
    return list(open_slots(hours, first=first, last=last, not_before=LONG_AGO))


@st.composite
def working_hours(draw: st.DrawFn) -> Hours:
    opens, closes = sorted(
        draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True))
    )
    zone = draw(st.one_of(st.sampled_from(AWKWARD), st.sampled_from(ZONES)))
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Hours(
        ZoneInfo(zone), weekdays, dt.time(*divmod(opens, 60)), dt.time(*divmod(closes, 60))
    )


@cases(300)
@given(
    hours=working_hours(),
    first=st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 1)),
    permille=st.integers(0, 999),
)
@example(  # 02:30 comes twice on this day; 02:10 of the second pass is before the opening.
    Hours(ZoneInfo("Europe/Amsterdam"), EVERY_DAY, dt.time(2, 30), dt.time(9)),
    dt.date(2026, 10, 25),
    50,
)
def test_moment_of_a_slot_keeps_the_local_rules(
    hours: Hours, first: dt.date, permille: int
) -> None:
    for slot in list_slots(hours, first, 40):
        local = (slot.start + slot.length * permille / 1000).astimezone(hours.zone)

        assert local.weekday() in hours.weekdays
        assert local.date() == slot.day
        assert hours.opens <= local.time()
        assert local.time() < hours.closes or hours.closes == LAST_MINUTE


@cases(100)
@given(hours=working_hours(), first=st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 1)))
def test_slots_never_overlap(hours: Hours, first: dt.date) -> None:
    slots = list_slots(hours, first, 60)

    assert all(slot.start < slot.end for slot in slots)
    assert all(one.end <= two.start for one, two in itertools.pairwise(slots))


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2026, 10, 25), 25), (dt.date(2027, 3, 28), 23)]
)
def test_day_of_a_clock_change_has_its_real_length(day: dt.date, hours: int) -> None:
    whole_day = Hours(ZoneInfo("Europe/Amsterdam"), EVERY_DAY, dt.time(0), LAST_MINUTE)

    (slot,) = list_slots(whole_day, day, 1)

    assert slot.length == dt.timedelta(hours=hours)


def test_hours_that_a_clock_change_skips_are_closed() -> None:
    skipped = Hours(ZoneInfo("Europe/Amsterdam"), EVERY_DAY, dt.time(2), dt.time(3))

    assert list_slots(skipped, dt.date(2027, 3, 28), 1) == []
    assert len(list_slots(skipped, dt.date(2027, 3, 27), 3)) == 2


def test_hours_that_a_clock_change_cuts_keep_the_rest() -> None:
    cut = Hours(ZoneInfo("Europe/Amsterdam"), EVERY_DAY, dt.time(2, 30), dt.time(3, 30))

    (slot,) = list_slots(cut, dt.date(2027, 3, 28), 1)

    assert slot.start == dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC)
    assert slot.length == dt.timedelta(minutes=30)


def test_moment_in_a_gap_is_the_change_itself() -> None:
    moment = moment_of(dt.date(2027, 3, 28), dt.time(2, 45), ZoneInfo("Europe/Amsterdam"))

    assert moment == dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC)


def test_first_day_under_way_keeps_what_is_left_of_it() -> None:
    office = Hours(
        ZoneInfo("Europe/Amsterdam"), frozenset({0, 1, 2, 3, 4}), dt.time(9), dt.time(17)
    )
    friday = dt.date(2026, 10, 2)
    now = dt.datetime(2026, 10, 2, 13, 0, tzinfo=dt.UTC)  # 15:00 in Amsterdam

    slots = list(
        open_slots(office, first=friday, last=friday + dt.timedelta(days=3), not_before=now)
    )

    assert [(slot.day.day, slot.length) for slot in slots] == [
        (2, dt.timedelta(hours=2)),
        (5, dt.timedelta(hours=8)),
    ]
    assert slots[0].start == now


def test_last_minute_of_the_clock_means_midnight() -> None:
    whole_day = Hours(ZoneInfo("UTC"), EVERY_DAY, dt.time(0), LAST_MINUTE)

    today, tomorrow = list_slots(whole_day, dt.date(2026, 10, 1), 2)

    assert today.end == tomorrow.start
