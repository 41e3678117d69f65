"""Holding one person back, and letting them go again."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.campaigns import CannotMove
from surveys.models import Campaign, Invitation
from surveys.planning.calendar import Slot
from surveys.sending.claim import claim_due
from surveys.sending.ledger import INVITATIONS
from surveys.sparing import find_moment, hold, let_go
from tests.factories import make_campaign, make_contact, make_invitation, make_organisation
from tests.races import run_at_once

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def make_waiting(**fields: Any) -> Invitation:
    campaign = fields.pop("campaign", None) or make_campaign(weekdays=list(range(7)))
    return make_invitation(
        campaign=campaign, **{"scheduled_for": NOW + DAY, "not_after": NOW + 20 * DAY} | fields
    )


def test_held_person_is_skipped_with_the_reason(manager: User) -> None:
    row = make_waiting()

    hold(row, by=manager, now=NOW)

    row.refresh_from_db()
    assert (row.state, row.reason, row.skipped_at) == ("skipped", "held", NOW)
    assert [event.kind for event in row.campaign.events.all()] == ["held"]


@pytest.mark.parametrize("state", ["sending", "sent", "unknown", "failed"])
def test_what_is_leaving_or_has_left_cannot_be_held(state: str) -> None:
    row = make_waiting(state=state)

    with pytest.raises(CannotMove):
        hold(row, by=None, now=NOW)

    row.refresh_from_db()
    assert row.state == state


def test_let_go_keeps_a_time_that_lies_ahead(manager: User) -> None:
    row = make_waiting()
    hold(row, by=manager, now=NOW)

    assert let_go(row, by=manager, now=NOW) == NOW + DAY

    row.refresh_from_db()
    assert (row.state, row.reason, row.skipped_at) == ("scheduled", "", None)


def test_let_go_later_finds_another_time_in_the_window() -> None:
    row = make_waiting()
    hold(row, by=None, now=NOW)
    later = NOW + 5 * DAY

    moment = let_go(row, by=None, now=later)

    row.refresh_from_db()
    assert row.scheduled_for == moment > later
    assert dt.time(9) <= moment.astimezone(AMSTERDAM).time() < dt.time(17)
    assert row.not_after is not None
    assert moment < row.not_after


@pytest.mark.parametrize(
    ("fields", "later"), [({"state": "cancelled"}, DAY), ({"window_days": 2}, 9 * DAY)]
)
def test_nobody_is_let_go_into_what_is_over(fields: dict[str, Any], later: dt.timedelta) -> None:
    row = make_waiting(state="skipped", reason="held")
    Campaign.objects.filter(pk=row.campaign_id).update(**fields)

    with pytest.raises(CannotMove):
        let_go(row, by=None, now=NOW + later)


def test_only_who_is_held_is_let_go() -> None:
    row = make_waiting(state="skipped", reason="suppressed")

    with pytest.raises(CannotMove):
        let_go(row, by=None, now=NOW)


def test_latecomers_fall_evenly_into_the_open_time() -> None:
    slots = [Slot(NOW.date(), NOW + day * DAY, NOW + day * DAY + DAY / 3) for day in range(10)]

    days = [(find_moment(slots, number) - NOW).days for number in range(100)]

    assert {days.count(day) for day in range(10)} <= {9, 10, 11}


@pytest.mark.django_db(transaction=True)
def test_race_with_the_engine_never_leaves_a_claimed_row_held() -> None:
    row = make_waiting(scheduled_for=NOW)

    run_at_once(
        lambda: hold(row, by=None, now=NOW),
        lambda: claim_due(INVITATIONS, row.campaign_id, limit=5, late_too=True, now=NOW),
    )

    row.refresh_from_db()
    assert (row.state, row.reason, row.lease_until) == ("skipped", "held", None)


@pytest.mark.parametrize("at_contact", [True, False])
def test_buttons_hold_and_let_go_where_they_are(manager_client: Client, at_contact: bool) -> None:
    campaign = make_campaign(weekdays=list(range(7)), first_day=timezone.localdate())
    contact = make_contact()
    row = make_waiting(
        campaign=campaign, contact=contact, scheduled_for=timezone.now() + DAY,
        not_after=timezone.now() + 20 * DAY,
    )  # fmt: skip
    people = reverse("campaign_people", args=[campaign.pk])
    page = contact.get_absolute_url() if at_contact else people
    back = {"contact": "1"} if at_contact else {"state": "scheduled"}
    for name, label, state in (
        ("invitation_hold", "Do not ask for now", "skipped"),
        ("invitation_let_go", "Ask after all", "scheduled"),
    ):
        url = reverse(name, args=[campaign.pk, row.pk])
        html = manager_client.get(page).content.decode()
        assert label in html
        assert url in html

        response = manager_client.post(url, back)

        row.refresh_from_db()
        assert row.state == state
        assert response.headers["Location"] == (page if at_contact else f"{people}?state=scheduled")


def test_row_of_another_campaign_is_not_found(manager_client: Client) -> None:
    row, other = make_waiting(), make_campaign()

    response = manager_client.post(reverse("invitation_hold", args=[other.pk, row.pk]))

    assert response.status_code == 404
