"""The queue: views, counts, filters, and who may see it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.models import FollowUp
from closeloop.reports.due import describe_due
from closeloop.reports.queue import QueueCounts, queue_counts
from npsapp.models import User
from tests.factories import (
    make_account,
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_survey,
    make_user,
)

URL = "/follow-ups/"
HOUR = dt.timedelta(hours=1)
# Session, user, organisation twice (clock and frame), the rail, two for the banners; the newest
# line of the timelines, properties of money, the tabs, the page's count, its rows, their tags, test
# answers, saved views; and what the bulk acts offer: colleagues, tags twice, root causes.
QUERIES = 18


def make_named(last_name: str, *, comment: str = "", account: str = "", **fields: Any) -> FollowUp:
    contact = make_contact(
        first_name="Fenna",
        last_name=last_name,
        account=make_account(name=account) if account else None,
    )
    survey = fields.pop("survey", None)
    score = fields.pop("score", 9)
    invitation = make_invitation(contact=contact, state="sent")
    response = make_response(invitation=invitation, comment=comment, score=score, survey=survey)
    return make_follow_up(response=response, **fields)


def names(client: Client, query: str = "") -> list[str]:
    page = client.get(URL + query).context["page"]
    return [follow_up.response.contact.last_name for follow_up in page]


@pytest.fixture
def five(agent: User) -> None:
    now = timezone.now()
    closed: dict[str, Any] = {"state": "closed", "outcome": "solved", "closed_at": now}
    make_named("Mine", owner=agent, due_at=now + HOUR)
    make_named("Late", owner=make_user(), due_at=now - HOUR)
    make_named("Nobodys", due_at=now + 2 * HOUR)
    make_named("Contacted", owner=agent, due_at=now - 5 * HOUR, awaiting_contact=False)
    make_named("Done", owner=agent, due_at=now - HOUR, **closed)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Mine", "Contacted"]),
        ("?view=mine", ["Mine", "Contacted"]),
        ("?view=unassigned", ["Nobodys"]),
        ("?view=overdue", ["Late"]),
        ("?view=all", ["Late", "Mine", "Nobodys", "Contacted"]),
        ("?view=waiting", ["Contacted"]),
        ("?view=snoozed", []),
        ("?view=closed", ["Done"]),
        ("?view=nonsense", ["Mine", "Contacted"]),
    ],
)
def test_view_holds_its_own_in_order_of_due_time(
    agent_client: Client, five: None, query: str, expected: list[str]
) -> None:
    assert names(agent_client, query) == expected


def test_counts_stand_on_the_tabs_and_come_from_one_query(
    agent_client: Client,
    agent: User,
    five: None,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        counts = queue_counts(user=agent, now=timezone.now())

    tabs = agent_client.get(URL).context["tabs"]
    # Late in the evening what is due in an hour is due tomorrow.
    today = counts.today
    assert counts == QueueCounts(
        mine=2, unassigned=1, overdue=1, today=today, waiting=1, open=4, snoozed=0, closed=1
    )
    assert [tab.count for tab in tabs] == ["2", "1", "1", str(today), "1", "4", "0", "1"]


def test_rail_shows_how_many_are_mine(agent_client: Client, five: None) -> None:
    places = {place.title: place.count for place in agent_client.get(URL).context["places"]}

    assert places["Follow-ups"] == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&category=detractor", ["Jansen"]),
        ("&category=promoter", ["Bakker"]),
        ("&survey=winkel", ["Jansen"]),
        ("&survey=nowhere", ["Jansen", "Bakker"]),
        ("&q=doos", ["Jansen"]),
        ("&q=BAKKER", ["Bakker"]),
        ("&q=fenna+doos", ["Jansen"]),
        ("&q=molen", ["Bakker"]),
        ("&q=%25", []),
        ("&category=promoter&q=doos", []),
    ],
)
def test_filter_narrows_by_what_the_url_says(
    agent_client: Client, query: str, expected: list[str]
) -> None:
    now = timezone.now()
    make_named(
        "Jansen",
        score=2,
        comment="De doos was nat",
        survey=make_survey(slug="winkel"),
        due_at=now,
    )
    make_named("Bakker", account="De Molen BV", due_at=now + HOUR)

    assert names(agent_client, f"?view=all{query}") == expected


def test_tabs_keep_the_filter(agent_client: Client) -> None:
    tabs = agent_client.get(URL + "?category=detractor&q=").context["tabs"]

    assert tabs[1].query == "view=unassigned&category=detractor"


def test_row_shows_score_word_comment_person_and_account(agent_client: Client) -> None:
    make_named("Jansen", score=3, comment="Nat & <kapot>", account="De Molen BV")

    html = agent_client.get(URL + "?view=all").content.decode()

    assert '<span class="mark mark-detractor">3</span>' in html
    assert "Nat &amp; &lt;kapot&gt;" in html
    assert "De Molen BV" in html


@pytest.mark.parametrize(
    ("view", "title"),
    [
        ("mine", "Nothing waits for you"),
        ("unassigned", "Every follow-up has an owner"),
        ("overdue", "Nothing is overdue"),
        ("today", "Nothing else is due today"),
        ("waiting", "No customer has the ball"),
        ("snoozed", "Nothing sleeps"),
        ("all", "No open follow-ups"),
        ("closed", "Nothing is closed yet"),
    ],
)
def test_empty_view_says_what_that_means(agent_client: Client, view: str, title: str) -> None:
    assert title in agent_client.get(f"{URL}?view={view}").content.decode()


def test_empty_view_of_mine_tells_what_has_no_owner(agent_client: Client) -> None:
    make_follow_up(owner=None)

    html = agent_client.get(URL).content.decode()

    assert "1 open follow-up has no owner." in html
    assert "New answers appear here" not in html


def test_filter_that_finds_nothing_can_be_cleared(agent_client: Client) -> None:
    html = agent_client.get(f"{URL}?view=all&q=niets").content.decode()

    assert "Nothing matches this filter" in html
    assert 'href="?view=all"' in html


@pytest.mark.parametrize("rows", [1, 3])
def test_queue_costs_the_same_queries_for_any_number_of_rows(
    agent_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_organisation()
    for number in range(rows):
        make_named(f"Jansen {number}", account=f"Account {rows} {number}", owner=make_user())

    with django_assert_num_queries(QUERIES):
        assert len(agent_client.get(URL + "?view=all").context["page"]) == rows


def test_queue_pages_and_keeps_view_and_filter(agent_client: Client) -> None:
    survey = make_survey(slug="winkel")
    for _ in range(26):
        make_follow_up(response=make_response(survey=survey))

    html = agent_client.get(URL + "?view=all&survey=winkel").content.decode()

    assert "?view=all&amp;survey=winkel&amp;page=2" in html


def test_page_beyond_the_last_shows_the_last(agent_client: Client) -> None:
    make_named("Jansen")

    assert names(agent_client, "?view=all&page=99") == ["Jansen"]


def test_viewer_may_not_see_the_queue(viewer_client: Client) -> None:
    assert viewer_client.get(URL).status_code == 403


def test_stranger_is_asked_to_log_in(db: None, client: Client) -> None:
    response = client.get(URL)

    assert (response.status_code, response.url) == (302, f"{reverse('login')}?next=/follow-ups/")  # type: ignore[attr-defined]


def test_queue_takes_no_post(agent_client: Client) -> None:
    assert agent_client.post(URL).status_code == 405


NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("fields", "text", "state"),
    [
        ({"due_at": NOON - dt.timedelta(seconds=5)}, "1 min late", "late"),
        ({"due_at": NOON - dt.timedelta(minutes=59)}, "59 min late", "late"),
        ({"due_at": NOON - 2.5 * HOUR}, "2 h late", "late"),
        ({"due_at": NOON - 30 * HOUR}, "1 day late", "late"),
        ({"due_at": NOON - 80 * HOUR}, "3 days late", "late"),
        ({"due_at": NOON + HOUR}, "today 14:00", "waiting"),
        ({"due_at": NOON + 12 * HOUR}, "tomorrow 01:00", "waiting"),
        ({"due_at": NOON + 72 * HOUR}, "Thursday 13:00", "waiting"),
        ({"due_at": NOON + 240 * HOUR}, "3 December 13:00", "waiting"),
        ({"due_at": NOON - HOUR, "awaiting_contact": False}, "Contacted", "contacted"),
        ({"due_at": NOON, "state": "closed", "closed_at": NOON}, "23 November", "closed"),
    ],
)
def test_due_in_the_words_of_a_person(fields: dict[str, Any], text: str, state: str) -> None:
    with timezone.override("Europe/Amsterdam"):
        due = describe_due(FollowUp(**fields), now=NOON)

    assert (due.text, due.state) == (text, state)
