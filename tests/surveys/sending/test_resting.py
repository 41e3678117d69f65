"""The contact frequency rule at the last moment before the body."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from surveys.models import Campaign, Contact, Invitation, Organisation
from surveys.sending.claim import claim_due
from surveys.sending.intent import _statements, record_intent
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import Pass, send_batch
from surveys.sending.resting import settle_resting
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_sender,
    make_survey,
)
from tests.races import run_at_once
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
TOKEN = uuid.UUID(int=7)


@pytest.fixture(autouse=True)
def organisation() -> Organisation:
    return make_organisation(time_zone="UTC", rest_days=10)


def make_open_campaign(**fields: Any) -> Campaign:
    """Open day and night, from ten days ago until three weeks from now."""
    today = timezone.now().date()
    return make_campaign(
        **{
            "first_day": today - 10 * DAY,
            "window_days": 31,
            "weekdays": list(range(7)),
            "day_start": dt.time(0),
            "day_end": dt.time(23, 59),
        }
        | fields
    )


def ask(contact: Contact, ago: dt.timedelta, **fields: Any) -> Invitation:
    at = timezone.now() - ago
    fields = {"state": "sent", "sent_at": at, "scheduled_for": at} | fields
    campaign = fields.pop("campaign", None) or make_open_campaign()
    return make_invitation(campaign=campaign, contact=contact, **fields)


def make_due(contact: Contact, **fields: Any) -> Invitation:
    fields.setdefault("campaign", None)
    fields["campaign"] = fields["campaign"] or make_open_campaign()
    return make_invitation(contact=contact, **fields)


def claim(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(
        state="claimed", claim_token=TOKEN, lease_until=timezone.now() + dt.timedelta(minutes=5)
    )


def may_leave(invitation: Invitation) -> bool:
    claim(invitation)
    return record_intent(
        INVITATIONS,
        invitation.pk,
        TOKEN,
        address_hash=invitation.address_hash,
        now=timezone.now(),
    )


@pytest.mark.parametrize(
    ("fields", "leaves"),
    [
        ({}, False),
        ({"state": "unknown", "sent_at": None, "unknown_since": timezone.now() - DAY}, False),
        ({"state": "sending", "sent_at": None, "intent_at": timezone.now()}, False),
        ({"state": "failed"}, True),
        ({"state": "scheduled", "sent_at": None}, True),
        ({"sequence": 1}, True),
    ],
)
def test_intent_asks_who_was_asked_meanwhile(fields: dict[str, Any], leaves: bool) -> None:
    contact = make_contact()
    ask(contact, DAY, **fields)

    assert may_leave(make_due(contact)) is leaves


def test_intent_lets_go_who_rested() -> None:
    contact = make_contact()
    ask(contact, 10 * DAY)

    assert may_leave(make_due(contact))


@pytest.mark.parametrize(
    ("rule", "days", "leaves"),
    [("organisation", None, False), ("ignore", None, True), ("own", 2, True), ("own", 4, False)],
)
def test_intent_knows_the_exception_of_a_survey(rule: str, days: int | None, leaves: bool) -> None:
    contact = make_contact()
    ask(contact, 3 * DAY)
    campaign = make_open_campaign(survey=make_survey(rest_rule=rule, rest_days=days))

    assert may_leave(make_due(contact, campaign=campaign)) is leaves


def test_intent_lets_reminders_follow_their_first_mail() -> None:
    contact = make_contact()
    first = ask(contact, 5 * DAY)
    ask(contact, DAY)

    assert may_leave(make_due(contact, campaign=first.campaign, sequence=1, first=first))


def test_intent_refuses_a_second_mail_to_an_address_in_one_campaign() -> None:
    campaign = make_open_campaign(survey=make_survey(rest_rule="ignore"))
    one, two = make_contact(), make_contact()
    ask(one, DAY, campaign=campaign)
    invitation = make_due(two, campaign=campaign, address_hash=one.address_hash)

    assert not may_leave(invitation)

    assert settle_resting(TOKEN, now=timezone.now(), address_hash=one.address_hash) == 1
    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("skipped", "duplicate")


def test_who_was_asked_meanwhile_waits_inside_the_window(
    smtp: Server, send: Callable[..., Pass]
) -> None:
    contact = make_contact()
    before = ask(contact, DAY)
    invitation = make_due(contact)

    send()

    invitation.refresh_from_db()
    assert smtp.messages == []
    assert before.sent_at is not None
    assert (invitation.state, invitation.claims) == ("scheduled", 0)
    assert invitation.scheduled_for == invitation.rests_until == before.sent_at + 10 * DAY


def test_who_waits_is_asked_in_open_hours() -> None:
    contact = make_contact()
    before = ask(contact, DAY)
    today = timezone.now().date()
    campaign = make_open_campaign(weekdays=[(today + 12 * DAY).weekday()], day_start=dt.time(9))
    claim(invitation := make_due(contact, campaign=campaign))

    settle_resting(TOKEN, now=timezone.now())

    invitation.refresh_from_db()
    assert before.sent_at is not None
    assert invitation.rests_until == before.sent_at + 10 * DAY
    assert invitation.scheduled_for == dt.datetime.combine(
        today + 12 * DAY, dt.time(9), tzinfo=dt.UTC
    )


def test_who_rests_beyond_the_window_is_skipped_with_the_reason(
    smtp: Server, send: Callable[..., Pass]
) -> None:
    contact = make_contact()
    before = ask(contact, DAY)
    invitation = make_due(contact, not_after=timezone.now() + 3 * DAY)

    send()

    invitation.refresh_from_db()
    assert smtp.messages == []
    assert before.sent_at is not None
    assert (invitation.state, invitation.reason) == ("skipped", "rested")
    assert invitation.rests_until == before.sent_at + 10 * DAY
    assert invitation.skipped_at is not None


def test_mail_that_is_leaving_burns_nobody() -> None:
    contact = make_contact()
    ask(contact, DAY, state="sending", sent_at=None, intent_at=timezone.now())
    claim(invitation := make_due(contact))
    now = timezone.now()

    settle_resting(TOKEN, now=now)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.rests_until) == ("scheduled", None)
    assert invitation.scheduled_for is not None
    assert now < invitation.scheduled_for < now + dt.timedelta(hours=1)


def test_claim_takes_nobody_who_rests() -> None:
    contact = make_contact()
    ask(contact, DAY)
    invitation, other = make_due(contact), make_contact()
    mine = make_due(other, campaign=invitation.campaign)

    claimed = claim_due(
        INVITATIONS, invitation.campaign_id, limit=5, late_too=True, now=timezone.now()
    )

    assert (claimed.taken, [row.pk for row in claimed.rows]) == (2, [mine.pk])


def test_two_intents_at_the_same_moment_let_one_leave() -> None:
    for _ in range(10):
        contact, twin = make_contact(), make_contact()
        invitations = [
            make_due(contact),
            make_due(twin, address_hash=contact.address_hash),
            make_due(contact),
        ]
        answers: list[bool] = []

        def ask_to_leave(invitation: Invitation, answers: list[bool] = answers) -> Any:
            return lambda: answers.append(may_leave(invitation))

        assert run_at_once(*map(ask_to_leave, invitations)) == []
        assert sorted(answers) == [False, False, True]


@pytest.mark.parametrize("has_pipelines", [True, False])
def test_intent_waits_for_the_one_before_it_and_sees_its_result(
    has_pipelines: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: has_pipelines)
    contact = make_contact()
    first, second = make_due(contact), make_due(contact)
    answers: list[bool] = []
    thread = threading.Thread(
        target=lambda: (answers.append(may_leave(second)), connection.close())  # type: ignore[func-returns-value]
    )

    with transaction.atomic():
        claim(first)
        with connection.cursor() as cursor:
            for statement in _statements(INVITATIONS):
                cursor.execute(
                    statement,
                    {
                        "pk": first.pk,
                        "token": TOKEN,
                        "address_hash": first.address_hash,
                        "now": timezone.now(),
                        "lease": "12 minutes",
                        "default_days": 10,
                    },
                )
            assert cursor.rowcount == 1
            thread.start()
            wait_until(lambda: is_somebody_waiting() or bool(answers))
        assert answers == []
    thread.join()

    assert answers == [False]


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.rowcount)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_workers_with_two_campaigns_mail_a_person_once(smtp: Server) -> None:
    contacts = [make_contact() for _ in range(10)]
    sender = make_sender()
    for _ in range(2):
        campaign = make_open_campaign(sender=sender)
        for contact in contacts:
            make_due(contact, campaign=campaign)

    def work() -> None:
        send_batch(INVITATIONS, now=timezone.now())

    raised = run_at_once(work, work)

    assert raised == []
    assert len(smtp.messages) == 10
    states = list(Invitation.objects.values_list("state", flat=True))
    assert sorted(states) == ["scheduled"] * 10 + ["sent"] * 10
