"""A reminder on its way through the engine, and what stops it there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from surveys.links import answer_url
from surveys.models import Campaign, Invitation
from surveys.planning.reminding import plan_reminders
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import Pass
from surveys.suppressing import suppress
from tests.factories import make_campaign, make_invitation, make_organisation
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def first() -> Invitation:
    """One that was sent eight days ago and never answered."""
    make_organisation(time_zone="Europe/Amsterdam", default_language="en")
    now = timezone.now()
    campaign = make_campaign(
        first_day=timezone.localdate() - dt.timedelta(days=10), weekdays=list(range(7)),
        day_start=dt.time(0), day_end=dt.time(23, 59), reminders=1, reminder_after_days=7,
    )  # fmt: skip
    return make_invitation(campaign=campaign, state="sent", sent_at=now - dt.timedelta(days=8))


def remind(campaign: Campaign) -> Invitation:
    plan_reminders(campaign, now=timezone.now() - dt.timedelta(seconds=1))
    reminder: Invitation = campaign.invitations.get(sequence=1)
    return reminder


def test_reminder_leaves_once_with_the_links_of_the_first_mail(
    first: Invitation, smtp: Server, send: Callable[..., Pass]
) -> None:
    reminder = remind(first.campaign)

    for _ in range(2):
        send(INVITATIONS)

    reminder.refresh_from_db()
    ((_recipient, body),) = smtp.messages
    text = message_from_bytes(body, policy=policy.default).get_body(("plain",))
    assert reminder.state == "sent"
    assert text is not None
    assert answer_url(first.pk) in text.get_content()


@pytest.mark.parametrize("what", ["unsubscribed", "answered", "paused"])
def test_what_happens_between_plan_and_mail_stops_it(
    first: Invitation, smtp: Server, send: Callable[..., Pass], what: str
) -> None:
    reminder = remind(first.campaign)
    match what:
        case "unsubscribed":
            suppress(reminder.address_hash, reason="unsubscribed", scope="surveys")
        case "answered":
            Invitation.objects.filter(pk=first.pk).update(answered_at=timezone.now())
        case "paused":
            Campaign.objects.update(state="paused")

    send(INVITATIONS)

    reminder.refresh_from_db()
    assert smtp.messages == []
    assert reminder.state == ("scheduled" if what == "paused" else "skipped")


def test_daily_limit_holds_for_first_mails_and_reminders_together(
    first: Invitation, smtp: Server, send: Callable[..., Pass]
) -> None:
    Campaign.objects.update(daily_limit=2)
    remind(first.campaign)
    for _ in range(3):
        make_invitation(campaign=first.campaign)

    for _ in range(3):
        send(INVITATIONS)

    assert len(smtp.messages) == 2
