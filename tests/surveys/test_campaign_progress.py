"""The page of a launched campaign: its numbers, and the people behind them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
)
from tests.surveys.campaign_buttons import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


@pytest.mark.parametrize(("state", "is_live"), [("running", True), ("finished", False)])
def test_progress_refreshes_itself_while_running_only(
    manager_client: Client, state: str, is_live: bool
) -> None:
    campaign = make_campaign(state=state)
    url, htmx = f"{campaign.get_absolute_url()}?seen=running", {"HX-Request": "true"}

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    refreshed = manager_client.get(url, headers=htmx)

    assert ("data-live" in page) == is_live
    assert ("HX-Refresh" in refreshed.headers) != is_live


def test_progress_adds_up_and_links_to_the_people(manager_client: Client) -> None:
    campaign = make_campaign(first_day=timezone.localdate())
    now = timezone.now()
    make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
    make_invitation(campaign=campaign, state="sent", sent_at=now)
    make_invitation(campaign=campaign, state="skipped", reason="suppressed", scheduled_for=None)
    make_invitation(campaign=campaign)
    make_invitation()

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "2 of 3 sent, 66 %" in page
    assert "50.0 % of sent minus bounced" in page
    assert (
        f"{reverse('campaign_people', args=[campaign.pk])}?state=skipped&amp;reason=suppressed"
        in page
    )
    assert "All 4 people" in page


def test_progress_counts_what_became_of_mails_with_the_people_behind(
    manager_client: Client,
) -> None:
    campaign = make_campaign(first_day=timezone.localdate())
    now = timezone.now()
    for status in ("delivered", "delivered", "bounced", "complained"):
        make_invitation(campaign=campaign, state="sent", sent_at=now, delivery_status=status)
    make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
    # Refused at once for a dead address: never sent, so it is no part of what was reached.
    make_invitation(campaign=campaign, state="failed", delivery_status="bounced")
    people = reverse("campaign_people", args=[campaign.pk])

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    bounced = manager_client.get(people, {"state": "bounced"})

    assert "2 of them known to be delivered" in page
    for status, count in (("delivered", 2), ("bounced", 2), ("complained", 1)):
        link = f'{people}?state={status}"><span class="reason-count">{count}</span>'
        assert link in page
    assert "25.0 % of sent minus bounced" in page
    assert len(bounced.context["page"].object_list) == 2


def test_progress_without_a_mail_service_tells_nothing_of_delivery(manager_client: Client) -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign, state="sent", sent_at=timezone.now())

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "taken by the mail server" in page
    assert "What became of the mails that left" not in page


def test_progress_is_refreshed_as_a_fragment(manager_client: Client) -> None:
    campaign = make_campaign()

    response = manager_client.get(campaign.get_absolute_url(), headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "0 of 0 sent" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Sent", "Answered", "Skipped"}),
        ("?state=sent", {"Sent", "Answered"}),
        ("?state=answered", {"Answered"}),
        ("?state=skipped&reason=suppressed", {"Skipped"}),
        ("?reason=no_address", set()),
    ],
)
def test_people_behind_a_number(manager_client: Client, query: str, names: set[str]) -> None:
    campaign, now = make_campaign(), timezone.now()
    rows: dict[str, dict[str, Any]] = {
        "Sent": {"state": "sent"},
        "Answered": {"state": "sent", "answered_at": now},
        "Skipped": {"state": "skipped", "reason": "suppressed"},
    }
    for name, fields in rows.items():
        contact = make_contact(first_name=name, last_name="Proef")
        make_invitation(campaign=campaign, contact=contact, **fields)
    make_invitation(contact=make_contact(first_name="Elsewhere", last_name="Proef"), state="sent")

    page = manager_client.get(
        reverse("campaign_people", args=[campaign.pk]) + query
    ).content.decode()

    shown = {name for name in [*rows, "Elsewhere"] if f"{name} Proef" in page}
    assert shown == names


def test_people_of_an_unknown_state_are_refused(manager_client: Client) -> None:
    campaign = make_campaign()

    response = manager_client.get(reverse("campaign_people", args=[campaign.pk]), {"state": "lost"})

    assert response.status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_people_take_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    campaign = make_campaign()
    for _ in range(count):
        make_invitation(campaign=campaign)

    with django_assert_num_queries(11):
        manager_client.get(reverse("campaign_people", args=[campaign.pk]))


def test_people_left_out_of_a_draft_have_names(manager_client: Client) -> None:
    make_contact(first_name="Anna", last_name="Vraag")
    make_contact(first_name="Bram", last_name="Adresloos", email="")
    url = reverse("campaign_people", args=[make_draft().pk])

    left_out = manager_client.get(url, {"reason": "no_address"}).content.decode()
    asked = manager_client.get(url).content.decode()

    assert "Bram Adresloos" in left_out
    assert "Anna Vraag" not in left_out
    assert "Anna Vraag" in asked
