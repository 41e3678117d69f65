"""The pages of campaigns: who may open them, nonsense sent to them, and their list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
)
from tests.surveys.campaign_buttons import fill_form, make_draft, press_launch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


@pytest.mark.parametrize("name", ["campaign", "campaign_edit", "campaign_people"])
def test_campaign_that_is_not_there(manager_client: Client, name: str) -> None:
    assert manager_client.get(reverse(name, args=[4711])).status_code == 404


@pytest.mark.parametrize("action", ["launch", "pause", "resume", "cancel", "delete", "test"])
def test_button_of_a_campaign_that_is_not_there(manager_client: Client, action: str) -> None:
    assert manager_client.post(reverse(f"campaign_{action}", args=[4711])).status_code == 404


@pytest.mark.parametrize("action", ["launch", "pause", "resume", "cancel", "delete", "test"])
def test_button_works_by_post_only(manager_client: Client, action: str) -> None:
    campaign = make_draft()

    response = manager_client.get(reverse(f"campaign_{action}", args=[campaign.pk]))

    campaign.refresh_from_db()
    assert (response.status_code, campaign.state) == (405, "draft")


def test_agent_may_not_launch(agent_client: Client) -> None:
    make_contact()
    campaign = make_draft()

    response = press_launch(agent_client, campaign, mails=1)

    assert response.status_code == 403
    assert not campaign.invitations.exists()


@pytest.mark.parametrize("value", ["one\nline", "one\rline", '"open\n quote', "1e999999"])
@pytest.mark.parametrize("operator", ["is", "contains", "at_least"])
def test_odd_value_of_a_condition_is_no_error(
    manager_client: Client, operator: str, value: str
) -> None:
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.email",
        "audience-0-operator": operator,
        "audience-0-values": value,
    }

    assert manager_client.get(reverse("campaign_audience"), sent).status_code == 200


@pytest.mark.parametrize("survey", ["²", "x", "9" * 5000])
def test_new_campaign_for_a_survey_that_is_none(manager_client: Client, survey: str) -> None:
    make_contact()
    fill_form()

    response = manager_client.get(reverse("campaign_new"), {"survey": survey})

    assert response.status_code == 200


@pytest.mark.parametrize("total", ["²", "9" * 5000, ""])
def test_another_row_after_a_broken_count(manager_client: Client, total: str) -> None:
    make_contact()
    sent = fill_form(**{"audience-TOTAL_FORMS": total, "action": "add"})

    assert manager_client.post(reverse("campaign_new"), sent).status_code == 200


@pytest.mark.parametrize("first_day", ["9999-12-31", "2226-01-01"])
def test_first_day_beyond_the_calendar_is_refused(manager_client: Client, first_day: str) -> None:
    make_contact()

    response = manager_client.post(reverse("campaign_new"), fill_form(first_day=first_day))

    assert response.status_code == 422
    assert "first_day" in response.context["form"].errors


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        campaign = make_campaign()
        make_invitation(campaign=campaign, state="sent")

    with django_assert_num_queries(10):
        response = manager_client.get(reverse("campaigns"))

    assert response.content.decode().count("1 of 1 sent") == count


def test_empty_list_leads_to_what_is_missing(manager_client: Client) -> None:
    page = manager_client.get(reverse("campaigns")).content.decode()

    assert reverse("contact_import") in page
    assert reverse("survey_new") in page
    assert reverse("settings") not in page
