"""How much may leave, when, and who is kept waiting."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from surveys.models import Campaign, Heartbeat, Invitation, Sender
from surveys.sending import crew as crew_module
from surveys.sending import release as release_module
from surveys.sending import stopping
from surveys.sending.deliver import deliver
from surveys.sending.leases import job_lease
from surveys.sending.ledger import INVITATIONS, MAILS
from surveys.sending.outcome import Outcome, sent
from surveys.sending.release import Pass, grant, send_lane
from tests.factories import make_campaign, make_invitation, make_mail, make_organisation
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Tuesday; the campaign's hours are nine to five on working days.
NOON = dt.datetime(2026, 10, 13, 12, tzinfo=AMSTERDAM)


def make_due(
    campaign: Campaign, *, late: dt.timedelta, now: dt.datetime, **more: Any
) -> Invitation:
    return make_invitation(
        campaign=campaign,
        scheduled_for=now - late,
        not_after=now + dt.timedelta(days=9),
        **more,
    )


@pytest.mark.parametrize(
    ("now", "late", "retries", "count"),
    [
        (NOON, dt.timedelta(hours=20), 0, 1),
        # Late mail waits for open hours: evening, weekend.
        (NOON.replace(hour=21), dt.timedelta(hours=5), 0, 0),
        (NOON.replace(day=17), dt.timedelta(hours=20), 0, 0),
        (NOON.replace(hour=8, minute=59), dt.timedelta(hours=16), 0, 0),
        (NOON.replace(hour=9, minute=0), dt.timedelta(hours=16), 0, 1),
        # Planned for 16:59:58 and taken by the tick after closing time.
        (NOON.replace(hour=17, second=3), dt.timedelta(seconds=5), 0, 1),
        # But a retry is no longer what was planned.
        (NOON.replace(hour=17, second=3), dt.timedelta(seconds=5), 1, 0),
    ],
)
def test_hours(
    smtp: Server, now: dt.datetime, late: dt.timedelta, retries: int, count: int
) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    make_due(make_campaign(), late=late, now=now, retries=retries)

    done = send_lane(INVITATIONS, now=now)

    assert done.counts["sent"] == count


def test_hours_follow_the_organisations_clock(smtp: Server) -> None:
    make_organisation(time_zone="America/New_York")
    make_due(make_campaign(), late=dt.timedelta(hours=20), now=NOON)

    assert send_lane(INVITATIONS, now=NOON).attempts == 0
    assert send_lane(INVITATIONS, now=NOON + dt.timedelta(hours=4)).counts["sent"] == 1


def test_daily_limit_counts_what_left_today_and_what_may_have(smtp: Server) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    campaign = make_campaign(daily_limit=6)
    today, yesterday = NOON.replace(hour=9), NOON - dt.timedelta(days=1)
    make_invitation(campaign=campaign, state="sent", sent_at=today)
    make_invitation(campaign=campaign, state="sent", sent_at=yesterday)
    make_invitation(campaign=campaign, state="unknown", unknown_since=today)
    make_invitation(campaign=campaign, state="sending")
    for _ in range(5):
        make_due(campaign, late=dt.timedelta(minutes=1), now=NOON)

    first = send_lane(INVITATIONS, now=NOON)
    second = send_lane(INVITATIONS, now=NOON + dt.timedelta(minutes=1))

    assert (first.counts["sent"], second.attempts) == (3, 0)
    assert send_lane(INVITATIONS, now=NOON + dt.timedelta(days=1)).counts["sent"] == 2


def test_batch_is_shared_between_campaigns(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_module, "ROUND", 6)
    monkeypatch.setattr(release_module, "ROUNDS", 1)
    make_organisation()
    large, small = make_campaign(), make_campaign()
    for _ in range(8):
        make_due(large, late=dt.timedelta(seconds=90), now=NOON)
    for _ in range(2):
        make_due(small, late=dt.timedelta(minutes=1), now=NOON)

    done = send_lane(INVITATIONS, now=NOON)

    left = Invitation.objects.filter(state="sent")
    assert (left.filter(campaign=large).count(), left.filter(campaign=small).count()) == (3, 2)
    assert done.more


def test_pass_says_when_there_is_more(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_module, "ROUND", 3)
    monkeypatch.setattr(release_module, "ROUNDS", 1)
    sender = make_mail().sender
    for _ in range(3):
        make_mail(sender=sender)

    passes = [send_lane(MAILS, now=timezone.now()) for _ in range(3)]

    assert [done.counts["sent"] for done in passes] == [3, 1, 0]
    assert (passes[0].more, passes[2].more) == (True, False)


def test_pass_ends_after_its_time(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_module, "BATCH_SECONDS", -1.0)
    make_mail()

    assert send_lane(MAILS, now=timezone.now()).attempts == 0


def test_rows_after_a_crash_are_all_tried_in_one_pass(smtp: Server) -> None:
    sender = make_mail(claims=1).sender
    for _ in range(4):
        make_mail(sender=sender, claims=1)

    assert send_lane(MAILS, now=timezone.now()).counts["sent"] == 5


def test_term_gives_back_what_was_not_tried(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = make_mail().sender
    for _ in range(4):
        make_mail(sender=sender)
    real = deliver

    def deliver_and_stop(*args: Any, **options: Any) -> Outcome:
        stopping.request_stop()
        return real(*args, **options)

    monkeypatch.setattr(crew_module, "deliver", deliver_and_stop)

    done = send_lane(MAILS, now=timezone.now())

    states = sorted(MAILS.rows.values_list("state", "claims", "lease_until"), key=str)
    assert done.counts == {"sent": 1}
    assert states == [("scheduled", 0, None)] * 4 + [("sent", 0, None)]
    assert Heartbeat.objects.get(name="lane:transactional").leased_until <= timezone.now()  # type: ignore[operator]


def test_second_tick_finds_the_lane_taken(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mail()
    entered, leave = threading.Event(), threading.Event()

    def deliver_slowly(*args: Any, **options: Any) -> Outcome:
        entered.set()
        leave.wait(10)
        return sent()

    monkeypatch.setattr(crew_module, "deliver", deliver_slowly)
    first = threading.Thread(
        target=run_and_close, args=(lambda: send_lane(MAILS, now=timezone.now()),)
    )
    first.start()
    assert entered.wait(10)

    second = send_lane(MAILS, now=timezone.now())
    leave.set()
    first.join(10)

    assert second.was_busy
    assert str(second) == "another worker is at it"
    assert not send_lane(MAILS, now=timezone.now()).was_busy


def run_and_close(work: Callable[[], Pass]) -> None:
    from django.db import connection

    try:
        work()
    finally:
        connection.close()


def test_lease_is_taken_over_when_it_ended() -> None:
    with job_lease("job:x") as first:
        assert first is not None
        with job_lease("job:x") as second:
            assert second is None
        Heartbeat.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
        with job_lease("job:x") as third:
            assert third is not None
    with job_lease("job:x") as fourth:
        assert fourth is not None


def test_grant_leaves_out_a_held_sender() -> None:
    make_organisation()
    campaign = make_campaign()
    make_due(campaign, late=dt.timedelta(minutes=1), now=NOON)
    Sender.objects.update(held_until=NOON + dt.timedelta(minutes=1))

    assert grant(INVITATIONS, now=NOON) == []
    assert [stream.pk for stream in grant(INVITATIONS, now=NOON + dt.timedelta(minutes=2))] == [
        campaign.pk
    ]


def test_reply_leaves_while_the_campaign_is_paused(smtp: Server) -> None:
    make_invitation(campaign=make_campaign(state="paused"))
    make_mail(kind="reply")

    counts = [
        send_lane(ledger, now=timezone.now()).counts["sent"] for ledger in (MAILS, INVITATIONS)
    ]

    assert counts == [1, 0]
