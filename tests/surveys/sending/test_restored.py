"""What a restore holds, nothing but a decision lets go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from surveys.models import Invitation, Sender
from surveys.models.sender import UNTIL_RELEASED
from surveys.planning.reminding import plan_reminders
from surveys.sending.hold import hold_sender, lift_hold, mark_healthy
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import Pass
from surveys.sending.restored import describe_restore, hold_statements, release_sending
from surveys.sending.watch import BACKUP, note_alive
from tests.factories import make_campaign, make_invitation, make_mail
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now


def restore() -> None:
    """What the end of a restore's transaction does."""
    with connection.cursor() as cursor:
        cursor.execute(hold_statements("Restored from the backup of 2026-03-31.").as_string())


@pytest.fixture
def due() -> Invitation:
    campaign = make_campaign(weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59))
    note_alive(BACKUP, now=NOW() - dt.timedelta(hours=3))
    return make_invitation(campaign=campaign, scheduled_for=NOW() - dt.timedelta(hours=1))


def test_all_senders_are_held_and_nothing_leaves(
    due: Invitation, smtp: Server, send: Callable[..., Pass]
) -> None:
    make_mail()
    restore()

    passes = [send(), send()]

    assert [done.attempts for done in passes] == [0, 0]
    assert smtp.messages == []
    assert Sender.objects.exclude(held_until=UNTIL_RELEASED).count() == 0


@pytest.mark.parametrize("how", ["lift", "healthy", "shorter"])
def test_what_lifts_or_shortens_other_holds_does_not_touch_this_one(
    due: Invitation, how: str
) -> None:
    sender = due.campaign.sender
    restore()
    # A worker that had the sender in hand before the restore.
    sender.failures_in_a_row = 1
    match how:
        case "lift":
            lift_hold(sender)
        case "healthy":
            mark_healthy(sender)
        case "shorter":
            hold_sender(sender, "busy", at_least=dt.timedelta(minutes=1), now=NOW())

    sender.refresh_from_db()
    assert sender.held_until == UNTIL_RELEASED


def test_release_in_doubt_keeps_what_was_due_and_frees_the_rest(due: Invitation) -> None:
    later = make_invitation(campaign=due.campaign, scheduled_for=NOW() + dt.timedelta(days=1))
    restore()

    doubted = release_sending(doubt=True, now=NOW())

    due.refresh_from_db()
    later.refresh_from_db()
    assert doubted == 1
    assert (due.state, due.reason) == ("unknown", "restored")
    assert due.unknown_since is not None
    assert later.state == "scheduled"
    assert Sender.objects.filter(held_until=None).count() == Sender.objects.count()


@pytest.mark.parametrize(("doubt", "planned"), [(True, 0), (False, 1)])
def test_reminder_that_fell_due_before_the_restore_is_in_doubt_too(
    due: Invitation, doubt: bool, planned: int
) -> None:
    campaign = due.campaign
    type(campaign).objects.filter(pk=campaign.pk).update(
        reminders=1, first_day=NOW().date() - dt.timedelta(days=10)
    )
    asked_at = NOW() - dt.timedelta(days=7, minutes=5)
    make_invitation(campaign=campaign, state="sent", sent_at=asked_at)
    restore()

    held = plan_reminders(campaign, now=NOW())
    release_sending(doubt=doubt, now=NOW())

    assert held == 0
    assert plan_reminders(campaign, now=NOW()) == planned


def test_release_of_all_sends_what_was_due(
    due: Invitation, smtp: Server, send: Callable[..., Pass]
) -> None:
    restore()

    release_sending(doubt=False, now=NOW())
    send(INVITATIONS)

    assert len(smtp.messages) == 1


def test_release_touches_no_other_hold(due: Invitation) -> None:
    sender = due.campaign.sender
    hold_sender(sender, "busy", at_least=dt.timedelta(hours=1), now=NOW())

    assert release_sending(doubt=True, now=NOW()) == 0
    sender.refresh_from_db()
    due.refresh_from_db()
    assert sender.held_until is not None
    assert due.state == "scheduled"
    assert describe_restore() is None


def test_page_tells_what_waits_and_lets_it_go(due: Invitation, manager_client: Client) -> None:
    restore()

    banner = manager_client.get("/campaigns/").content.decode()
    page = manager_client.get("/deliveries/held/").content.decode()
    empty = manager_client.post("/deliveries/held/", {})
    still = describe_restore()
    done = manager_client.post("/deliveries/held/", {"between": "doubt"})

    due.refresh_from_db()
    assert banner.count("A backup was restored, and no mail leaves until you say so.") == 1
    assert "Try again now" not in banner
    assert "<dd>1</dd>" in page
    assert (empty.status_code, still is not None) == (422, True)
    assert (done.status_code, due.state, describe_restore()) == (302, "unknown", None)


def test_page_has_nothing_to_say_without_a_restore(manager_client: Client) -> None:
    page = manager_client.get("/deliveries/held/").content.decode()
    after = manager_client.post("/deliveries/held/", {"between": "nothing"})

    assert "Nothing waits for you" in page
    assert after.status_code == 200


def test_page_is_for_managers(agent_client: Client) -> None:
    assert agent_client.get("/deliveries/held/").status_code == 403
