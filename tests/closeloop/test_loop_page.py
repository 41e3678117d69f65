"""The managers' page about the loop: who may see it, its numbers, and the rows behind them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.models import FollowUp, RootCause
from npsapp.models import User
from tests.closeloop.loop_rows import DAY, HOUR, answered, closed, contacted
from tests.factories import make_organisation, make_property, make_response, make_survey, make_user

pytestmark = pytest.mark.django_db
URL = "/follow-ups/loop/"
# Session, user, organisation (form, clock, frame), rail, banners, filter, and two or so a panel.
QUERIES = 29


@pytest.fixture(autouse=True)
def organisation() -> None:
    make_organisation(time_zone="Europe/Amsterdam", holiday_country="")


@pytest.fixture
def week(now: Any, manager: User) -> None:
    """Six who answered: three contacted, of whom two closed; one closed silently, two open."""
    anna = make_user(name="Anna Proef")
    cause = RootCause.objects.create(label="Delivery late")
    start = now - 6 * DAY
    contacted(start, after=HOUR, owner=anna, score=10)
    closed(contacted(start, after=2 * HOUR, owner=anna, score=8), at=now - DAY)
    closed(contacted(start, after=HOUR, owner=anna, score=2), at=now - DAY, root_cause=cause)
    closed(answered(start, owner=anna, score=9), at=now - DAY, outcome="no_address")
    answered(start, owner=anna, score=1, due_at=now - DAY)
    answered(start, score=7, due_at=now + DAY)


@pytest.fixture
def now() -> Any:
    return timezone.now()


def read(client: Client, query: str = "") -> str:
    response = client.get(URL + query)
    assert response.status_code == 200
    body = response.content.decode().split("<main", 1)[1]
    body = re.sub(r"<(title|desc)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_page_tells_share_and_what_stands_beside_it(manager_client: Client, week: None) -> None:
    page = read(manager_client)

    # 3 of 6.
    assert "Loop closed 50 %" in page
    assert "Contacted 3 50.0 % Closed without contact 1 16.7 % Still open 2 33.3 %" in page
    assert "1 open past the target" in page


def test_page_is_for_managers(client: Client, agent_client: Client, viewer_client: Client) -> None:
    for name in ("loop", "loop_rows", "loop_file"):
        assert agent_client.get(reverse(name)).status_code == 403
        assert viewer_client.get(reverse(name)).status_code == 403
        assert client.get(reverse(name)).status_code == 302


def test_every_number_leads_to_as_many_rows(manager_client: Client, week: None) -> None:
    body = manager_client.get(URL).content.decode()
    pattern = r'<a [^>]*?href="(/follow-ups/loop/rows/[^"]+)"[^>]*>(?:<[^>]+>)*(\d+)'
    links = re.findall(pattern, body)

    assert len(links) > 20
    for address, number in links:
        rows = manager_client.get(html.unescape(address)).context["page"].paginator.count
        assert rows == int(number), address


def test_rows_lead_to_the_follow_ups(manager_client: Client, week: None) -> None:
    silent = FollowUp.objects.get(outcome="no_address")

    body = manager_client.get(f"{URL}rows/?part=without").content.decode()

    assert silent.get_absolute_url() in body
    assert "1 follow-up" in body


def test_rows_of_a_person_who_was_erased_are_shown(manager_client: Client, week: None) -> None:
    follow_up = FollowUp.objects.get(outcome="no_address")
    follow_up.response.contact = None
    follow_up.response.save()

    assert "Erased person" in manager_client.get(f"{URL}rows/?part=without").content.decode()
    assert "Loop closed 50 %" in read(manager_client)


def test_four_answers_are_counted_and_not_made_a_percentage(
    manager_client: Client, now: Any
) -> None:
    for _ in range(3):
        contacted(now - DAY, after=HOUR)
    answered(now - DAY)

    page = read(manager_client)

    assert "Loop closed 3 of 4" in page
    assert not re.search(r"\b75(\.0)? %", page.split("By the week")[0])


def test_page_without_any_answer_says_what_to_do(manager_client: Client) -> None:
    page = read(manager_client)

    assert "Nobody has answered yet" in page
    assert "To the campaigns" in page


def test_selection_without_answers_offers_to_show_everything(
    manager_client: Client, week: None
) -> None:
    other = make_survey()

    page = read(manager_client, f"?survey={other.slug}")

    assert "Nobody answered in this selection" in page
    assert "Show everything" in page


def test_backlog_stands_there_when_nobody_answered_in_the_days(
    manager_client: Client, now: Any
) -> None:
    answered(now - 40 * DAY, due_at=now - 30 * DAY)

    page = read(manager_client, "?period=30d")

    assert "Nobody answered in this selection" in page
    assert "1 follow-up is open , 1 of them overdue" in page


def test_filter_of_the_page_is_in_its_links(manager_client: Client, now: Any) -> None:
    make_property(key="region", label="Region", is_segment=True)
    contacted(now - DAY, after=HOUR, properties={"region": "North"})
    answered(now - DAY, properties={"region": "South"})

    page = manager_client.get(f"{URL}?property.region=North")

    assert page.context["loop"].n == 1
    address = html.unescape(
        re.findall(r'href="(/follow-ups/loop/rows/[^"]+)', page.content.decode())[0]
    )
    assert "property.region=North" in address


def test_nonsense_in_the_address_is_told(manager_client: Client) -> None:
    response = manager_client.get(f"{URL}?from=yesterday")

    assert response.status_code == 422
    assert 'name="from"' in response.content.decode()
    assert manager_client.get(f"{URL}rows/?part=nonsense").status_code == 422
    assert manager_client.get(f"{URL}file/?table=nonsense").status_code == 422


@pytest.mark.parametrize("times", [1, 3])
def test_number_of_queries_does_not_depend_on_rows(
    manager_client: Client,
    now: Any,
    django_assert_num_queries: DjangoAssertNumQueries,
    times: int,
) -> None:
    cause = RootCause.objects.create(label="Delivery late")
    for _ in range(times):
        owner = make_user()
        closed(contacted(now - DAY, after=HOUR, owner=owner), at=now, root_cause=cause)
        answered(now - 9 * DAY, owner=owner)

    with django_assert_num_queries(QUERIES):
        manager_client.get(URL)


def test_file_holds_every_week(manager_client: Client, week: None, now: Any) -> None:
    answered(now - 100 * DAY)

    response = manager_client.get(f"{URL}file/?table=weeks&period=all&style=plain")

    lines = response.content.decode().splitlines()
    assert lines[0] == (
        "week_from,answers,contacted,closed_without_contact,still_open,contacted_percent"
    )
    assert lines[1].endswith(",1,0,0,1,0.0")
    assert sum(int(line.split(",")[1]) for line in lines[1:]) == 7
    assert 15 <= len(lines) - 1 <= 16


def test_file_of_causes_is_protected_against_formulas(manager_client: Client, now: Any) -> None:
    cause = RootCause.objects.create(label="=1+1")
    closed(answered(now - DAY, score=2), at=now, root_cause=cause)

    response = manager_client.get(f"{URL}file/?table=causes&style=plain")

    assert response.content.decode().splitlines()[1].split(",")[1:] == ["'=1+1", "1", "100.0"]


def test_dashboard_shows_the_share_and_only_a_manager_s_leads_on(
    manager_client: Client, viewer_client: Client, now: Any
) -> None:
    survey = make_survey()
    for _ in range(3):
        contacted(now - DAY, after=HOUR, survey=survey)
    closed(answered(now - DAY, survey=survey), at=now)
    answered(now - DAY, survey=survey)

    seen = viewer_client.get("/").content.decode()
    managed = manager_client.get("/").content.decode()

    # 3 of 5.
    assert "60 %" in " ".join(seen.split())
    assert "1 closed without contact" in seen
    assert URL not in seen
    assert f"{URL}?survey={survey.slug}" in managed


def test_imported_answers_alone_give_no_share_on_the_dashboard(viewer_client: Client) -> None:
    make_response(channel="import")

    assert "Loop closed" not in viewer_client.get("/").content.decode()


def test_queue_leads_managers_to_the_page(agent_client: Client, manager_client: Client) -> None:
    assert URL not in agent_client.get("/follow-ups/").content.decode()
    assert URL in manager_client.get("/follow-ups/").content.decode()
