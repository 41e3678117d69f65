"""A server that leaves every mail in doubt costs a handful of doubts, not a campaign."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from surveys.models import Campaign, Invitation, Sender
from surveys.sending import smtp as smtp_module
from surveys.sending import turns
from surveys.sending.hold import (
    DOUBTS_TO_HOLD,
    Circuit,
    Trouble,
    circuit_of,
    count_doubt,
    trouble_of,
)
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import Pass, send_lane
from tests.factories import make_campaign, make_invitation, make_organisation, make_sender
from tests.surveys.sending.http_server import Script, http_server
from tests.surveys.sending.smtp_server import CUT, HANG, Server

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[[], Pass]
MINUTE = dt.timedelta(minutes=1)
MANY = 40


@pytest.fixture
def campaign() -> Campaign:
    make_organisation(time_zone="UTC")
    campaign = make_campaign(
        weekdays=[0, 1, 2, 3, 4, 5, 6], day_start=dt.time(0), day_end=dt.time(23, 59)
    )
    now = timezone.now()
    for _ in range(MANY):
        make_invitation(
            campaign=campaign, scheduled_for=now - MINUTE, not_after=now + dt.timedelta(days=9)
        )
    return campaign


def count(state: str) -> int:
    return Invitation.objects.filter(state=state).count()


def run_and_close(work: Send) -> None:
    try:
        work()
    finally:
        connection.close()


def send_for_a_day(now: dt.datetime) -> None:
    for minutes in range(0, 24 * 60, 5):
        send_lane(INVITATIONS, now=now + minutes * MINUTE)


@pytest.mark.parametrize("broken", [{"body": CUT}, {"body": HANG}], ids=["cut", "hang"])
def test_smtp_server_that_never_confirms_holds_the_sender(
    smtp: Server,
    campaign: Campaign,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    broken: dict[str, str],
) -> None:
    monkeypatch.setattr(smtp_module, "FINAL_REPLY_SECONDS", 0.2)
    smtp.say(**broken)

    for _ in range(4):
        send()

    sender = Sender.objects.get(pk=campaign.sender_id)
    assert (count("unknown"), count("scheduled")) == (DOUBTS_TO_HOLD, MANY - DOUBTS_TO_HOLD)
    assert circuit_of(sender, now=timezone.now()) is Circuit.OPEN
    assert trouble_of(sender) is Trouble.NO_RESULT


@pytest.mark.parametrize("mode", [500, 504, "cut", "hang", "nonsense"])
def test_broken_mail_service_costs_a_handful_of_doubts_a_day(
    campaign: Campaign, mode: int | str
) -> None:
    with (
        http_server() as server,
        override_settings(
            EMAIL_BACKEND="anymail.backends.postmark.EmailBackend",
            ANYMAIL={
                "POSTMARK_SERVER_TOKEN": "token",
                "POSTMARK_API_URL": server.url,
                "REQUESTS_TIMEOUT": (0.3, 0.1),
            },
        ),
    ):
        server.script = Script(mode=mode, answer={"Message": "no"})
        send_for_a_day(timezone.now())

    # Three in a row, then one after 5, 10, 20, 40, 80, 160 and 320 minutes, and every six hours.
    assert DOUBTS_TO_HOLD < count("unknown") <= DOUBTS_TO_HOLD + 9
    assert count("scheduled") == MANY - count("unknown")


def test_connections_that_hang_together_are_all_the_doubt_there_is(
    smtp: Server, campaign: Campaign, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "FINAL_REPLY_SECONDS", 0.3)
    smtp.say(body=HANG)

    with override_settings(MAIL_CONNECTIONS=4):
        for _ in range(3):
            send()

    sender = Sender.objects.get(pk=campaign.sender_id)
    assert DOUBTS_TO_HOLD <= count("unknown") <= DOUBTS_TO_HOLD + 3
    # Those that were under way already make the hold no longer.
    assert (sender.failures_in_a_row, count("claimed"), count("sending")) == (1, 0, 0)


def test_accidents_with_mails_in_between_hold_nobody(
    smtp: Server, campaign: Campaign, send: Send
) -> None:
    smtp.say(body=[CUT, CUT, "250 ok"] * (MANY // 3))

    send()

    sender = Sender.objects.get(pk=campaign.sender_id)
    assert (count("unknown"), count("sent")) == (2 * (MANY // 3), MANY - 2 * (MANY // 3))
    assert (sender.held_until, sender.doubts_in_a_row, sender.failures_in_a_row) == (None, 0, 0)


def test_doubts_of_several_processes_are_counted_together() -> None:
    sender = make_sender()
    as_each_read_it = [Sender.objects.get(pk=sender.pk) for _ in range(DOUBTS_TO_HOLD)]

    for theirs in as_each_read_it:
        count_doubt(theirs, "TimeoutError: timed out", now=timezone.now())

    sender.refresh_from_db()
    assert circuit_of(sender, now=timezone.now()) is Circuit.OPEN


def test_service_that_is_well_again_gets_the_rest(
    smtp: Server, campaign: Campaign, send: Send
) -> None:
    smtp.say(body=[CUT] * 4)
    send()
    Sender.objects.update(held_until=timezone.now() - MINUTE)
    probe = send()
    Sender.objects.update(held_until=timezone.now() - MINUTE)

    for _ in range(3):
        send()

    sender = Sender.objects.get(pk=campaign.sender_id)
    assert probe.counts == {"unknown": 1}
    assert (count("unknown"), count("sent")) == (4, MANY - 4)
    assert (sender.held_until, sender.doubts_in_a_row, sender.failures_in_a_row) == (None, 0, 0)


def test_server_that_hangs_gets_no_third_pass(
    smtp: Server, campaign: Campaign, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.0)
    smtp.say(body=HANG)
    hanging = [threading.Thread(target=run_and_close, args=(send,)) for _ in range(2)]
    for number, thread in enumerate(hanging, start=1):
        thread.start()
        deadline = time.monotonic() + 10
        while count("sending") < number and time.monotonic() < deadline:
            time.sleep(0.02)

    third = send()

    under_way = count("sending")
    smtp.released.set()
    for thread in hanging:
        thread.join(20)
    assert (third.was_busy, under_way) == (True, 2)
    assert not send().was_busy
