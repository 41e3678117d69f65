"""A plan drawn anew is what was shown: resuming, changing a running campaign, and their races."""

from __future__ import annotations

import datetime as dt
from copy import copy
from typing import Any

import pytest

from npsapp.models import User
from surveys.campaign_history import list_history
from surveys.campaigns import CannotMove, PreviewOutdated, cancel, pause
from surveys.models import Campaign
from surveys.replanning import Replan, Seen, change, draw_replan, resume
from tests.factories import make_campaign, make_contact, make_invitation, make_organisation
from tests.races import run_at_once

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 1, 7, tzinfo=dt.UTC)  # a Thursday, 9:00 in Amsterdam
DAY = dt.timedelta(days=1)
FIELDS = ["name", "window_days", "weekdays", "day_start", "day_end", "daily_limit"]


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam", rest_days=0)


def make_running(mails: int, **fields: Any) -> Campaign:
    """One mail an hour from now on, nine a day."""
    campaign = make_campaign(
        **{"window_days": 10, "weekdays": list(range(7)), "launched_at": NOW} | fields
    )
    for number in range(mails):
        moment = NOW + number // 8 * DAY + dt.timedelta(hours=number % 8)
        make_invitation(
            campaign=campaign,
            contact=make_contact(),
            scheduled_for=moment,
            not_after=NOW + 10 * DAY,
            order_key=number,
        )
    return campaign


def changed(campaign: Campaign, **fields: Any) -> Campaign:
    other = copy(Campaign.objects.get(pk=campaign.pk))
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def look(campaign: Campaign, **fields: Any) -> tuple[Campaign, Replan]:
    other = changed(campaign, **fields)
    return other, draw_replan(other, stored=campaign, now=NOW)


def test_change_spreads_what_waits_and_says_so(manager: User) -> None:
    campaign = make_running(20)
    left = make_invitation(campaign=campaign, state="sent", sent_at=NOW - DAY, scheduled_for=NOW)
    other, replan = look(campaign, window_days=5)

    change(other, fields=FIELDS, seen=Seen(**replan.seen), by=manager, now=NOW)

    campaign.refresh_from_db()
    left.refresh_from_db()
    times = campaign.invitations.filter(state="scheduled").values_list("scheduled_for", flat=True)
    assert (campaign.window_days, campaign.state, left.scheduled_for) == (5, "running", NOW)
    assert max(times) < NOW + 5 * DAY
    assert len({moment.date() for moment in times if moment}) == 5
    (line,) = list_history(campaign)
    assert (line.who, line.changes) == ("Marga Meting", (("Window in days", "10", "5"),))
    assert "instead of" in line.sentence


def test_change_keeps_the_order(manager: User) -> None:
    campaign = make_running(12)
    order = list(campaign.invitations.order_by("scheduled_for").values_list("pk", flat=True))
    other, replan = look(campaign, daily_limit=2)

    change(other, fields=FIELDS, seen=Seen(**replan.seen), by=manager, now=NOW)

    after = campaign.invitations.order_by("scheduled_for").values_list("pk", flat=True)
    assert list(after) == order
    assert replan.plan.busiest == 2


def test_claimed_mail_keeps_its_time_and_gets_the_new_end(manager: User) -> None:
    campaign = make_running(4)
    claimed = make_invitation(campaign=campaign, state="claimed", scheduled_for=NOW)
    other, replan = look(campaign, window_days=2)

    change(other, fields=FIELDS, seen=Seen(**replan.seen), by=manager, now=NOW)

    claimed.refresh_from_db()
    assert (claimed.state, claimed.scheduled_for) == ("claimed", NOW)
    assert claimed.not_after == replan.plan.closes


def test_change_that_no_longer_is_what_was_shown_is_refused(manager: User) -> None:
    campaign = make_running(6, daily_limit=10)
    other, replan = look(campaign, daily_limit=1, window_days=6)
    make_invitation(campaign=campaign, not_after=NOW + 10 * DAY)

    with pytest.raises(PreviewOutdated):
        change(other, fields=FIELDS, seen=Seen(**replan.seen), by=manager, now=NOW)

    campaign.refresh_from_db()
    assert campaign.daily_limit == 10
    assert not campaign.events.exists()


def test_change_after_another_change_is_refused(manager: User) -> None:
    campaign = make_running(4)
    other, replan = look(campaign, window_days=8)
    Campaign.objects.filter(pk=campaign.pk).update(daily_limit=3)

    with pytest.raises(PreviewOutdated):
        change(other, fields=FIELDS, seen=Seen(**replan.seen), by=manager, now=NOW)


def test_what_does_not_fit_is_counted_and_mended() -> None:
    campaign = make_running(30)

    _, replan = look(campaign, window_days=4, daily_limit=5)

    assert (replan.plan.mails, replan.plan.no_room) == (20, 10)
    assert replan.way is not None
    assert (replan.way.window_days, replan.way.days, replan.way.daily_limit) == (6, 2, 8)
    for way in ({"window_days": 6, "daily_limit": 5}, {"window_days": 4, "daily_limit": 8}):
        assert look(campaign, **way)[1].plan.no_room == 0


def test_resume_names_the_end_before_and_after() -> None:
    campaign = make_running(16, state="paused")

    replan = draw_replan(campaign, now=NOW + DAY)

    assert (replan.busiest_before, replan.last_day_before) == (8, dt.date(2026, 10, 2))
    assert replan.is_later


def test_resume_of_what_was_not_shown_is_refused() -> None:
    campaign = make_running(4, state="paused")
    seen = Seen(**draw_replan(campaign, now=NOW).seen)
    make_invitation(campaign=campaign, not_after=NOW + 10 * DAY)

    with pytest.raises(PreviewOutdated):
        resume(campaign, seen=seen, now=NOW)

    campaign.refresh_from_db()
    assert campaign.state == "paused"


@pytest.mark.django_db(transaction=True)
def test_race_of_two_changes_has_one_winner(manager: User) -> None:
    campaign = make_running(12)
    tabs = [look(campaign, window_days=days) for days in (5, 7)]

    def press(other: Campaign, replan: Replan) -> Any:
        seen = Seen(**replan.seen)
        return lambda: change(other, fields=FIELDS, seen=seen, by=manager, now=NOW)

    refused = run_at_once(*[press(*tab) for tab in tabs])

    campaign.refresh_from_db()
    assert [type(refusal) for refusal in refused] == [PreviewOutdated]
    assert campaign.window_days in {5, 7}
    assert campaign.events.count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_change_and_pause_leaves_a_paused_campaign(manager: User) -> None:
    campaign = make_running(12)
    other, replan = look(campaign, window_days=5)
    seen = Seen(**replan.seen)

    refused = run_at_once(
        lambda: change(other, fields=FIELDS, seen=seen, by=manager, now=NOW),
        lambda: pause(campaign, by=manager, now=NOW),
    )

    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert all(type(refusal) is CannotMove for refusal in refused)
    assert (campaign.window_days == 5) == (not refused)


@pytest.mark.django_db(transaction=True)
def test_race_of_change_and_cancel_schedules_nobody_again(manager: User) -> None:
    campaign = make_running(12)
    other, replan = look(campaign, window_days=5)
    seen = Seen(**replan.seen)

    run_at_once(
        lambda: change(other, fields=FIELDS, seen=seen, by=manager, now=NOW),
        lambda: cancel(campaign, by=manager, now=NOW),
    )

    campaign.refresh_from_db()
    assert campaign.state == "cancelled"
    assert not campaign.invitations.exclude(state="skipped").exists()
