"""The people behind the response rate: every number opens exactly its rows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from surveys.models import Campaign
from tests.factories import make_campaign, make_contact, make_invitation, make_response

pytestmark = pytest.mark.django_db
NOW = timezone.now()
# Session, user, organisation three times (clock, form, frame), two for the banner of a silent
# worker; the numbers and the rows.
QUERIES = 9


def send(campaign: Campaign, last_name: str, *, status: str = "", **fields: Any) -> None:
    contact = make_contact(first_name="", last_name=last_name)
    invitation = make_invitation(
        campaign=campaign, contact=contact, **{"state": "sent", "sent_at": NOW} | fields
    )
    if status:
        invitation.answered_at = NOW
        invitation.save()
        make_response(invitation=invitation, contact=contact, status=status)


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign(state="running")
    send(campaign, "Antwoord", status="counted")
    send(campaign, "Machine", status="provisional")
    send(campaign, "Stil")
    send(campaign, "Terug", delivery_status="bounced")
    send(campaign, "Wacht", state="scheduled", sent_at=None)
    send(make_campaign(state="running"), "Elders")
    return campaign


def names_on(response: Any) -> set[str]:
    return {str(invitation.contact) for invitation in response.context["page"]}


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("sent", {"Antwoord", "Machine", "Stil", "Terug"}),
        ("", {"Antwoord", "Machine", "Stil", "Terug"}),
        ("reached", {"Antwoord", "Machine", "Stil"}),
        ("answered", {"Antwoord"}),
        ("set_aside", {"Machine"}),
        ("silent", {"Stil"}),
        ("bounced", {"Terug"}),
    ],
)
def test_part_shows_who_is_behind_the_number(
    viewer_client: Client, campaign: Campaign, part: str, names: set[str]
) -> None:
    query = f"survey={campaign.survey.slug}&campaign={campaign.pk}&part={part}"

    response = viewer_client.get(f"{reverse('invited')}?{query}")

    assert names_on(response) == names
    assert next(tab.n for tab in response.context["tabs"] if tab.is_current) == len(names)


def test_numbers_of_the_dashboard_open_as_many_rows(
    viewer_client: Client, campaign: Campaign
) -> None:
    html = viewer_client.get("/", {"campaign": campaign.pk}).content.decode()
    links = re.findall(r'<a href="(/responses/invited/[^"]+)">\s*(\d+) ', html)

    opened = [viewer_client.get(url.replace("&amp;", "&")) for url, _number in links]

    assert len(links) == 5
    assert [len(names_on(page)) for page in opened] == [int(number) for _url, number in links]


def test_viewer_sees_names_and_no_address(viewer_client: Client, agent_client: Client) -> None:
    contact = make_contact(first_name="", last_name="", email="fenna@klanten.example")
    make_invitation(contact=contact, state="sent", sent_at=NOW)

    assert "fenna@klanten.example" not in viewer_client.get(reverse("invited")).content.decode()
    assert "fenna@klanten.example" in agent_client.get(reverse("invited")).content.decode()


def test_person_who_was_erased_stays_in_the_number(viewer_client: Client) -> None:
    invitation = make_invitation(state="sent", sent_at=NOW)
    assert invitation.contact is not None
    invitation.contact.delete()

    response = viewer_client.get(reverse("invited"))

    assert "Erased person" in response.content.decode()
    assert response.context["page"].paginator.count == 1


@pytest.mark.parametrize("query", ["part=nonsense", "from=x", "segment=x"])
def test_nonsense_in_the_address_is_told(viewer_client: Client, query: str) -> None:
    response = viewer_client.get(f"{reverse('invited')}?{query}")

    assert response.status_code == 422


@pytest.mark.parametrize("rows", [1, 4])
def test_page_costs_the_same_queries_for_any_number(
    viewer_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = make_campaign(state="running")
    for number in range(rows):
        send(campaign, f"Naam{number}", status="counted")

    with django_assert_num_queries(QUERIES):
        assert viewer_client.get(reverse("invited")).status_code == 200
