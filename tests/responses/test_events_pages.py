"""Writing down what happened: who may, what is refused, and taking a deletion back."""

from __future__ import annotations

import datetime as dt
import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from npsapp.models import User
from responses.models import Event
from surveys.models import Property, Survey
from tests.factories import make_event, make_organisation, make_response, make_survey

pytestmark = pytest.mark.django_db
FIELDS = {"label": "New shop", "kind": "launch", "first_day": "2026-05-04"}


def words(client: Client, url: str) -> str:
    body = client.get(url).content.decode().split("<main", 1)[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_manager_adds_an_event_of_one_day(manager_client: Client, manager: User) -> None:
    survey = make_survey()

    response = manager_client.post(reverse("event_new"), {**FIELDS, "survey": survey.pk})

    event = Event.objects.get()
    assert (response.status_code, response["location"]) == (302, reverse("events"))
    assert (event.label, event.survey, event.created_by) == ("New shop", survey, manager)
    assert event.span.days == 1


def test_form_begins_with_the_survey_one_came_from(manager_client: Client) -> None:
    survey = make_survey(slug="levering")

    body = manager_client.get(f"{reverse('event_new')}?survey=levering").content.decode()

    assert f'<option value="{survey.pk}" selected>' in body


def test_form_of_an_address_with_a_null_character_opens(manager_client: Client) -> None:
    assert manager_client.get(f"{reverse('event_new')}?survey=%00").status_code == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": "New\x07shop"}, "invisible control character (U+0007)"),
        ({"label": "New\ufffe"}, "invisible control character (U+FFFE)"),
        ({"label": ""}, "This field is required."),
        ({"kind": "party"}, "Select a valid choice."),
        ({"first_day": "1900-01-01"}, "Ensure this value is greater than"),
        ({"last_day": "2026-05-03"}, "The last day lies before the first."),
        ({"last_day": "2027-05-05"}, "An event lasts a year at most."),
        ({"segment": "North"}, "Results are compared by no property of this name: North."),
        ({"segment": "planet=Mars"}, "Results are compared by no property of this name"),
        ({"survey": "99999"}, "Select a valid choice."),
    ],
)
def test_invalid_event_is_refused_with_what_is_wrong(
    manager_client: Client, fields: dict[str, str], message: str
) -> None:
    response = manager_client.post(reverse("event_new"), FIELDS | fields)

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())
    assert not Event.objects.exists()


def answer_from(*regions: str, survey: Survey) -> None:
    Property.objects.get_or_create(key="region", label="Region", is_segment=True)
    for region in regions:
        make_response(survey=survey, properties={"region": region})


def test_form_offers_the_values_of_the_answers(manager_client: Client) -> None:
    answer_from("North", "anna@north.example", survey=make_survey())

    body = manager_client.get(reverse("event_new")).content.decode()

    assert '<option value="region=North">Region: North</option>' in body
    assert "anna@" not in body


def test_event_of_a_part_keeps_its_segment(manager_client: Client) -> None:
    answer_from("North", survey=make_survey())

    manager_client.post(reverse("event_new"), {**FIELDS, "segment": "region=North"})

    assert Event.objects.get().segment == "region=North"
    assert "Region: North" in words(manager_client, reverse("events"))


def test_value_that_no_answer_has_is_refused_with_those_there_are(manager_client: Client) -> None:
    answer_from("South", "South", "West", survey=make_survey())

    response = manager_client.post(reverse("event_new"), {**FIELDS, "segment": "region=Nort"})

    text = html.unescape(response.content.decode())
    assert "No answer has “Nort” as Region. There are: South, West." in text
    assert not Event.objects.exists()


def test_value_of_another_survey_is_refused(manager_client: Client) -> None:
    answer_from("South", survey=make_survey())
    other = make_survey(name="After delivery", slug="after")
    answer_from("West", survey=other)

    fields = {**FIELDS, "segment": "region=South", "survey": other.pk}
    response = manager_client.post(reverse("event_new"), fields)

    text = html.unescape(response.content.decode())
    assert "No answer to “After delivery” has “South” as Region. There are: West." in text


def test_part_that_nobody_has_any_more_stays_with_its_event(manager_client: Client) -> None:
    event = make_event(segment="region=Gone")

    url = reverse("event_edit", args=[event.pk])
    manager_client.post(url, {**FIELDS, "label": "New words", "segment": "region=Gone"})

    event.refresh_from_db()
    assert (event.label, event.segment) == ("New words", "region=Gone")


def test_manager_changes_an_event(manager_client: Client) -> None:
    event = make_event(label="New shop")
    url = reverse("event_edit", args=[event.pk])

    refused = manager_client.post(url, FIELDS | {"label": ""})
    saved = manager_client.post(url, FIELDS | {"label": "Old shop", "last_day": "2026-05-09"})

    event.refresh_from_db()
    assert (refused.status_code, saved.status_code) == (422, 302)
    assert (event.label, event.span.days) == ("Old shop", 6)


def test_deleted_event_can_be_taken_back(manager_client: Client) -> None:
    survey = make_survey()
    kept = {"label": "Strike", "kind": "outage", "first_day": dt.date(2026, 5, 4)}
    event = make_event(survey=survey, last_day=dt.date(2026, 5, 9), **kept)

    response = manager_client.post(reverse("event_delete", args=[event.pk]), follow=True)

    assert not Event.objects.exists()
    (message,) = response.context["messages"]
    way_back = json.loads(message.extra_tags)
    manager_client.post(way_back["url"], way_back["fields"])
    again = Event.objects.get()
    assert {name: getattr(again, name) for name in kept} == kept
    assert (again.survey, again.last_day) == (survey, dt.date(2026, 5, 9))


def test_missing_event_is_not_found(manager_client: Client) -> None:
    assert manager_client.get(reverse("event_edit", args=[1])).status_code == 404
    assert manager_client.post(reverse("event_delete", args=[1])).status_code == 404


def test_viewer_sees_events_and_changes_none(viewer_client: Client, manager: User) -> None:
    survey = make_survey(name="Levering")
    event = make_event(
        label="Strike", survey=survey, first_day=dt.date(2026, 5, 4),
        last_day=dt.date(2026, 5, 9), created_by=manager,
    )  # fmt: skip

    page = words(viewer_client, reverse("events"))

    assert "Strike 4 to 9 May 2026 Launch Levering" in page
    assert "Marga Meting" in page
    assert "Add an event" not in page
    for url in (event.get_absolute_url(), reverse("event_new")):
        assert viewer_client.get(url).status_code == 403
    assert viewer_client.post(reverse("event_delete", args=[event.pk])).status_code == 403
    assert Event.objects.count() == 1


def test_without_events_a_manager_is_led_to_add_one(
    manager_client: Client, viewer_client: Client
) -> None:
    make_organisation()

    assert "No events yet" in words(manager_client, reverse("events"))
    assert "Add an event" in words(manager_client, reverse("events"))
    assert "A manager adds the first one." in words(viewer_client, reverse("events"))


def test_name_of_an_event_is_text_and_never_markup(viewer_client: Client) -> None:
    make_event(label="<script>alert(1)</script>")

    body = viewer_client.get(reverse("events")).content.decode()

    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert" not in body
