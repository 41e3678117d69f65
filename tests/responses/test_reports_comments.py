"""The latest comments, and the segments that a filter offers."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from responses.reports.comments import latest_answers, latest_comments
from responses.reports.segments import count_values, list_segments
from responses.selection import Selection
from surveys.models import Property
from tests.factories import make_contact, make_response, make_survey

ZONE = ZoneInfo("Europe/Amsterdam")
pytestmark = pytest.mark.django_db


def test_newest_counted_comment_comes_first() -> None:
    survey, now = make_survey(), timezone.now()
    for hours, comment, status in (
        (3, "Oldest", "counted"),
        (2, "Newest", "counted"),
        (1, "", "counted"),
        (0, "From a scanner", "provisional"),
    ):
        make_response(
            survey=survey,
            comment=comment,
            status=status,
            channel="import",
            answered_at=now - dt.timedelta(hours=hours),
        )
    selection = Selection(zone=ZONE, survey=survey)

    assert [found.comment for found in latest_comments(selection)] == ["Newest", "Oldest"]
    assert [found.comment for found in latest_answers(selection, limit=2)] == ["", "Newest"]


def test_comment_of_an_erased_person_names_nobody() -> None:
    response = make_response(comment="Prima", channel="import")
    selection = Selection(zone=ZONE, survey=response.survey)

    assert [found.who for found in latest_comments(selection)] == [""]


def test_comment_of_a_nameless_person_shows_no_address() -> None:
    nobody = make_contact(first_name="", last_name="", email="geheim@klanten.example")
    response = make_response(comment="Prima", channel="import", contact=nobody)
    selection = Selection(zone=ZONE, survey=response.survey)

    assert [found.who for found in latest_comments(selection)] == [""]


def test_comments_take_one_query_however_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    survey = make_survey()
    for rows in (1, 2):
        for _ in range(rows):
            make_response(survey=survey, comment="Prima")
        with django_assert_num_queries(1):
            latest_comments(Selection(zone=ZONE, survey=survey))


def test_segments_offered_are_segment_properties_that_occur() -> None:
    survey = make_survey()
    Property.objects.create(key="region", label="Region", is_segment=True)
    Property.objects.create(key="phone", label="Phone")
    Property.objects.create(key="tier", label="Tier", is_segment=True)
    for region in ("South", "North", "North", ""):
        make_response(survey=survey, channel="import", properties={"region": region, "phone": "1"})
    make_response(channel="import", properties={"tier": "Gold"})

    groups = list_segments(survey)

    assert [group.label for group in groups] == ["Region"]
    assert [(str(value.segment), value.n) for value in groups[0].values] == [
        ("region=North", 2),
        ("region=South", 1),
    ]


def test_values_that_are_no_text_are_counted_as_text() -> None:
    survey = make_survey()
    make_response(survey=survey, channel="import", properties={"visits": 3, "vip": True})

    found = count_values(survey)

    assert {key: str(values[0].segment) for key, values in found.items()} == {
        "visits": "visits=3",
        "vip": "vip=true",
    }
