"""The same queries for three open follow-ups and for ten thousand, and about the same time."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from benchmarks.queue_rows import make_follow_ups
from closeloop.models import FollowUp
from npsapp.models import User
from tests.factories import make_organisation, make_property, make_survey, make_user

# As told in test_queue_page; the last one only counts.
PAGES = {
    "/follow-ups/?view=mine": 18,
    "/follow-ups/?view=all": 18,
    "/follow-ups/?view=closed": 18,
    "/follow-ups/?view=all&sort=revenue": 18,
    "/follow-ups/?view=all&q=factuur": 18,
    "/follow-ups/news/?view=mine": 5,
}


@pytest.mark.parametrize("rows", [3, 10_000])
def test_pages_cost_the_same_queries_for_three_and_ten_thousand(
    agent: User,
    agent_client: Client,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_organisation()
    make_property(key="revenue", label="Revenue", kind="money")
    survey, now = make_survey(), timezone.now()
    owners = [agent, make_user(role="agent")]
    make_follow_ups(rows, survey=survey, owners=owners, now=now)
    make_follow_ups(min(rows, 500), survey=survey, owners=owners, now=now, closed=True)

    for address, queries in PAGES.items():
        with django_assert_num_queries(queries):
            assert agent_client.get(address).status_code == 200

    assert FollowUp.objects.open().count() == rows
