"""The organisation and its senders."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Organisation, Sender, get_organisation
from tests.factories import make_organisation, make_sender

pytestmark = pytest.mark.django_db


def fill_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "De Proef",
        "postal_address": "Teststraat 1, 1000 AA Testdam",
        "contact_email": "privacy@deproef.example",
        "privacy_url": "deproef.example/privacy",
        "default_language": "nl",
        "time_zone": "Europe/Amsterdam",
        "working_days": ["0", "1", "5"],
        "day_start": "08:30",
        "day_end": "17:00",
        "rest_days": "90",
        "target_days_detractor": "1",
        "target_days_passive": "3",
        "target_days_promoter": "5",
        "score_from": "5",
        "compare_from": "30",
        "firm_from": "100",
    } | changes


def fill_sender(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Invitations",
        "lane": "bulk",
        "from_name": "De Proef",
        "from_email": "vraag@deproef.example",
        "reply_to": "",
        "rate_unit": "minute",
    } | changes


def test_first_settings_make_the_organisation(admin_client: Client) -> None:
    response = admin_client.post(reverse("settings"), fill_form())

    organisation = get_organisation()
    assert response.headers["Location"] == reverse("settings")
    assert (organisation.name, organisation.working_days) == ("De Proef", [0, 1, 5])
    assert organisation.day_start == dt.time(8, 30)
    assert organisation.privacy_url == "https://deproef.example/privacy"


def test_settings_change_the_one_organisation(admin_client: Client) -> None:
    make_organisation(name="Before")

    admin_client.post(reverse("settings"), fill_form(name="After"))

    assert [entry.name for entry in Organisation.objects.all()] == ["After"]


def test_settings_keep_the_frequency_rule(admin_client: Client) -> None:
    make_organisation()

    admin_client.post(reverse("settings"), fill_form(rest_days="45"))

    assert get_organisation().rest_days == 45


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"day_start": "18:00"}, "Choose a time after the start."),
        ({"working_days": []}, "This field is required."),
        ({"contact_email": "nobody"}, "valid email address"),
        ({"rest_days": "-1"}, "greater than or equal to 0"),
        ({"rest_days": ""}, "This field is required."),
    ],
)
def test_settings_say_what_is_wrong(
    admin_client: Client, changes: dict[str, Any], words: str
) -> None:
    response = admin_client.post(reverse("settings"), fill_form(**changes))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Organisation.objects.exists()


def test_empty_settings_lead_to_both_senders(admin_client: Client) -> None:
    page = admin_client.get(reverse("settings")).content.decode()

    assert f"{reverse('sender_new')}?lane=bulk" in page
    assert f"{reverse('sender_new')}?lane=transactional" in page


def test_sender_is_added(admin_client: Client) -> None:
    admin_client.post(reverse("sender_new"), fill_sender())

    sender = Sender.objects.get()
    assert (sender.lane, sender.from_header) == ("bulk", '"De Proef" <vraag@deproef.example>')


def test_sender_of_a_domain_with_an_accent_is_kept_as_it_travels(admin_client: Client) -> None:
    changes = {"from_email": "vraag@bücher.example", "reply_to": "Antwoord@bücher.example"}

    admin_client.post(reverse("sender_new"), fill_sender(**changes))

    sender = Sender.objects.get()
    assert sender.domain == "xn--bcher-kva.example"
    assert sender.reply_to == "Antwoord@xn--bcher-kva.example"


def test_sender_is_changed(admin_client: Client) -> None:
    sender = make_sender()

    admin_client.post(reverse("sender", args=[sender.pk]), fill_sender(from_name="Other"))

    sender.refresh_from_db()
    assert sender.from_name == "Other"


@pytest.mark.parametrize(
    "changes", [{"from_email": "nobody"}, {"from_name": ""}, {"name": "Taken"}, {"lane": "air"}]
)
def test_sender_that_is_not_right_is_refused(admin_client: Client, changes: dict[str, str]) -> None:
    make_sender(name="Taken")

    response = admin_client.post(reverse("sender_new"), fill_sender(**changes))

    assert (response.status_code, Sender.objects.count()) == (422, 1)


def test_sender_that_is_not_there(admin_client: Client) -> None:
    assert admin_client.get(reverse("sender", args=[4711])).status_code == 404


def test_manager_may_not_change_settings(manager_client: Client) -> None:
    response = manager_client.post(reverse("settings"), fill_form())

    assert response.status_code == 403
    assert not Organisation.objects.exists()
