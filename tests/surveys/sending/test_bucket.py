"""The sender's token bucket, its daily limit and its warm-up, on the real database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys.models import Invitation, Sender
from surveys.sending import bucket
from surveys.sending.claim import claim_due
from surveys.sending.ledger import INVITATIONS
from surveys.sending.reap import reap
from surveys.sending.release import send_batch, send_lane
from surveys.sending.warm_up import cap_of_day, warm_up_cap
from tests.factories import make_campaign, make_invitation, make_organisation, make_sender
from tests.races import run_at_once
from tests.surveys.sending.smtp_server import Server

NOON = dt.datetime(2026, 10, 13, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


def take(sender: Sender, wanted: int, at: dt.datetime = NOON) -> int:
    sender.refresh_from_db()
    return bucket.take(sender, wanted, today=at.date(), now=at)


def make_due(count: int, **fields: Any) -> Sender:
    make_organisation(time_zone="UTC")
    campaign = make_campaign(sender=make_sender(**fields))
    for _ in range(count):
        make_invitation(
            campaign=campaign, scheduled_for=NOON - SECOND, not_after=NOON + dt.timedelta(days=9)
        )
    return campaign.sender


def count_sent() -> int:
    return Invitation.objects.filter(state="sent").count()


@pytest.mark.django_db
def test_bucket_fills_with_time_up_to_two_ticks() -> None:
    sender = make_sender(rate_limit=60, rate_unit="minute")

    assert take(sender, 50) == 10
    assert take(sender, 50) == 0
    assert take(sender, 50, NOON + 4 * SECOND) == 4
    assert take(sender, 3, NOON + 300 * SECOND) == 3
    assert take(sender, 50, NOON + 300 * SECOND) == 7


@pytest.mark.django_db
def test_bucket_of_a_slow_sender_holds_one() -> None:
    sender = make_sender(rate_limit=6, rate_unit="hour")

    assert take(sender, 5) == 1
    assert take(sender, 5, NOON + 599 * SECOND) == 0
    assert take(sender, 5, NOON + 601 * SECOND) == 1


@pytest.mark.django_db
def test_fast_bucket_waits_for_a_claim_that_is_worth_it() -> None:
    sender = make_sender(rate_limit=100, rate_unit="second")
    assert take(sender, 1000) == 1000

    assert take(sender, 50, NOON + 0.2 * SECOND) == 0
    assert take(sender, 50, NOON + 0.6 * SECOND) == 50


@pytest.mark.django_db
def test_clock_that_goes_back_gives_nothing() -> None:
    sender = make_sender(rate_limit=60, rate_unit="minute")
    take(sender, 50)

    assert take(sender, 50, NOON - 60 * SECOND) == 0
    assert take(sender, 50, NOON + 5 * SECOND) == 5


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(1, 300),
    unit=st.sampled_from(["second", "minute", "hour"]),
    steps=st.lists(
        st.tuples(st.floats(0, 90), st.integers(1, 60), st.integers(0, 60)), max_size=12
    ),
)
def test_never_more_leaves_than_rate_times_time_and_a_burst(
    limit: int, unit: str, steps: list[tuple[float, int, int]]
) -> None:
    sender = make_sender(rate_limit=limit, rate_unit=unit)
    rate = sender.ceiling or 0.0
    burst = max(1.0, rate * bucket.BURST_SECONDS)
    moments: list[tuple[float, int]] = []
    at = 0.0
    for pause, wanted, unused in steps:
        at += pause
        granted = take(sender, wanted, NOON + dt.timedelta(seconds=at))
        assert granted <= wanted
        back = min(granted, unused)
        bucket.give_back(sender.pk, back, today=TODAY)
        moments.append((at, granted - back))
    for first in range(len(moments)):
        left = 0
        for moment, mails in moments[first:]:
            left += mails
            assert left <= rate * (moment - moments[first][0]) + burst + 1e-3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_stay_within_the_burst(smtp: Server) -> None:
    make_due(40, rate_limit=60, rate_unit="minute")

    def work() -> None:
        send_batch(INVITATIONS, now=NOON)

    raised = run_at_once(work, work, work)

    assert raised == []
    # Ten seconds' worth, and what the clock adds while they work.
    assert 10 <= count_sent() == len(smtp.messages) <= 15
    assert not Invitation.objects.filter(state="claimed").exists()


@pytest.mark.django_db(transaction=True)
def test_daily_limit_holds_for_two_workers_and_begins_anew(smtp: Server) -> None:
    sender = make_due(40, daily_limit=12)

    def work() -> None:
        send_batch(INVITATIONS, now=NOON)

    assert run_at_once(work, work) == []
    sent_today = count_sent()
    send_lane(INVITATIONS, now=NOON + dt.timedelta(hours=2))
    send_lane(INVITATIONS, now=NOON + DAY)

    sender.refresh_from_db()
    assert (sent_today, count_sent()) == (12, 14)  # a campaign that is behind goes slower
    assert (sender.taken_today, sender.sending_days) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_what_does_not_leave_counts_for_nothing(smtp: Server) -> None:
    sender = make_due(4, daily_limit=10)
    Invitation.objects.update(answered_at=NOON)
    make_invitation(
        campaign=sender.campaigns.get(), scheduled_for=NOON - SECOND, not_after=NOON + 9 * DAY
    )

    done = send_lane(INVITATIONS, now=NOON)

    sender.refresh_from_db()
    assert done.counts == {"skipped": 4, "sent": 1}
    assert sender.taken_today == 1


@pytest.mark.django_db(transaction=True)
def test_reaper_gives_the_day_back_what_a_dead_worker_took() -> None:
    from django.utils import timezone

    sender = make_due(3, daily_limit=10)
    now = timezone.now()
    Invitation.objects.update(scheduled_for=now, not_after=now + DAY)
    assert bucket.take(sender, 3, today=now.astimezone(dt.UTC).date(), now=now) == 3
    claim_due(INVITATIONS, sender.campaigns.get().pk, limit=3, late_too=True, now=now)
    Invitation.objects.update(lease_until=now - SECOND)
    midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0)
    is_same_day = now - SECOND >= midnight + dt.timedelta(minutes=5)

    assert reap().returned == 3

    sender.refresh_from_db()
    assert sender.taken_today == (0 if is_same_day else 3)


def test_warm_up_grows_by_the_same_factor_each_day() -> None:
    sender = Sender(warm_up_start=50, warm_up_end=5000, warm_up_days=15)

    caps = [warm_up_cap(sender, day) for day in range(17)]

    assert (caps[0], caps[7], caps[14], caps[15], caps[16]) == (50, 500, 5000, None, None)
    assert caps[:15] == sorted(cap for cap in caps if cap is not None)
    assert warm_up_cap(Sender(), 0) is None
    assert warm_up_cap(Sender(warm_up_start=9, warm_up_end=20, warm_up_days=1), 0) == 9
    sender.daily_limit = 400
    assert (cap_of_day(sender, 0), cap_of_day(sender, 7), cap_of_day(sender, 20)) == (50, 400, 400)


@pytest.mark.django_db
def test_warm_up_counts_days_on_which_something_was_sent() -> None:
    sender = make_sender(warm_up_start=2, warm_up_end=8, warm_up_days=3)

    first = [take(sender, 5), take(sender, 5, NOON + 3600 * SECOND)]
    # A free weekend is no step.
    second = take(sender, 50, NOON + 4 * DAY)
    third = take(sender, 50, NOON + 5 * DAY)
    after = take(sender, 50, NOON + 6 * DAY)

    assert (first, second, third, after) == ([2, 0], 4, 8, 50)
