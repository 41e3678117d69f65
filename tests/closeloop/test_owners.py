"""Whose an answer becomes: the account's owner, else who is at work and writes the language."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from closeloop.assigning import assign, give, hand_over, undo_assign
from closeloop.models import Absence, Activity, FollowUp, Member
from closeloop.opening import open_follow_up
from closeloop.reports.handing import list_handings
from closeloop.reports.timeline import build_timeline
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Response
from tests.factories import (
    make_account,
    make_contact,
    make_follow_up,
    make_member,
    make_organisation,
    make_response,
    make_user,
)

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = dt.datetime(2026, 11, 23, 14, tzinfo=AMSTERDAM)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def answer(*, at: dt.datetime = MONDAY, **fields: Any) -> Response:
    return make_response(**{"answered_at": at, "score": 9, "language": "nl"} | fields)


def open_at(response: Response, now: dt.datetime | None = None) -> FollowUp:
    follow_up = open_follow_up(response.pk, now=now or response.answered_at)
    assert follow_up is not None
    return follow_up


def answer_of(owner: User | None, **fields: Any) -> Response:
    """An answer of somebody whose account belongs to a colleague."""
    contact = make_contact(account=make_account(owner=owner))
    response = answer(**fields)
    Response.objects.filter(pk=response.pk).update(contact=contact)
    return response


def keep_away(member: Member, day: dt.datetime, days: int = 0) -> None:
    Absence.objects.create(member=member, first_day=day.date(), last_day=(day + days * DAY).date())


def why(follow_up: FollowUp) -> str:
    opened: Activity = follow_up.activities.get(kind="opened")
    return str(opened.details["because"])


# The account's owner


def test_owner_of_the_account_gets_it_whatever_the_load() -> None:
    make_member()
    sales = make_member()
    make_follow_up(owner=sales.user)

    follow_up = open_at(answer_of(sales.user))

    assert (follow_up.owner, why(follow_up)) == (sales.user, "account")
    title = build_timeline(follow_up)[-1].title
    assert title == f"Opened and given to {sales.user}, who owns the account"


def test_owner_of_the_account_who_is_away_off_duty_or_gone_is_passed_over() -> None:
    other = make_member()
    away, off = make_member(), make_member(on_duty=False)
    keep_away(away, MONDAY)
    demoted = make_member(user=make_user(role=Role.VIEWER))
    no_member = make_user()

    owners = {
        open_at(answer_of(user)).owner
        for user in (away.user, off.user, demoted.user, no_member, None)
    }

    assert owners == {other.user}


@pytest.mark.parametrize(("score", "is_theirs"), [(3, False), (9, True)])
def test_owner_of_the_account_on_a_day_off_gets_what_can_wait(score: int, is_theirs: bool) -> None:
    other = make_member()
    thursdays = make_member(working_days=[3])

    follow_up = open_at(answer_of(thursdays.user, score=score))

    assert follow_up.owner == (thursdays.user if is_theirs else other.user)


# The others


def test_language_goes_before_load() -> None:
    english, dutch = make_member(languages=["en"]), make_member(languages=["nl", "en"])
    make_follow_up(owner=dutch.user)

    follow_up = open_at(answer(language="nl"))

    assert (follow_up.owner, why(follow_up)) == (dutch.user, "language")
    assert open_at(answer(language="en")).owner == english.user


def test_language_that_nobody_writes_falls_back_to_all() -> None:
    member = make_member(languages=["en"])

    follow_up = open_at(answer(language="nl"))

    assert (follow_up.owner, why(follow_up)) == (member.user, "load")


def test_who_is_away_or_does_not_work_that_day_gets_nothing_new() -> None:
    away, fridays, here = make_member(), make_member(working_days=[4]), make_member()
    keep_away(away, MONDAY)

    owners = {open_at(answer()).owner for _ in range(3)}

    assert owners == {here.user}
    assert fridays.user not in owners


@pytest.mark.parametrize(
    "moment",
    [
        MONDAY - 2 * DAY,  # a Saturday
        MONDAY - DAY,
        MONDAY - 3 * DAY + dt.timedelta(hours=4),  # Friday evening
        MONDAY.replace(hour=6),
    ],
)
def test_outside_of_working_hours_it_is_who_is_at_work_next(moment: dt.datetime) -> None:
    fridays, mondays = make_member(working_days=[4]), make_member(working_days=[0])

    owner = open_at(answer(at=moment)).owner

    assert (owner, owner == fridays.user) == (mondays.user, False)


def test_free_day_is_nobodys_working_day() -> None:
    make_organisation(own_holidays=[MONDAY.date()])
    make_member(working_days=[0])
    tuesdays = make_member(working_days=[1])

    assert open_at(answer()).owner == tuesdays.user


def test_everybody_away_for_months_leaves_it_unassigned() -> None:
    keep_away(make_member(), MONDAY, days=120)

    follow_up = open_at(answer())

    assert (follow_up.owner, why(follow_up)) == (None, "nobody")


# The promise to the customer


def test_absence_and_days_off_of_the_owner_move_no_target() -> None:
    thursdays = make_member(working_days=[3])
    keep_away(thursdays, MONDAY + DAY, days=2)

    follow_up = open_at(answer_of(thursdays.user, score=3))

    assert follow_up.due_at == MONDAY + DAY


def test_weekday_on_which_only_the_owner_works_counts() -> None:
    make_member(working_days=[0, 1, 2, 3, 4, 5])
    saturday = MONDAY + 5 * DAY

    follow_up = open_at(answer(at=saturday.replace(hour=11), score=3))

    # By the team's days alone it would be Monday 17:00.
    assert follow_up.due_at == (MONDAY + 7 * DAY).replace(hour=11)


def test_giving_it_to_somebody_else_keeps_the_target() -> None:
    sanne, thursdays = make_member(), make_member(working_days=[3])
    follow_up = make_follow_up(score=3, now=MONDAY, owner=sanne.user)
    due = follow_up.due_at

    assign(
        follow_up, to=thursdays.user, user=sanne.user, version=follow_up.version, now=MONDAY + DAY
    )

    follow_up.refresh_from_db()
    assert follow_up.due_at == due


def test_what_waits_for_somebody_away_is_handed_over() -> None:
    away, here = make_member(), make_member()
    waiting = make_follow_up(owner=away.user, now=MONDAY)
    answered = make_follow_up(owner=away.user, now=MONDAY, awaiting_contact=False)
    keep_away(away, MONDAY)
    manager = make_user(role=Role.MANAGER)

    assert hand_over(away, user=manager, now=MONDAY) == 1

    waiting.refresh_from_db()
    answered.refresh_from_db()
    assert (waiting.owner, answered.owner) == (here.user, away.user)
    assert waiting.activities.last().actor == manager  # type: ignore[union-attr]


def test_nobody_to_hand_over_to_changes_nothing() -> None:
    away = make_member()
    follow_up = make_follow_up(owner=away.user, now=MONDAY)
    keep_away(away, MONDAY)

    assert hand_over(away, user=away.user, now=MONDAY) == 0

    follow_up.refresh_from_db()
    assert follow_up.owner == away.user


# Several answers of one person


def test_second_answer_of_a_person_leads_to_the_first() -> None:
    first = open_at(answer(score=3))
    second = answer(at=MONDAY + 90 * DAY)
    Response.objects.filter(pk=second.pk).update(contact=first.response.contact)

    follow_up = open_at(second)

    assert follow_up.previous == first
    assert follow_up.activities.get(kind="opened").details["previous"] == first.pk
    assert open_at(answer()).previous is None


def test_answers_found_in_the_wrong_order_are_chained_all_the_same() -> None:
    contact = make_contact()
    responses = [answer(at=MONDAY + n * DAY) for n in range(3)]
    Response.objects.filter(pk__in=[each.pk for each in responses]).update(contact=contact)

    third, first, second = (open_at(responses[n], now=MONDAY + 9 * DAY) for n in (2, 0, 1))

    found = dict(FollowUp.objects.values_list("pk", "previous"))
    assert found == {first.pk: None, second.pk: first.pk, third.pk: second.pk}


# A bad score is not given away unseen


def test_bad_score_given_away_stays_its_first_owners_and_is_shown_to_managers() -> None:
    sanne, tom = make_member(user=make_user(name="Sanne Snel")), make_user(name="Tom Traag")
    follow_up = open_at(answer(score=2))
    assign(follow_up, to=tom, user=sanne.user, version=follow_up.version, now=MONDAY)

    opened, given = follow_up.activities.all()
    handing = list_handings(now=MONDAY + DAY)[0]

    assert (opened.details["to"], opened.details["to_name"]) == (sanne.user.pk, "Sanne Snel")
    assert (given.actor, given.details["from"]) == (sanne.user, sanne.user.pk)
    assert (handing.at_first, handing.by, handing.to_name) == ("Sanne Snel",) * 2 + ("Tom Traag",)


def test_only_bad_scores_that_an_owner_gave_away_are_listed() -> None:
    sanne, tom = make_member().user, make_user()
    manager = make_user(role=Role.MANAGER)
    good = make_follow_up(score=9, owner=sanne)
    shared = make_follow_up(score=2, owner=sanne)
    assign(good, to=tom, user=sanne, version=1, now=MONDAY)
    assign(shared, to=tom, user=manager, version=1, now=MONDAY)
    give(make_follow_up(score=2, owner=None), to=tom, now=MONDAY, because="escalated")

    assert list_handings(now=MONDAY) == []


def test_own_bad_score_given_away_is_listed_behind_many_that_were_shared_out() -> None:
    sanne, tom, manager = make_user(), make_user(), make_user(role=Role.MANAGER)
    follow_up = make_follow_up(score=2, owner=sanne)
    assign(follow_up, to=tom, user=sanne, version=1, now=MONDAY)
    Activity.objects.bulk_create(
        Activity(
            follow_up=follow_up,
            kind=Activity.Kind.ASSIGNED,
            actor=manager,
            at=MONDAY + DAY,
            version=3,
            details={"from": tom.pk, "to": sanne.pk},
        )
        for _number in range(150)
    )

    assert [handing.by for handing in list_handings(now=MONDAY + DAY)] == [str(sanne)]


def test_bad_score_taken_and_given_back_by_undo_is_not_listed() -> None:
    sanne, tom = make_user(), make_user()
    follow_up = make_follow_up(score=2, owner=sanne)
    taken = assign(follow_up, to=tom, user=tom, version=1, now=MONDAY)
    undo_assign(taken, user=tom, version=taken.version, now=MONDAY)

    assert list_handings(now=MONDAY) == []
