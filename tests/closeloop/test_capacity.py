"""What the team can take on which day, and that no more mail leaves than it can answer."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from closeloop.capacity import tell_capacity
from closeloop.models import Absence
from surveys.expecting import ASSUMED_CURVE, Expectation, Hands, forecast
from surveys.models import Campaign, Invitation, Organisation, TeamCapacity
from surveys.pacing import Demand, find_free, find_wait, ration
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import grant
from tests.factories import (
    make_campaign,
    make_follow_up,
    make_invitation,
    make_member,
    make_organisation,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Tuesday.
NOON = dt.datetime(2026, 10, 13, 12, tzinfo=AMSTERDAM)
TODAY = NOON.date()
DAY = dt.timedelta(days=1)


@pytest.fixture
def paced(db: None) -> Organisation:
    return make_organisation(time_zone="Europe/Amsterdam", pace_by_team=True)


def told() -> dict[dt.date, tuple[int, int]]:
    return {row.day: (row.capacity, row.free) for row in TeamCapacity.objects.all()}


def make_due(campaign: Campaign, count: int) -> None:
    for _ in range(count):
        make_invitation(
            campaign=campaign,
            scheduled_for=NOON - dt.timedelta(minutes=1),
            not_after=NOON + 9 * DAY,
        )


# What the team can take


def test_day_has_the_capacities_of_who_is_at_work(paced: Organisation) -> None:
    make_member(daily_capacity=20)
    make_member(daily_capacity=5, working_days=[1, 5])
    away = make_member(daily_capacity=100)
    make_member(daily_capacity=1000, on_duty=False)
    Absence.objects.create(member=away, first_day=TODAY, last_day=TODAY + DAY)

    tell_capacity(now=NOON)

    week = [told()[TODAY + n * DAY][0] for n in range(6)]
    assert week == [25, 20, 120, 120, 5, 0]


def test_organisations_number_is_the_most_of_any_day(paced: Organisation) -> None:
    make_organisation(daily_capacity=12)
    make_member(daily_capacity=20)

    tell_capacity(now=NOON)

    assert told()[TODAY][0] == 12


def test_nobody_ever_said_leaves_no_rows(paced: Organisation) -> None:
    TeamCapacity.objects.create(day=TODAY, capacity=3, free=3)

    tell_capacity(now=NOON)

    assert told() == {}


def test_what_waits_and_what_was_done_today_take_of_the_day(paced: Organisation) -> None:
    owner = make_member(daily_capacity=3).user
    for _ in range(4):
        make_follow_up(owner=owner, now=NOON)
    make_follow_up(owner=owner, now=NOON, awaiting_contact=False, first_contacted_at=NOON)

    tell_capacity(now=NOON)

    # One of three hands is used; two of the four who wait fit in, two go to tomorrow.
    assert [told()[TODAY + n * DAY] for n in range(3)] == [(3, 0), (3, 1), (3, 3)]


def test_telling_the_same_twice_writes_once(paced: Organisation) -> None:
    make_member()
    tell_capacity(now=NOON)
    before = told()

    tell_capacity(now=NOON)

    assert told() == before


# How many mails fit: pure

expectations = st.floats(1, 100).map(lambda rate: Expectation(rate, ASSUMED_CURVE))


@given(
    st.lists(st.tuples(st.integers(0, 500), expectations), min_size=1, max_size=4),
    st.lists(st.integers(0, 60), min_size=40, max_size=40),
    st.integers(0, 200),
)
def test_rationed_mail_fits_at_the_end_of_every_working_day(
    campaigns: list[tuple[int, Expectation]], hands: list[int], backlog: int
) -> None:
    capacity = {TODAY + n * DAY: count for n, count in enumerate(hands)}
    demands = [Demand(Campaign(), mails, mails, expected) for mails, expected in campaigns]

    share = ration(demands, capacity=capacity, backlog=backlog, arrivals={}, today=TODAY)

    allowed = share if any(mails for mails, _ in campaigns) else 0.0
    for lag in range(31):
        if capacity[TODAY + lag * DAY] and allowed:
            answers = sum(
                allowed * mails * expected.rate / 100 * sum(expected.curve[: lag + 1])
                for mails, expected in campaigns
            )
            assert backlog + answers <= sum(hands[: lag + 1]) + 1e-6


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 500))
def test_free_hands_and_the_backlog_never_exceed_the_capacity(
    hands: list[int], backlog: int
) -> None:
    capacity = {TODAY + n * DAY: count for n, count in enumerate(hands)}

    free = find_free(capacity, backlog=backlog, arrivals={})

    assert sum(free.values()) == max(0, sum(hands) - backlog)
    assert all(free[day] <= capacity[day] for day in capacity)


def test_forecast_carries_over_days_without_work_to_the_next() -> None:
    friday = TODAY + 3 * DAY
    team = {
        friday + n * DAY: Hands(*hands) for n, hands in enumerate([(9, 6), (0, 0), (0, 0), (9, 3)])
    }

    answers = forecast({friday: 20}, Expectation(50, (0.5, 0.3, 0.1, 0.1)), team=team)

    # 5 come on Friday, 4 over the week-end, 1 on Monday: 5 for 3 hands.
    assert [day.left for day in answers.days] == [0, 3, 4, 2]
    assert [day.is_over for day in answers.days] == [False, False, False, True]
    assert answers.worst is not None
    assert answers.worst.day == friday + 3 * DAY


# What leaves


@pytest.mark.django_db
def test_mail_leaves_for_as_many_answers_as_fit(paced: Organisation) -> None:
    make_member(daily_capacity=2)
    campaign = make_campaign()
    make_due(campaign, 60)

    tell_capacity(now=NOON)

    # One in five answers, half of them today: 20 mails bring two answers.
    streams = grant(INVITATIONS, now=NOON)
    assert [(stream.limit, stream.is_counted) for stream in streams] == [(20, True)]
    wait = find_wait(campaign_as_stored(campaign), paced, now=NOON)
    assert wait is not None
    assert (wait.mails, wait.allowance, wait.left, wait.capacity) == (40, 20, 0, 2)


def campaign_as_stored(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_related("survey", "sender").get(pk=campaign.pk)


@pytest.mark.django_db
def test_what_left_today_counts_and_the_next_reckoning_agrees(paced: Organisation) -> None:
    make_member(daily_capacity=2)
    campaign = make_campaign()
    make_due(campaign, 60)
    tell_capacity(now=NOON)
    sent = Invitation.objects.filter(pk__in=Invitation.objects.values("pk")[:20])
    sent.update(state="sent", sent_at=NOON)

    assert grant(INVITATIONS, now=NOON) == []
    tell_capacity(now=NOON + dt.timedelta(minutes=5))

    assert campaign_as_stored(campaign).followup_allowance == 20
    assert grant(INVITATIONS, now=NOON) == []


@pytest.mark.django_db
def test_full_backlog_holds_all_and_a_member_more_lets_go(paced: Organisation) -> None:
    owner = make_member(daily_capacity=2).user
    for _ in range(2):
        make_follow_up(owner=owner, now=NOON)
    make_due(make_campaign(), 5)

    tell_capacity(now=NOON)
    assert grant(INVITATIONS, now=NOON) == []

    make_member(daily_capacity=50)
    tell_capacity(now=NOON)
    assert grant(INVITATIONS, now=NOON) != []


@pytest.mark.django_db
def test_reminders_bring_nobody_new_and_wait_only_with_the_others(paced: Organisation) -> None:
    make_member(daily_capacity=2)
    campaign = make_campaign(reminders=1)
    first = make_invitation(campaign=campaign, state="sent", sent_at=NOON - 9 * DAY)
    make_invitation(
        campaign=campaign,
        contact=first.contact,
        first=first,
        sequence=1,
        scheduled_for=NOON,
        not_after=NOON + DAY,
    )

    tell_capacity(now=NOON)

    assert campaign_as_stored(campaign).followup_allowance is None


@pytest.mark.django_db
def test_switched_off_nothing_is_held_whatever_was_reckoned(paced: Organisation) -> None:
    make_member(daily_capacity=1)
    make_due(make_campaign(), 50)
    tell_capacity(now=NOON)
    assert grant(INVITATIONS, now=NOON)[0].limit == 10

    make_organisation(pace_by_team=False)

    assert grant(INVITATIONS, now=NOON)[0].limit >= 50


@pytest.mark.django_db
def test_reckoning_of_yesterday_holds_nothing_today(paced: Organisation) -> None:
    campaign = make_campaign(followup_allowance=0, followup_allowance_day=TODAY - DAY)
    make_due(campaign, 3)

    assert grant(INVITATIONS, now=NOON)[0].limit > 3


@pytest.mark.django_db
def test_unknown_team_holds_nothing(paced: Organisation) -> None:
    campaign = make_campaign()
    make_due(campaign, 3)

    tell_capacity(now=NOON)

    assert campaign_as_stored(campaign).followup_allowance is None


# On the pages


def test_campaign_says_that_it_waits_for_the_team(
    manager_client: Client, paced: Organisation
) -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign)
    today = dt.datetime.now(AMSTERDAM).date()
    TeamCapacity.objects.create(day=today, capacity=40, free=0)
    Campaign.objects.update(followup_allowance=0, followup_allowance_day=today)

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "Waiting for the team: 40 of 40 follow-ups a day." in page
    assert "1 mail of today stays until there is room (0 of 0 have left)" in page


def test_switch_stands_in_the_settings(admin_client: Client, paced: Organisation) -> None:
    page = admin_client.get(reverse("settings")).content.decode()

    assert 'name="pace_by_team"' in page
    assert "Send no more than the team can answer" in page
