"""Stopping all mail of the installation, also under the hands of a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from surveys.models import CampaignEvent, Invitation, Mail, Organisation, get_organisation
from surveys.sending.claim import claim_due
from surveys.sending.deliver import deliver
from surveys.sending.ledger import INVITATIONS, MAILS
from surveys.sending.outcome import Verdict
from surveys.sending.outlet import open_outlet
from surveys.sending.release import Pass
from surveys.standstill import let_go, stop_all
from tests.factories import make_campaign, make_invitation, make_mail, make_organisation
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def organisation() -> Organisation:
    return make_organisation()


def make_due() -> Invitation:
    campaign = make_campaign(
        first_day=timezone.localdate(),
        weekdays=list(range(7)),
        day_start=dt.time(0),
        day_end=dt.time(23, 59, 59),
    )
    return make_invitation(campaign=campaign)


def stop(user: User) -> None:
    assert stop_all(user=user, now=timezone.now())


def test_nothing_leaves_while_it_is_stopped(
    admin: User, smtp: Server, send: Callable[..., Pass]
) -> None:
    make_due()
    make_mail()
    stop(admin)

    send()
    send(MAILS)

    assert smtp.messages == []
    assert Invitation.objects.get().state == "scheduled"
    assert Mail.objects.get().claims == 0


def test_worker_in_the_middle_of_its_claim_is_refused(admin: User, smtp: Server) -> None:
    row = make_due()
    now = timezone.now()
    claim = claim_due(INVITATIONS, row.campaign_id, limit=1, late_too=True, now=now)
    stop(admin)

    with open_outlet() as outlet:
        outcome = deliver(
            claim.rows[0],
            claim.token,
            ledger=INVITATIONS,
            sender=row.campaign.sender,
            outlet=outlet,
            now=now,
        )

    row.refresh_from_db()
    assert outcome.verdict is Verdict.WITHDRAWN
    assert (row.state, row.attempt, smtp.messages) == ("scheduled", 0, [])


@pytest.mark.parametrize(("kind", "leaves"), [("account", 1), ("alarm", 1), ("reply", 0)])
def test_logins_and_alarms_leave_all_the_same(
    kind: str, leaves: int, admin: User, smtp: Server, send: Callable[..., Pass]
) -> None:
    make_mail(kind=kind)
    stop(admin)

    send(MAILS)

    assert len(smtp.messages) == leaves


def test_letting_go_spreads_what_became_late(admin: User) -> None:
    row = make_due()
    on_time = make_due()
    tomorrow = timezone.now() + dt.timedelta(days=1)
    Invitation.objects.filter(pk=on_time.pk).update(scheduled_for=tomorrow)
    stop(admin)
    now = timezone.now()

    assert let_go(now=now)

    row.refresh_from_db()
    assert row.scheduled_for is not None
    assert row.scheduled_for >= now
    assert [event.campaign for event in CampaignEvent.objects.all()] == [row.campaign]
    assert get_organisation().sending_stopped_at is None
    assert not let_go(now=now)


def test_buttons_are_for_admins(admin_client: Client, manager_client: Client, admin: User) -> None:
    assert manager_client.post("/sending/stop/").status_code == 403
    admin_client.post("/sending/stop/")
    assert get_organisation().sending_stopped_by == admin

    assert manager_client.post("/sending/go/").status_code == 403
    admin_client.post("/sending/go/")
    assert get_organisation().sending_stopped_by is None


def test_everybody_sees_who_stopped_it(
    admin: User, viewer_client: Client, admin_client: Client
) -> None:
    make_due()
    stop(admin)

    page = viewer_client.get("/").content.decode()
    admins = admin_client.get("/sending/").content.decode()

    assert "All sending was stopped by Abel Beheer on" in page
    assert "Let mail go again" in admins
    assert "is spread over what is left" in admins
