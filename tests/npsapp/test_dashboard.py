"""The first page: the number, what it rests on, what it shows while there is little to show."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.opening import open_follow_up
from npsapp.models import User
from responses.models import Response
from surveys.models import Property, Survey
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_response,
    make_survey,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam")
    return make_survey(name="Na levering", slug="levering")


def fill(survey: Survey, scores: list[int], **fields: Any) -> list[Response]:
    return [
        make_response(survey=survey, score=score, **{"channel": "import"} | fields)
        for score in scores
    ]


def read(client: Client, query: str = "") -> str:
    """The words on the page, without markup, on one line."""
    response = client.get(f"/{query}")
    assert response.status_code == 200
    body = response.content.decode().split("<main", 1)[1]
    body = re.sub(r"<(title|desc)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(client: Client, query: str = "") -> list[str]:
    body = client.get(f"/{query}").content.decode()
    return [html.unescape(address) for address in re.findall(r'<a [^>]*?href="([^"]+)"', body)]


def test_first_line_is_score_interval_and_n(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [3] * 20 + [7] * 30 + [10] * 50)

    page = read(viewer_client)

    assert "NPS +30 from +14 to +44 n = 100 Nobody answered in" in page
    assert "Promoters outnumber detractors, 50 to 20." in page
    assert "Detractors 0–6 20 20.0 % Passives 7–8 30 30.0 % Promoters 9–10 50 50.0 %" in page


def test_score_of_few_answers_is_marked_as_no_ground_to_compare(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, [3, 9, 9, 8, 10])

    page = read(viewer_client)

    assert "NPS +40 from −30 to +80 n = 5 too few to compare" in page
    assert "would move this score by 40 points" in page


def test_score_below_a_hundred_answers_is_indicative(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [3] * 15 + [9] * 15)

    page = read(viewer_client, "?against=none")

    assert "n = 30 indicative Promoters and detractors, 15 and 15, are too close" in page


def test_four_answers_are_listed_and_not_scored(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [3, 9, 9, 8], comment="Prima geregeld")

    page = read(viewer_client)

    assert "4 answers Too few for a score: it is shown from 5 answers on." in page
    assert page.count("Prima geregeld") == 4
    assert "NPS" not in page
    assert "Held against" not in page


def test_four_answers_in_a_segment_are_only_counted(viewer_client: Client, survey: Survey) -> None:
    Property.objects.create(key="region", label="Region")
    fill(survey, [3, 9], comment="Prima geregeld", properties={"region": "North"})

    page = read(viewer_client, "?segment=region%3DNorth")

    assert "2 answers Too few" in page
    assert "Prima geregeld" not in page


def test_answers_that_are_not_counted_are_stated(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [10] * 5)
    fill(survey, [0, 0], status="provisional")
    fill(survey, [0], status="excluded")

    page = read(viewer_client)

    assert "NPS +100" in page
    assert "Not counted: 2 answers that are probably automatic , 1 answer that was excluded" in page


def test_every_number_links_to_its_rows(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [3, 9, 9, 8, 10], answered_at=dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC))
    rows = f"{reverse('responses')}?survey=levering&from=2026-05-01&to=2026-05-31"

    found = links(viewer_client, "?from=2026-05-01&to=2026-05-31")

    assert f"{rows}&status=counted" in found
    for category in ("detractor", "passive", "promoter"):
        assert f"{rows}&category={category}&status=counted" in found
    for score in (3, 8, 9, 10):
        assert f"{rows}&score={score}&status=counted" in found
    assert f"{rows}&score=0&status=counted" not in found


def test_survey_answered_last_is_shown_and_never_pooled(
    viewer_client: Client, survey: Survey
) -> None:
    now = timezone.now()
    other = make_survey(name="Van een tot tien", slug="tien", scale_min=1)
    fill(survey, [10] * 6, answered_at=now - dt.timedelta(hours=1))
    fill(other, [1] * 7, answered_at=now)

    assert "Van een tot tien ·" in read(viewer_client)
    assert "n = 7 " in read(viewer_client)
    assert "n = 6 " in read(viewer_client, "?survey=levering")
    assert "Detractors 1–6" in read(viewer_client)


def test_days_are_inclusive_on_the_clock_of_the_organisation(
    viewer_client: Client, survey: Survey
) -> None:
    # The 29th of March 2026 lasts 23 hours in Amsterdam.
    for moment, answers in (
        ("2026-03-28T22:59:59Z", 1),
        ("2026-03-28T23:00:00Z", 5),
        ("2026-03-29T21:59:59Z", 6),
        ("2026-03-29T22:00:00Z", 1),
    ):
        fill(survey, [9] * answers, answered_at=dt.datetime.fromisoformat(moment))

    page = read(viewer_client, "?from=2026-03-29&to=2026-03-29")

    assert "n = 11 " in page
    assert "· 29 March 2026" in page


def test_segment_narrows_the_page_and_can_be_left(viewer_client: Client, survey: Survey) -> None:
    Property.objects.create(key="region", label="Landsdeel", is_segment=True)
    fill(survey, [9] * 6, properties={"region": "North"})
    fill(survey, [3] * 8, properties={"region": "South"})

    page = read(viewer_client, "?segment=region%3DNorth&period=all")

    assert "n = 6 " in page
    assert "Landsdeel: North × remove this filter" in page
    assert "South (8)" in page
    assert "?survey=levering&period=all" in links(
        viewer_client, "?segment=region%3DNorth&period=all"
    )


def test_survey_that_fell_silent_opens_with_all_its_answers(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, [9] * 5, answered_at=timezone.now() - dt.timedelta(days=800))

    assert "Na levering · all time" in read(viewer_client)
    assert "n = 5 " in read(viewer_client)


def test_response_rate_shows_its_numbers(viewer_client: Client, survey: Survey) -> None:
    campaign, now = make_campaign(survey=survey), timezone.now()
    for status in ("", "", "bounced"):
        make_invitation(campaign=campaign, state="sent", sent_at=now, delivery_status=status)
    answered = make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
    make_response(invitation=answered)

    page = read(viewer_client)

    assert "Response rate 33.3 % 1 answered of 3 reached 4 sent , 1 bounced" in page


def test_follow_ups_open_and_overdue_lead_an_agent_to_the_queue(
    agent_client: Client, agent: User, survey: Survey
) -> None:
    long_ago = timezone.now() - dt.timedelta(days=60)
    late = make_response(survey=survey, score=2, answered_at=long_ago)
    open_follow_up(late.pk, now=long_ago, announce=False)
    fresh = make_response(survey=survey, score=2)
    open_follow_up(fresh.pk, now=timezone.now(), announce=False)

    page = read(agent_client)

    queue = reverse("follow_ups")
    assert "Follow-ups overdue 1 of 2 that are open of all surveys" in page
    assert "Detractors open 2 1 overdue of this survey" in page
    found = links(agent_client)
    assert f"{queue}?view=overdue" in found
    assert f"{queue}?view=all&category=detractor&survey=levering" in found
    assert f"{queue}?view=overdue&category=detractor&survey=levering" in found


def test_comment_leads_an_agent_to_its_follow_up_and_a_viewer_to_the_answer(
    agent_client: Client, viewer_client: Client, survey: Survey
) -> None:
    fill(survey, [9] * 5)
    response = make_response(survey=survey, score=2, comment="Te laat bezorgd")
    follow_up = open_follow_up(response.pk, now=timezone.now(), announce=False)

    assert follow_up is not None
    assert follow_up.get_absolute_url() in links(agent_client)
    assert follow_up.get_absolute_url() not in links(viewer_client)
    assert response.get_absolute_url() in links(viewer_client)


def test_comment_is_text_and_never_markup(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 5, comment="<script>alert(1)</script>")

    body = viewer_client.get("/").content.decode()

    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert" not in body


def test_without_surveys_a_manager_is_led_to_make_one(
    manager_client: Client, viewer_client: Client
) -> None:
    # The first steps say it already; once they are put away the page does.
    assert "No surveys yet" not in read(manager_client)
    assert "Create a survey" in read(manager_client)
    assert "A manager creates the first one." in read(viewer_client)

    make_organisation(first_steps_closed_at=timezone.now())
    assert "No surveys yet" in read(manager_client)
    assert "Create a survey" in read(manager_client)


def test_without_answers_it_says_how_many_were_asked(
    manager_client: Client, survey: Survey
) -> None:
    page = read(manager_client)
    assert "No answers yet Launch a campaign" in page
    assert "Import past answers" in page
    assert "Response rate" not in page

    make_invitation(campaign=make_campaign(survey=survey), state="sent", sent_at=timezone.now())

    assert "No answers yet 1 invitation was sent." in read(manager_client)


def test_without_answers_in_the_selection_it_leads_to_all(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, [9] * 5, answered_at=dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC))
    query = "?from=2020-01-01&to=2020-12-31"

    assert "No answers in this selection The survey was last answered on 5 May 2026." in read(
        viewer_client, query
    )
    assert "?survey=levering&period=all" in links(viewer_client, query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?from=2026-02-01&to=2026-01-01", "The last day lies before the first."),
        ("?survey=missing", "Select a valid choice."),
        ("?segment=nonsense", "Write a segment as property=value"),
    ],
)
def test_invalid_filter_says_what_is_wrong(
    viewer_client: Client, survey: Survey, query: str, message: str
) -> None:
    response = viewer_client.get(f"/{query}")

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())


def test_page_carries_no_inline_style_and_no_foreign_address(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, [3] * 10 + [9] * 30)

    main = viewer_client.get("/").content.decode().split("<main", 1)[1]

    # On paper the page says where it was: at our own address.
    main = main.replace("http://testserver/", "/")
    assert not re.search(r"\sstyle=|<style|\son\w+=|https?://", main)


def test_page_speaks_dutch_numbers_to_a_dutch_reader(
    viewer_client: Client, viewer: User, survey: Survey
) -> None:
    fill(survey, [3] * 1 + [9] * 6)
    viewer.language = "nl"
    viewer.save(update_fields=["language"])

    page = read(viewer_client)

    assert "85,7 %" in page
    assert "85.7 %" not in page


def test_page_takes_the_same_queries_for_one_answer_and_for_three(
    agent_client: Client, survey: Survey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Property.objects.create(key="region", label="Region", is_segment=True)
    # Five, so that the whole page is drawn from the start.
    fill(survey, [3, 8, 9, 9, 10])
    for rows in (1, 2):
        for _ in range(rows):
            contact = make_contact(properties={"region": f"Region {rows}"})
            invitation = make_invitation(
                campaign=make_campaign(survey=survey),
                contact=contact,
                state="sent",
                sent_at=timezone.now(),
            )
            response = make_response(
                invitation=invitation, comment="Prima", properties=contact.properties
            )
            open_follow_up(response.pk, now=timezone.now(), announce=False)
        with django_assert_num_queries(21):
            agent_client.get("/?period=all")


def test_stranger_is_sent_to_log_in(client: Client) -> None:
    response = client.get("/")

    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('login')}?next=/"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_page_can_only_be_read(viewer_client: Client, method: str) -> None:
    assert getattr(viewer_client, method)("/").status_code == 405


def test_trend_links_each_month_to_its_rows(viewer_client: Client, survey: Survey) -> None:
    for month in (5, 6):
        fill(survey, [3] + [9] * 6, answered_at=dt.datetime(2026, month, 5, 12, tzinfo=dt.UTC))
    rows = f"{reverse('responses')}?survey=levering"
    query = "?from=2026-05-01&to=2026-06-30&grain=month"

    body = viewer_client.get(f"/{query}").content.decode()

    assert body.count("May 2026: NPS +71, from +2 to +98, n = 7") == 1
    assert f"{rows}&from=2026-05-01&to=2026-05-31&status=counted" in links(viewer_client, query)
    assert f"{rows}&from=2026-06-01&to=2026-06-30&status=counted" in links(viewer_client, query)
    assert body.count('class="hollow"') == 2


def test_one_month_is_no_trend(viewer_client: Client, survey: Survey) -> None:
    fill(survey, [9] * 9)

    assert 'id="trend-heading"' not in viewer_client.get("/").content.decode()


def test_groups_are_compared_by_the_property_in_the_url(
    viewer_client: Client, survey: Survey
) -> None:
    Property.objects.create(key="region", label="Landsdeel", is_segment=True)
    Property.objects.create(key="soort", label="Soort", is_segment=True)
    fill(survey, [9] * 6, properties={"region": "North", "soort": "Nieuw"})
    fill(survey, [3] * 4, properties={"region": "South", "soort": "Nieuw"})

    page = read(viewer_client, "?period=all")
    by_kind = read(viewer_client, "?period=all&by=soort")

    assert "By Landsdeel" in page
    assert "North +100" in page
    assert "South too few for a score –" in page
    assert "By Soort" in by_kind
    assert "Nieuw +20" in by_kind
    assert "?survey=levering&period=30d&by=soort" not in links(viewer_client)
    assert "?survey=levering&period=30d&by=soort" in links(viewer_client, "?by=soort")


def test_campaign_narrows_every_number(viewer_client: Client, survey: Survey) -> None:
    campaign, now = make_campaign(survey=survey, name="Zomer"), timezone.now()
    for _ in range(6):
        invitation = make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
        make_response(invitation=invitation, score=9)
    fill(survey, [3] * 7)

    page = read(viewer_client, f"?campaign={campaign.pk}")

    assert "Na levering · Zomer · all time" in page
    assert "NPS +100" in page
    assert "6 answered of 6 reached" in page
    query = f"?survey={survey.slug}&campaign={campaign.pk}&period=all"
    answered = f"{reverse('invited')}{query}&part=answered"
    assert answered in links(viewer_client, f"?campaign={campaign.pk}")


def test_month_of_few_answers_has_its_number_and_no_score(
    viewer_client: Client, survey: Survey
) -> None:
    for month, n in ((4, 6), (5, 4), (6, 1), (8, 6)):
        fill(survey, [9] * n, answered_at=dt.datetime(2026, month, 5, 12, tzinfo=dt.UTC))

    body = viewer_client.get("/?from=2026-01-01&to=2026-12-31").content.decode()

    assert "May 2026: 4 answers, too few for a score" in body
    assert "June 2026: 1 answer, too few for a score" in body
    # No line leads over the months without a score.
    assert not re.search(r'class="path" d="[^"]*L', body)
