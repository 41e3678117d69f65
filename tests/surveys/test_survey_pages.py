"""Making and changing surveys, and what locks once there are answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Survey
from tests.factories import make_campaign, make_organisation, make_response, make_survey

pytestmark = pytest.mark.django_db


def fill_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Relationship",
        "company": "De Proef",
        "touchpoint": "relationship",
        "languages": ["nl", "en"],
        "address_form": "formal",
        "scale_min": "0",
        "change_window_hours": "24",
        "rest_rule": "organisation",
        "rest_days": "",
    } | changes


def test_form_makes_a_survey(manager_client: Client) -> None:
    make_organisation(default_language="en")

    response = manager_client.post(reverse("survey_new"), fill_form())

    survey = Survey.objects.get()
    assert response.headers["Location"] == survey.get_absolute_url()
    assert (survey.company, survey.slug) == ("De Proef", "relationship")
    assert survey.languages == ["en", "nl"]


def test_survey_makes_an_exception_to_the_frequency_rule(manager_client: Client) -> None:
    survey = make_survey()
    url = survey.get_absolute_url()
    kept = []

    for rule, days in [("own", "30"), ("ignore", "12"), ("organisation", "")]:
        manager_client.post(url, fill_form(rest_rule=rule, rest_days=days))
        survey.refresh_from_db()
        kept.append((survey.rest_rule, survey.rest_days))

    assert kept == [("own", 30), ("ignore", None), ("organisation", None)]


def test_survey_with_an_own_rest_says_how_long(manager_client: Client) -> None:
    make_organisation(rest_days=45)
    survey = make_survey()

    response = manager_client.post(survey.get_absolute_url(), fill_form(rest_rule="own"))

    survey.refresh_from_db()
    assert (response.status_code, survey.rest_rule) == (422, "organisation")
    assert "Say how many days" in response.content.decode()
    assert "within 45 days of the last time" in response.content.decode()


def test_short_names_stay_apart(manager_client: Client) -> None:
    for _ in range(3):
        manager_client.post(reverse("survey_new"), fill_form())

    slugs = Survey.objects.order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["relationship", "relationship-2", "relationship-3"]


@pytest.mark.parametrize("missing", ["name", "company", "languages"])
def test_form_says_what_is_missing(manager_client: Client, missing: str) -> None:
    response = manager_client.post(reverse("survey_new"), fill_form(**{missing: []}))

    assert response.status_code == 422
    assert f'href="#id_{missing}"' in response.content.decode()
    assert not Survey.objects.exists()


def test_answer_locks_all_that_shapes_a_score(manager_client: Client) -> None:
    survey = make_survey(company="De Proef", change_window_hours=24)
    make_response(survey=survey)
    sent = fill_form(
        name="New name",
        company="Another",
        languages=["en"],
        address_form="informal",
        scale_min="1",
        touchpoint="return",
        change_window_hours="48",
    )

    manager_client.post(survey.get_absolute_url(), sent)

    survey.refresh_from_db()
    assert (survey.name, survey.change_window_hours) == ("New name", 48)
    assert (survey.company, survey.languages) == ("De Proef", ["nl", "en"])
    assert (survey.address_form, survey.scale_min) == ("formal", 0)
    assert survey.touchpoint == "relationship"


@pytest.mark.parametrize(
    ("state", "is_locked"), [("draft", False), ("running", True), ("cancelled", False)]
)
def test_campaign_under_way_locks_the_question(
    manager_client: Client, state: str, is_locked: bool
) -> None:
    survey = make_survey()
    make_campaign(survey=survey, state=state)

    page = manager_client.get(survey.get_absolute_url()).content.decode()

    assert ("The question is locked." in page) == is_locked


def test_preview_reads_what_is_typed(manager_client: Client) -> None:
    sent = {
        "company": "Bakker & Zn",
        "languages": "nl",
        "address_form": "informal",
        "scale_min": "1",
    }

    fragment = manager_client.get(
        reverse("survey_preview"), sent, headers={"HX-Request": "true"}
    ).content.decode()

    assert "dat je Bakker &amp; Zn zou aanbevelen" in fragment
    assert "<li>0</li>" not in fragment
    assert "How likely" not in fragment
    assert "<html" not in fragment


def test_preview_button_keeps_what_was_typed(manager_client: Client) -> None:
    response = manager_client.post(
        reverse("survey_new"), fill_form(action="preview", name="", company="Half done")
    )

    page = response.content.decode()
    assert (response.status_code, Survey.objects.count()) == (200, 0)
    assert 'value="Half done"' in page
    assert "recommend Half done to a friend" in page


def test_empty_list_leads_on(manager_client: Client) -> None:
    page = manager_client.get(reverse("surveys")).content.decode()

    assert "No survey yet" in page
    assert reverse("survey_new") in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        make_response(survey=make_survey(name="Asked"))

    with django_assert_num_queries(9):
        page = manager_client.get(reverse("surveys")).content.decode()

    assert page.count("1 response<") == count


def test_survey_that_is_not_there(manager_client: Client) -> None:
    assert manager_client.get(reverse("survey", args=[4711])).status_code == 404


def test_agent_may_not_make_surveys(agent_client: Client) -> None:
    response = agent_client.post(reverse("survey_new"), fill_form())

    assert response.status_code == 403
    assert not Survey.objects.exists()
