"""What staff are told when mail does not leave."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.celery import BeatHeart
from npsapp.models import User
from surveys.models import Heartbeat, Sender
from surveys.sending.watch import SilentPart, note_alive, silent_parts
from tests.factories import make_invitation, make_sender, make_user

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 13, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def test_silence_of_more_than_ten_minutes_is_told() -> None:
    note_alive("worker", now=NOW - 11 * MINUTE)
    note_alive("beat", now=NOW - 10 * MINUTE)

    assert silent_parts(NOW) == [SilentPart("worker", NOW - 11 * MINUTE)]


def test_hearing_again_ends_it() -> None:
    note_alive("worker", now=NOW - 60 * MINUTE)
    note_alive("beat", now=NOW)
    note_alive("worker", now=NOW)

    assert silent_parts(NOW) == []


def test_part_that_never_spoke_is_told_beside_one_that_did() -> None:
    note_alive("worker", now=NOW)

    assert silent_parts(NOW) == [SilentPart("beat", None)]


@pytest.mark.parametrize(("age", "count"), [(9, 0), (11, 2)])
def test_set_up_just_now_is_no_silence(age: int, count: int) -> None:
    make_user()
    User.objects.update(created_at=NOW - age * MINUTE)

    assert len(silent_parts(NOW)) == count


def test_lease_of_a_job_is_no_sign_of_life() -> None:
    Heartbeat.objects.create(name="lane:bulk", leased_until=NOW)
    make_user()
    User.objects.update(created_at=NOW - 11 * MINUTE)

    assert len(silent_parts(NOW)) == 2


@pytest.mark.django_db(transaction=True)
def test_beat_speaks_at_most_every_quarter_of_a_minute() -> None:
    heart = BeatHeart()
    heart.say()
    first = Heartbeat.objects.get(name="beat").seen_at

    heart.say()

    assert Heartbeat.objects.get(name="beat").seen_at == first


def test_banner_of_silence_is_for_everybody(viewer_client: Client) -> None:
    long_ago = timezone.now() - 20 * MINUTE
    note_alive("worker", now=long_ago)
    note_alive("beat", now=long_ago)

    page = viewer_client.get("/").content.decode()

    assert "The worker has been silent since" in page
    assert "(beat) has been silent since" in page


def test_banner_of_a_held_sender_is_for_managers(
    manager_client: Client, viewer_client: Client
) -> None:
    make_sender(
        name="Hoofdafzender",
        held_until=timezone.now() + MINUTE,
        held_reason="535 5.7.8 <bad> password",
        failures_in_a_row=1,
    )

    managers, viewers = (
        client.get("/").content.decode() for client in (manager_client, viewer_client)
    )

    assert "Mail from “Hoofdafzender” waits until" in managers
    assert "535 5.7.8 &lt;bad&gt; password" in managers
    assert "Hoofdafzender" not in viewers


@pytest.mark.parametrize(
    ("place", "is_told"),
    [("/", True), ("/campaigns/", True), ("/contacts/", False), ("/deliveries/unknown/", False)],
)
def test_doubt_is_told_where_one_looks_how_mailing_goes(
    manager_client: Client, place: str, is_told: bool
) -> None:
    make_invitation(state="unknown", unknown_since=timezone.now())

    page = manager_client.get(place).content.decode()

    assert ("Of 1 mail nobody knows whether it arrived." in page) is is_told
    assert 'href="/deliveries/unknown/"' in page or not is_told


def test_no_trouble_no_banner(manager_client: Client) -> None:
    note_alive("worker", now=timezone.now())
    note_alive("beat", now=timezone.now())

    assert "notice-warning" not in manager_client.get("/").content.decode()


def test_try_now_ends_the_hold(manager_client: Client) -> None:
    sender = make_sender(
        held_until=timezone.now() + MINUTE, held_reason="535 no", failures_in_a_row=3
    )

    response = manager_client.post(f"/senders/{sender.pk}/try-now/", {"next": "/contacts/"})

    sender = Sender.objects.get(pk=sender.pk)
    assert response.headers["Location"] == "/contacts/"
    assert (sender.held_until, sender.held_reason, sender.failures_in_a_row) == (None, "", 0)


def test_try_now_leads_to_no_other_site(manager_client: Client) -> None:
    sender = make_sender()

    response = manager_client.post(
        f"/senders/{sender.pk}/try-now/", {"next": "https://kwaad.example/"}
    )

    assert response.headers["Location"] == "/campaigns/"


def test_try_now_is_for_managers(agent_client: Client) -> None:
    sender = make_sender()

    assert agent_client.post(f"/senders/{sender.pk}/try-now/").status_code == 403
