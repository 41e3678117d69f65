"""Mail in doubt: nobody sends it again but a person, and an answer settles it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.models import Campaign, Invitation
from surveys.sending.release import Pass
from surveys.sending.unknown import CannotResolve, resolve_unknown, settle_by_evidence
from tests.factories import make_campaign, make_invitation, make_mail, make_user
from tests.surveys.sending.smtp_server import CUT, Server

PAGE = "/deliveries/unknown/"


def make_unknown(**fields: Any) -> Invitation:
    now = timezone.now()
    return make_invitation(
        **{
            "state": "unknown",
            "reason": "interrupted",
            "detail": "Connection unexpectedly closed",
            "unknown_since": now - dt.timedelta(minutes=5),
            "intent_at": now - dt.timedelta(minutes=6),
        }
        | fields
    )


def resolve(invitation: Invitation, resolution: str, user: User) -> None:
    resolve_unknown(invitation, resolution=resolution, user=user, now=timezone.now())


@pytest.mark.django_db
def test_treat_as_sent(manager: User) -> None:
    invitation = make_unknown()
    left_at = invitation.intent_at

    resolve(invitation, "treat_as_sent", manager)

    assert (invitation.state, invitation.resolution) == ("sent", "treat_as_sent")
    assert invitation.sent_at == left_at
    assert invitation.resolved_by == manager


@pytest.mark.django_db(transaction=True)
def test_send_again_sends_once_more_under_the_same_id(
    smtp: Server, send: Callable[[], Pass]
) -> None:
    invitation = make_invitation(campaign=make_campaign(weekdays=list(range(7))))
    smtp.say(body=[CUT])
    send()
    invitation.refresh_from_db()
    assert invitation.state == "unknown"

    resolve(invitation, "send_again", make_user(role="manager"))
    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.resolution) == ("sent", "send_again")
    assert len(smtp.messages) == 2
    assert all(invitation.message_key.hex.encode() in body for _, body in smtp.messages)


@pytest.mark.django_db
@pytest.mark.parametrize("resolution", ["send_again", "treat_as_sent"])
def test_resolving_twice_changes_nothing(manager: User, resolution: str) -> None:
    invitation = make_unknown()
    resolve(invitation, "treat_as_sent", manager)

    with pytest.raises(CannotResolve):
        resolve(invitation, resolution, manager)

    invitation.refresh_from_db()
    assert invitation.state == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["finished", "cancelled"])
def test_send_again_needs_a_campaign_under_way(manager: User, state: str) -> None:
    invitation = make_unknown()
    Campaign.objects.update(state=state)
    invitation.campaign.refresh_from_db()

    with pytest.raises(CannotResolve):
        resolve(invitation, "send_again", manager)


@pytest.mark.django_db
def test_evidence(manager: User) -> None:
    doubtful, waiting = make_unknown(), make_invitation()

    assert settle_by_evidence(doubtful)
    assert not settle_by_evidence(waiting)

    doubtful.refresh_from_db()
    waiting.refresh_from_db()
    assert (doubtful.state, doubtful.resolution) == ("sent", "evidence")
    assert waiting.state == "scheduled"


@pytest.mark.django_db
def test_page_lists_cause_time_and_both_buttons(manager_client: Client) -> None:
    invitation = make_unknown()
    make_mail(state="unknown", reason="crashed", unknown_since=timezone.now(), subject="Re: vraag")
    make_invitation(state="sent")

    page = manager_client.get(PAGE).content.decode()

    assert str(invitation.contact) in page
    assert "Connection unexpectedly closed" in page
    assert "Re: vraag" in page
    assert page.count('value="send_again"') == 2
    assert page.count('value="treat_as_sent"') == 2


@pytest.mark.django_db
def test_page_offers_no_second_mail_to_who_answered(manager_client: Client) -> None:
    make_unknown(answered_at=timezone.now())

    page = manager_client.get(PAGE).content.decode()

    assert page.count('value="send_again"') == 0
    assert page.count('value="treat_as_sent"') == 1


@pytest.mark.django_db
def test_page_is_empty_without_doubt(manager_client: Client) -> None:
    make_invitation()

    assert "No mail is in doubt" in manager_client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_buttons_resolve(manager_client: Client, manager: User) -> None:
    invitation = make_unknown()
    url = reverse("delivery_resolve", args=["invitation", invitation.pk])

    response = manager_client.post(url, {"resolution": "treat_as_sent"})

    invitation.refresh_from_db()
    assert response.headers["Location"] == PAGE
    assert (invitation.state, invitation.resolved_by) == ("sent", manager)


@pytest.mark.django_db
@pytest.mark.parametrize("resolution", ["", "evidence", "nonsense"])
def test_buttons_refuse_anything_else(manager_client: Client, resolution: str) -> None:
    invitation = make_unknown()
    url = reverse("delivery_resolve", args=["invitation", invitation.pk])

    response = manager_client.post(url, {"resolution": resolution})

    invitation.refresh_from_db()
    assert response.status_code == 422
    assert invitation.state == "unknown"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/deliveries/letter/1/resolve/", "/deliveries/mail/1/resolve/"])
def test_buttons_of_what_is_not_there(manager_client: Client, path: str) -> None:
    assert manager_client.post(path, {"resolution": "treat_as_sent"}).status_code == 404


@pytest.mark.django_db
def test_page_asks_the_same_number_of_questions_for_many(manager_client: Client) -> None:
    make_unknown()
    with CaptureQueriesContext(connection) as one:
        manager_client.get(PAGE)

    for _ in range(3):
        make_unknown()
    with CaptureQueriesContext(connection) as four:
        manager_client.get(PAGE)

    assert len(four) == len(one)
