"""Reminders: whom, when, how many a day, and never twice."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from surveys.campaigns import cancel, finish_campaigns, pause
from surveys.models import Campaign, Invitation, Suppression, get_organisation
from surveys.planning.openings import zone_for
from surveys.planning.plan import draw_plan
from surveys.planning.reminding import (
    bound_reminders,
    doubt_reminders,
    may_remind,
    move_close,
    plan_reminders,
)
from surveys.reminders import change_reminders, count_remindable, count_reminders
from surveys.replanning import resume
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_sender,
)

pytestmark = pytest.mark.django_db

# A Thursday, 10:00 in Amsterdam; the campaigns of the tests began a week before.
NOW = dt.datetime(2026, 10, 8, 8, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def make_reminding(**fields: Any) -> Campaign:
    return make_campaign(**{"reminders": 1, "reminder_after_days": 7} | fields)


def ask(campaign: Campaign, *, ago: dt.timedelta = WEEK, **fields: Any) -> Invitation:
    asked = {"state": "sent", "sent_at": NOW - ago, "scheduled_for": NOW - ago}
    return make_invitation(campaign=campaign, **asked | fields)


def find_reminders(campaign: Campaign) -> list[Invitation]:
    return list(campaign.invitations.filter(sequence__gt=0).order_by("scheduled_for", "pk"))


def test_reminder_points_to_the_first_mail_and_leaves_today() -> None:
    campaign = make_reminding()
    first = ask(campaign, stratum="Gold", order_key=0.25)

    assert plan_reminders(campaign, now=NOW) == 1

    (reminder,) = find_reminders(campaign)
    assert (reminder.first, reminder.contact, reminder.sequence) == (first, first.contact, 1)
    assert (reminder.stratum, reminder.order_key, reminder.state) == ("Gold", 0.25, "scheduled")
    assert reminder.scheduled_for == NOW
    # The window ends on the 30th; reminders may leave for seven days more.
    assert reminder.not_after == dt.datetime(2026, 11, 6, 23, tzinfo=dt.UTC)


def test_planning_again_plans_nothing_new() -> None:
    campaign = make_reminding(reminders=3)
    ask(campaign)

    planned = [plan_reminders(campaign, now=NOW) for _ in range(3)]

    assert planned == [1, 0, 0]


@pytest.mark.parametrize(
    "fields",
    [
        {"ago": dt.timedelta(days=6)},
        {"answered_at": NOW - dt.timedelta(days=1)},
        {"state": "unknown", "sent_at": None, "unknown_since": NOW - WEEK},
        {"state": "failed", "sent_at": None},
        {"state": "skipped", "sent_at": None},
        {"delivery_status": "bounced"},
        {"delivery_status": "complained"},
    ],
)
def test_nobody_is_reminded_too_early_in_vain_or_in_doubt(fields: dict[str, Any]) -> None:
    campaign = make_reminding()
    ask(campaign, **fields)

    assert plan_reminders(campaign, now=NOW) == 0


def test_who_unsubscribed_or_lost_the_address_is_not_reminded() -> None:
    campaign = make_reminding()
    gone, nameless = ask(campaign).contact, ask(campaign).contact
    assert gone
    assert nameless
    Suppression.objects.create(address_hash=gone.address_hash, reason="unsubscribed")
    type(nameless).objects.filter(pk=nameless.pk).update(email="", address_hash="")

    assert plan_reminders(campaign, now=NOW) == 0


@pytest.mark.parametrize("state", ["draft", "paused", "finished", "cancelled"])
def test_only_a_running_campaign_reminds(state: str) -> None:
    campaign = make_reminding(state=state)
    ask(campaign)

    assert plan_reminders(campaign, now=NOW) == 0


def test_nothing_is_planned_while_the_sender_is_held() -> None:
    campaign = make_reminding(sender=make_sender(held_until=NOW + dt.timedelta(hours=1)))
    ask(campaign)

    assert plan_reminders(campaign, now=NOW) == 0
    assert plan_reminders(campaign, now=NOW + dt.timedelta(hours=2)) == 1


def test_what_fell_due_before_a_restore_is_not_sent_perhaps_twice() -> None:
    campaign = make_reminding()
    ask(campaign, ago=WEEK + dt.timedelta(hours=2))
    later = ask(campaign, ago=WEEK - dt.timedelta(hours=2))
    doubt_reminders(until=NOW)

    assert plan_reminders(campaign, now=NOW) == 1
    (reminder,) = find_reminders(campaign)
    assert reminder.first == later


def test_reminders_are_off_unless_switched_on() -> None:
    campaign = make_campaign()
    ask(campaign)

    assert plan_reminders(campaign, now=NOW) == 0


@pytest.mark.parametrize(
    "now",
    [
        dt.datetime(2026, 10, 8, 6, tzinfo=dt.UTC),  # 8:00
        dt.datetime(2026, 10, 8, 15, tzinfo=dt.UTC),  # 17:00
        dt.datetime(2026, 10, 10, 9, tzinfo=dt.UTC),  # a Saturday
    ],
)
def test_nothing_is_planned_while_it_is_closed(now: dt.datetime) -> None:
    campaign = make_reminding()
    ask(campaign, ago=dt.timedelta(days=14))

    assert plan_reminders(campaign, now=now) == 0


def test_second_reminder_waits_for_the_first() -> None:
    campaign = make_reminding(reminders=2)
    first = ask(campaign, ago=2 * WEEK)
    plan_reminders(campaign, now=NOW)
    Invitation.objects.filter(first=first).update(state="sent", sent_at=NOW)

    early = plan_reminders(campaign, now=NOW + dt.timedelta(days=6))
    due = plan_reminders(campaign, now=NOW + WEEK)
    Invitation.objects.filter(sequence=2).update(state="sent", sent_at=NOW + WEEK)

    assert (early, due) == (0, 1)
    # Two were allowed.
    assert plan_reminders(campaign, now=NOW + 2 * WEEK) == 0
    assert [(row.sequence, row.first_id) for row in find_reminders(campaign)] == [
        (1, first.pk),
        (2, first.pk),
    ]


@pytest.mark.parametrize("state", ["failed", "unknown", "skipped"])
def test_chain_ends_with_a_reminder_that_did_not_leave(state: str) -> None:
    campaign = make_reminding(reminders=3)
    first = ask(campaign, ago=3 * WEEK)
    ask(campaign, contact=first.contact, first=first, sequence=1, state=state, sent_at=None)

    assert plan_reminders(campaign, now=NOW) == 0


def test_first_mails_and_reminders_together_keep_the_daily_limit() -> None:
    campaign = make_reminding(daily_limit=10)
    for _ in range(20):
        ask(campaign)
    midnight = NOW - dt.timedelta(hours=10)
    for hours in (1, 2):
        ask(campaign, sent_at=midnight + dt.timedelta(hours=hours))
    ask(campaign, state="unknown", sent_at=None, unknown_since=midnight + dt.timedelta(hours=3))
    for hours in (1, 2, 3, 24):
        make_invitation(campaign=campaign, scheduled_for=NOW + dt.timedelta(hours=hours))

    # Three left, three are to leave today, one tomorrow.
    assert plan_reminders(campaign, now=NOW) == 4
    assert plan_reminders(campaign, now=NOW) == 0


def test_longest_due_come_first_and_spread_over_the_rest_of_the_day() -> None:
    campaign = make_reminding(daily_limit=2)
    late, early, middle = (ask(campaign, ago=WEEK + dt.timedelta(hours=h)) for h in (1, 3, 2))

    plan_reminders(campaign, now=NOW)

    reminders = find_reminders(campaign)
    assert [row.first for row in reminders] == [early, middle]
    # From 10:00, with 7 hours left.
    moments = [row.scheduled_for for row in reminders]
    assert moments == [NOW, NOW + dt.timedelta(hours=3, minutes=30)]
    assert late.reminders.count() == 0


def test_reminder_is_never_earlier_than_its_days_whatever_the_clocks_do() -> None:
    # Clocks go back on the 25th: seven days later is the same time of day, an hour more elapsed.
    campaign = make_reminding()
    sent_at = dt.datetime(2026, 10, 22, 14, 30, tzinfo=dt.UTC)  # 16:30
    ask(campaign, sent_at=sent_at)

    plan_reminders(campaign, now=dt.datetime(2026, 10, 29, 9, tzinfo=dt.UTC))

    (reminder,) = find_reminders(campaign)
    assert reminder.scheduled_for == sent_at + WEEK + dt.timedelta(hours=1)


def test_reminders_go_on_after_the_window_until_their_last_day() -> None:
    campaign = make_reminding(window_days=5)  # 1 to 5 October; reminders until the 12th
    ask(campaign)

    inside = plan_reminders(campaign, now=dt.datetime(2026, 10, 12, 9, tzinfo=dt.UTC))
    Invitation.objects.filter(sequence=1).delete()
    after = plan_reminders(campaign, now=dt.datetime(2026, 10, 13, 9, tzinfo=dt.UTC))

    assert (inside, after) == (1, 0)


def test_campaign_stays_open_for_reminders_and_finishes_when_none_can_come() -> None:
    campaign = make_reminding(window_days=5)
    first = ask(campaign, ago=dt.timedelta(days=3))

    assert finish_campaigns(now=NOW) == 0
    assert may_remind(campaign, now=NOW)
    Invitation.objects.filter(pk=first.pk).update(answered_at=NOW)

    assert finish_campaigns(now=NOW) == 1
    campaign.refresh_from_db()
    assert campaign.state == "finished"


def test_campaign_finishes_when_the_days_of_reminders_are_over() -> None:
    campaign = make_reminding(window_days=5)
    ask(campaign)
    plan_reminders(campaign, now=NOW)
    over = dt.datetime(2026, 10, 12, 22, tzinfo=dt.UTC)  # midnight behind the 12th

    assert finish_campaigns(now=over) == 1
    (reminder,) = find_reminders(campaign)
    assert (reminder.state, reminder.reason) == ("skipped", "window_over")


def test_bound_of_a_launch_counts_everybody_and_the_room_that_is_left() -> None:
    for _ in range(6):
        make_contact()
    draft = make_campaign(
        state="draft", first_day=NOW.date(), window_days=1, reminders=2, reminder_after_days=1
    )

    free = bound_reminders(draft, draw_plan(draft, now=NOW))
    draft.daily_limit = 5
    plan = draw_plan(draft, now=NOW)

    assert free == 12
    # Thursday and Friday; Saturday is closed. Five of them are first mails.
    assert (plan.mails, bound_reminders(draft, plan)) == (5, 5)


def test_switching_off_takes_back_what_waits_and_on_again_plans_it_anew() -> None:
    campaign = make_reminding()
    ask(campaign)
    plan_reminders(campaign, now=NOW)
    (planned,) = find_reminders(campaign)

    change_reminders(campaign, reminders=0, after_days=7, previewed=0, now=NOW)
    planned.refresh_from_db()
    off = (planned.state, planned.reason, plan_reminders(campaign, now=NOW))
    change_reminders(campaign, reminders=1, after_days=7, previewed=1, now=NOW)
    again = plan_reminders(campaign, now=NOW)

    assert off == ("skipped", "reminders_off", 0)
    assert again == 1
    planned.refresh_from_db()
    assert (planned.state, planned.reason, planned.skipped_at) == ("scheduled", "", None)


def test_switching_on_asks_again_when_more_people_were_reached_meanwhile() -> None:
    from surveys.campaigns import PreviewOutdated

    campaign = make_campaign()
    ask(campaign)
    seen = count_remindable(campaign)
    ask(campaign)

    with pytest.raises(PreviewOutdated):
        change_reminders(campaign, reminders=1, after_days=7, previewed=seen, now=NOW)


def test_resume_spreads_first_mails_only_and_leaves_room_for_waiting_reminders() -> None:
    campaign = make_reminding(daily_limit=3)
    ask(campaign)
    waiting = [make_invitation(campaign=campaign, scheduled_for=NOW) for _ in range(3)]
    Invitation.objects.filter(pk__in=[row.pk for row in waiting]).update(
        scheduled_for=NOW + dt.timedelta(days=1)
    )
    plan_reminders(campaign, now=NOW)
    (reminder,) = find_reminders(campaign)
    pause(campaign)

    plan = resume(campaign, now=NOW)

    assert plan.mails == 3
    assert plan.mails_by_day.get(NOW.date(), 0) <= 2
    before, after = reminder.scheduled_for, Invitation.objects.get(pk=reminder.pk)
    assert (after.scheduled_for, after.state) == (before, "scheduled")


def test_cancel_counts_people_not_reminders() -> None:
    campaign = make_reminding()
    ask(campaign)
    make_invitation(campaign=campaign, scheduled_for=NOW + WEEK)
    plan_reminders(campaign, now=NOW)

    assert cancel(campaign, now=NOW) == 1
    assert find_reminders(campaign)[0].reason == "cancelled"


def test_counts_of_reminders_and_who_answered_after_one() -> None:
    campaign = make_reminding(reminders=2)
    first = ask(campaign, ago=2 * WEEK, answered_at=NOW)
    ask(campaign, contact=first.contact, first=first, sequence=1)
    before = ask(campaign, answered_at=NOW - dt.timedelta(days=6))
    ask(campaign, contact=before.contact, first=before, sequence=1, state="skipped", sent_at=None)

    found = count_reminders(campaign)

    assert (found.sent, found.skipped, found.answered, found.total) == (1, 1, 1, 2)


def ask_around_the_world(campaign: Campaign) -> None:
    """Eight days ago at noon, by the clock of each."""
    for name in ("", "Asia/Tokyo", "America/New_York", "Nowhere/Atall"):
        zone = ZoneInfo(name) if "/" in name and "Nowhere" not in name else AMSTERDAM
        noon = dt.datetime(2026, 9, 30, 12, tzinfo=zone)
        ask(campaign, contact=make_contact(time_zone=name), sent_at=noon)


@pytest.mark.parametrize(
    ("hour", "zones"),
    [
        (1, {"Asia/Tokyo"}),  # 10:00 in Tokyo, 03:00 in Amsterdam
        (8, {"", "Nowhere/Atall"}),  # 17:00 in Tokyo is closed
        (14, {"", "Nowhere/Atall", "America/New_York"}),  # 16:00 in Amsterdam, 10:00 in New York
        (18, {"America/New_York"}),
        (22, set()),
    ],
)
def test_reminders_keep_the_hours_of_each_recipient(hour: int, zones: set[str]) -> None:
    campaign = make_reminding(clock="recipient")
    ask_around_the_world(campaign)
    now = NOW.replace(hour=hour)

    planned = plan_reminders(campaign, now=now)

    rows = find_reminders(campaign)
    assert planned == len(rows)
    assert {row.contact.time_zone for row in rows if row.contact} == zones
    for row in rows:
        zone = zone_for(campaign, get_organisation(), row.contact)
        assert row.scheduled_for
        assert now <= row.scheduled_for
        assert 9 <= row.scheduled_for.astimezone(zone).hour < 17


def test_by_the_recipients_clock_the_same_time_of_day_and_the_last_day_are_theirs() -> None:
    campaign = make_reminding(clock="recipient", reminder_after_days=8)
    ask_around_the_world(campaign)

    for hour in (1, 8, 14):
        plan_reminders(campaign, now=NOW.replace(hour=hour))

    tokyo, ours, _, new_york = find_reminders(campaign)
    assert tokyo.scheduled_for == dt.datetime(2026, 10, 8, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert ours.scheduled_for == dt.datetime(2026, 10, 8, 12, tzinfo=AMSTERDAM)
    assert new_york.scheduled_for == dt.datetime(
        2026, 10, 8, 12, tzinfo=ZoneInfo("America/New_York")
    )
    # The window ends on 30 October, reminders eight days after it.
    assert tokyo.not_after == dt.datetime(2026, 11, 8, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert ours.not_after == dt.datetime(2026, 11, 8, tzinfo=AMSTERDAM)


def test_groups_of_time_zones_share_the_daily_limit() -> None:
    campaign = make_reminding(clock="recipient", daily_limit=3)
    for _ in range(4):
        ask_around_the_world(campaign)

    planned = [plan_reminders(campaign, now=NOW.replace(hour=hour)) for hour in (8, 14)]

    assert planned == [3, 0]


def test_nothing_is_over_while_it_is_still_the_last_day_somewhere() -> None:
    campaign = make_reminding(clock="recipient", window_days=5)  # reminders until the 12th
    ask_around_the_world(campaign)
    midnight = dt.datetime(2026, 10, 13, tzinfo=AMSTERDAM)

    afterwards = midnight + dt.timedelta(minutes=30)

    assert may_remind(campaign, now=afterwards)
    assert not may_remind(campaign, now=midnight + dt.timedelta(hours=6))
    assert plan_reminders(campaign, now=afterwards) == 0


def test_shorter_window_binds_reminders_by_each_clock() -> None:
    campaign = make_reminding(clock="recipient")
    ask_around_the_world(campaign)
    plan_reminders(campaign, now=NOW.replace(hour=14))
    campaign.window_days = 20
    campaign.save()

    move_close(campaign)

    ends = {row.contact.time_zone: row.not_after for row in find_reminders(campaign) if row.contact}
    # 1 to 20 October, and seven days more.
    assert ends[""] == ends["Nowhere/Atall"] == dt.datetime(2026, 10, 28, tzinfo=AMSTERDAM)
    assert ends["America/New_York"] == dt.datetime(
        2026, 10, 28, tzinfo=ZoneInfo("America/New_York")
    )
