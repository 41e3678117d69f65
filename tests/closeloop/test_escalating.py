"""What has passed its response target is escalated once, to whoever can do something about it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from closeloop.closing import Closing, close, reopen
from closeloop.escalating import escalate, get_rule
from closeloop.models import Absence, Activity, EscalationRule, FollowUp, NoticeChoices
from closeloop.telling import tell_colleagues
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Mail
from tests.factories import (
    make_follow_up,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_test,
    make_user,
)
from tests.races import run_at_once

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Tuesday afternoon.
NOW = dt.datetime(2026, 11, 24, 14, tzinfo=AMSTERDAM)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def marga(db: None) -> User:
    make_organisation(time_zone="Europe/Amsterdam")
    make_sender(lane="transactional")
    get_rule(now=NOW - 30 * DAY)
    return make_user(role=Role.MANAGER, name="Marga Meting")


def late(owner: User | None = None, **fields: Any) -> FollowUp:
    """One of a 7 that was due an hour ago."""
    response = make_response(score=7, answered_at=NOW - 4 * DAY)
    fields = {"due_at": NOW - HOUR} | fields
    return make_follow_up(response=response, owner=owner, **fields)


def rule(**fields: Any) -> None:
    EscalationRule.objects.update(**fields)


def lines(follow_up: FollowUp) -> list[Activity]:
    return list(follow_up.activities.filter(kind="escalated"))


def test_managers_are_told_once_and_the_timeline_says_so(marga: User) -> None:
    owner = make_user(name="Sanne Snel")
    follow_up = late(owner)

    assert escalate(now=NOW) == 1
    assert escalate(now=NOW + HOUR) == 0

    mail = Mail.objects.get()
    assert (mail.to_email, mail.subject) == (
        marga.email, f"Overdue: {follow_up.response.contact}"
    )  # fmt: skip
    assert follow_up.get_absolute_url() in mail.text
    assert "Owner: Sanne Snel" in mail.text
    assert [line.details["told"] for line in lines(follow_up)] == [["Marga Meting"]]


def test_fifty_are_one_mail_for_each_manager(marga: User) -> None:
    make_user(role=Role.ADMIN)
    for _ in range(50):
        late()

    assert escalate(now=NOW) == 50

    assert Mail.objects.count() == 2
    text = Mail.objects.get(to_email=marga.email).text
    assert "50 customers should have heard from you by now" in text
    assert text.count("Owner: Nobody") == 20
    assert "And 30 more." in text


def test_escalation_holds_up_nobody_who_is_writing(marga: User) -> None:
    follow_up = late()

    escalate(now=NOW)

    version = follow_up.version
    follow_up.refresh_from_db()
    assert follow_up.version == version


@pytest.mark.parametrize(
    "fields",
    [
        {"due_at": NOW + HOUR},
        {"awaiting_contact": False},
        {"snoozed_until": NOW + DAY},
        {"state": "closed", "closed_at": NOW, "outcome": "solved"},
    ],
)
def test_what_is_not_late_is_left_alone(marga: User, fields: dict[str, Any]) -> None:
    late(**fields)

    assert escalate(now=NOW) == 0


def test_tests_are_never_escalated(marga: User) -> None:
    test = make_test()
    FollowUp.everything.filter(pk=test.pk).update(due_at=NOW - HOUR)

    assert escalate(now=NOW) == 0


def test_what_was_late_before_it_was_turned_on_is_left_in_peace(marga: User) -> None:
    rule(since=NOW - HOUR / 2)
    late()

    assert escalate(now=NOW) == 0


def test_new_target_after_reopening_may_escalate_again(marga: User) -> None:
    follow_up = late()
    escalate(now=NOW)
    agent = make_user()

    done = close(follow_up, Closing("solved"), user=agent, version=follow_up.version, now=NOW)
    reopen(done, text="", user=agent, version=done.version, now=NOW)

    assert escalate(now=NOW + HOUR) == 0
    assert escalate(now=NOW + 30 * DAY) == 1
    assert len(lines(follow_up)) == 2


def test_grace_counts_working_hours(marga: User) -> None:
    # Due at four in the afternoon: two working hours later is ten the next morning.
    due = NOW + 2 * HOUR
    late(due_at=due)
    rule(grace_hours=2)

    assert escalate(now=due + 17 * HOUR) == 0
    assert escalate(now=due + 18 * HOUR + dt.timedelta(minutes=1)) == 1


def test_managers_choose_for_themselves_and_all_of_them_off_is_off(marga: User) -> None:
    NoticeChoices.objects.create(user=marga, escalated=False)
    follow_up = late()

    assert escalate(now=NOW) == 0
    assert lines(follow_up) == []


def test_agents_are_no_managers(marga: User) -> None:
    make_user(role=Role.AGENT)
    late()

    escalate(now=NOW)

    assert list(Mail.objects.values_list("to_email", flat=True)) == [marga.email]


@pytest.fixture
def away(marga: User) -> User:
    """The owner is absent today; a colleague is at work."""
    rule(hand_over=True)
    member = make_member(user=make_user(name="Sanne Snel"))
    Absence.objects.create(member=member, first_day=NOW.date(), last_day=NOW.date() + DAY)
    make_member(user=make_user(name="Tom Traag"))
    return member.user


def test_absent_owner_hands_over_to_who_is_at_work(away: User) -> None:
    follow_up = late(away)

    escalate(now=NOW)
    tell_colleagues(now=NOW)

    follow_up.refresh_from_db()
    tom = User.objects.get(name="Tom Traag")
    assert follow_up.owner == tom
    kinds = list(follow_up.activities.values_list("kind", flat=True))
    assert kinds == ["opened", "assigned", "escalated"]
    assert Mail.objects.filter(to_email=tom.email, subject__startswith="Given to you").count() == 1
    told = Mail.objects.exclude(to_email=tom.email).get()
    assert "Given to Tom Traag, because its owner is away" in told.text


def test_owner_at_work_keeps_it(away: User) -> None:
    owner = make_user()
    follow_up = late(owner)

    escalate(now=NOW)

    follow_up.refresh_from_db()
    assert follow_up.owner == owner


def test_nobodys_is_given_to_somebody(away: User) -> None:
    follow_up = late()

    escalate(now=NOW)

    follow_up.refresh_from_db()
    assert str(follow_up.owner) == "Tom Traag"


def test_handing_over_alone_waits_until_the_owner_is_away(away: User) -> None:
    rule(tell_managers=False)
    here = late(make_user())
    gone = late(away)

    assert escalate(now=NOW) == 1

    assert (len(lines(here)), len(lines(gone))) == (0, 1)
    assert Mail.objects.count() == 0


def test_crash_before_the_mail_is_queued_leaves_all_as_it_was(
    away: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up = late(away)

    def die(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("closeloop.escalating._tell", die)
        with pytest.raises(RuntimeError):
            escalate(now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.escalated_for, lines(follow_up)) == (away, None, [])
    assert escalate(now=NOW) == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_jobs_escalates_each_once() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    make_sender(lane="transactional")
    get_rule(now=NOW - 30 * DAY)
    rule(hand_over=True)
    make_user(role=Role.MANAGER)
    make_member()
    pks = [late().pk for _ in range(20)]
    FollowUp.objects.update(owner=None)

    raised = run_at_once(*[lambda: escalate(now=NOW)] * 4)

    assert raised == []
    counted = Activity.objects.filter(kind="escalated", follow_up__in=pks)
    assert counted.count() == counted.values("follow_up").distinct().count() == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM surveys_mail")
        text = "".join(row[0] for row in cursor.fetchall())
    named = [text.count(f"/follow-ups/{pk}/") for pk in pks]
    assert max(named) == 1


def test_timeline_says_what_happened(marga: User, agent_client: Client) -> None:
    follow_up = late()
    escalate(now=NOW)

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()

    assert "The response target passed: the managers were told" in html


def test_manager_sets_the_rule_and_turning_it_on_starts_afresh(
    marga: User, manager_client: Client
) -> None:
    before = EscalationRule.objects.get().since
    url = reverse("escalation")

    manager_client.post(url, {"grace_hours": "3"})
    off = EscalationRule.objects.get()
    manager_client.post(url, {"grace_hours": "3", "tell_managers": "on"})
    on = EscalationRule.objects.get()

    assert (off.is_on, off.grace_hours, off.since) == (False, 3, before)
    assert on.is_on
    assert on.since > before


@pytest.mark.parametrize("grace", ["-1", "81", "x", ""])
def test_nonsense_as_grace_is_refused(marga: User, manager_client: Client, grace: str) -> None:
    response = manager_client.post(reverse("escalation"), {"grace_hours": grace})

    assert response.status_code == 422
    assert EscalationRule.objects.get().grace_hours == 0
