"""What the chaos tests let happen inside the product: called by the nursery, in a process each."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from responses.stamps import draw_stamp
from surveys import links
from surveys.models import Campaign, Contact, Invitation, Sender
from surveys.sending.ledger import INVITATIONS
from surveys.sending.reap import reap
from surveys.sending.release import send_batch
from tests.factories import make_campaign, make_organisation, make_sender

CHAOS, ANSWERED = "Chaos", "Answered"
TRANSACTIONAL = "transactional"


def plan(recipients: str, daily_limit: str = "") -> None:
    """A campaign open day and night, everything due now. `recipients` is a JSON list."""
    make_organisation(holiday_country="", own_holidays=[])
    limit = int(daily_limit) if daily_limit else None
    campaign = _campaign(CHAOS, daily_limit=limit)
    # A sender that was told to slow down goes no slower than a share of its limit. Without a limit
    # that is a share of what a slow machine got done: three mails a minute, and nothing would end.
    fast = {"rate_limit": 2_000, "rate_unit": Sender.RateUnit.SECOND}
    Sender.objects.filter(pk=campaign.sender_id).update(**fast)
    _invite(campaign, json.loads(recipients), scheduled_for=timezone.now())


def plan_answers(count: str) -> None:
    """Invitations that have left, to be answered; somebody must be told of each follow-up."""
    make_sender(lane=TRANSACTIONAL)
    addresses = [f"answer{number}@klanten.example" for number in range(int(count))]
    # An answer within minutes would pass for a machine's, which gets no follow-up.
    sent_at = timezone.now() - dt.timedelta(hours=2)
    _invite(_campaign(ANSWERED), addresses, state="sent", sent_at=sent_at)


def _campaign(name: str, **fields: Any) -> Campaign:
    return make_campaign(
        name=name, weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59), **fields
    )


def _invite(campaign: Campaign, addresses: list[str], **fields: Any) -> None:
    contacts = Contact.objects.bulk_create(
        Contact(email=address, address_hash=f"{campaign.pk:032x}{number:032x}")
        for number, address in enumerate(addresses)
    )
    Invitation.objects.bulk_create(
        Invitation(campaign=campaign, contact=contact, address_hash=contact.address_hash, **fields)
        for contact in contacts
    )


def answer_all() -> None:
    """Post the answers one by one, as customers do; a page that fails ends this process."""
    for number, invitation in enumerate(Invitation.objects.filter(campaign__name=ANSWERED)):
        client = Client(REMOTE_ADDR=f"10.0.{number // 250}.{number % 250 + 1}")
        page = reverse("answer", args=[links.sign(links.ANSWER, invitation.pk)])
        drawn = draw_stamp(invitation.pk, now=timezone.now() - dt.timedelta(seconds=5))
        form = {"score": str(number % 11), "comment": "", "drawn": drawn, "second_remark": ""}
        response = client.post(page, form, headers={"host": "localhost"})
        assert response.status_code == 302, response.status_code
        time.sleep(0.1)


def send_forever() -> None:
    """A worker without a broker and without the lane's lease: only the claims keep order."""
    while True:
        done = send_batch(INVITATIONS, now=timezone.now())
        reap()
        if not done.attempts:
            time.sleep(0.05)
