"""After a standstill: a little leaves gently, a lot is planned anew, and the history says so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from surveys.campaign_history import list_history
from surveys.catching_up import catch_up, count_day
from surveys.models import Campaign, Organisation
from surveys.tasks import send_due
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_sender,
)

pytestmark = pytest.mark.django_db

FIRST = dt.datetime(2026, 10, 1, 7, tzinfo=dt.UTC)  # a Thursday, 9:00 in Amsterdam
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam", rest_days=0)


def make_running(**fields: Any) -> Campaign:
    """Eight mails a day for four of its five days, one an hour from nine to five."""
    campaign = make_campaign(
        **{"window_days": 5, "weekdays": list(range(7)), "launched_at": FIRST} | fields
    )
    for number in range(32):
        make_invitation(
            campaign=campaign,
            contact=make_contact(),
            scheduled_for=FIRST + number // 8 * DAY + number % 8 * HOUR,
            not_after=FIRST + 4 * DAY + 8 * HOUR,
            order_key=number,
        )
    return campaign


def list_times(campaign: Campaign) -> list[dt.datetime]:
    rows = campaign.invitations.order_by("scheduled_for").values_list("scheduled_for", flat=True)
    return [moment for moment in rows if moment]


def test_average_day_counts_open_days() -> None:
    assert count_day(make_running()) == 7


def test_more_than_a_day_overdue_is_planned_anew_and_told() -> None:
    campaign = make_running()
    back = FIRST + 2 * DAY + HOUR / 2

    assert catch_up(now=back) == 1

    times = list_times(campaign)
    per_day = [
        sum(moment.date() == (FIRST + day * DAY).date() for moment in times) for day in (2, 3, 4)
    ]
    assert min(times) >= back
    assert max(per_day) - min(per_day) <= 1
    (line,) = list_history(campaign)
    assert (line.who, line.what) == ("", "Planned again after a standstill")
    assert line.sentence.startswith("17 mails were overdue")


def test_planning_anew_happens_once() -> None:
    campaign = make_running()
    back = FIRST + 2 * DAY + HOUR / 2

    assert [catch_up(now=back), catch_up(now=back + dt.timedelta(seconds=5))] == [1, 0]
    assert campaign.events.count() == 1


def test_less_than_a_day_overdue_keeps_its_times() -> None:
    """It leaves gently all the same: see tests/surveys/sending/test_catching_up.py."""
    campaign = make_running()
    before = list_times(campaign)

    assert catch_up(now=FIRST + 6 * HOUR + HOUR / 2) == 0

    assert list_times(campaign) == before
    assert not campaign.events.exists()


def test_nothing_is_planned_anew_while_sending_is_stopped() -> None:
    campaign = make_running()
    before = list_times(campaign)
    Organisation.objects.update(sending_stopped_at=FIRST)

    assert catch_up(now=FIRST + 2 * DAY + HOUR / 2) == 0

    assert list_times(campaign) == before


def test_reminders_keep_their_times_when_first_mails_are_planned_anew() -> None:
    campaign = make_running(reminders=1)
    first = campaign.invitations.earliest("pk")
    reminder = make_invitation(
        campaign=campaign, contact=first.contact, first=first, sequence=1, scheduled_for=FIRST
    )

    assert catch_up(now=FIRST + 2 * DAY + HOUR / 2) == 1

    reminder.refresh_from_db()
    assert (reminder.state, reminder.scheduled_for) == ("scheduled", FIRST)


def test_what_is_hardly_late_is_left_alone() -> None:
    campaign = make_running()
    before = list_times(campaign)

    catch_up(now=FIRST + dt.timedelta(minutes=20))

    assert list_times(campaign) == before


@pytest.mark.parametrize("state", ["paused", "cancelled", "finished", "draft"])
def test_only_a_running_campaign_catches_up(state: str) -> None:
    campaign = make_running(state=state)
    before = list_times(campaign)

    assert catch_up(now=FIRST + 2 * DAY) == 0
    assert list_times(campaign) == before


def test_held_sender_is_not_planned_around() -> None:
    now = FIRST + 2 * DAY
    campaign = make_running(sender=make_sender(held_until=now + HOUR))

    assert catch_up(now=now) == 0
    assert not campaign.events.exists()


def test_what_does_not_fit_is_told_once_and_nobody_is_dropped() -> None:
    campaign = make_running(daily_limit=8)
    back = FIRST + 3 * DAY

    for minutes in (0, 1):
        assert catch_up(now=back + dt.timedelta(minutes=minutes)) == 0

    assert campaign.invitations.filter(state="scheduled").count() == 32
    (line,) = list_history(campaign)
    assert line.sentence.startswith("16 mails do not fit")


@pytest.mark.django_db(transaction=True)
def test_engine_catches_up_before_it_sends() -> None:
    now = timezone.now()
    campaign = make_campaign(
        first_day=timezone.localdate() - 3 * DAY, window_days=10, weekdays=list(range(7)),
        day_start=dt.time(0), day_end=dt.time(23, 59),
    )  # fmt: skip
    for number in range(40):
        make_invitation(
            campaign=campaign,
            contact=make_contact(),
            scheduled_for=now - 2 * DAY + number * HOUR,
            not_after=now + 5 * DAY,
            order_key=number,
        )

    send_due()

    assert [event.kind for event in campaign.events.all()] == ["caught_up"]
    assert campaign.invitations.filter(state="sent").count() <= 1
    assert campaign.invitations.filter(state="scheduled", scheduled_for__lt=now).count() == 0
