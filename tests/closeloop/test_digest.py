"""One mail on each working morning; nothing to tell is no mail."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from closeloop.digest import send_digests
from closeloop.models import Absence, FollowUp, NoticeChoices
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Mail
from tests.factories import (
    make_follow_up,
    make_improvement,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_test,
    make_user,
)
from tests.races import run_at_once

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Tuesday.
MORNING = dt.datetime(2026, 11, 24, 9, tzinfo=AMSTERDAM)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make_reader(**fields: Any) -> User:
    user = make_user(**fields)
    User.objects.filter(pk=user.pk).update(created_at=LONG_AGO)
    return user


@pytest.fixture
def sanne(db: None) -> User:
    make_organisation(time_zone="Europe/Amsterdam")
    make_sender(lane="transactional")
    return make_reader(name="Sanne Snel")


def follow_up(owner: User, *, score: int = 8, **fields: Any) -> FollowUp:
    """One that was opened a week ago and is due next week, unless told otherwise."""
    fields = {"opened_at": MORNING - 7 * DAY, "due_at": MORNING + 7 * DAY} | fields
    response = make_response(score=score, answered_at=MORNING - 7 * DAY)
    return make_follow_up(response=response, owner=owner, **fields)


def read() -> str:
    return Mail.objects.get().text


def test_digest_tells_each_once_under_what_matters_most(sanne: User) -> None:
    late = follow_up(sanne, score=2, due_at=MORNING - HOUR, opened_at=MORNING - HOUR)
    today = follow_up(sanne, due_at=MORNING + 5 * HOUR)
    back = follow_up(sanne, returned_at=MORNING - HOUR)
    new = follow_up(sanne, opened_at=MORNING - HOUR)
    quiet = follow_up(sanne)

    assert send_digests(now=MORNING) == 1

    text = read()
    places = [text.index(each.get_absolute_url()) for each in (late, today, back, new)]
    assert places == sorted(places)
    assert text.count("/follow-ups/") == 4
    assert quiet.get_absolute_url() not in text
    subject = "Waiting for you: 1 overdue, 1 due today, 1 back, 1 new"
    assert Mail.objects.get().subject == subject


def test_nothing_to_tell_is_no_mail_all_day(sanne: User) -> None:
    assert send_digests(now=MORNING) == 0
    follow_up(sanne, opened_at=MORNING + HOUR)

    assert send_digests(now=MORNING + 2 * HOUR) == 0


def test_digest_comes_once_a_day(sanne: User) -> None:
    follow_up(sanne, due_at=MORNING - HOUR)

    for minutes in (0, 5, 200):
        send_digests(now=MORNING + dt.timedelta(minutes=minutes))

    assert Mail.objects.count() == 1
    send_digests(now=MORNING + DAY)
    assert Mail.objects.count() == 2


@pytest.mark.parametrize(
    "moment",
    [
        MORNING - dt.timedelta(minutes=1),
        MORNING + 8 * HOUR,
        MORNING + 4 * DAY,  # Saturday
    ],
)
def test_digest_leaves_on_working_mornings_only(sanne: User, moment: dt.datetime) -> None:
    follow_up(sanne, due_at=MORNING - HOUR)

    assert send_digests(now=moment) == 0


def test_public_holiday_has_no_digest(sanne: User) -> None:
    make_organisation(own_holidays=[MORNING.date()])
    follow_up(sanne, due_at=MORNING - HOUR)

    assert send_digests(now=MORNING) == 0


@pytest.mark.parametrize(("zone", "utc_hour"), [("America/New_York", 14), ("Asia/Tokyo", 0)])
def test_morning_is_the_organisations(sanne: User, zone: str, utc_hour: int) -> None:
    make_organisation(time_zone=zone)
    follow_up(sanne, due_at=MORNING - 3 * DAY)
    morning = dt.datetime(2026, 11, 24, utc_hour, tzinfo=dt.UTC)

    assert send_digests(now=morning - dt.timedelta(minutes=1)) == 0
    assert send_digests(now=morning) == 1


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [
        (dt.date(2026, 3, 29), 7),  # the clock goes forward this night: nine is two hours off UTC
        (dt.date(2026, 10, 25), 8),  # and back this night: one hour
        (dt.date(2026, 10, 24), 7),
    ],
)
def test_digest_keeps_to_the_wall_clock_when_it_is_moved(
    sanne: User, day: dt.date, utc_hour: int
) -> None:
    make_organisation(working_days=[0, 1, 2, 3, 4, 5, 6])
    follow_up(sanne, due_at=LONG_AGO)
    morning = dt.datetime.combine(day, dt.time(utc_hour), tzinfo=dt.UTC)

    assert send_digests(now=morning - dt.timedelta(minutes=1)) == 0
    assert send_digests(now=morning) == 1


def test_monday_tells_what_came_in_the_weekend(sanne: User) -> None:
    monday = dt.datetime(2026, 11, 30, 9, tzinfo=AMSTERDAM)
    follow_up(sanne, opened_at=monday - 2 * DAY)
    follow_up(sanne, opened_at=monday - 4 * DAY)

    send_digests(now=monday)

    assert Mail.objects.get().subject == "Waiting for you: 1 new"


def test_what_was_told_at_once_is_not_news_in_the_morning(sanne: User) -> None:
    follow_up(sanne, score=2, opened_at=MORNING - HOUR)
    follow_up(sanne, opened_at=MORNING - HOUR, wants_contact=True)

    assert send_digests(now=MORNING) == 0


def test_who_is_not_told_at_once_reads_it_in_the_morning(sanne: User) -> None:
    NoticeChoices.objects.create(user=sanne, at_once=False)
    follow_up(sanne, score=2, opened_at=MORNING - HOUR)

    assert send_digests(now=MORNING) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"snoozed_until": MORNING + DAY},
        {"awaiting_contact": False},
        {"state": "closed", "closed_at": MORNING, "outcome": "solved"},
    ],
)
def test_what_waits_for_nobody_is_left_out(sanne: User, fields: dict[str, Any]) -> None:
    follow_up(sanne, due_at=MORNING - HOUR, **fields)

    assert send_digests(now=MORNING) == 0


def test_tests_are_in_no_digest(sanne: User) -> None:
    test = make_test(tester=sanne, score=1)
    FollowUp.everything.filter(pk=test.pk).update(due_at=MORNING - HOUR, opened_at=MORNING - HOUR)

    assert send_digests(now=MORNING) == 0


def test_choice_keeps_it_back(sanne: User) -> None:
    NoticeChoices.objects.create(user=sanne, digest=False)
    follow_up(sanne, due_at=MORNING - HOUR)

    assert send_digests(now=MORNING) == 0


def test_absent_people_get_none_and_hear_of_the_time_since(sanne: User) -> None:
    member = make_member(user=sanne)
    NoticeChoices.objects.create(user=sanne, digest_day=MORNING.date() - 4 * DAY)
    Absence.objects.create(member=member, first_day=MORNING.date() - DAY, last_day=MORNING.date())
    follow_up(sanne, opened_at=MORNING - 2 * DAY)

    assert send_digests(now=MORNING) == 0
    assert send_digests(now=MORNING + DAY) == 1


def test_own_working_days_decide(sanne: User) -> None:
    make_member(user=sanne, working_days=[5])
    follow_up(sanne, due_at=MORNING - HOUR)

    assert send_digests(now=MORNING) == 0
    assert send_digests(now=MORNING + 4 * DAY) == 1


def test_digest_is_in_the_readers_language(sanne: User) -> None:
    User.objects.filter(pk=sanne.pk).update(language="nl")
    follow_up(sanne, due_at=MORNING + HOUR)

    send_digests(now=MORNING)

    assert "dinsdag 24 november" in read()


def test_viewer_hears_of_an_improvement_that_is_due_and_of_no_customer(sanne: User) -> None:
    viewer = make_reader(role=Role.VIEWER)
    follow_up(viewer, due_at=MORNING - HOUR)
    improvement = make_improvement(owner=viewer, due_on=MORNING.date())
    make_improvement(owner=viewer, due_on=MORNING.date() + DAY)

    send_digests(now=MORNING)

    mail = Mail.objects.get()
    assert mail.subject == "Waiting for you: 1 improvement"
    assert improvement.get_absolute_url() in mail.text
    assert "/follow-ups/" not in mail.text


def test_long_lists_are_cut_and_counted(sanne: User) -> None:
    for _ in range(13):
        follow_up(sanne, due_at=MORNING - HOUR)

    send_digests(now=MORNING)

    assert read().count("/follow-ups/") == 10
    assert "And 3 more." in read()


@pytest.mark.django_db(transaction=True)
def test_race_of_jobs_sends_one_digest() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    make_sender(lane="transactional")
    for _ in range(3):
        follow_up(make_reader(), due_at=MORNING - HOUR)

    raised = run_at_once(*[lambda: send_digests(now=MORNING)] * 4)

    assert raised == []
    assert Mail.objects.count() == 3
