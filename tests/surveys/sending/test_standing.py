"""A sender's page: how fast it goes, and the rows behind its numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from surveys.models import Sender
from surveys.sending.pace import note_results
from surveys.sending.standing import describe_standing
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_mail,
    make_organisation,
    make_sender,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def fields_of(sender: Sender, **changes: Any) -> dict[str, Any]:
    return {
        "name": sender.name,
        "lane": sender.lane,
        "from_name": sender.from_name,
        "from_email": sender.from_email,
        "reply_to": "",
        "rate_unit": "minute",
    } | changes


def test_numbers_lead_to_their_rows(admin_client: Client) -> None:
    make_organisation(time_zone="UTC")
    now = timezone.now()
    sender = make_sender()
    campaign = make_campaign(sender=sender)
    contact = make_contact(first_name="Fenna", last_name="Proef")
    make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=now)
    make_invitation(campaign=campaign, state="sent", sent_at=now - dt.timedelta(days=2))
    make_invitation(campaign=campaign, retries=1, detail="450 4.2.0 greylisted")
    make_invitation(campaign=campaign, state="failed", reason="refused", detail="550 nobody")
    make_invitation(state="sent", sent_at=now)

    standing = describe_standing(sender, now=now)
    pages = {
        kind: admin_client.get(f"/settings/senders/{sender.pk}/{kind}/").content.decode()
        for kind in standing.counts
    }

    assert standing.counts == {"today": 1, "hour": 1, "deferred": 1, "refused": 1}
    assert "Fenna Proef" in pages["today"]
    assert "Fenna Proef" in pages["hour"]
    assert "450 4.2.0 greylisted" in pages["deferred"]
    assert "550 nobody" in pages["refused"]
    assert admin_client.get(f"/settings/senders/{sender.pk}/nonsense/").status_code == 404


def test_rows_of_a_sender_of_replies_are_mails(admin_client: Client) -> None:
    make_organisation()
    sender = make_sender(lane="transactional")
    make_mail(sender=sender, state="sent", sent_at=timezone.now(), subject="Dank voor uw bericht")

    page = admin_client.get(f"/settings/senders/{sender.pk}/hour/").content.decode()

    assert "Dank voor uw bericht" in page


def test_page_says_how_fast_and_why(admin_client: Client) -> None:
    make_organisation(time_zone="UTC")
    now = timezone.now()
    sender = make_sender(
        rate_limit=60, rate=0.25, warm_up_start=10, warm_up_end=40, warm_up_days=3,
        taken_on=now.date(), sending_days=2, failures_in_a_row=1, probes_passed=2,
        held_until=now - MINUTE, held_reason="421 4.7.0 slow down",
    )  # fmt: skip
    note_results(sender.pk, Counter(sent=7, deferred=3), now=now)

    standing = describe_standing(sender, now=now)
    page = admin_client.get(f"/settings/senders/{sender.pk}/").content.decode()

    assert (standing.rate, standing.ceiling, standing.floor) == (15.0, 60.0, 3.0)
    assert (standing.warm_up_day, standing.cap_today) == (2, 20)
    assert standing.answers[0][1]["deferred"] == 3
    assert "2 of 5 got through" in page
    assert "The mail server asks for less." in page
    assert "day 2 of 3 of the warm-up" in page


def test_limits_count_what_left_today_already(admin_client: Client) -> None:
    make_organisation(time_zone="UTC")
    now = timezone.now()
    sender = make_sender(rate=0.5, slowed_from=2.0, tokens=7, sending_days=30)
    campaign = make_campaign(sender=sender)
    make_invitation(campaign=campaign, state="sent", sent_at=now)
    fields = fields_of(
        sender, rate_limit=90, daily_limit=500, warm_up_start=50, warm_up_end=500, warm_up_days=10
    )

    response = admin_client.post(f"/settings/senders/{sender.pk}/", fields)

    sender.refresh_from_db()
    assert response.status_code == 302
    assert (sender.rate_limit, sender.rate, sender.slowed_from, sender.tokens) == (
        90,
        None,
        None,
        0,
    )
    assert (sender.taken_on, sender.taken_today, sender.sending_days) == (now.date(), 1, 1)


def test_saving_leaves_alone_what_the_engine_writes(admin_client: Client) -> None:
    make_organisation()
    sender = make_sender(tokens=7, taken_today=3, held_reason="535 no", failures_in_a_row=2)

    admin_client.post(f"/settings/senders/{sender.pk}/", fields_of(sender, from_name="Nieuw"))

    sender.refresh_from_db()
    assert (sender.from_name, sender.tokens, sender.taken_today) == ("Nieuw", 7, 3)
    assert (sender.held_reason, sender.failures_in_a_row) == ("535 no", 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"warm_up_start": 50},
        {"warm_up_start": 50, "warm_up_end": 20, "warm_up_days": 5},
        {"rate_limit": 0},
        {"daily_limit": -1},
    ],
)
def test_limits_that_make_no_sense_are_refused(
    admin_client: Client, fields: dict[str, int]
) -> None:
    make_organisation()
    sender = make_sender()

    response = admin_client.post(f"/settings/senders/{sender.pk}/", fields_of(sender, **fields))

    assert response.status_code == 422
    assert not Sender.objects.exclude(warm_up_start=None, rate_limit=None).exists()
