"""What came in since a page was drawn: counted by its view and filter, and cheap to ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop import assigning
from closeloop.models import FollowUp
from closeloop.noting import add_note
from npsapp.models import User
from tests.factories import make_follow_up, make_organisation, make_response, make_user

URL = "/follow-ups/news/"
# Session, user, organisation of the clock, properties of money; and the count.
QUERIES = 5


@pytest.fixture
def drawn(db: None, agent_client: Client) -> int:
    """The marker of a page that was drawn with one follow-up on it."""
    make_organisation()
    make_follow_up()
    return int(agent_client.get("/follow-ups/?view=all").context["seen"])


def ask(client: Client, seen: int, **fields: Any) -> Any:
    asked: dict[str, Any] = {"view": "all", "seen": seen} | fields
    return client.get(URL, asked, headers={"HX-Request": "true"})


def test_nothing_new_is_no_content(agent_client: Client, drawn: int) -> None:
    assert ask(agent_client, drawn).status_code == 204


def test_new_ones_are_counted_and_lead_to_the_view(agent_client: Client, drawn: int) -> None:
    make_follow_up()
    make_follow_up(score=2)

    html = ask(agent_client, drawn).content.decode()
    narrowed = ask(agent_client, drawn, category="detractor").content.decode()

    assert "2 new follow-ups – show" in html
    assert "1 new follow-up – show" in narrowed
    assert 'href="/follow-ups/?view=all&amp;category=detractor"' in narrowed


def test_same_number_is_not_said_again(agent_client: Client, drawn: int) -> None:
    make_follow_up()

    assert ask(agent_client, drawn, known="1").status_code == 204
    assert ask(agent_client, drawn, known="0").status_code == 200
    assert ask(agent_client, drawn, known="nonsense").status_code == 200


def test_given_to_me_is_news_in_mine_alone_and_not_when_i_took_it(
    agent_client: Client, agent: User, drawn: int
) -> None:
    given, taken = FollowUp.objects.get(), make_follow_up(response=make_response())
    seen = int(agent_client.get("/follow-ups/?view=all").context["seen"])
    now = timezone.now()
    assigning.assign(given, to=agent, user=make_user(), version=1, now=now)
    assigning.take(taken, user=agent, version=1, now=now)

    assert "1 new follow-up – show" in ask(agent_client, seen, view="mine").content.decode()
    assert ask(agent_client, seen, view="all").status_code == 204


def test_change_of_what_stands_there_is_no_news(agent_client: Client, drawn: int) -> None:
    add_note(FollowUp.objects.get(), text="x", user=make_user(), version=1, now=timezone.now())

    assert ask(agent_client, drawn).status_code == 204


@pytest.mark.parametrize("rows", [1, 30])
def test_asking_costs_the_same_for_any_number(
    agent_client: Client, drawn: int, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        make_follow_up()

    with django_assert_num_queries(QUERIES):
        ask(agent_client, drawn)


def test_viewer_is_told_nothing(viewer_client: Client) -> None:
    assert ask(viewer_client, 0).status_code == 403
