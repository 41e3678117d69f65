"""What the sample company shows, and what it must never do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from pytest_django import DjangoDbBlocker

from closeloop.models import FollowUp
from npsapp.demo.building import build_sample, remove_sample
from npsapp.demo.logins import LOGINS, PASSWORD
from npsapp.models import User
from responses.models import Response
from surveys.models import Campaign, Contact, Invitation, Mail

NOW = dt.datetime(2026, 10, 14, 10, 0, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Built once for all tests here: they only look.

    The order of a round is drawn from the keys of its people: with other keys it is another sample.
    """
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        build_sample(now=NOW)
    yield
    with django_db_blocker.unblock():
        remove_sample()


def test_demo_shows_every_page_at_work() -> None:
    states = dict(FollowUp.objects.values_list("state").annotate(Count("pk")))
    assert set(states) == set(FollowUp.State.values)
    assert FollowUp.objects.overdue(NOW).exists()
    assert FollowUp.objects.unassigned().exists()
    assert set(Response.objects.values_list("language", flat=True)) == {"nl", "en"}
    running = Campaign.objects.running().get()
    assert {"scheduled", "sent"} <= set(running.invitations.values_list("state", flat=True))


def test_demo_addresses_belong_to_nobody() -> None:
    for addresses in (Contact.objects.values_list("email"), User.objects.values_list("email")):
        assert {address.rpartition(".")[2] for (address,) in addresses} == {"example"}


def test_demo_keeps_the_promises() -> None:
    collected = Response.objects.counted().collected()
    assert collected.filter(follow_up__isnull=True).count() == 0
    assert FollowUp.objects.filter(response__channel=Response.Channel.IMPORT).count() == 0
    assert Response.objects.filter(answered_at__gt=NOW).count() == 0
    assert not Invitation.objects.filter(state="scheduled", scheduled_for__lt=NOW).exists()


def test_demo_mails_nobody_about_its_past() -> None:
    assert Mail.objects.exclude(state="sent").get().kind == Mail.Kind.TEST


def test_demo_login_works_and_the_page_says_it_is_sample_data(client: Client) -> None:
    assert client.login(username=LOGINS[0], password=PASSWORD)
    assert 'class="sample"' in client.get("/").content.decode()
