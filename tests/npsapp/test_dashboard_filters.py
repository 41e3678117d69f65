"""Narrowing the first page: touchpoint, channel, the category of comments, and the thresholds."""

from __future__ import annotations

import pytest
from django.test import Client

from surveys.models import Survey
from tests.factories import make_organisation, make_survey
from tests.npsapp.test_dashboard import fill, links, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam")
    return make_survey(name="Na levering", slug="levering", touchpoint="post_delivery")


def test_touchpoint_chooses_its_survey(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 6)
    fill(make_survey(name="Na hulp", slug="hulp", touchpoint="service"), [3] * 7)

    assert "Na hulp · " in read(viewer_client, "?period=all&touchpoint=service")
    assert "Na levering · " in read(viewer_client, "?period=all&touchpoint=post_delivery")
    assert "?touchpoint=service&period=all" in links(viewer_client, "?period=all&survey=levering")


def test_touchpoint_without_a_survey_says_so(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 6)

    assert "No survey asks at this touchpoint" in read(viewer_client, "?touchpoint=return")


def test_channel_narrows_the_score(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 6)

    page = read(viewer_client, "?survey=levering&channel=mail")

    assert "No answers in this selection" in page
    assert "Na levering" in page
    assert "E-mail × remove this filter" in page


def test_category_narrows_comments_and_no_score(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 6, comment="Netjes bezorgd")
    fill(survey, [3] * 6, comment="Doos gedeukt")

    page = read(viewer_client, "?period=all&category=detractor")

    assert "NPS 0" in page
    assert "Doos gedeukt" in page
    assert "Netjes bezorgd" not in page
    assert "the score of one category says nothing" in page
    assert "?survey=levering&period=30d&category=detractor" in links(
        viewer_client, "?period=all&category=detractor"
    )


def test_thresholds_are_those_of_the_organisation(viewer_client: Client) -> None:
    make_organisation(score_from=10, compare_from=20, firm_from=40)
    fill(make_survey(slug="levering"), [9] * 9)

    few = read(viewer_client)
    fill(Survey.objects.get(), [9] * 12)

    assert "it is shown from 10 answers on" in few
    assert "n = 21 indicative" in read(viewer_client)


def test_thresholds_must_rise(admin_client: Client, survey: Survey) -> None:
    form = admin_client.get("/settings/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if "logo" not in name}
    sent |= {"score_from": 5, "compare_from": 50, "firm_from": 40, "pace_by_team": ""}

    response = admin_client.post("/settings/", sent)

    assert response.status_code == 422
    assert "This cannot be less than the number before it: 50." in response.content.decode()
