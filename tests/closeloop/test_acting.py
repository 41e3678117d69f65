"""What agents do with a follow-up: recorded for good, and never over somebody else's work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from closeloop.assigning import assign, share_out, take
from closeloop.changing import AlreadyDone, StaleVersion, WrongState
from closeloop.closing import Closing, Unfinished, close, reopen
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.noting import add_note, log_call
from closeloop.telling import tell_colleagues
from npsapp.models import User
from surveys.models import Mail
from tests.factories import (
    make_follow_up,
    make_member,
    make_organisation,
    make_sender,
    make_user,
)
from tests.races import run_at_once

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
REACHED, VOICEMAIL, NO_ANSWER, WRONG_NUMBER = Activity.CallOutcome


@pytest.fixture
def sanne(db: None) -> User:
    return make_user(name="Sanne Snel")


@pytest.fixture
def tom(db: None) -> User:
    return make_user(name="Tom Traag")


def kinds(follow_up: FollowUp) -> list[str]:
    return list(follow_up.activities.values_list("kind", flat=True))


# Whose it is


def test_take_makes_it_ones_own_and_starts_it(sanne: User) -> None:
    follow_up = take(make_follow_up(), user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.state, follow_up.version) == (sanne, "in_progress", 2)
    assert kinds(follow_up) == ["opened", "assigned"]


def test_second_to_take_is_refused_and_changes_nothing(sanne: User, tom: User) -> None:
    follow_up = make_follow_up()
    take(follow_up, user=sanne, version=1, now=NOW)

    with pytest.raises(StaleVersion):
        take(follow_up, user=tom, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.version) == (sanne, 2)


def test_own_second_click_is_told_from_a_collision(sanne: User) -> None:
    follow_up = make_follow_up()
    take(follow_up, user=sanne, version=1, now=NOW)

    with pytest.raises(AlreadyDone):
        take(follow_up, user=sanne, version=1, now=NOW)


def test_assigning_to_another_is_no_second_click(sanne: User, tom: User) -> None:
    follow_up = make_follow_up()
    assign(follow_up, to=tom, user=sanne, version=1, now=NOW)

    for to in (sanne, None):
        with pytest.raises(StaleVersion) as refusal:
            assign(follow_up, to=to, user=sanne, version=1, now=NOW)
        assert refusal.type is StaleVersion


@pytest.mark.django_db(transaction=True)
def test_two_who_take_at_once_end_with_one_owner() -> None:
    people = [make_user() for _ in range(4)]
    follow_up = make_follow_up()
    taken: list[User] = []

    def race(person: User) -> None:
        take(follow_up, user=person, version=1, now=NOW)
        taken.append(person)

    refused = run_at_once(*[partial(race, person) for person in people])

    follow_up.refresh_from_db()
    assert [follow_up.owner] == taken
    assert [type(refusal) for refusal in refused] == [StaleVersion] * 3


def test_giving_it_away_is_written_down_with_both_names(sanne: User, tom: User) -> None:
    follow_up = make_follow_up(owner=sanne)

    assign(follow_up, to=tom, user=sanne, version=1, now=NOW)

    details = Activity.objects.get(kind="assigned").details
    assert (details["from_name"], details["to_name"]) == ("Sanne Snel", "Tom Traag")


def test_new_owner_of_a_detractor_is_mailed_once(sanne: User, tom: User) -> None:
    make_sender(lane="transactional")
    follow_up = make_follow_up(score=2)

    assign(follow_up, to=tom, user=sanne, version=1, now=NOW)
    assign(follow_up, to=None, user=sanne, version=2, now=NOW)
    assign(follow_up, to=tom, user=sanne, version=3, now=NOW)
    tell_colleagues(now=NOW)
    tell_colleagues(now=NOW)

    assert list(Mail.objects.values_list("to_email", flat=True)) == [tom.email]


def test_taking_it_oneself_mails_nobody(sanne: User) -> None:
    make_sender(lane="transactional")

    take(make_follow_up(score=2), user=sanne, version=1, now=NOW)
    tell_colleagues(now=NOW)

    assert Mail.objects.count() == 0


def test_sharing_out_balances_the_load(sanne: User) -> None:
    follow_ups = [make_follow_up() for _ in range(4)]
    members = {make_member().user, make_member().user}

    assert share_out(user=sanne, now=NOW) == 4
    owners = [FollowUp.objects.get(pk=one.pk).owner for one in follow_ups]
    assert set(owners) == members
    assert owners[0] == owners[2]


@pytest.mark.django_db
def test_sharing_out_without_anybody_on_duty_shares_nothing(sanne: User) -> None:
    make_follow_up()

    assert share_out(user=sanne, now=NOW) == 0


# Notes and calls


def test_note_starts_the_work_and_contacts_nobody(sanne: User) -> None:
    follow_up = add_note(make_follow_up(), text="Bel morgen", user=sanne, version=1, now=NOW)

    assert (follow_up.state, follow_up.awaiting_contact) == ("in_progress", True)
    assert follow_up.activities.get(kind="note").text == "Bel morgen"


def test_note_on_a_closed_follow_up_leaves_it_closed(sanne: User) -> None:
    closed = make_follow_up(state="closed", outcome="solved", closed_at=NOW)

    assert add_note(closed, text="PS", user=sanne, version=1, now=NOW).is_closed


@pytest.mark.parametrize(
    ("outcome", "awaiting", "contacted"),
    [
        (REACHED, False, NOW),
        (VOICEMAIL, True, None),
        (NO_ANSWER, True, None),
        (WRONG_NUMBER, True, None),
    ],
)
def test_call_is_a_contact_only_when_somebody_answered(
    sanne: User, outcome: Activity.CallOutcome, awaiting: bool, contacted: dt.datetime | None
) -> None:
    follow_up = log_call(make_follow_up(), outcome=outcome, text="", user=sanne, version=1, now=NOW)

    assert (follow_up.awaiting_contact, follow_up.first_contacted_at) == (awaiting, contacted)


def test_first_contact_stays_the_first(sanne: User) -> None:
    follow_up = make_follow_up()
    log_call(follow_up, outcome=REACHED, text="", user=sanne, version=1, now=NOW)

    again = log_call(
        follow_up,
        outcome=REACHED,
        text="2",
        user=sanne,
        version=2,
        now=NOW + HOUR,
    )

    assert again.first_contacted_at == NOW


# Closing


def test_close_keeps_outcome_cause_and_moment(sanne: User) -> None:
    follow_up = make_follow_up(score=4)
    cause = RootCause.objects.first()

    close(follow_up, Closing("solved", cause, "Geld terug"), user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.outcome, follow_up.closed_at) == ("closed", "solved", NOW)
    assert follow_up.root_cause == cause
    assert follow_up.activities.get(kind="closed").text == "Geld terug"


@pytest.mark.parametrize("outcome", ["", "made up"])
def test_close_needs_a_known_outcome(sanne: User, outcome: str) -> None:
    follow_up = make_follow_up()

    with pytest.raises(Unfinished):
        close(follow_up, Closing(outcome), user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.version) == ("open", 1)


@pytest.mark.parametrize(("score", "needed"), [(6, True), (7, False), (9, False)])
def test_close_needs_a_root_cause_for_detractors_only(
    sanne: User, score: int, needed: bool
) -> None:
    follow_up = make_follow_up(score=score)

    if needed:
        with pytest.raises(Unfinished):
            close(follow_up, Closing("solved"), user=sanne, version=1, now=NOW)
    else:
        close(follow_up, Closing("solved"), user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert follow_up.is_closed is not needed


@pytest.mark.django_db
def test_database_refuses_a_closed_follow_up_without_outcome() -> None:
    follow_up = make_follow_up()

    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.filter(pk=follow_up.pk).update(state="closed", closed_at=NOW)


def test_reopen_sets_a_new_target_and_keeps_the_past(sanne: User) -> None:
    make_organisation()
    follow_up = make_follow_up(now=NOW - 200 * HOUR)
    close(follow_up, Closing("thanked"), user=sanne, version=1, now=NOW - HOUR)

    follow_up = reopen(follow_up, text="Belt terug", user=sanne, version=2, now=NOW)

    assert (follow_up.state, follow_up.outcome, follow_up.awaiting_contact) == ("open", "", True)
    assert follow_up.due_at > NOW
    assert kinds(follow_up) == ["opened", "closed", "reopened"]


CLOSED: dict[str, Any] = {"state": "closed", "outcome": "solved", "closed_at": NOW}


def test_closed_follow_up_must_be_reopened_first(sanne: User) -> None:
    closed = make_follow_up(**CLOSED)
    acts: list[Callable[[], object]] = [
        lambda: take(closed, user=sanne, version=1, now=NOW),
        lambda: log_call(closed, outcome=REACHED, text="", user=sanne, version=1, now=NOW),
        lambda: close(closed, Closing("solved"), user=sanne, version=1, now=NOW),
    ]

    for act in acts:
        with pytest.raises(WrongState):
            act()

    assert kinds(closed) == ["opened"]


def test_open_follow_up_cannot_be_reopened(sanne: User) -> None:
    with pytest.raises(WrongState):
        reopen(make_follow_up(), text="", user=sanne, version=1, now=NOW)


def test_stale_writers_of_every_kind_write_nothing(sanne: User, tom: User) -> None:
    follow_up = make_follow_up()
    add_note(follow_up, text="Eerst", user=tom, version=1, now=NOW)
    acts: list[Callable[[], object]] = [
        lambda: assign(follow_up, to=sanne, user=sanne, version=1, now=NOW),
        lambda: add_note(follow_up, text="Dan", user=sanne, version=1, now=NOW),
        lambda: log_call(follow_up, outcome=REACHED, text="", user=sanne, version=1, now=NOW),
        lambda: close(follow_up, Closing("solved"), user=sanne, version=1, now=NOW),
        lambda: reopen(follow_up, text="", user=sanne, version=1, now=NOW),
    ]

    for act in acts:
        with pytest.raises(StaleVersion):
            act()

    assert kinds(follow_up) == ["opened", "note"]


# Overdue


@pytest.mark.parametrize(
    ("fields", "overdue"),
    [
        ({"due_at": NOW - HOUR}, True),
        ({"due_at": NOW + HOUR}, False),
        ({"due_at": NOW}, False),
        ({"due_at": NOW - HOUR, "awaiting_contact": False}, False),
        ({"due_at": NOW - HOUR, "state": "in_progress"}, True),
        ({"due_at": NOW - HOUR, **CLOSED}, False),
    ],
)
def test_overdue_means_the_same_in_a_query_and_on_a_row(
    db: None, fields: dict[str, Any], overdue: bool
) -> None:
    follow_up = make_follow_up(**fields)

    assert FollowUp.objects.overdue(NOW).exists() is overdue
    assert follow_up.is_overdue(NOW) is overdue
