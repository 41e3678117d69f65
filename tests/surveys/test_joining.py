"""Adding who came to meet the audience after the launch: seen first, then done, nobody moved."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.campaign_history import list_history
from surveys.campaigns import CannotMove, PreviewOutdated
from surveys.joining import find_newcomers, let_join, look_at_newcomers
from surveys.models import Campaign
from tests.factories import make_campaign, make_contact, make_invitation, make_organisation
from tests.races import run_at_once

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 5, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam", rest_days=0)


def make_running(**fields: Any) -> Campaign:
    campaign = make_campaign(**{"weekdays": list(range(7)), "launched_at": NOW - DAY} | fields)
    for day in range(1, 6):
        make_invitation(campaign=campaign, scheduled_for=NOW + day * DAY)
    return campaign


def join(campaign: Campaign, by: User | None = None) -> Any:
    seen = look_at_newcomers(campaign, now=NOW).seen
    return let_join(campaign, **seen, by=by, now=NOW)


def test_looking_adds_nobody() -> None:
    campaign = make_running()
    new, nameless = make_contact(), make_contact(email="")

    newcomers = look_at_newcomers(campaign, now=NOW)

    assert [contact for contact, _ in newcomers.first] == [new]
    assert newcomers.left_out == {"no_address": [nameless]}
    assert campaign.invitations.count() == 5
    assert find_newcomers(campaign).count() == 2


def test_looking_shows_what_joining_does() -> None:
    campaign = make_running(daily_limit=2, window_days=12)
    for number in range(24):
        make_contact(email="" if number % 6 == 0 else f"nieuw{number}@klanten.example")
    newcomers = look_at_newcomers(campaign, now=NOW)

    done = let_join(campaign, **newcomers.seen, by=None, now=NOW)

    joined = campaign.invitations.filter(contact__isnull=False).order_by("-pk")[:24]
    asked = sorted((row.scheduled_for, row.contact) for row in joined if row.scheduled_for)
    assert newcomers.addition == done
    assert newcomers.addition.left_out.keys() == {"no_address", "no_room"}
    assert newcomers.first == [(contact, moment) for moment, contact in asked]
    assert {
        reason: {contact.pk for contact in contacts}
        for reason, contacts in newcomers.left_out.items()
    } == {
        reason: {row.contact_id for row in joined if row.reason == reason}
        for reason in ("no_address", "no_room")
    }


def test_looking_at_the_page_writes_nothing_not_even_for_a_moment(manager_client: Client) -> None:
    campaign = make_running(first_day=timezone.localdate())
    make_contact()
    make_contact(email="")
    url = reverse("campaign_join", args=[campaign.pk])
    manager_client.get(url)

    with CaptureQueriesContext(connection) as captured:
        page = manager_client.get(url).content.decode()

    assert "1 person would be asked" in page
    statements = [query["sql"].upper() for query in captured]
    assert len(statements) > 5
    written = [
        sql
        for sql in statements
        if re.search(r"\b(INSERT INTO|UPDATE|DELETE FROM|FOR NO KEY UPDATE|CREATE)\b", sql)
    ]
    assert written == []


def test_newcomers_join_and_nobody_moves(manager: User) -> None:
    campaign = make_running()
    before = dict(campaign.invitations.values_list("pk", "scheduled_for"))
    new = [make_contact() for _ in range(10)]
    make_contact(email="")

    join(campaign, manager)

    after = dict(campaign.invitations.values_list("pk", "scheduled_for"))
    assert before.items() <= after.items()
    rows = campaign.invitations.filter(contact__in=new, state="scheduled")
    times = [row.scheduled_for for row in rows if row.scheduled_for]
    assert len({moment.date() for moment in times}) >= 8
    assert min(times) >= NOW
    (line,) = list_history(campaign)
    assert line.who == "Marga Meting"
    assert line.sentence == "10 new contacts are asked too. 1 person is left out."


def test_those_who_join_count_as_planned() -> None:
    campaign = make_running(planned=5)
    make_contact()
    make_contact(email="")

    join(campaign)

    campaign.refresh_from_db()
    assert campaign.planned == campaign.invitations.count() == 7


def test_others_than_seen_do_not_join() -> None:
    campaign = make_running()
    gone = make_contact()
    seen = look_at_newcomers(campaign, now=NOW).seen
    gone.delete()
    make_contact()

    with pytest.raises(PreviewOutdated):
        let_join(campaign, **seen, by=None, now=NOW)

    assert campaign.invitations.count() == 5


@pytest.mark.parametrize("state", ["draft", "finished", "cancelled"])
def test_nobody_joins_what_is_not_under_way(state: str) -> None:
    campaign = make_running(state=state)
    make_contact()

    with pytest.raises(CannotMove):
        join(campaign)


@pytest.mark.django_db(transaction=True)
def test_race_of_two_tabs_adds_each_once() -> None:
    campaign = make_running()
    for _ in range(8):
        make_contact()
    seen = look_at_newcomers(campaign, now=NOW).seen

    run_at_once(*[lambda: let_join(campaign, **seen, by=None, now=NOW)] * 2)

    assert campaign.invitations.count() == 13
    assert campaign.events.count() == 1


def test_page_shows_who_and_button_adds_them(manager_client: Client) -> None:
    campaign = make_campaign(weekdays=list(range(7)), first_day=timezone.localdate())
    make_invitation(campaign=campaign)
    new = make_contact(first_name="Nieuwe", last_name="Klant")
    url = reverse("campaign_join", args=[campaign.pk])

    assert "1 new contact meets" in manager_client.get(campaign.get_absolute_url()).content.decode()
    response = manager_client.get(url)

    assert "Nieuwe Klant" in response.content.decode()
    assert campaign.invitations.count() == 1
    manager_client.post(url, response.context["form"].initial)
    assert campaign.invitations.get(contact=new).state == "scheduled"


def test_page_of_nobody_new(manager_client: Client) -> None:
    campaign = make_campaign(first_day=timezone.localdate())

    page = manager_client.get(reverse("campaign_join", args=[campaign.pk])).content.decode()

    assert "Nobody new" in page
