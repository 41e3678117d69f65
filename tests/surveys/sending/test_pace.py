"""Slower when the server defers, faster again when it does not."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from surveys.models import Sender, SenderMinute
from surveys.sending.hold import Trouble, explain_trouble
from surveys.sending.ledger import INVITATIONS
from surveys.sending.outcome import deferred, held, refused, retry, sent, unknown
from surveys.sending.pace import (
    Results,
    adjust_rates,
    classify,
    floor_of,
    next_rate,
    note_results,
)
from surveys.sending.release import send_lane
from tests.factories import make_campaign, make_invitation, make_organisation, make_sender
from tests.surveys.sending.smtp_server import Server

NOON = dt.datetime(2026, 10, 13, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("rate", "results", "expected"),
    [
        (10.0, Results(100, 6, 0, 60), 5.0),
        (10.0, Results(100, 5, 0, 60), 10.0),
        (10.0, Results(3, 1, 0, 60), None),
        (10.0, Results(3, 1, 1, 60), 5.0),
        (5.0, Results(200, 1, 0, 60), 5.5),
        (9.8, Results(200, 0, 0, 60), 10.0),
        (0.6, Results(100, 50, 0, 60), 0.5),
        (5.0, Results(19, 0, 0, 60), None),
    ],
)
def test_rate_halves_on_deferrals_and_recovers_slowly(
    rate: float, results: Results, expected: float | None
) -> None:
    assert next_rate(rate, 10.0, results) == pytest.approx(expected)


def test_floor_is_never_above_the_ceiling() -> None:
    assert floor_of(10.0) == 0.5
    assert floor_of(1 / 600) == 1 / 600


def test_outcomes_are_classified() -> None:
    assert classify(sent("250 ok")) == ["sent"]
    assert classify(deferred("450 later")) == ["deferred"]
    assert classify(deferred("421 busy", hold=MINUTE)) == ["deferred", "slow_downs"]
    assert classify(held("421 too many", MINUTE, code=421)) == ["deferred", "slow_downs"]
    assert classify(held("550 no", MINUTE, code=550)) == ["refused"]
    assert classify(held("ConnectionRefusedError: no", MINUTE)) == ["unreachable"]
    assert classify(retry("SMTPServerDisconnected: gone")) == ["unreachable"]
    assert classify(refused("550 no such user", is_about_us=False)) == ["refused"]
    assert classify(unknown("timeout")) == ["unknown"]


@pytest.mark.parametrize(
    ("detail", "trouble"),
    [
        ("535 5.7.8 authentication failed", Trouble.CREDENTIALS),
        ("421 4.7.0 too many messages", Trouble.TOO_FAST),
        ("AnymailRequestsAPIError: API response 429 (Too Many Requests)", Trouble.TOO_FAST),
        ("AnymailRequestsAPIError: API response 401 (Unauthorized)", Trouble.CREDENTIALS),
        ("550 5.7.1 sender not allowed", Trouble.REFUSED),
        ("ConnectionRefusedError: [Errno 111] Connection refused", Trouble.UNREACHABLE),
        ("gaierror: [Errno -2] Name or service not known", Trouble.UNREACHABLE),
        ("something else", Trouble.OTHER),
    ],
)
def test_trouble_is_told_from_the_servers_words(detail: str, trouble: Trouble) -> None:
    assert explain_trouble(detail) is trouble


@pytest.mark.django_db
def test_sender_with_a_limit_slows_down_and_recovers() -> None:
    sender = make_sender(rate_limit=600, rate_unit="minute", tokens=80)
    note_results(sender.pk, Counter(sent=90, deferred=10), now=NOON)

    assert adjust_rates(now=NOON + MINUTE) == 1
    sender.refresh_from_db()
    assert (sender.rate, sender.tokens) == (5.0, 0)
    # The same minute is not judged twice.
    assert adjust_rates(now=NOON + 2 * MINUTE) == 0

    for minute in range(2, 12):
        note_results(sender.pk, Counter(sent=100), now=NOON + minute * MINUTE)
        adjust_rates(now=NOON + (minute + 1) * MINUTE)
    sender.refresh_from_db()
    assert sender.rate is None


@pytest.mark.django_db
def test_sender_without_a_limit_slows_down_from_the_speed_it_had() -> None:
    sender = make_sender()
    note_results(sender.pk, Counter(sent=110, deferred=10, slow_downs=10), now=NOON)

    adjust_rates(now=NOON + MINUTE)

    sender.refresh_from_db()
    assert (sender.rate, sender.slowed_from) == (1.0, 2.0)


@pytest.mark.django_db
def test_good_minutes_leave_a_sender_alone() -> None:
    sender = make_sender(rate_limit=60)
    note_results(sender.pk, Counter(sent=60), now=NOON)

    adjust_rates(now=NOON + MINUTE)

    sender.refresh_from_db()
    assert (sender.rate, sender.slowed_from) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_pass_writes_down_what_the_server_answered(smtp: Server) -> None:
    make_organisation(time_zone="UTC")
    campaign = make_campaign()
    for _ in range(5):
        make_invitation(
            campaign=campaign,
            scheduled_for=NOON - dt.timedelta(seconds=9),
            not_after=NOON + dt.timedelta(days=9),
        )
    smtp.say(rcpt=["450 4.2.0 greylisted", "550 5.1.1 nobody", "250 ok", "250 ok", "250 ok"])

    send_lane(INVITATIONS, now=NOON)

    (minute,) = SenderMinute.objects.all()
    assert minute.sender == campaign.sender
    assert (minute.sent, minute.deferred, minute.refused, minute.slow_downs) == (3, 1, 1, 0)


@pytest.mark.django_db
def test_old_minutes_are_cleared_away() -> None:
    sender = make_sender()
    note_results(sender.pk, Counter(sent=1), now=NOON - dt.timedelta(days=9))

    adjust_rates(now=NOON)

    assert not SenderMinute.objects.exists()
    assert Sender.objects.get().judged_at is None
