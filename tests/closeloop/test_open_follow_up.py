"""One follow-up per counted answer that we collected, whatever happens to the messages."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kombu.exceptions import OperationalError

from closeloop import tasks
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.notifying import tell_owner
from closeloop.opening import open_follow_up, sweep
from npsapp.models import User
from npsapp.roles import Role
from responses.judging import accept_response, exclude_response
from responses.models import Response
from responses.recording import record_comment, record_response
from surveys.models import Mail
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_user,
)
from tests.races import run_at_once

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = dt.datetime(2026, 11, 23, 14, tzinfo=AMSTERDAM)
HOUR = dt.timedelta(hours=1)


def kinds(follow_up: FollowUp) -> list[str]:
    return list(follow_up.activities.values_list("kind", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("score", [0, 7, 10])
def test_answer_of_any_score_gets_one(score: int) -> None:
    response = make_response(score=score)

    open_follow_up(response.pk, now=MONDAY)
    open_follow_up(response.pk, now=MONDAY + HOUR)

    follow_up = FollowUp.objects.get()
    assert follow_up.opened_at == MONDAY
    assert kinds(follow_up) == ["opened"]


@pytest.mark.django_db
def test_due_counts_from_the_answer_however_late_it_is_found() -> None:
    make_organisation()
    response = make_response(score=3, answered_at=MONDAY)

    follow_up = open_follow_up(response.pk, now=MONDAY + 20 * HOUR)

    assert follow_up is not None
    assert follow_up.due_at == MONDAY + 24 * HOUR


@pytest.mark.django_db
def test_due_falls_into_the_working_hours_on_the_owners_clock() -> None:
    """Monday 09:00 in Amsterdam is night in New York: its working day lasts until 17:00 there."""
    make_organisation(time_zone="Europe/Amsterdam", target_days_detractor=1)
    make_sender(lane="transactional")
    make_member(time_zone="America/New_York")
    monday = dt.datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Amsterdam"))

    follow_up = open_follow_up(make_response(score=3, answered_at=monday).pk, now=monday)

    assert follow_up is not None
    assert follow_up.due_at == dt.datetime(2026, 11, 23, 17, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.django_db
def test_imported_answer_never_gets_one() -> None:
    response = make_response(channel=Response.Channel.IMPORT)

    assert open_follow_up(response.pk, now=MONDAY) is None
    assert sweep(now=MONDAY) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Response.Status.PROVISIONAL, Response.Status.EXCLUDED])
def test_answer_that_does_not_count_gets_none(status: str) -> None:
    response = make_response(status=status)

    assert open_follow_up(response.pk, now=MONDAY) is None
    assert sweep(now=MONDAY) == 0


@pytest.mark.django_db
def test_answer_that_is_gone_gets_none() -> None:
    assert open_follow_up(987_654_321, now=MONDAY) is None


@pytest.mark.django_db
def test_accepted_answer_gets_one_with_the_clock_started_by_accepting() -> None:
    make_organisation()
    response = make_response(score=2, answered_at=MONDAY, status=Response.Status.PROVISIONAL)
    later = MONDAY + dt.timedelta(days=2)

    accept_response(response, user=make_user(role=Role.MANAGER), now=later)
    follow_up = open_follow_up(response.pk, now=later)

    assert follow_up is not None
    assert follow_up.due_at == later + 24 * HOUR


@pytest.mark.django_db
def test_exclusion_leaves_it_standing() -> None:
    follow_up = make_follow_up()

    exclude_response(
        follow_up.response, user=make_user(role=Role.MANAGER), reason="Colleague", now=MONDAY
    )
    open_follow_up(follow_up.response_id, now=MONDAY)

    follow_up.refresh_from_db()
    assert follow_up.state == FollowUp.State.OPEN


@pytest.mark.django_db(transaction=True)
def test_recording_an_answer_wakes_the_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(tasks.open_follow_up, "delay", woken.append)
    invitation = make_invitation(state="sent")

    response = record_response(invitation, score=9, comment="", language="nl", now=MONDAY)

    assert woken == [response.pk]


@pytest.mark.django_db(transaction=True)
def test_sweep_finds_all_when_the_broker_lost_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(tasks.open_follow_up, "delay", lose)
    for score in (1, 7, 10):
        invitation = make_invitation(state="sent")
        record_response(invitation, score=score, comment="", language="nl", now=MONDAY)
    assert FollowUp.objects.count() == 0

    tasks.sweep()

    assert FollowUp.objects.count() == 3
    assert sweep(now=MONDAY) == 0


@pytest.mark.django_db
def test_sweep_passes_over_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = make_response(answered_at=MONDAY), make_response(answered_at=MONDAY + HOUR)
    original = open_follow_up

    def fail_once(response_pk: int, *, now: dt.datetime) -> FollowUp | None:
        if response_pk == bad.pk:
            raise RuntimeError("made up")
        return original(response_pk, now=now)

    monkeypatch.setattr("closeloop.opening.open_follow_up", fail_once)

    assert sweep(now=MONDAY + 2 * HOUR) == 1
    assert FollowUp.objects.get().response == good


@pytest.mark.django_db(transaction=True)
def test_race_for_one_answer_ends_in_one_follow_up() -> None:
    make_sender(lane="transactional")
    make_member()
    response = make_response(score=2)

    raised = run_at_once(
        *[lambda: open_follow_up(response.pk, now=MONDAY)] * 4, lambda: sweep(now=MONDAY)
    )

    assert raised == []
    assert kinds(FollowUp.objects.get()) == ["opened"]
    assert Mail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_many_answers_spreads_them_over_the_members() -> None:
    members = [make_member() for _ in range(3)]
    pks = [make_response().pk for _ in range(6)]

    raised = run_at_once(*[lambda pk=pk: open_follow_up(pk, now=MONDAY) for pk in pks])

    assert raised == []
    loads = Counter(FollowUp.objects.values_list("owner", flat=True))
    assert loads == {member.user_id: 2 for member in members}


@pytest.mark.django_db
def test_owner_is_the_member_on_duty_with_the_fewest_open() -> None:
    busy, free = make_member(), make_member()
    make_member(on_duty=False)
    make_member(user=make_user(role=Role.VIEWER))
    gone = make_member()
    User.objects.filter(pk=gone.user_id).update(is_active=False)

    owners = [make_follow_up().owner for _ in range(3)]

    assert owners == [busy.user, free.user, busy.user]


@pytest.mark.django_db
def test_closed_ones_do_not_weigh_on_a_member() -> None:
    first, _second = make_member(), make_member()
    make_follow_up(state="closed", outcome="solved", closed_at=MONDAY)

    assert make_follow_up().owner == first.user


@pytest.mark.django_db
def test_nobody_on_duty_leaves_it_unassigned() -> None:
    make_member(on_duty=False)

    assert make_follow_up().owner is None


@pytest.mark.django_db
def test_first_follow_up_brings_the_usual_root_causes() -> None:
    make_organisation(default_language="en")

    make_follow_up()
    make_follow_up()

    assert RootCause.objects.count() == 8
    assert RootCause.objects.filter(label="Delivery late").exists()


@pytest.mark.django_db
def test_list_of_root_causes_that_the_team_made_is_left_alone() -> None:
    RootCause.objects.create(label="Fietsenstalling")

    make_follow_up()

    assert RootCause.objects.count() == 1


# What changes afterwards


@pytest.fixture
def team(db: None) -> User:
    make_organisation()
    make_sender(lane="transactional")
    return make_member(user=make_user(language="en", name="Sanne Snel")).user


@pytest.fixture
def promoter(team: User) -> FollowUp:
    """A nine of Monday, found at once."""
    response = record_response(
        make_invitation(state="sent", contact=make_contact(first_name="Daan", last_name="Duin")),
        score=9,
        comment="",
        language="nl",
        now=MONDAY,
    )
    follow_up = open_follow_up(response.pk, now=MONDAY)
    assert follow_up is not None
    return follow_up


def change(follow_up: FollowUp, *, score: int, comment: str, now: dt.datetime) -> FollowUp:
    invitation = follow_up.response.invitation
    assert invitation is not None
    record_response(invitation, score=score, comment=comment, language="nl", now=now)
    changed = open_follow_up(follow_up.response_id, now=now)
    assert changed is not None
    return changed


def test_changed_score_is_told_once_and_renews_the_target(promoter: FollowUp) -> None:
    follow_up = change(promoter, score=3, comment="Kapot", now=MONDAY + HOUR)
    open_follow_up(promoter.response_id, now=MONDAY + 2 * HOUR)

    told = Activity.objects.get(kind="answer_changed")
    assert told.details == {"from": 9, "to": 3}
    assert follow_up.due_at == MONDAY + 25 * HOUR
    assert follow_up.version == 2


def test_promoter_turned_detractor_is_mailed_to_the_owner(promoter: FollowUp, team: User) -> None:
    assert Mail.objects.count() == 0

    change(promoter, score=3, comment="Kapot", now=MONDAY + HOUR)

    assert Mail.objects.get().to_email == team.email


def test_words_added_later_keep_the_target(promoter: FollowUp) -> None:
    due = promoter.due_at
    invitation = promoter.response.invitation
    assert invitation is not None

    record_comment(invitation, comment="Snel", may_contact=None, now=MONDAY + HOUR)
    follow_up = open_follow_up(promoter.response_id, now=MONDAY + HOUR)

    assert follow_up is not None
    assert follow_up.due_at == due
    assert kinds(follow_up) == ["opened", "answer_changed"]


def test_changed_answer_reopens_a_closed_follow_up(promoter: FollowUp) -> None:
    FollowUp.objects.filter(pk=promoter.pk).update(
        state="closed", outcome="thanked", closed_at=MONDAY, awaiting_contact=False
    )

    follow_up = change(promoter, score=3, comment="Kapot", now=MONDAY + HOUR)

    assert (follow_up.state, follow_up.outcome, follow_up.awaiting_contact) == ("open", "", True)
    assert kinds(follow_up) == ["opened", "answer_changed", "reopened"]


def test_words_after_our_reply_ask_for_another_contact(promoter: FollowUp) -> None:
    FollowUp.objects.filter(pk=promoter.pk).update(
        awaiting_contact=False, first_contacted_at=MONDAY, state="in_progress"
    )

    follow_up = change(promoter, score=9, comment="En nog iets", now=MONDAY + HOUR)

    assert follow_up.awaiting_contact
    assert follow_up.first_contacted_at == MONDAY


def test_sweep_finds_a_change_whose_message_was_lost(promoter: FollowUp) -> None:
    invitation = promoter.response.invitation
    assert invitation is not None
    record_response(invitation, score=3, comment="", language="nl", now=MONDAY + HOUR)

    assert sweep(now=MONDAY + 2 * HOUR) == 1
    assert sweep(now=MONDAY + 3 * HOUR) == 0
    assert Activity.objects.filter(kind="answer_changed").count() == 1


# Telling the owner


def test_detractor_is_mailed_to_the_owner_in_their_language(team: User) -> None:
    response = make_response(score=2, comment="De doos was nat.", answered_at=MONDAY)

    follow_up = open_follow_up(response.pk, now=MONDAY)
    open_follow_up(response.pk, now=MONDAY)

    assert follow_up is not None
    mail = Mail.objects.get()
    assert mail.subject.startswith(f"2 from {response.contact}: respond by Tuesday 24 November")
    assert "De doos was nat." in mail.text
    assert follow_up.get_absolute_url() in mail.text


def test_mail_about_one_that_is_late_already_says_so(team: User) -> None:
    response = make_response(score=2, answered_at=MONDAY)

    open_follow_up(response.pk, now=MONDAY + dt.timedelta(days=30))

    mail = Mail.objects.get()
    assert mail.subject.startswith(f"2 from {response.contact}: overdue since Tuesday 24 November")
    assert "The response target has passed: it was Tuesday 24 November" in mail.text
    assert "Respond by" not in mail.text


def test_mail_about_one_that_was_contacted_sets_no_target(team: User) -> None:
    follow_up = make_follow_up(response=make_response(score=2), awaiting_contact=False, owner=team)

    mail = tell_owner(follow_up, now=MONDAY)

    assert mail is not None
    assert mail.subject == f"2 from {follow_up.response.contact}: now yours"
    assert "They have heard from us already" in mail.text


def test_mail_to_the_owner_says_plain_what_the_customer_wrote(team: User) -> None:
    comment = "Kapot & <b>nat</b>, 'bah'"
    response = make_response(score=2, comment=comment)

    open_follow_up(response.pk, now=MONDAY)

    assert comment in Mail.objects.get().text


@pytest.mark.parametrize("score", [7, 10])
def test_others_are_not_mailed_at_once(team: User, score: int) -> None:
    open_follow_up(make_response(score=score).pk, now=MONDAY)

    assert Mail.objects.count() == 0


def test_history_mails_nobody(team: User) -> None:
    open_follow_up(make_response(score=1).pk, now=MONDAY, announce=False)

    assert Mail.objects.count() == 0


@pytest.mark.django_db
def test_missing_sender_keeps_nobody_from_being_followed_up() -> None:
    member = make_member()

    follow_up = open_follow_up(make_response(score=1).pk, now=MONDAY)

    assert follow_up is not None
    assert follow_up.owner == member.user
