"""How long people wait for the first contact: worked numbers, and the same in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from closeloop.closing import reopen
from closeloop.reports.waiting import FirstContact, list_first_contacts
from closeloop.targets import WorkingHours, working_time_between
from npsapp.models import User
from tests.closeloop.loop_rows import (
    DAY,
    HOUR,
    MONDAY,
    NOW,
    ZONE,
    answered,
    closed,
    contacted,
    read,
)
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def organisation() -> None:
    """At work from Monday to Friday, from nine to five."""
    make_organisation(time_zone="Europe/Amsterdam", holiday_country="")


def everybody() -> FirstContact:
    return list_first_contacts(read())[0]


def test_median_and_ninetieth_of_ten_who_were_all_contacted() -> None:
    # Answered on Monday at nine, spoken to after 1 to 10 half-hours: the median is the fifth of
    # ten (half have heard by then), the 90th percentile the ninth.
    for half_hours in range(1, 11):
        contacted(MONDAY, after=half_hours * 30 * MINUTE)

    found = everybody()

    assert found.worked.median == dt.timedelta(hours=2, minutes=30)
    assert found.worked.ninetieth == dt.timedelta(hours=4, minutes=30)
    assert found.elapsed.median == found.worked.median


def test_night_and_weekend_do_not_count_on_the_team_s_clock() -> None:
    # Friday 16:00 to Monday 10:00: one hour on Friday, one on Monday; 66 by the clock.
    contacted(MONDAY - 2 * DAY - 17 * HOUR, after=66 * HOUR)

    found = everybody()

    assert found.worked.median == 2 * HOUR
    assert found.elapsed.median == 66 * HOUR


def test_holiday_does_not_count() -> None:
    make_organisation(own_holidays=[MONDAY.date()])
    contacted(MONDAY, after=DAY + HOUR)

    assert everybody().worked.median == HOUR


def test_open_ones_make_the_median_longer() -> None:
    # Kaplan-Meier by hand: contacted after 1, 2 and 3 hours, two have waited since Monday. The
    # curve of those still waiting is 4/5, 3/5, 2/5: at 3 hours at most half of them are left. Of
    # those contacted alone the median would be 2 hours. One in ten never comes: no 90 %.
    for hours in (1, 2, 3):
        contacted(MONDAY, after=hours * HOUR)
    answered()
    closed(answered())

    found = everybody()

    assert found.worked.median == 3 * HOUR
    assert found.worked.ninetieth is None
    assert (found.contacted, found.silent) == (3, 2)


def test_one_who_answered_only_now_does_not_weigh_on_older_waits() -> None:
    # Who answered an hour ago has not waited two hours, and leaves at one: 1 × (1 - 1/1) at two.
    contacted(MONDAY, after=2 * HOUR)
    answered(NOW - HOUR)

    assert everybody().elapsed.median == 2 * HOUR


def test_no_median_while_more_than_half_waits() -> None:
    contacted(MONDAY, after=HOUR)
    answered()
    answered()

    assert everybody().worked.median is None


def test_within_target_counts_open_past_due_and_silent_closings_as_missed() -> None:
    due: dict[str, Any] = {"due_at": MONDAY + 8 * HOUR}
    contacted(MONDAY, after=HOUR, **due)  # in time
    contacted(MONDAY, after=9 * HOUR, **due)  # too late
    answered(**due)  # open past the target
    closed(answered(**due))  # closed without contact
    answered(NOW - HOUR, due_at=NOW + DAY)  # not due yet

    found = everybody()

    assert (found.in_time, found.late, found.missed, found.without) == (1, 1, 1, 1)
    assert found.not_due == 1
    # 1 of the 4 who are due.
    assert found.percentage == 25


def test_reopening_does_not_turn_a_late_contact_into_one_in_time(manager: User) -> None:
    late = closed(contacted(MONDAY, after=9 * HOUR, due_at=MONDAY + 8 * HOUR))

    reopen(late, text="", user=manager, version=late.version, now=NOW)

    assert everybody().late == 1


def test_categories_stand_apart() -> None:
    contacted(MONDAY, after=HOUR, score=2)
    contacted(MONDAY, after=3 * HOUR, score=10)

    found = {row.category: row.worked.median for row in list_first_contacts(read())}

    assert found == {"": HOUR, "detractor": HOUR, "promoter": 3 * HOUR}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clock_in_sql_is_the_clock_of_targets(seed: int) -> None:
    """Over a change of the clock, weekends and a holiday, with open ones among them."""
    holiday = dt.date(2026, 3, 25)
    make_organisation(own_holidays=[holiday])
    hours = WorkingHours(ZONE, [0, 1, 2, 3, 4], dt.time(9), dt.time(17), frozenset({holiday}))
    now = MONDAY + 35 * DAY
    draw = random.Random(seed)
    waits = []
    for _ in range(25):
        at = MONDAY + draw.random() * 30 * DAY
        after = draw.random() * 4 * DAY
        is_open = draw.random() < 0.2
        if is_open:
            answered(at)
        else:
            contacted(at, after=after)
        until = now if is_open else at + after
        worked = int(working_time_between(at, until, hours).total_seconds() // 60)
        waits.append((worked, not is_open))

    found = list_first_contacts(read(now=now))[0].worked

    assert found.median == reference(waits, 0.5)
    assert found.ninetieth == reference(waits, 0.1)


def reference(waits: list[tuple[int, bool]], left: float) -> dt.timedelta | None:
    """Kaplan and Meier's product, written as they define it."""
    still = 1.0
    for minutes in sorted({wait for wait, _ in waits}):
        at_risk = sum(wait >= minutes for wait, _ in waits)
        events = sum(wait == minutes and reached for wait, reached in waits)
        still *= 1 - events / at_risk
        if still <= left + 1e-9:
            return dt.timedelta(minutes=minutes)
    return None
