"""Too many dead addresses or complaints stop a sender until a person has looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from surveys.models import Campaign, Invitation, Mail, Sender
from surveys.models.sender import UNTIL_LOOKED_AT, UNTIL_RELEASED
from surveys.sending.alarm import count_results, judge_sender
from surveys.sending.hold import hold_sender, mark_healthy
from surveys.sending.release import Pass
from tests.factories import make_campaign, make_invitation, make_mail, make_sender

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND = dt.timedelta(seconds=1)
PAGE = "/deliveries/held/"


def send_many(campaign: Campaign, count: int, *, status: str = "", **fields: Any) -> None:
    """So many results, the newest a second ago."""
    start = Invitation.objects.filter(campaign=campaign).count()
    rows = [
        Invitation(
            campaign=campaign,
            contact=None,
            **{
                "state": "sent",
                "delivery_status": status,
                "sent_at": NOW - dt.timedelta(hours=2) + (start + number) * SECOND,
            }
            | fields,
        )
        for number in range(count)
    ]
    Invitation.objects.bulk_create(rows)


def judge(campaign: Campaign) -> Sender:
    judge_sender(Sender.objects.get(pk=campaign.sender_id), now=NOW)
    return Sender.objects.get(pk=campaign.sender_id)


@pytest.mark.parametrize(
    ("status", "good", "bad", "expected"),
    [
        ("bounced", 490, 10, ""),  # 2 %
        ("bounced", 489, 11, "warned"),
        ("bounced", 475, 25, "warned"),  # 5 %
        ("bounced", 474, 26, "held"),
        ("blocked", 474, 26, "held"),
        ("soft_bounced", 400, 100, ""),
        ("complained", 500, 0, ""),
        ("complained", 499, 1, "warned"),  # 0.2 %
        ("complained", 498, 2, "held"),  # 0.4 %
        ("complained", 99, 1, "warned"),  # one person's opinion
        ("bounced", 49, 50, ""),  # a short list
        ("bounced", 90, 10, "held"),
    ],
)
def test_shares_of_the_last_results(status: str, good: int, bad: int, expected: str) -> None:
    campaign = make_campaign()
    send_many(campaign, good)
    send_many(campaign, bad, status=status)

    sender = judge(campaign)

    found = "held" if sender.is_held_by_alarm else "warned" if sender.warning else ""
    assert found == expected
    words = sender.held_reason or sender.warning
    assert (f"Of the last {good + bad} mails {bad} " in words) is bool(expected)


def test_only_the_last_five_hundred_count() -> None:
    campaign = make_campaign()
    send_many(campaign, 100, status="bounced")
    send_many(campaign, 500)

    assert not judge(campaign).is_held_by_alarm


def test_results_of_all_campaigns_and_mails_of_a_sender_count() -> None:
    sender = make_sender()
    for _ in range(2):
        send_many(make_campaign(sender=sender), 60, status="bounced")
    make_mail(sender=sender, state="sent", sent_at=NOW, delivery_status="complained")
    send_many(make_campaign(), 100)

    results = count_results(sender)

    assert (results.total, results.bounced, results.complained) == (121, 120, 1)


def test_addresses_refused_at_once_count() -> None:
    campaign = make_campaign()
    send_many(campaign, 100)
    send_many(
        campaign, 10, state="failed", status="bounced", sent_at=None, scheduled_for=NOW - SECOND
    )

    assert judge(campaign).held_reason == (
        "Of the last 110 mails 10 came back: the addresses do not exist."
    )


def test_warning_is_taken_back() -> None:
    campaign = make_campaign()
    send_many(campaign, 199, status="")
    send_many(campaign, 5, status="bounced")
    warned = judge(campaign).warning
    send_many(campaign, 500)

    assert "5 came back" in warned
    assert judge(campaign).warning == ""


def test_only_a_person_ends_it(manager_client: Client) -> None:
    campaign = make_campaign()
    send_many(campaign, 100, status="bounced")
    sender = judge(campaign)

    mark_healthy(Sender.objects.get(pk=sender.pk))
    hold_sender(Sender.objects.get(pk=sender.pk), "421 no", at_least=60 * SECOND, now=NOW)
    sender.refresh_from_db()
    still = sender.held_until
    manager_client.post(f"/senders/{sender.pk}/try-now/", {"next": PAGE})

    sender.refresh_from_db()
    assert still == UNTIL_LOOKED_AT
    assert (sender.held_until, sender.held_reason) == (None, "")
    # What was before is forgiven; what comes after counts.
    assert not judge(campaign).is_held_by_alarm
    send_many(campaign, 100, status="bounced", sent_at=timezone.now())
    assert judge(campaign).is_held_by_alarm


def test_hold_of_a_restore_is_not_replaced() -> None:
    campaign = make_campaign()
    send_many(campaign, 100, status="bounced")
    Sender.objects.update(held_until=UNTIL_RELEASED, held_reason="restored")

    sender = judge(campaign)

    assert (sender.held_until, sender.held_reason) == (UNTIL_RELEASED, "restored")


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_from_a_sender_that_an_alarm_holds(send: Callable[..., Pass]) -> None:
    campaign = make_campaign(weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59))
    waiting = make_invitation(campaign=campaign)
    send_many(campaign, 100, status="bounced")
    judge(campaign)

    done = send()

    waiting.refresh_from_db()
    assert (done.attempts, waiting.state) == (0, "scheduled")


def test_page_tells_why_and_where(manager_client: Client) -> None:
    campaign = make_campaign(name="Herfst")
    send_many(campaign, 100)
    send_many(campaign, 10, status="bounced")
    judge(campaign)

    page = manager_client.get(PAGE).content.decode()
    banner = manager_client.get("/campaigns/").content.decode()

    assert f"/campaigns/{campaign.pk}/people/?state=bounced" in page
    assert "10 (9.1 %)" in page
    assert "Let mail leave from this sender again" in page
    assert "is stopped: too much of it came back" in banner


def test_banner_warns_before_it_stops(manager_client: Client) -> None:
    campaign = make_campaign()
    send_many(campaign, 499)
    send_many(campaign, 1, status="complained")
    judge(campaign)

    banner = manager_client.get("/campaigns/").content.decode()

    assert "than receivers accept for long" in banner
    assert "stops by itself" in manager_client.get(PAGE).content.decode()


def test_mails_without_results_raise_no_alarm() -> None:
    mail: Mail = make_mail()

    judge_sender(mail.sender, now=NOW)

    mail.sender.refresh_from_db()
    assert mail.sender.held_until is None
