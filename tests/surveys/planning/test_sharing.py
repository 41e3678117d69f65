"""Campaigns of one sender share its days: what the plans promise together, it may send."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from surveys.models import Campaign, Invitation, Organisation, Sender
from surveys.planning.joining import add_people
from surveys.planning.plan import Plan, draw_plan, redraw_plan, rewrite_plan, write_plan
from surveys.planning.reminding import bound_reminders, plan_reminders
from surveys.planning.sharing import count_of_sender, room_today
from surveys.replanning import draw_replan
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_sender,
    make_survey,
)
from tests.properties import cases

pytestmark = pytest.mark.django_db

# A Thursday, 10:00 in Amsterdam.
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]


@pytest.fixture
def organisation() -> Organisation:
    return make_organisation(time_zone="Europe/Amsterdam")


def make_draft(sender: Sender, **fields: Any) -> Campaign:
    """Of a survey of its own that asks everybody, whoever was asked before."""
    return make_campaign(
        survey=make_survey(rest_rule="ignore"),
        sender=sender,
        **{"state": "draft", "first_day": NOW.date(), "window_days": 5, "weekdays": EVERY_DAY}
        | fields,
    )


def launch(campaign: Campaign, *, now: dt.datetime = NOW) -> Plan:
    plan = draw_plan(campaign, now=now)
    write_plan(campaign, plan)
    campaign.state = Campaign.State.RUNNING
    campaign.save()
    return plan


def count_days(organisation: Organisation) -> Counter[dt.date]:
    moments = Invitation.objects.filter(state="scheduled").values_list("scheduled_for", flat=True)
    return Counter(moment.astimezone(organisation.zone).date() for moment in moments if moment)


def test_days_that_another_campaign_filled_are_left_out(organisation: Organisation) -> None:
    for _ in range(10):
        make_contact()
    sender = make_sender(daily_limit=4)
    launch(make_draft(sender, window_days=2, daily_limit=3))

    plan = draw_plan(make_draft(sender, window_days=4), now=NOW)

    days = [NOW.date() + number * DAY for number in range(4)]
    assert plan.mails_by_day == {days[0]: 1, days[1]: 1, days[2]: 4, days[3]: 4}
    assert plan.mails_of_others == 6


def test_overflow_is_shown_and_not_squeezed_in(organisation: Organisation) -> None:
    for _ in range(10):
        make_contact()
    sender = make_sender(daily_limit=4)
    launch(make_draft(sender, window_days=3))

    plan = draw_plan(make_draft(sender, window_days=3), now=NOW)

    assert (plan.mails, plan.no_room) == (2, 8)


@pytest.mark.parametrize(
    ("state", "room"),
    [("running", 1), ("paused", 1), ("finished", 4), ("cancelled", 4)],
)
def test_campaigns_under_way_keep_their_days(
    organisation: Organisation, state: str, room: int
) -> None:
    sender = make_sender(daily_limit=4)
    other = make_campaign(sender=sender, state=state)
    for _ in range(3):
        make_invitation(campaign=other, scheduled_for=NOW + DAY)
    for _ in range(10):
        make_contact()

    plan = draw_plan(make_draft(sender, first_day=(NOW + DAY).date(), window_days=1), now=NOW)

    assert plan.mails == room


def test_other_senders_take_nothing(organisation: Organisation) -> None:
    other = make_campaign(sender=make_sender(daily_limit=4))
    for _ in range(6):
        make_invitation(campaign=other, scheduled_for=NOW + DAY)
    campaign = make_draft(make_sender(daily_limit=4), first_day=(NOW + DAY).date(), window_days=1)

    plan = draw_plan(campaign, now=NOW)

    assert (plan.mails, plan.mails_of_others) == (4, 0)


def test_today_counts_what_left_and_what_is_overdue(organisation: Organisation) -> None:
    sender, hour = make_sender(daily_limit=20), dt.timedelta(hours=1)
    running, paused = make_campaign(sender=sender), make_campaign(sender=sender, state="paused")
    done = make_campaign(sender=sender, state="finished")
    make_invitation(campaign=done, state="sent", sent_at=NOW - hour)
    make_invitation(campaign=done, state="sent", sent_at=NOW - DAY)
    make_invitation(campaign=running, state="failed", intent_at=NOW - hour)
    make_invitation(campaign=running, state="sending", intent_at=NOW)
    make_invitation(campaign=running, state="unknown", unknown_since=NOW - hour)
    make_invitation(campaign=running, state="skipped", scheduled_for=NOW)
    make_invitation(campaign=running, scheduled_for=NOW - 3 * DAY)
    make_invitation(campaign=paused, scheduled_for=NOW - 3 * DAY)
    make_invitation(campaign=paused, scheduled_for=NOW + hour)

    counts = count_of_sender(sender, organisation, today=NOW.date())

    assert counts == {NOW.date(): 6}
    assert room_today(sender, organisation, today=NOW.date()) == 14


def test_people_who_join_find_the_room_that_others_leave(organisation: Organisation) -> None:
    sender = make_sender(daily_limit=2)
    for _ in range(2):
        make_contact()
    campaign = make_draft(sender, window_days=3)
    launch(campaign)
    launch(make_draft(sender, window_days=3))
    for _ in range(4):
        make_contact()

    addition = add_people(campaign, now=NOW)

    assert (addition.mails, addition.left_out) == (2, {"no_room": 2})
    assert max(count_days(organisation).values()) == 2


def test_higher_limit_of_its_own_is_not_offered_where_the_senders_leaves_no_room(
    organisation: Organisation,
) -> None:
    for _ in range(12):
        make_contact()
    sender = make_sender(daily_limit=4)
    campaign = make_draft(sender, window_days=2, daily_limit=4)
    launch(campaign)
    Invitation.objects.update(state="scheduled", reason="", scheduled_for=NOW + DAY)
    make_invitation(
        campaign=make_campaign(sender=sender), scheduled_for=NOW + 2 * DAY, contact=make_contact()
    )

    way = draw_replan(campaign, now=NOW).way

    # Eight find room on two days and three on the third, of which the other campaign has one.
    assert way is not None
    assert (way.daily_limit, way.window_days) == (None, 4)


def test_reminders_leave_the_first_mails_of_other_campaigns_their_room(
    organisation: Organisation,
) -> None:
    sender = make_sender(daily_limit=5)
    campaign = make_campaign(sender=sender, reminders=1, first_day=dt.date(2026, 9, 20))
    for _ in range(6):
        make_invitation(campaign=campaign, state="sent", sent_at=NOW - 8 * DAY)
    other = make_campaign(sender=sender)
    for _ in range(3):
        make_invitation(campaign=other, scheduled_for=NOW + dt.timedelta(hours=2))

    assert plan_reminders(campaign, now=NOW) == 2
    assert plan_reminders(campaign, now=NOW) == 0


def test_most_reminders_of_a_launch_stay_within_the_senders_limit(
    organisation: Organisation,
) -> None:
    for _ in range(9):
        make_contact()
    campaign = make_draft(
        make_sender(daily_limit=3), window_days=3, reminders=1, reminder_after_days=2
    )

    # Five days of three mails, less the nine first mails.
    assert bound_reminders(campaign, draw_plan(campaign, now=NOW)) == 6


SPECS = st.fixed_dictionaries(
    {
        "first_day": st.integers(0, 4).map(lambda days: NOW.date() + days * DAY),
        "window_days": st.integers(2, 8),
        "daily_limit": st.none() | st.integers(1, 6),
        "weekdays": st.sets(st.sampled_from(EVERY_DAY), min_size=2).map(sorted),
        "clock": st.just("organisation"),
    }
)


@cases(25)
@given(
    specs=st.lists(SPECS, min_size=2, max_size=4),
    limit=st.integers(1, 9),
    people=st.integers(1, 12),
    later=st.integers(0, 3),
    newcomers=st.integers(0, 5),
)
def test_all_campaigns_of_a_sender_together_never_pass_its_limit(
    specs: list[dict[str, Any]], limit: int, people: int, later: int, newcomers: int
) -> None:
    with transaction.atomic():
        organisation = make_organisation(time_zone="Europe/Amsterdam")
        sender = make_sender(daily_limit=limit)
        for _ in range(people):
            make_contact()
        campaigns = [make_draft(sender, **spec) for spec in specs]
        for campaign in campaigns:
            plan = launch(campaign)
            days = count_days(organisation)
            assert max(days.values(), default=0) <= limit
            if plan.no_room:  # nothing that was free is wasted
                own = campaign.daily_limit or limit
                full = [plan.mails_by_day.get(day, 0) == own for day in plan.open_days]
                filled = [days[day] == limit for day in plan.open_days]
                assert all(map(any, zip(full, filled, strict=True)))
        now = NOW + later * DAY
        for campaign in campaigns:
            rewrite_plan(campaign, redraw_plan(campaign, now=now))
        assert max(count_days(organisation).values(), default=0) <= limit
        for _ in range(newcomers):
            make_contact()
        for campaign in campaigns:
            add_people(campaign, now=now)
        assert max(count_days(organisation).values(), default=0) <= limit
        transaction.set_rollback(True)
