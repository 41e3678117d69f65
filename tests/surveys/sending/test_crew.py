"""Several connections and several processes: everything leaves, once, and no limit is passed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from surveys.models import Campaign, Contact, Invitation, Sender
from surveys.sending import crew as crew_module
from surveys.sending import stopping
from surveys.sending.deliver import deliver
from surveys.sending.leases import job_lease
from surveys.sending.ledger import INVITATIONS
from surveys.sending.outcome import Outcome
from surveys.sending.release import send_lane
from tests.factories import make_campaign, make_organisation
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connections(settings: Any) -> None:
    settings.MAIL_CONNECTIONS = 3


def make_due(campaign: Campaign, count: int) -> None:
    make_organisation()
    now = timezone.now()
    contacts = Contact.objects.bulk_create(
        Contact(
            email=f"r{campaign.pk}-{number}@klanten.example", address_hash=f"{campaign.pk}-{number}"
        )
        for number in range(count)
    )
    Invitation.objects.bulk_create(
        Invitation(
            campaign=campaign, contact=contact, scheduled_for=now,
            not_after=now + dt.timedelta(days=1),
        )
        for contact in contacts
    )  # fmt: skip


def make_open_campaign(**fields: Any) -> Campaign:
    return make_campaign(weekdays=list(range(7)), day_start="00:00", day_end="23:59:59", **fields)


def states() -> Counter[str]:
    return Counter(Invitation.objects.values_list("state", flat=True))


def test_much_mail_leaves_over_several_connections_once(smtp: Server) -> None:
    make_due(make_open_campaign(), 60)
    smtp.seconds_per_mail = 0.01

    done = send_lane(INVITATIONS, now=timezone.now())

    assert (done.counts, smtp.connections) == ({"sent": 60}, 3)
    assert max(Counter(recipient for recipient, _ in smtp.messages).values()) == 1
    assert states() == {"sent": 60}


def test_few_mails_leave_over_one_connection(smtp: Server) -> None:
    make_due(make_open_campaign(), 8)

    send_lane(INVITATIONS, now=timezone.now())

    assert (len(smtp.messages), smtp.connections) == (8, 1)


def test_daily_limit_holds_over_several_connections(smtp: Server) -> None:
    make_due(make_open_campaign(daily_limit=37), 60)
    smtp.seconds_per_mail = 0.01

    send_lane(INVITATIONS, now=timezone.now())

    assert len(smtp.messages) == 37
    assert states() == {"sent": 37, "scheduled": 23}


def test_campaigns_take_turns(smtp: Server, settings: Any) -> None:
    settings.MAIL_CONNECTIONS = 1
    for count in (30, 10):
        make_due(make_open_campaign(), count)

    send_lane(INVITATIONS, now=timezone.now())

    first_of_the_second = Invitation.objects.order_by("-campaign_id", "sent_at").first()
    earlier = Invitation.objects.filter(sent_at__lt=first_of_the_second.sent_at)  # type: ignore[union-attr]
    assert states() == {"sent": 40}
    assert earlier.count() == crew_module.FIRST_CLAIM


def test_second_process_helps_but_counts_nothing(smtp: Server) -> None:
    free, limited = make_open_campaign(), make_open_campaign(daily_limit=100)
    troubled = make_open_campaign()
    Sender.objects.filter(pk=troubled.sender_id).update(failures_in_a_row=1)
    for campaign in (free, limited, troubled):
        make_due(campaign, 5)

    with job_lease("lane:bulk") as somebody_else:
        assert somebody_else
        send_lane(INVITATIONS, now=timezone.now())

    sent = Invitation.objects.filter(state="sent")
    assert set(sent.values_list("campaign_id", flat=True)) == {free.pk}
    assert sent.count() == 5


def test_term_stops_all_connections(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(make_open_campaign(), 60)
    smtp.seconds_per_mail = 0.02

    def deliver_and_stop(*args: Any, **options: Any) -> Outcome:
        if len(smtp.messages) >= 15:
            stopping.request_stop()
        return deliver(*args, **options)

    monkeypatch.setattr(crew_module, "deliver", deliver_and_stop)

    send_lane(INVITATIONS, now=timezone.now())

    assert set(states()) == {"sent", "scheduled"}
    assert states()["sent"] == len(smtp.messages) < 30
    assert not Invitation.objects.filter(state="scheduled").exclude(claims=0).exists()


def test_trouble_of_the_server_stops_all_connections(smtp: Server) -> None:
    make_due(make_open_campaign(), 60)
    smtp.seconds_per_mail = 0.01
    smtp.say(mail=["250 ok"] * 20 + ["550 5.7.1 sender not allowed"] * 100)

    send_lane(INVITATIONS, now=timezone.now())

    assert states() == {"sent": 20, "scheduled": 40}
    # Each connection may run into the trouble once.
    assert smtp.commands.count("MAIL") <= 20 + 3
    assert Sender.objects.get().held_until is not None
