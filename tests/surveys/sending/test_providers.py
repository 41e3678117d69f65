"""The error table of the engine, played by four mail services of very different manners."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError
from django.test.utils import override_settings
from django.utils import timezone

from npsapp.mail_services import SERVICES as ALL_SERVICES
from npsapp.models import User
from surveys.models import Invitation, Sender
from surveys.sending.anymail_outcome import judge_anymail
from surveys.sending.intent import Handover
from surveys.sending.ledger import INVITATIONS, MAILS
from surveys.sending.outcome import Verdict
from surveys.sending.release import Pass
from surveys.sending.unknown import resolve_unknown
from tests.factories import make_campaign, make_invitation, make_mail
from tests.surveys.sending.http_server import Server, http_server

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Pass]

BACKEND = "anymail.backends.{}.EmailBackend"
SERVICES: dict[str, dict[str, Any]] = {
    "mailgun": {"MAILGUN_API_KEY": "key", "MAILGUN_SENDER_DOMAIN": "voorbeeld.example"},
    "brevo": {"BREVO_API_KEY": "key"},
    "resend": {"RESEND_API_KEY": "key"},
    "postmark": {"POSTMARK_SERVER_TOKEN": "token"},
    "mandrill": {"MANDRILL_API_KEY": "key"},
    "postal": {"POSTAL_API_KEY": "key"},
}
TAKEN: dict[str, dict[str, Any]] = {
    "mailgun": {"id": "<20261101.1@voorbeeld.example>", "message": "Queued. Thank you."},
    "brevo": {"messageId": "<202611010930.1@smtp-relay.example>"},
    "resend": {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"},
}


def settings_of(service: str, url: str) -> dict[str, Any]:
    anymail = {
        **SERVICES[service],
        f"{service.upper()}_API_URL": url,
        "REQUESTS_TIMEOUT": (0.5, 0.5),
    }
    return {"EMAIL_BACKEND": BACKEND.format(service), "ANYMAIL": anymail}


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as server:
        yield server


@pytest.fixture(autouse=True)
def repeats_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.sending.idempotency.SECONDS_BEFORE_REPEATING", 0.0)


@pytest.fixture(params=["mailgun", "brevo"])
def service(request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
    name: str = request.param
    server.script.answer = TAKEN[name]
    with override_settings(**settings_of(name, server.url)):
        yield name


@pytest.fixture
def invitation() -> Invitation:
    campaign = make_campaign(
        weekdays=[0, 1, 2, 3, 4, 5, 6], day_start=dt.time(0), day_end=dt.time(23, 59)
    )
    return make_invitation(campaign=campaign)


def test_taken_mail_is_sent_under_the_services_id(
    service: str, server: Server, invitation: Invitation, send: Send
) -> None:
    send()

    invitation.refresh_from_db()
    assert invitation.state == "sent"
    assert invitation.provider_id in TAKEN[service].values()
    # Whatever else the service cannot do, it tells us later which mail it speaks of.
    assert invitation.message_key.hex.encode() in server.asked[0].body


def test_id_that_is_a_number_is_kept_as_text(
    server: Server, invitation: Invitation, send: Send
) -> None:
    address = invitation.contact.email  # type: ignore[union-attr]
    data = {"messages": {address: {"id": 1503, "token": "abc"}}}
    server.script.answer = {"status": "success", "data": data}

    with override_settings(**settings_of("postal", server.url)):
        send()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.provider_id) == ("sent", "1503")


# state, reason, seconds that the sender is held at least
ROWS: list[tuple[int | str, tuple[str, str, int]]] = [
    (400, ("failed", "refused", 0)),
    (422, ("failed", "refused", 0)),
    (401, ("scheduled", "", 300)),
    (402, ("scheduled", "", 300)),
    (403, ("scheduled", "", 300)),
    (408, ("scheduled", "", 60)),
    (429, ("scheduled", "", 60)),
    (503, ("scheduled", "", 60)),
    (500, ("unknown", "interrupted", 0)),
    (502, ("unknown", "interrupted", 0)),
    (504, ("unknown", "interrupted", 0)),
    ("hang", ("unknown", "interrupted", 0)),
    ("cut", ("unknown", "interrupted", 0)),
    ("nonsense", ("unknown", "interrupted", 0)),
]


@pytest.mark.parametrize(("mode", "expected"), ROWS)
def test_answers(
    service: str,
    server: Server,
    invitation: Invitation,
    send: Send,
    mode: int | str,
    expected: tuple[str, str, int],
) -> None:
    server.script.mode, server.script.answer = mode, {"message": "no", "code": "no"}
    began = timezone.now()

    send()
    send()

    invitation.refresh_from_db()
    held_until = Sender.objects.get(pk=invitation.campaign.sender_id).held_until
    held = (held_until - began).total_seconds() if held_until else 0
    assert (invitation.state, invitation.reason) == expected[:2]
    assert expected[2] <= held < expected[2] + 5
    # Neither we nor the library tried again by itself.
    assert len(server.asked) == 1


def test_retry_after_is_honoured(
    service: str, server: Server, invitation: Invitation, send: Send
) -> None:
    server.script.mode, server.script.headers = 429, {"Retry-After": "1200"}

    send()

    held_until = Sender.objects.get(pk=invitation.campaign.sender_id).held_until
    assert held_until is not None
    assert held_until > timezone.now() + dt.timedelta(seconds=1190)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://no-such-host.invalid/"])
@pytest.mark.parametrize("name", ["mailgun", "brevo"])
def test_service_that_is_away_costs_nobody_anything(
    invitation: Invitation, send: Send, name: str, url: str
) -> None:
    with override_settings(**settings_of(name, url)):
        send()

    invitation.refresh_from_db()
    sender = Sender.objects.get(pk=invitation.campaign.sender_id)
    assert (invitation.state, invitation.retries) == ("scheduled", 0)
    assert sender.held_until is not None


@pytest.mark.parametrize(
    ("name", "mode", "answer", "state"),
    [
        # The account, whatever the status says.
        ("postmark", 422, {"ErrorCode": 412, "Message": "Account is pending"}, "scheduled"),
        ("postmark", 422, {"ErrorCode": 400, "Message": "No such signature"}, "scheduled"),
        ("postmark", 422, {"ErrorCode": 405, "Message": "No credits"}, "scheduled"),
        ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid 'To' address"}, "failed"),
        ("mandrill", 500, {"status": "error", "name": "Invalid_Key", "code": -1}, "scheduled"),
        ("mandrill", 500, {"status": "error", "name": "ValidationError", "code": -2}, "failed"),
        ("mandrill", 500, {"status": "error", "name": "GeneralError", "code": -99}, "unknown"),
        ("postal", 200, {"status": "error", "data": {"code": "AccessDenied"}}, "scheduled"),
        ("postal", 200, {"status": "parameter-error", "data": {"code": "NoContent"}}, "failed"),
        # The person.
        ("mandrill", 200, [{"email": "?", "status": "rejected", "_id": "1"}], "failed"),
        ("mandrill", 200, [{"email": "?", "status": "invalid", "_id": "1"}], "failed"),
        # Taken before, or being taken: another copy it will not be.
        ("resend", 409, {"name": "invalid_idempotent_request", "statusCode": 409}, "unknown"),
        ("resend", 409, {"name": "concurrent_idempotent_requests"}, "unknown"),
    ],
)
def test_words_that_say_more_than_the_status(
    server: Server,
    invitation: Invitation,
    send: Send,
    name: str,
    mode: int,
    answer: Any,
    state: str,
) -> None:
    if isinstance(answer, list):
        answer = [{**answer[0], "email": invitation.contact.email}]  # type: ignore[union-attr]
    server.script.mode, server.script.answer = mode, answer

    with override_settings(**settings_of(name, server.url)):
        send()

    invitation.refresh_from_db()
    assert invitation.state == state
    is_held = Sender.objects.get(pk=invitation.campaign.sender_id).held_until is not None
    assert is_held is (state == "scheduled")


@pytest.mark.parametrize("name", ["resend", "brevo"])
def test_request_has_the_mails_own_name(
    server: Server, invitation: Invitation, send: Send, name: str
) -> None:
    server.script.answer = TAKEN[name]
    with override_settings(**settings_of(name, server.url)):
        send()

    asked = server.asked[0]
    if name == "resend":
        assert asked.headers["Idempotency-Key"] == invitation.message_key.hex
    else:
        assert asked.json["headers"]["idempotencyKey"] == str(invitation.message_key)


def test_send_again_after_a_doubt_is_no_second_mail_where_names_are_known(
    server: Server, invitation: Invitation, send: Send, manager: User
) -> None:
    server.script.knows_names = "Idempotency-Key"
    server.script.mode, server.script.answer = "cut", TAKEN["resend"]
    with override_settings(**settings_of("resend", server.url)):
        send()
        invitation.refresh_from_db()
        doubtful = invitation.state
        resolve_unknown(invitation, resolution="send_again", user=manager, now=timezone.now())
        server.script.mode = 200
        send()

    invitation.refresh_from_db()
    assert (doubtful, invitation.state) == ("unknown", "sent")
    # Twice by itself and once by hand.
    assert (len(server.asked), server.accepted) == (3, 1)


@pytest.mark.parametrize("trouble", ["cut", "hang", 500, 504])
def test_doubt_is_settled_by_repeating_where_that_is_safe(
    server: Server, invitation: Invitation, send: Send, trouble: int | str
) -> None:
    server.script.knows_names = "Idempotency-Key"
    server.script.first, server.script.answer = [trouble], TAKEN["resend"]

    with override_settings(**settings_of("resend", server.url)):
        send()

    invitation.refresh_from_db()
    first, second = server.asked
    assert (invitation.state, invitation.attempt, server.accepted) == ("sent", 1, 1)
    assert invitation.provider_id == TAKEN["resend"]["id"]
    assert first.body == second.body


@pytest.mark.parametrize("second", ["cut", 409, 422, 429, 401, 500])
def test_repetition_that_tells_nothing_leaves_the_doubt(
    server: Server, invitation: Invitation, send: Send, second: int | str
) -> None:
    server.script.first, server.script.answer = [502, second], {"name": "no"}

    with override_settings(**settings_of("resend", server.url)):
        send()
        send()

    invitation.refresh_from_db()
    sender = Sender.objects.get(pk=invitation.campaign.sender_id)
    assert (invitation.state, len(server.asked)) == ("unknown", 2)
    assert "502" in invitation.detail
    assert sender.held_until is None


@pytest.mark.parametrize("certain", [422, 429, 401])
def test_nothing_is_repeated_without_doubt(
    server: Server, invitation: Invitation, send: Send, certain: int
) -> None:
    server.script.mode, server.script.answer = certain, {"name": "no"}

    with override_settings(**settings_of("resend", server.url)):
        send()

    assert len(server.asked) == 1


def test_worker_that_is_to_stop_repeats_nothing(
    server: Server, invitation: Invitation, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script.mode = 500
    monkeypatch.setattr("surveys.sending.idempotency.is_stopping", lambda: True)

    with override_settings(**settings_of("resend", server.url)):
        send()

    invitation.refresh_from_db()
    assert (invitation.state, len(server.asked)) == ("unknown", 1)


def test_lanes_leave_by_their_own_ways(server: Server, invitation: Invitation, send: Send) -> None:
    server.script.answer = TAKEN["brevo"]
    mail = make_mail()
    with http_server() as other:
        other.script.answer = TAKEN["mailgun"]
        transactional = {
            "backend": BACKEND.format("mailgun"),
            "api_key": "another-key",
            "sender_domain": "voorbeeld.example",
            "api_url": other.url,
        }
        with override_settings(
            **settings_of("brevo", server.url), TRANSACTIONAL_MAIL=transactional
        ):
            send(INVITATIONS)
            send(MAILS)

        invitation.refresh_from_db()
        mail.refresh_from_db()
        assert (invitation.state, mail.state) == ("sent", "sent")
        assert [asked.path for asked in server.asked] == ["/smtp/email"]
        assert [asked.path for asked in other.asked] == ["/voorbeeld.example/messages"]
        assert other.asked[0].headers["Authorization"] == "Basic YXBpOmFub3RoZXIta2V5"


class Boto(Exception):
    """As boto3 fails: an answer that is a mapping, or none."""


class EndpointConnectionError(Boto):
    pass


class ReadTimeoutError(Boto):
    pass


def ses_error(code: str, status: int) -> AnymailAPIError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return AnymailAPIError(f"{code}: no", response=response)


def caused_by(cause: Exception) -> AnymailAPIError:
    error = AnymailAPIError("no")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "verdict", "is_held"),
    [
        (ses_error("MessageRejected", 400), Verdict.FAILED, False),
        (ses_error("SendingPausedException", 400), Verdict.HELD, True),
        (ses_error("MailFromDomainNotVerifiedException", 400), Verdict.HELD, True),
        (ses_error("AccessDeniedException", 403), Verdict.HELD, True),
        (ses_error("TooManyRequestsException", 429), Verdict.RETRY, True),
        (ses_error("InternalFailure", 500), Verdict.UNKNOWN, False),
        (caused_by(EndpointConnectionError()), Verdict.HELD, True),
        (caused_by(ReadTimeoutError()), Verdict.UNKNOWN, False),
    ],
)
def test_amazon_answers(error: AnymailAPIError, verdict: Verdict, is_held: bool) -> None:
    handover = Handover(lambda: True, body_began=True)

    outcome = judge_anymail(error, handover, timezone.now())

    assert outcome.verdict is verdict
    assert (outcome.hold is not None) is is_held


# What cannot be taken back from the service as metadata comes back as its own id alone.
WITHOUT_METADATA = {"mailersend", "postal"}
CREDENTIALS = {need: "x" for service in ALL_SERVICES.values() for need in service.needs}


@pytest.mark.parametrize("name", sorted(set(ALL_SERVICES) - {"amazon_ses"}))
@pytest.mark.filterwarnings("ignore")  # django-anymail supports some of them less than others
def test_every_service_is_asked_once_with_all_that_matters(
    server: Server, invitation: Invitation, send: Send, name: str
) -> None:
    server.script.mode = "cut"
    own = {
        f"{name.upper()}_API_URL": server.url,
        "MAILGUN_SENDER_DOMAIN": "voorbeeld.example",
        "REQUESTS_TIMEOUT": (0.5, 0.5),
    }
    settings = {"EMAIL_BACKEND": BACKEND.format(name), "ANYMAIL": {**CREDENTIALS, **own}}
    with override_settings(**settings):
        send()

    invitation.refresh_from_db()
    assert invitation.state == "unknown", invitation.detail
    body = server.asked[0].body
    # Resend takes each request once only, so a doubt is worth a second one.
    assert len(server.asked) == (2 if name == "resend" else 1)
    assert b"List-Unsubscribe-Post" in body
    # Also as metadata, not only inside of the Message-ID, which some services replace.
    key = re.compile(rf"(?<!inv\.){invitation.message_key.hex}".encode())
    assert (key.search(body) is not None) is (name not in WITHOUT_METADATA)
