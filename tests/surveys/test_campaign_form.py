"""The form of a campaign: making a draft, its audience, and changing one under way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from npsapp.models import User
from surveys.models import Campaign, Property
from tests.factories import (
    make_contact,
    make_invitation,
    make_organisation,
    make_survey,
)
from tests.surveys.campaign_buttons import fill_form, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def test_form_makes_a_draft(manager_client: Client, manager: User) -> None:
    Property.objects.create(key="segment", label="Segment", is_segment=True)
    make_contact()
    sent = fill_form(
        **{
            "audience-0-property": "segment",
            "audience-0-values": 'Gold, "Silver, old"',
            "strata": ["segment"],
        }
    )

    response = manager_client.post(reverse("campaign_new"), sent)

    campaign = Campaign.objects.get()
    assert response.headers["Location"] == campaign.get_absolute_url()
    assert (campaign.state, campaign.created_by) == ("draft", manager)
    assert campaign.audience == [
        {"property": "segment", "operator": "is", "values": ["Gold", "Silver, old"]}
    ]
    assert (campaign.day_end, campaign.weekdays) == (dt.time(23, 59), list(range(7)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day_start": "17:00", "day_end": "09:00"}, "Choose a time after the start."),
        ({"first_day": "2020-01-01"}, "Choose today or a later day."),
        ({"weekdays": []}, "This field is required."),
        ({"window_days": "0"}, "greater than or equal to 1"),
        ({"daily_limit": "0"}, "greater than or equal to 1"),
        ({"audience-0-values": "Gold"}, "Choose what to compare with this value."),
        ({"audience-0-property": "contact.email"}, "Fill in a value."),
        (
            {
                "audience-0-property": "contact.email",
                "audience-0-operator": "at_least",
                "audience-0-values": "many",
            },
            "Fill in one number",
        ),
    ],
)
def test_form_says_what_is_wrong(
    manager_client: Client, changes: dict[str, Any], words: str
) -> None:
    make_contact()

    response = manager_client.post(reverse("campaign_new"), fill_form(**changes))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Campaign.objects.exists()


def test_end_of_day_may_be_typed_as_midnight(manager_client: Client) -> None:
    make_contact()

    manager_client.post(reverse("campaign_new"), fill_form(day_end="24:00"))

    assert Campaign.objects.get().day_end == dt.time(23, 59)


@pytest.mark.parametrize("action", ["count", "add"])
def test_buttons_within_the_form_save_nothing(manager_client: Client, action: str) -> None:
    make_contact(first_name="Anna")
    make_contact(first_name="Bram")
    sent = fill_form(
        action=action,
        name="Half done",
        survey="",
        **{"audience-0-property": "contact.first_name", "audience-0-values": "anna"},
    )

    response = manager_client.post(reverse("campaign_new"), sent)

    page = response.content.decode()
    assert (response.status_code, Campaign.objects.count()) == (200, 0)
    assert "1 person" in page
    assert 'value="Half done"' in page
    assert ('name="audience-1-property"' in page) == (action == "add")


def test_audience_is_counted_while_typing(manager_client: Client) -> None:
    make_contact(first_name="Anna")
    make_contact(first_name="Anna", email="")
    make_contact(first_name="Bram")
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.first_name",
        "audience-0-operator": "is",
        "audience-0-values": "Anna",
    }

    fragment = manager_client.get(
        reverse("campaign_audience"), sent, headers={"HX-Request": "true"}
    ).content.decode()
    page = manager_client.get(reverse("campaign_audience"), sent).content.decode()

    assert "2 people" in fragment
    assert "<html" not in fragment
    assert "2 of 3 contacts meet these conditions; 1 of them" in page


def test_audience_with_an_unfinished_condition_is_not_counted(manager_client: Client) -> None:
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.first_name",
        "audience-0-operator": "is",
    }

    response = manager_client.get(reverse("campaign_audience"), sent)

    assert "Complete the conditions" in response.content.decode()


def test_paused_campaign_keeps_who_and_changes_when(manager_client: Client) -> None:
    audience = [{"property": "segment", "operator": "not_empty", "values": []}]
    campaign = make_draft(state="paused", audience=audience, strata=["segment"])
    other = make_survey()

    manager_client.post(
        reverse("campaign_edit", args=[campaign.pk]), fill_form(survey=other.pk, window_days="45")
    )

    campaign.refresh_from_db()
    assert campaign.window_days == 45
    assert (campaign.audience, campaign.strata) == (audience, ["segment"])
    assert campaign.survey != other


def test_running_campaign_is_changed_after_a_look_at_the_new_plan(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    make_invitation(campaign=campaign)
    url, sent = reverse("campaign_edit", args=[campaign.pk]), fill_form(window_days="45")

    looked = manager_client.post(url, sent)

    campaign.refresh_from_db()
    page = looked.content.decode()
    assert (looked.status_code, campaign.window_days) == (200, 30)
    assert "Change it so" in page
    assert "After the change" in page

    seen = {k: v for k, v in looked.context["replan_form"].initial.items() if v is not None}
    manager_client.post(url, sent | seen | {"confirm": "1"})

    campaign.refresh_from_db()
    assert (campaign.window_days, campaign.state) == (45, "running")
    shown = manager_client.get(campaign.get_absolute_url()).content.decode()
    assert "Window in days: 30 → 45" in shown
    assert "Marga Meting" in shown


def test_change_that_was_not_looked_at_is_shown_first(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    sent = fill_form(window_days="45", confirm="1")

    response = manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent)

    campaign.refresh_from_db()
    assert "Nothing is changed yet" in response.content.decode()
    assert campaign.window_days == 30


def test_going_back_from_the_new_plan_keeps_what_was_typed(manager_client: Client) -> None:
    campaign = make_draft(state="running")
    sent = fill_form(window_days="45", back="1")

    page = manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent).content.decode()

    assert 'name="window_days" value="45"' in page


def test_new_name_of_a_running_campaign_plans_nothing(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    sent = fill_form(name="Renamed", day_start="09:00", day_end="17:00", clock="organisation")

    manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent)

    campaign.refresh_from_db()
    assert campaign.name == "Renamed"


def test_finished_campaign_is_not_changed(manager_client: Client) -> None:
    campaign = make_draft(state="finished")

    manager_client.post(reverse("campaign_edit", args=[campaign.pk]), fill_form(window_days="45"))

    campaign.refresh_from_db()
    assert campaign.window_days == 30
