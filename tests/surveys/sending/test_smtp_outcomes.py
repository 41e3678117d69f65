"""Every row of the error table, played by a real SMTP server."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Callable

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from surveys.models import Campaign, Invitation, Suppression
from surveys.sending import smtp as smtp_module
from surveys.sending.hold import Circuit, circuit_of
from surveys.sending.ledger import MAILS
from surveys.sending.release import Pass
from tests.factories import make_campaign, make_contact, make_invitation, make_mail
from tests.surveys.sending.smtp_server import (
    CERTIFICATE,
    CUT,
    HANG,
    Server,
    serve_tls,
    smtp_settings,
)

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[[], Pass]


@pytest.fixture(params=["one by one", "pipelining"])
def smtp(smtp: Server, request: pytest.FixtureRequest) -> Server:
    """A server that takes MAIL, RCPT and DATA in one go leads to the same outcomes."""
    smtp.pipelining = request.param == "pipelining"
    return smtp


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(weekdays=[0, 1, 2, 3, 4, 5, 6])


@pytest.fixture
def invitation(campaign: Campaign) -> Invitation:
    return make_invitation(campaign=campaign)


def test_accepted_mail_is_sent(smtp: Server, invitation: Invitation, send: Send) -> None:
    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.detail) == ("sent", "250 2.0.0 queued as 42")
    assert invitation.sent_at is not None
    assert invitation.attempt == 1
    assert [to for to, _ in smtp.messages] == [invitation.contact.email]  # type: ignore[union-attr]
    assert invitation.message_key.hex.encode() in smtp.messages[0][1]


@pytest.mark.parametrize(
    ("script", "state", "detail"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, "failed", "550 5.1.1 no such user"),
        ({"rcpt": "553 not here"}, "failed", "553 not here"),
        ({"data": "554 5.7.1 no"}, "failed", "554 5.7.1 no"),
        ({"body": "554 5.7.1 looks like spam"}, "failed", "554 5.7.1 looks like spam"),
        ({"body": CUT}, "unknown", "SMTPServerDisconnected: Connection unexpectedly closed"),
        ({"body": "garbage"}, "unknown", "-1 age"),
    ],
)
def test_definite_answers_and_doubts(
    smtp: Server,
    invitation: Invitation,
    send: Send,
    script: dict[str, str],
    state: str,
    detail: str,
) -> None:
    smtp.say(**script)

    send()
    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.detail) == (state, detail)
    # Nothing of all this is ever tried a second time.
    assert smtp.commands.count("RCPT") == 1


@pytest.mark.parametrize(
    "script",
    [
        {"rcpt": "450 4.2.1 greylisted"},
        {"rcpt": "421 4.3.2 too busy"},
        {"data": "451 4.3.0 later"},
        {"body": "452 4.3.1 full"},
        {"body": "421 4.7.0 slow down"},
        {"data": CUT},
    ],
)
def test_temporary_refusal_waits_and_is_sent_later(
    smtp: Server, invitation: Invitation, send: Send, script: dict[str, str]
) -> None:
    smtp.say(**script)
    began = timezone.now()
    send()
    invitation.refresh_from_db()
    assert invitation.state == "scheduled"
    assert invitation.scheduled_for >= began + dt.timedelta(minutes=2)  # type: ignore[operator]
    assert (invitation.retries, invitation.claims) == (1, 0)
    assert smtp.messages == []

    smtp.say()
    overdue = timezone.now() - dt.timedelta(seconds=1)
    Invitation.objects.update(scheduled_for=overdue)
    invitation.campaign.sender.__class__.objects.update(held_until=None)
    open_all_day(invitation.campaign)
    send()

    invitation.refresh_from_db()
    assert invitation.state == "sent"
    assert len(smtp.messages) == 1


@pytest.mark.parametrize(
    "script",
    [
        {"connect": "421 4.3.2 closed for today"},
        {"connect": "554 5.7.1 blocked"},
        {"mail": "421 4.7.0 too many"},
        {"mail": "550 5.7.1 sender not allowed"},
        {"auth": "535 5.7.8 bad password"},
    ],
)
def test_trouble_about_us_holds_the_sender_and_burns_nobody(
    smtp: Server, invitation: Invitation, send: Send, script: dict[str, str]
) -> None:
    smtp.say(**script)
    second = make_invitation(campaign=invitation.campaign, contact=make_contact())
    planned = invitation.scheduled_for

    with override_settings(EMAIL_HOST_USER="u", EMAIL_HOST_PASSWORD="p"):
        send()

    invitation.refresh_from_db()
    second.refresh_from_db()
    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert (invitation.state, second.state) == ("scheduled", "scheduled")
    assert (invitation.retries, invitation.scheduled_for) == (0, planned)
    assert sender.held_until is not None
    assert sender.held_until > timezone.now() + dt.timedelta(minutes=4)
    assert sender.held_reason == next(iter(script.values()))


def test_held_sender_sends_nothing_until_the_hold_is_over(
    smtp: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surveys.sending.release.ROUNDS", 1)
    smtp.say(mail="550 5.7.1 sender not allowed")
    send()
    smtp.say()

    connections = smtp.connections
    send()
    assert smtp.connections == connections

    sender = invitation.campaign.sender
    sender.__class__.objects.update(held_until=timezone.now() - dt.timedelta(seconds=1))
    for _ in range(7):
        make_invitation(campaign=invitation.campaign)
    # In trouble a sender gets five mails to try with; when all get through, all is well again.
    assert send().counts["sent"] == 5
    sender.refresh_from_db()
    assert (sender.held_until, sender.failures_in_a_row) == (None, 0)
    assert send().counts["sent"] == 3


def test_one_refusal_of_the_probe_opens_the_circuit_again(
    smtp: Server, invitation: Invitation, send: Send
) -> None:
    sender = invitation.campaign.sender
    sender.__class__.objects.update(
        failures_in_a_row=1, held_until=timezone.now() - dt.timedelta(seconds=1)
    )
    for _ in range(7):
        make_invitation(campaign=invitation.campaign)
    smtp.say(mail=["250 ok"] * 3 + ["550 5.7.1 sender not allowed"] * 9)

    assert send().counts == {"sent": 3, "held": 1}

    sender.refresh_from_db()
    assert circuit_of(sender, now=timezone.now()) is Circuit.OPEN
    assert (sender.failures_in_a_row, sender.probes_passed) == (2, 0)
    assert Invitation.objects.filter(state="scheduled", claims=0).count() == 5


def test_server_that_is_not_there_holds_the_sender(invitation: Invitation, send: Send) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with override_settings(**smtp_settings(port)):
        send()

    invitation.refresh_from_db()
    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert (invitation.state, invitation.retries) == ("scheduled", 0)
    assert sender.held_reason.startswith("ConnectionRefusedError")


def test_starttls_that_is_not_offered_holds_the_sender(
    smtp: Server, invitation: Invitation, send: Send
) -> None:
    with override_settings(EMAIL_USE_TLS=True):
        send()

    invitation.refresh_from_db()
    assert invitation.state == "scheduled"
    assert "STARTTLS" in invitation.detail
    assert smtp.messages == []


def test_tls_from_the_first_byte_keeps_the_phases(
    smtp: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_tls(smtp)
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    monkeypatch.setattr(smtp_module.EmailBackend, "ssl_context", trusting)
    second = make_invitation(campaign=invitation.campaign)
    smtp.say(body=["250 2.0.0 queued", CUT])

    with override_settings(EMAIL_USE_SSL=True):
        send()

    states = set(Invitation.objects.values_list("pk", "state"))
    assert states == {(invitation.pk, "sent"), (second.pk, "unknown")}


def test_certificate_that_nobody_signed_holds_the_sender(
    smtp: Server, invitation: Invitation, send: Send
) -> None:
    serve_tls(smtp)

    with override_settings(EMAIL_USE_SSL=True):
        send()

    invitation.refresh_from_db()
    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert invitation.state == "scheduled"
    assert "CERTIFICATE_VERIFY_FAILED" in sender.held_reason
    assert smtp.messages == []


def test_hang_after_the_body_is_a_doubt(
    smtp: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "FINAL_REPLY_SECONDS", 0.3)
    smtp.say(body=HANG)

    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("unknown", "interrupted")
    assert "timed out" in invitation.detail


def test_hang_before_the_body_is_none(
    smtp: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "COMMAND_SECONDS", 0.3)
    smtp.say(data=HANG)

    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.attempt) == ("scheduled", 0)


def test_timeouts_change_with_the_phase(
    smtp: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, bool]] = []
    real = smtp_module._Phases._wait_up_to

    def watch(self: smtp_module._Phases, seconds: float) -> None:
        waits.append((seconds, self.handover is not None and self.handover.body_began))
        real(self, seconds)

    monkeypatch.setattr(smtp_module._Phases, "_wait_up_to", watch)

    send()

    assert waits == [(300.0, True), (60.0, True)]


def test_idle_connection_that_was_closed_is_renewed_at_once(
    smtp: Server, campaign: Campaign, send: Send
) -> None:
    rows = [make_invitation(campaign=campaign) for _ in range(3)]
    smtp.say(mail=["250 ok", CUT])

    done = send()

    assert done.counts["sent"] == len(rows)
    assert smtp.connections == 2
    assert len(smtp.messages) == 3


def test_dead_address_is_suppressed(smtp: Server, invitation: Invitation, send: Send) -> None:
    smtp.say(rcpt="550 5.1.1 no such user")

    send()

    found = Suppression.objects.get()
    assert found.address_hash == invitation.address_hash
    assert (found.scope, found.reason) == ("all", "bounced")
    invitation.refresh_from_db()
    assert (invitation.state, invitation.delivery_status) == ("failed", "bounced")


@pytest.mark.parametrize("words", ["550 5.7.1 blocked", "550 5.1.8 bad sender", "552 5.2.2 full"])
def test_other_refusals_suppress_nobody(
    smtp: Server, invitation: Invitation, send: Send, words: str
) -> None:
    smtp.say(rcpt=words)

    send()

    assert Suppression.objects.count() == 0


def test_three_refusals_of_the_content_hold_the_sender(
    smtp: Server, campaign: Campaign, send: Send
) -> None:
    for _ in range(6):
        make_invitation(campaign=campaign)
    smtp.say(body="554 5.7.1 looks like spam")

    done = send()

    assert done.counts["failed"] == 3
    assert Invitation.objects.filter(state="scheduled").count() == 3
    campaign.sender.refresh_from_db()
    assert campaign.sender.held_reason == "554 5.7.1 looks like spam"


def test_wrong_addresses_do_not_hold_the_sender(
    smtp: Server, campaign: Campaign, send: Send
) -> None:
    for _ in range(5):
        make_invitation(campaign=campaign)
    smtp.say(rcpt="550 5.1.1 no such user")

    send()

    assert Invitation.objects.filter(state="failed").count() == 5
    campaign.sender.refresh_from_db()
    assert campaign.sender.held_until is None


def test_retries_end(smtp: Server, invitation: Invitation, send: Send) -> None:
    open_all_day(invitation.campaign)
    Invitation.objects.update(retries=8)
    smtp.say(rcpt="450 4.2.1 greylisted")

    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("failed", "refused")


def test_line_of_one_dot_arrives_whole(smtp: Server, send: Callable[..., Pass]) -> None:
    make_mail(text="first\n.\n..\nlast\n")

    send(MAILS)

    assert smtp.messages[0][1].endswith(b"first\r\n.\r\n..\r\nlast\r\n")


def open_all_day(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(
        weekdays=[0, 1, 2, 3, 4, 5, 6], day_start=dt.time(0), day_end=dt.time(23, 59)
    )
