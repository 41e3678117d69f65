"""Every row of the error table, played by an HTTP server that stands for a mail provider."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from anymail.exceptions import AnymailUnsupportedFeature
from django.test.utils import override_settings
from django.utils import timezone

from surveys.models import Campaign, Invitation
from surveys.sending import intent as intent_module
from surveys.sending.outlet import AnymailOutlet
from surveys.sending.release import Pass
from tests.factories import make_campaign, make_invitation

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[[], Pass]
ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a"}


class Provider(ThreadingHTTPServer):
    """Answers like Postmark, or as told: a status, `cut`, `hang` or `nonsense`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.mode: int | str = 200
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = ACCEPTED
        self.requests: list[dict[str, Any]] = []
        self.states: list[str] = []
        self.released = threading.Event()


class Request(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        provider = cast(Provider, self.server)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider.requests.append(body)
        match provider.mode:
            case "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "hang":
                provider.released.wait(10)
            case "nonsense":
                self.answer(200, b"<html>")
            case int(status):
                answer = {"To": body["To"], **provider.body}
                self.answer(status, json.dumps(answer).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in cast(Provider, self.server).headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def anymail_settings(url: str) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend",
        "ANYMAIL": {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": url,
            "REQUESTS_TIMEOUT": (0.5, 0.5),
        },
    }


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    with override_settings(**anymail_settings(f"http://127.0.0.1:{server.server_port}/")):
        yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def invitation() -> Invitation:
    campaign = make_campaign(
        weekdays=[0, 1, 2, 3, 4, 5, 6], day_start=dt.time(0), day_end=dt.time(23, 59)
    )
    return make_invitation(campaign=campaign)


def test_accepted_mail_keeps_the_providers_id(
    provider: Provider, invitation: Invitation, send: Send
) -> None:
    send()

    invitation.refresh_from_db()
    request = provider.requests[0]
    headers = {header["Name"]: header["Value"] for header in request["Headers"]}
    assert (invitation.state, invitation.provider_id) == ("sent", "b7bc2f4a")
    assert request["Metadata"] == {"key": invitation.message_key.hex}
    assert request["TrackOpens"] is False
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        (400, "failed"),
        (413, "failed"),
        (401, "scheduled"),
        (403, "scheduled"),
        (408, "scheduled"),
        (429, "scheduled"),
        (503, "scheduled"),
        (500, "unknown"),
        (502, "unknown"),
        (504, "unknown"),
        ("nonsense", "unknown"),
        ("cut", "unknown"),
        ("hang", "unknown"),
    ],
)
def test_answers(
    provider: Provider, invitation: Invitation, send: Send, mode: int | str, state: str
) -> None:
    provider.mode = mode
    provider.body = {"ErrorCode": 300, "Message": "no"} if mode == 400 else {"Message": "no"}

    send()
    send()

    invitation.refresh_from_db()
    assert invitation.state == state
    # Neither a doubt nor a refusal nor a held sender is tried again by itself.
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("mode", "retries", "hold"), [(401, 0, 300), (403, 0, 300), (429, 1, 60), (503, 1, 60)]
)
def test_trouble_about_us_holds_the_sender(
    provider: Provider, invitation: Invitation, send: Send, mode: int, retries: int, hold: int
) -> None:
    provider.mode = mode
    began = timezone.now()

    send()

    invitation.refresh_from_db()
    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert invitation.retries == retries
    assert sender.held_until is not None
    assert 0 <= (sender.held_until - began).total_seconds() - hold < 5


def test_retry_after_is_honoured(provider: Provider, invitation: Invitation, send: Send) -> None:
    provider.mode = 429
    provider.headers = {"Retry-After": "900"}

    send()

    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert sender.held_until is not None
    assert sender.held_until > timezone.now() + dt.timedelta(seconds=890)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://no-such-host.invalid/"])
def test_provider_that_is_not_there_holds_the_sender(
    invitation: Invitation, send: Send, url: str
) -> None:
    with override_settings(**anymail_settings(url)):
        send()

    invitation.refresh_from_db()
    sender = invitation.campaign.sender
    sender.refresh_from_db()
    assert (invitation.state, invitation.retries) == ("scheduled", 0)
    assert sender.held_until is not None


def test_refused_recipient_fails(provider: Provider, invitation: Invitation, send: Send) -> None:
    provider.mode = 422
    address = invitation.contact.email  # type: ignore[union-attr]
    provider.body = {
        "ErrorCode": 406,
        "Message": f"Found inactive addresses: {address}. Inactive recipients are gone.",
    }

    send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("failed", "refused")


def test_answer_about_somebody_else_is_a_doubt(
    provider: Provider, invitation: Invitation, send: Send
) -> None:
    provider.body = {**ACCEPTED, "To": "iemand.anders@klanten.example"}

    send()

    invitation.refresh_from_db()
    assert invitation.state == "unknown"


def test_intent_stands_before_the_request(
    provider: Provider, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, str]] = []
    real = intent_module.Handover.begin_body

    def watch(self: intent_module.Handover) -> None:
        real(self)
        state = Invitation.objects.values_list("state", flat=True).get(pk=invitation.pk)
        seen.append((len(provider.requests), state))

    monkeypatch.setattr(intent_module.Handover, "begin_body", watch)

    send()

    assert seen == [(0, "sending")]


def test_refused_intent_makes_no_request(
    provider: Provider, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = AnymailOutlet._hand_over

    def pause_first(self: AnymailOutlet, *args: Any) -> Any:
        Campaign.objects.update(state=Campaign.State.PAUSED)
        return real(self, *args)

    monkeypatch.setattr(AnymailOutlet, "_hand_over", pause_first)

    done = send()

    invitation.refresh_from_db()
    assert done.counts["withdrawn"] == 1
    assert provider.requests == []
    assert invitation.state == "scheduled"


def test_provider_without_tracking_gets_the_mail_all_the_same(
    provider: Provider, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anymail.backends.postmark import PostmarkPayload

    def refuse(self: Any, wish: Any) -> None:
        raise AnymailUnsupportedFeature("track_opens")

    monkeypatch.setattr(PostmarkPayload, "set_track_opens", refuse)

    send()

    invitation.refresh_from_db()
    assert invitation.state == "sent"
    assert "TrackOpens" not in provider.requests[0]
