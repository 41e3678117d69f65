"""Mail that belongs to no follow-up: told to managers, and given its place by them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from closeloop.models import ReceivedMail
from closeloop.receiving.filing import file_mails, forget_discarded
from npsapp.models import User
from tests.closeloop.received_mail import (
    NEW,
    POSTMARK,
    deliver,
    make_answered,
    postmark_mail,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inbound_services"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]


def make_stray(**fields: Any) -> ReceivedMail:
    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", **fields))
    file_mails(now=timezone.now())
    return ReceivedMail.objects.stray().get()


def test_stray_mail_is_offered_to_the_follow_up_of_its_sender(
    sanne: User, manager_client: Client
) -> None:
    follow_up = make_answered(sanne)
    mail = make_stray()
    html = manager_client.get(reverse("stray_mails")).content.decode()
    assert f'name="follow_up" value="{follow_up.pk}"' in html

    url = reverse("stray_mail_file", args=[mail.pk])
    answer = manager_client.post(url, {"follow_up": str(follow_up.pk)})

    assert answer.headers["Location"] == follow_up.get_absolute_url()
    assert follow_up.activities.get(kind="received").text == NEW
    again = manager_client.post(url, {"follow_up": str(follow_up.pk)}, follow=True)
    assert "A colleague was there first" in again.content.decode()
    assert follow_up.activities.filter(kind="received").count() == 1


@pytest.mark.parametrize("written", ["#{pk}", "https://nps.example/follow-ups/{pk}/"])
def test_follow_up_may_be_named_by_number_or_address(
    sanne: User, manager_client: Client, written: str
) -> None:
    follow_up = make_answered(sanne)
    url = reverse("stray_mail_file", args=[make_stray().pk])

    answer = manager_client.post(url, {"follow_up": written.format(pk=follow_up.pk)})

    assert answer.status_code == 302
    assert follow_up.activities.filter(kind="received").exists()


@pytest.mark.parametrize("written", ["", "99999999", "nergens"])
def test_follow_up_that_is_none_is_refused(
    sanne: User, manager_client: Client, written: str
) -> None:
    mail = make_stray()

    answer = manager_client.post(reverse("stray_mail_file", args=[mail.pk]), {"follow_up": written})

    assert answer.status_code == 422
    assert ReceivedMail.objects.stray().count() == 1


def test_discarded_mail_loses_its_words_and_does_not_come_back(
    sanne: User, manager_client: Client
) -> None:
    mail = make_stray()

    manager_client.post(reverse("stray_mail_discard", args=[mail.pk]))
    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example"))
    file_mails(now=timezone.now())

    mail.refresh_from_db()
    assert ReceivedMail.objects.count() == 1
    assert (mail.state, mail.text, mail.from_email, mail.subject) == ("discarded", "", "", "")
    assert forget_discarded(now=timezone.now() + dt.timedelta(days=29)) == 0
    assert forget_discarded(now=timezone.now() + dt.timedelta(days=31)) == 1


def test_list_of_stray_mail_costs_the_same_queries_for_any_number(manager_client: Client) -> None:
    make_stray()
    with CaptureQueriesContext(connection) as one:
        manager_client.get(reverse("stray_mails"))

    for number in range(3):
        deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", TextBody=str(number)))
    file_mails(now=timezone.now())
    with CaptureQueriesContext(connection) as four:
        manager_client.get(reverse("stray_mails"))

    assert len(four) == len(one)


def test_queue_tells_managers_of_mail_that_belongs_nowhere(
    manager_client: Client, agent_client: Client
) -> None:
    said = "1 mail came in that belongs to no follow-up."
    before = manager_client.get(reverse("follow_ups")).content.decode()
    make_stray()

    page = manager_client.get(reverse("follow_ups")).content.decode()

    assert (said in before, said in page) == (False, True)
    assert f'href="{reverse("stray_mails")}"' in page
    assert said not in agent_client.get(reverse("follow_ups")).content.decode()
