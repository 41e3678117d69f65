"""Out of sight for a while: always with an end, back once, and never at the customer's cost."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from closeloop.assigning import assign
from closeloop.changing import StaleVersion, WrongState, lock, record
from closeloop.closing import Closing, close
from closeloop.models import Activity, FollowUp
from closeloop.noting import add_note
from closeloop.snoozing import BadMoment, return_due, snooze, unsnooze
from npsapp.models import User
from tests.factories import make_follow_up, make_test, make_user
from tests.races import run_at_once

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def sanne(db: None) -> User:
    return make_user(name="Sanne Snel")


def kinds(follow_up: FollowUp) -> list[str]:
    return list(follow_up.activities.values_list("kind", flat=True))


def test_snooze_is_out_of_sight_until_then_and_written_down(sanne: User) -> None:
    follow_up = make_follow_up()

    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)

    assert list(FollowUp.objects.snoozed(NOW)) == [follow_up]
    assert not FollowUp.objects.awake(NOW).exists()
    details = Activity.objects.get(kind="snoozed").details
    assert details == {"until": "2026-11-24T14:00:00+00:00", "until_reply": False}


def test_snooze_leaves_the_promise_to_the_customer(sanne: User) -> None:
    follow_up = make_follow_up(due_at=NOW + DAY / 2)

    snooze(follow_up, until=NOW + 2 * DAY, user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert follow_up.due_at == NOW + DAY / 2
    assert list(FollowUp.objects.overdue(NOW + DAY)) == [follow_up]


@pytest.mark.parametrize(
    ("until", "until_reply"),
    [(NOW, False), (NOW - DAY, False), (NOW + 91 * DAY, False), (NOW + 31 * DAY, True)],
)
def test_snooze_without_a_sensible_end_is_refused(
    sanne: User, until: dt.datetime, until_reply: bool
) -> None:
    follow_up = make_follow_up()

    with pytest.raises(BadMoment):
        snooze(follow_up, until=until, user=sanne, version=1, now=NOW, until_reply=until_reply)

    assert kinds(follow_up) == ["opened"]


def test_two_snoozes_from_one_version_are_not_taken_for_one(sanne: User) -> None:
    follow_up = make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)

    with pytest.raises(StaleVersion) as refused:
        snooze(follow_up, until=NOW + 2 * DAY, user=sanne, version=1, now=NOW)

    assert type(refused.value) is StaleVersion


def test_closed_one_cannot_be_snoozed(sanne: User) -> None:
    follow_up = close(make_follow_up(), Closing("thanked"), user=sanne, version=1, now=NOW)

    with pytest.raises(WrongState):
        snooze(follow_up, until=NOW + DAY, user=sanne, version=2, now=NOW)


def test_closing_ends_a_snooze(sanne: User) -> None:
    follow_up = make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)

    close(follow_up, Closing("thanked"), user=sanne, version=2, now=NOW)

    assert return_due(now=NOW + 2 * DAY) == 0
    assert kinds(follow_up) == ["opened", "snoozed", "closed"]


def test_it_comes_back_once_its_time_has_passed(sanne: User) -> None:
    follow_up, sleeper = make_follow_up(), make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)
    snooze(sleeper, until=NOW + 2 * DAY, user=sanne, version=1, now=NOW)
    later = NOW + DAY

    assert (return_due(now=later), return_due(now=later)) == (1, 0)

    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.returned_at) == (None, later)
    assert (kinds(follow_up), kinds(sleeper)) == (
        ["opened", "snoozed", "returned"],
        ["opened", "snoozed"],
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_bring_it_back_once() -> None:
    follow_up = make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=make_user(), version=1, now=NOW)

    refused = run_at_once(*[partial(return_due, now=NOW + DAY)] * 4)

    assert refused == []
    assert kinds(follow_up) == ["opened", "snoozed", "returned"]


def test_test_answers_come_back_too(sanne: User) -> None:
    follow_up = make_test()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=follow_up.version, now=NOW)

    assert return_due(now=NOW + DAY) == 1


@pytest.mark.parametrize("kind", ["received", "answer_changed", "not_delivered"])
@pytest.mark.django_db
def test_whatever_the_customer_brings_about_ends_a_snooze(sanne: User, kind: str) -> None:
    follow_up = make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)

    record(lock(follow_up.pk), Activity.Kind(kind), now=NOW, details={"from": 9, "to": 9})

    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.returned_at) == (None, NOW)


def test_any_act_takes_the_mark_away(sanne: User) -> None:
    follow_up = make_follow_up()
    record(lock(follow_up.pk), Activity.Kind.RECEIVED, now=NOW)

    add_note(follow_up, text="Gezien", user=sanne, version=2, now=NOW)

    follow_up.refresh_from_db()
    assert follow_up.returned_at is None


def test_waking_by_hand_leaves_no_mark(sanne: User) -> None:
    follow_up = make_follow_up()
    snooze(follow_up, until=NOW + DAY, user=sanne, version=1, now=NOW)

    unsnooze(follow_up, user=sanne, version=2, now=NOW)
    unsnooze(follow_up, user=sanne, version=3, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.returned_at) == (None, None)
    assert kinds(follow_up) == ["opened", "snoozed", "returned"]


def test_owner_and_waiting_time_are_frozen_when_it_is_closed(sanne: User) -> None:
    follow_up = make_follow_up(owner=sanne, answer_seen_at=NOW - DAY)
    tom = make_user(name="Tom Traag")
    closed = close(follow_up, Closing("thanked"), user=tom, version=1, now=NOW)
    frozen = closed.activities.get(kind="closed").details

    FollowUp.objects.filter(pk=follow_up.pk).update(
        state="open", closed_at=None, outcome="", answer_seen_at=NOW
    )
    assign(follow_up, to=tom, user=tom, version=2, now=NOW + DAY)

    assert (frozen["owner"], frozen["owner_name"], frozen["waited"]) == (
        sanne.pk,
        "Sanne Snel",
        86_400,
    )
    assert closed.activities.get(kind="closed").details == frozen
