"""The headline's comparison, the cards and the trend, as the page tells them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.models import FollowUp
from closeloop.opening import open_follow_up
from closeloop.templatetags.loop import hours
from npsapp.models import User
from npsapp.pages.panels.cards import show_cards
from npsapp.pages.panels.headline import show_headline
from npsapp.pages.panels.reading import read_frame
from npsapp.pages.panels.trend import rows_of_trend, show_trend
from responses.forms.selection import DashboardForm
from responses.models import Response
from surveys.models import Suppression, Survey, get_organisation
from tests.factories import (
    make_campaign,
    make_contact,
    make_event,
    make_invitation,
    make_organisation,
    make_response,
    make_survey,
)
from tests.npsapp.test_dashboard import links, read

pytestmark = pytest.mark.django_db
TODAY = timezone.now().astimezone(dt.UTC).date()
WEEK = "?survey=levering&from={first}&to={last}"


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="UTC")
    return make_survey(name="Na levering", slug="levering")


def fill(survey: Survey, days_ago: int, *, low: int = 0, high: int = 0) -> None:
    at = timezone.now() - dt.timedelta(days=days_ago)
    for score, n in ((2, low), (10, high)):
        Response.objects.bulk_create(
            Response(survey=survey, scale_min=0, score=score, channel="import", answered_at=at)
            for _ in range(n)
        )


def days(first: int, last: int, **options: str) -> str:
    """The address of the days so many days ago."""
    ends = [(TODAY - dt.timedelta(days=ago)).isoformat() for ago in (first, last)]
    return WEEK.format(first=ends[0], last=ends[1]) + "".join(
        f"&{key}={value}" for key, value in options.items()
    )


def test_really_higher_than_the_days_before(viewer_client: Client, survey: Survey) -> None:
    fill(survey, 1, low=10, high=90)
    fill(survey, 8, low=50, high=50)

    page = read(viewer_client, days(6, 0))

    assert "Really higher than" in page
    assert "( 0 ): difference +80, from +" in page
    assert "n = 100 then" in page
    rows = reverse("responses") + days(13, 7) + "&status=counted"
    assert links(viewer_client, days(6, 0)).count(rows) == 2


def test_really_lower_and_within_the_margin(viewer_client: Client, survey: Survey) -> None:
    fill(survey, 1, low=40, high=10)
    fill(survey, 8, low=10, high=40)
    fill(survey, 15, low=12, high=38)

    assert "Really lower than" in read(viewer_client, days(6, 0))
    assert "Within the margin: +8 against" in read(viewer_client, days(13, 7))


def test_too_few_are_not_compared_and_nobody_is_said_to_be_nobody(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, 1, high=50)
    fill(survey, 8, low=29)

    page = read(viewer_client, days(6, 0))

    assert "Too few to compare with" in page
    assert "both sides need 30 answers. n = 29 then" in page
    assert "difference" not in page
    assert "Nobody answered in" in read(viewer_client, days(13, 7))


def test_change_of_the_survey_in_between_is_told_instead(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, 1, high=50)
    fill(survey, 8, low=50)
    make_event(label="New wording", kind="survey_change", first_day=TODAY - dt.timedelta(days=5))

    page = read(viewer_client, days(6, 0))

    assert "the survey changed in between (New wording," in page
    assert "Really" not in page


def test_year_earlier_says_since_when_there_are_answers(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, 1, high=50)
    fill(survey, 365, low=50)

    assert "A year earlier nobody was asked yet" in read(viewer_client, days(6, 0, against="year"))
    fill(survey, 400, low=50)
    assert "Really higher than" in read(viewer_client, days(6, 0, against="year"))
    assert "difference" not in read(viewer_client, days(6, 0, against="none"))


def test_round_says_how_far_its_window_has_run(viewer_client: Client, survey: Survey) -> None:
    spring = make_campaign(
        survey=survey, name="Spring", state="finished", first_day=TODAY - dt.timedelta(days=200)
    )
    autumn = make_campaign(
        survey=survey, name="Autumn", previous=spring, round=2,
        first_day=TODAY - dt.timedelta(days=17), window_days=30,
    )  # fmt: skip
    for campaign, score in ((spring, 0), (autumn, 10)):
        for _ in range(30):
            asked = make_invitation(campaign=campaign, state="sent", sent_at=timezone.now())
            make_response(invitation=asked, score=score)

    page = read(viewer_client, f"?campaign={autumn.pk}")

    assert "n = 30 indicative Autumn, day 18 of 30" in page
    assert "Really higher than Spring ( −100 ): difference +200" in page
    assert "Spring, its window is over" in read(viewer_client, f"?campaign={spring.pk}")
    # From the whole survey one click away.
    assert f"?survey=levering&campaign={autumn.pk}&period=all" in links(viewer_client)
    kept = f"?survey=levering&campaign={autumn.pk}&period=all&grain=week"
    assert kept in links(viewer_client, "?grain=week&against=year")


@pytest.mark.parametrize("query", ["?against=luck", "?grain=hour", "?rolling=7", "?overlay=decade"])
def test_unknown_option_is_refused(viewer_client: Client, survey: Survey, query: str) -> None:
    assert viewer_client.get(f"/{query}").status_code == 422


def test_choices_keep_the_preset_and_each_other(viewer_client: Client, survey: Survey) -> None:
    fill(survey, 1, high=50)
    fill(survey, 12, high=50)

    found = links(viewer_client, "?period=30d&grain=week&against=year")

    assert "?survey=levering&period=30d&against=before&grain=week" in found
    assert "?survey=levering&period=30d&against=year&grain=day#trend-heading" in found
    assert "?survey=levering&period=30d&against=year&grain=week&rolling=30#trend-heading" in found


def test_unsubscribed_leads_to_whom_the_mail_made_leave(
    viewer_client: Client, survey: Survey
) -> None:
    campaign, now = make_campaign(survey=survey), timezone.now()
    before = now - dt.timedelta(days=3)
    stayed, left = make_contact(), make_contact()
    for contact in (stayed, left):
        make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=before)
    # An earlier mail to the same person did not make them leave.
    make_invitation(
        campaign=make_campaign(survey=survey), contact=left, state="sent",
        sent_at=before - dt.timedelta(days=1),
    )  # fmt: skip
    Suppression.objects.create(
        address_hash=left.address_hash, scope="surveys", reason="unsubscribed"
    )
    Suppression.objects.create(
        address_hash=stayed.address_hash, scope="all", reason="keeps_bouncing"
    )

    page = read(viewer_client)
    (url,) = [link for link in links(viewer_client) if link.endswith("part=unsubscribed")]

    assert "Unsubscribed 1 of 3 reached no mail bounced" in page
    rows = viewer_client.get(url)
    assert [row.contact for row in rows.context["page"]] == [left]
    assert "Unsubscribed" in rows.content.decode()


def test_median_of_the_first_contact_counts_who_still_waits(
    manager_client: Client, survey: Survey
) -> None:
    make_organisation(time_zone="UTC", working_days=list(range(7)))
    then = timezone.now() - dt.timedelta(days=2)
    for contacted in (True, True, False):
        response = make_response(survey=survey, answered_at=then)
        opened = open_follow_up(response.pk, now=then, announce=False)
        assert opened
        if contacted:
            FollowUp.objects.filter(pk=opened.pk).update(
                first_contacted_at=then + dt.timedelta(minutes=1), awaiting_contact=False
            )

    page = read(manager_client)

    loop = read_loop_median(manager_client)
    assert f"First contact, median {loop} of working time" in page


def read_loop_median(client: Client) -> str:
    """The same figure on the page about the loop."""
    response = client.get(reverse("loop"))
    return hours(response.context["contacts"][0].worked.median)


def test_trend_flags_an_event_and_lists_it_with_careful_words(
    manager_client: Client, viewer_client: Client, survey: Survey
) -> None:
    for ago, low, high in ((50, 20, 20), (40, 20, 20), (25, 0, 40), (10, 0, 40)):
        fill(survey, ago, low=low, high=high)
    event = make_event(label="New shop", first_day=TODAY - dt.timedelta(days=33))
    make_event(label="Elsewhere", survey=make_survey())

    page, found = read(manager_client), links(manager_client)

    assert "What happened meanwhile 1 New shop" in page
    assert "Coincided with a real rise of the score: +" in page
    assert "Elsewhere" not in page
    assert "#event-1" in found
    assert event.get_absolute_url() in found
    assert f"{reverse('event_new')}?survey=levering" in found
    seen = links(viewer_client)
    assert event.get_absolute_url() not in seen
    assert reverse("events") in seen


def test_rolling_line_and_year_before_are_told_in_words(
    viewer_client: Client, survey: Survey
) -> None:
    for ago in (1, 30, 60, 366, 396):
        fill(survey, ago, low=5, high=30)

    page = read(viewer_client, "?rolling=90&overlay=year")
    body = viewer_client.get("/?rolling=90&overlay=year").content.decode()

    assert "the same periods a year earlier" in page
    assert "Line: the 90 days up to each day" in page
    assert 'class="path-rolling" d="M' in body
    assert 'class="path-earlier" d="M' in body


def test_page_of_the_longest_trend_stays_small(viewer_client: Client, survey: Survey) -> None:
    for ago in range(70):
        fill(survey, ago, low=3, high=30)

    body = viewer_client.get("/?grain=day&rolling=30&overlay=year").content

    assert b"8 older points do not fit." in body
    assert len(body) < 100_000


def read_frame_of(survey: Survey, user: User | None, query: dict[str, str]) -> Any:
    organisation, now = get_organisation(), timezone.now()
    form = DashboardForm(query, organisation=organisation, now=now)
    assert form.is_valid()
    return read_frame(form, survey, user=user, organisation=organisation, now=now)


def test_panels_need_few_queries(
    manager: User, survey: Survey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for ago in (1, 31, 61, 400):
        fill(survey, ago, low=5, high=30)
    open_one = make_response(survey=survey, score=1)
    open_follow_up(open_one.pk, now=timezone.now(), announce=False)
    make_event()
    query = {"against": "before", "grain": "month", "rolling": "30", "overlay": "year"}
    frame = read_frame_of(survey, manager, query)

    with django_assert_num_queries(0):
        show_headline(frame)
        panel = show_trend(frame)
    # Rate, unsubscribed, loop, median, queue.
    with django_assert_num_queries(5):
        show_cards(frame)

    header, rows = rows_of_trend(panel)
    assert {len(row) for row in rows} == {len(header)} == {12}
    assert sum(int(str(row[6])) for row in rows) == frame.headline.n


def test_shared_page_leads_nowhere(survey: Survey) -> None:
    fill(survey, 1, low=5, high=30)
    fill(survey, 31, low=5, high=30)
    make_event(first_day=TODAY - dt.timedelta(days=15))

    frame = read_frame_of(survey, None, {})

    assert show_headline(frame)["choices"] == []
    panel = show_trend(frame)
    assert (panel["ways"], panel["event_new_url"]) == ({}, "")
    cards = show_cards(frame)
    assert (cards["queue_urls"], cards["loop_url"]) == ({}, "")
