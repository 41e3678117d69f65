"""The sample company: the same each time, alone in its database, and gone at one command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client
from pytest_django import DjangoDbBlocker

from closeloop.models import FollowUp
from npsapp.demo.building import HasData, build_sample, remove_sample
from npsapp.demo.logins import LOGINS, PASSWORD
from npsapp.models import User
from responses.models import Response
from surveys.models import Campaign, Contact, Invitation, Mail, Organisation
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 14, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The sample company, built once for all tests that only look at it."""
    with django_db_blocker.unblock():
        build_sample(now=NOW)
    yield
    with django_db_blocker.unblock():
        remove_sample()


def describe() -> dict[str, Any]:
    return {
        "people": list(Contact.objects.order_by("email").values_list("email", "properties")),
        "answers": list(
            Response.objects.order_by("contact__email", "answered_at").values_list(
                "contact__email", "score", "comment", "answered_at"
            )
        ),
        "follow-ups": list(
            FollowUp.objects.order_by("response__contact__email", "opened_at").values_list(
                "response__contact__email", "state", "outcome", "due_at", "owner__email"
            )
        ),
    }


@pytest.mark.usefixtures("sample")
# The order of a round is drawn from the keys of its people: with other keys it is another sample.
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_demo_shows_every_page_at_work() -> None:
    states = dict(FollowUp.objects.values_list("state").annotate(Count("pk")))
    assert set(states) == set(FollowUp.State.values)
    assert FollowUp.objects.overdue(NOW).exists()
    assert FollowUp.objects.unassigned().exists()
    assert set(Response.objects.values_list("language", flat=True)) == {"nl", "en"}
    running = Campaign.objects.running().get()
    assert {"scheduled", "sent"} <= set(running.invitations.values_list("state", flat=True))


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_demo_is_repeatable_after_its_removal() -> None:
    build_sample(now=NOW)
    first = describe()
    call_command("demo", "--remove", stdout=StringIO())
    for model in (User, Organisation, Contact, Campaign, Invitation, Response, FollowUp):
        assert model._default_manager.count() == 0

    build_sample(now=NOW)

    assert describe() == first


@pytest.mark.usefixtures("sample")
def test_demo_keeps_the_promises() -> None:
    for addresses in (Contact.objects.values_list("email"), User.objects.values_list("email")):
        assert {address.rpartition(".")[2] for (address,) in addresses} == {"example"}
    collected = Response.objects.counted().collected()
    assert collected.filter(follow_up__isnull=True).count() == 0
    assert FollowUp.objects.filter(response__channel=Response.Channel.IMPORT).count() == 0
    assert Response.objects.filter(answered_at__gt=NOW).count() == 0
    assert not Invitation.objects.filter(state="scheduled", scheduled_for__lt=NOW).exists()
    assert Mail.objects.exclude(state="sent").get().kind == Mail.Kind.TEST


@pytest.mark.usefixtures("sample")
def test_demo_login_works_and_the_page_says_it_is_sample_data(client: Client) -> None:
    assert client.login(username=LOGINS[0], password=PASSWORD)
    assert 'class="sample"' in client.get("/").content.decode()


def test_demo_refuses_a_database_with_data() -> None:
    make_organisation()

    with pytest.raises(HasData):
        build_sample(now=NOW)
    assert Contact.objects.count() == 0


def test_demo_refuses_where_mail_leaves_for_real(settings: Any) -> None:
    settings.EMAIL_BACKEND = "surveys.sending.smtp.EmailBackend"

    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("demo")


def test_demo_removal_refuses_real_data() -> None:
    make_organisation()

    with pytest.raises(CommandError, match="no sample data"):
        call_command("demo", "--remove")
    assert Organisation.objects.count() == 1
