"""The sheet for the team's meeting: what stands on it, and what never does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from closeloop.models import Improvement, ImprovementVoice, RootCause
from closeloop.reports.huddle import choose_aloud, find_outer_loop, find_top_cause
from tests.closeloop.loop_rows import DAY, HOUR, answered, closed
from tests.factories import make_organisation, make_property, make_response

pytestmark = pytest.mark.django_db
URL = "/follow-ups/huddle/"
LONG = "A comment that is long enough to be read aloud, number "


@pytest.fixture
def now() -> dt.datetime:
    make_organisation(time_zone="Europe/Amsterdam")
    return timezone.now()


def test_sheet_holds_names_and_no_addresses(agent_client: Client, now: dt.datetime) -> None:
    follow_up = answered(now - 3 * DAY, score=2, due_at=now - DAY, comment=LONG + "1")
    contact = follow_up.response.contact
    assert contact is not None

    page = agent_client.get(URL).content.decode().split("<main", 1)[1]

    assert contact.full_name in page
    assert LONG in page
    assert contact.email not in page
    assert "@" not in page


def test_sheet_without_anything_says_so(agent_client: Client, now: dt.datetime) -> None:
    page = agent_client.get(URL).content.decode()

    assert "Nobody waits past the target." in page
    assert "No follow-up with a root cause was closed" in page


def test_sheet_is_not_for_viewers(viewer_client: Client, now: dt.datetime) -> None:
    assert viewer_client.get(URL).status_code == 403


def test_sheet_stays_one_page_however_much_is_overdue(
    agent_client: Client, now: dt.datetime
) -> None:
    for _ in range(14):
        answered(now - 3 * DAY, due_at=now - DAY)

    page = agent_client.get(URL)

    assert len(page.context["overdue"]) == 10
    assert "and 4 more in the queue" in page.content.decode()


def test_newest_readable_comment_of_each_category_is_read_aloud(now: dt.datetime) -> None:
    for score in (2, 7, 10):
        make_response(score=score, comment=LONG + "old", answered_at=now - 5 * DAY)
        make_response(score=score, comment=LONG + str(score), answered_at=now - DAY)
    make_response(score=2, comment="Too short", answered_at=now - HOUR)
    make_response(score=2, comment=LONG + "x" * 400, answered_at=now - HOUR)
    make_response(score=7, comment=LONG + "write to a@b.example", answered_at=now - HOUR)
    make_response(score=10, comment=LONG, answered_at=now - HOUR, channel="import", contact=None)
    make_response(score=10, comment=LONG, answered_at=now - HOUR, status="excluded")

    found = choose_aloud(now=now)

    assert [answer.comment for answer in found] == [LONG + "2", LONG + "7", LONG + "10"]


def test_comment_of_two_months_ago_is_not_read_aloud(now: dt.datetime) -> None:
    make_response(score=2, comment=LONG, answered_at=now - 60 * DAY)

    assert choose_aloud(now=now) == []


def test_root_cause_of_the_week_may_be_shared(now: dt.datetime) -> None:
    late, price = (RootCause.objects.create(label=label) for label in ("Late", "Price"))
    for cause, days in ((late, 1), (price, 2), (price, 9)):
        closed(answered(now - 10 * DAY), at=now - days * DAY, root_cause=cause)

    top = find_top_cause(now=now)

    assert top is not None
    assert (top.labels, top.n, top.named) == (["Late", "Price"], 1, 2)


def test_outer_loop_counts_who_is_not_behind_an_improvement(now: dt.datetime) -> None:
    late, price = (RootCause.objects.create(label=label) for label in ("Late", "Price"))
    unhappy = [closed(answered(now - DAY, score=1), at=now, root_cause=late) for _ in range(4)]
    for _ in range(2):
        closed(answered(now - DAY, score=1), at=now, root_cause=price)
    improvement = Improvement.objects.create(title="Faster", created_at=now)

    found = []
    for follow_up in unhappy[:3]:
        ImprovementVoice.objects.create(improvement=improvement, follow_up=follow_up, added_at=now)
        outer = find_outer_loop(now=now)
        assert outer is not None
        found.append((outer.label, outer.detractors))

    assert found == [("Late", 3), ("Late", 2), ("Price", 2)]


@pytest.mark.parametrize("catch_all", ["Something else", "Iets anders"])
def test_outer_loop_names_the_catch_all_last(now: dt.datetime, catch_all: str) -> None:
    other, price = (RootCause.objects.create(label=label) for label in (catch_all, "Price"))
    for _ in range(2):
        closed(answered(now - DAY, score=1), at=now, root_cause=other)

    alone = find_outer_loop(now=now)
    closed(answered(now - DAY, score=1), at=now, root_cause=price)
    beside = find_outer_loop(now=now)

    assert alone is not None
    assert alone.label == catch_all
    assert beside is not None
    assert beside.label == "Price"


def test_outer_loop_names_a_segment_when_every_cause_is_taken_up(now: dt.datetime) -> None:
    make_property(key="region", label="Region", is_segment=True)
    for region in ("North", "South", "South"):
        make_response(score=1, answered_at=now - DAY, properties={"region": region})
    make_response(score=9, answered_at=now - DAY, properties={"region": "North"})

    found = find_outer_loop(now=now)
    Improvement.objects.create(
        title="South", created_at=now, segment_key="region", segment_value="South"
    )
    next_one = find_outer_loop(now=now)

    assert found is not None
    assert (found.label, found.value, found.detractors) == ("Region", "South", 2)
    assert next_one is not None
    assert next_one.value == "North"
