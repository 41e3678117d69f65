"""The moments a snooze is offered for, on anybody's working clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeloop.clock import Until, find_hours, offer_moments
from closeloop.later import in_a_week, last_start_before, next_monday, tomorrow
from closeloop.models import Absence
from closeloop.targets import WorkingHours
from tests.factories import make_follow_up, make_member, make_organisation

UTC = dt.UTC
BRUSSELS = ZoneInfo("Europe/Brussels")
# A Wednesday, 15:00 in Brussels.
NOW = dt.datetime(2026, 11, 25, 14, tzinfo=UTC)
ZONES = ["Europe/Brussels", "Pacific/Auckland", "America/St_Johns", "Africa/Casablanca"]


def hours_of(**changes: object) -> WorkingHours:
    values = {
        "zone": BRUSSELS, "weekdays": [0, 1, 2, 3, 4], "start": dt.time(9), "end": dt.time(17),
    }  # fmt: skip
    return WorkingHours(**(values | changes))  # type: ignore[arg-type]


def local(moment: dt.datetime) -> str:
    return f"{moment.astimezone(BRUSSELS):%a %d %b %H:%M}"


def test_moments_of_a_wednesday_are_mornings() -> None:
    hours = hours_of()

    moments = [tomorrow(NOW, hours), next_monday(NOW, hours), in_a_week(NOW, hours)]

    assert [local(moment) for moment in moments] == [
        "Thu 26 Nov 09:00",
        "Mon 30 Nov 09:00",
        "Wed 02 Dec 09:00",
    ]


def test_tomorrow_of_a_friday_is_monday() -> None:
    assert local(tomorrow(NOW + dt.timedelta(days=2), hours_of())) == "Mon 30 Nov 09:00"


def test_holiday_on_monday_moves_it_to_tuesday() -> None:
    hours = hours_of(free=frozenset({dt.date(2026, 11, 30)}))

    assert local(next_monday(NOW, hours)) == "Tue 01 Dec 09:00"


def test_monday_asked_on_a_monday_is_the_next_one() -> None:
    assert local(next_monday(NOW - dt.timedelta(days=2), hours_of())) == "Mon 30 Nov 09:00"


def test_last_start_lies_before_the_limit() -> None:
    sunday = NOW + dt.timedelta(days=4)

    assert local(last_start_before(sunday, hours_of(), after=NOW)) == "Fri 27 Nov 09:00"


def test_last_start_is_the_limit_when_nobody_works_until_then() -> None:
    limit = NOW + dt.timedelta(days=1)
    hours = hours_of(free=frozenset({dt.date(2026, 11, 26)}))

    assert last_start_before(limit, hours, after=NOW) == limit


@given(
    minutes=st.integers(0, 3 * 365 * 1440),
    zone=st.sampled_from(ZONES),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 20),
    free=st.sets(st.integers(0, 30), max_size=20),
)
def test_every_moment_is_later_and_begins_a_working_day(
    minutes: int, zone: str, weekdays: set[int], start: int, free: set[int]
) -> None:
    now = dt.datetime(2024, 1, 1, tzinfo=UTC) + dt.timedelta(minutes=minutes)
    holidays = frozenset(now.date() + dt.timedelta(days=number) for number in free)
    hours = hours_of(
        zone=ZoneInfo(zone), weekdays=sorted(weekdays), start=dt.time(start), end=dt.time(23),
        free=holidays,
    )  # fmt: skip

    for find in (tomorrow, next_monday, in_a_week):
        moment = find(now, hours)
        day = moment.astimezone(hours.zone).date()
        assert moment > now
        assert day > now.astimezone(hours.zone).date()
        assert day not in holidays
        assert day.weekday() in weekdays


@pytest.mark.django_db
def test_hours_are_those_of_the_owner() -> None:
    make_organisation(time_zone="Europe/Brussels")
    member = make_member(working_days=[0, 3])
    Absence.objects.create(
        member=member, first_day=dt.date(2026, 11, 26), last_day=dt.date(2026, 12, 1)
    )

    moments = offer_moments(make_follow_up(owner=member.user), now=NOW)

    assert local(moments[Until.TOMORROW]) == "Thu 03 Dec 09:00"
    assert moments[Until.REPLY] <= NOW + dt.timedelta(days=30)


@pytest.mark.django_db
def test_snooze_ends_in_the_morning_of_the_owner() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    member = make_member(time_zone="America/New_York")

    moments = offer_moments(make_follow_up(owner=member.user), now=NOW)

    ends = moments[Until.TOMORROW].astimezone(ZoneInfo("America/New_York"))
    assert ends.time() == dt.time(9)


@pytest.mark.django_db
def test_hours_without_an_owner_are_those_of_the_organisation() -> None:
    make_organisation(day_start=dt.time(8, 30), own_holidays=[dt.date(2026, 11, 26)])

    hours = find_hours(None, now=NOW)

    assert (hours.start, hours.on(dt.date(2026, 11, 26))) == (dt.time(8, 30), None)
