"""The door of mail services: their own shapes of events, the secret, and one row per event."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from surveys.addresses import hash_address
from surveys.models import ProviderEvent
from surveys.tracking.processing import process_events
from tests.factories import make_invitation

pytestmark = pytest.mark.django_db

SECRET = "nps:a-secret-that-is-long-enough"
SIGNING_KEY = "the-key-mailgun-signs-with"
KEY = uuid.UUID("6f9e0a35-3a55-4d2a-9d84-1f4b8a1f0c11")
POSTMARK, MAILGUN, BREVO = (
    f"/anymail/{name}/tracking/" for name in ("postmark", "mailgun", "brevo")
)


@pytest.fixture(autouse=True)
def services() -> Iterator[None]:
    anymail = {
        "WEBHOOK_SECRET": ["old:secret-that-goes-away-soon", SECRET],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }
    with override_settings(MAIL_SERVICES=["postmark", "mailgun", "brevo"], ANYMAIL=anymail):
        yield


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def tell(path: str, said: Any, *, secret: str = SECRET) -> int:
    body = said if isinstance(said, str) else json.dumps(said)
    headers = basic(secret) if secret else {}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return int(
        client.post(path, body, content_type="application/json", headers=headers).status_code
    )


def postmark_bounce(**fields: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ServerID": 23,
        "MessageStream": "outbound",
        "Description": "The server was unable to deliver your message.",
        "Details": "550 5.1.1 <klant1@klanten.example>: no such user klant1@klanten.example",
        "Email": "Klant1@klanten.example",
        "From": "vraag@voorbeeld.example",
        "BouncedAt": "2026-11-01T09:30:00Z",
        "DumpAvailable": False,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Hoe was het?",
        "Metadata": {"key": KEY.hex},
    } | fields


def postmark_delivery(**fields: Any) -> dict[str, Any]:
    return {
        "RecordType": "Delivery",
        "ServerID": 23,
        "MessageStream": "outbound",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Recipient": "klant1@klanten.example",
        "Tag": "",
        "DeliveredAt": "2026-11-01T09:20:00Z",
        "Details": "250 2.0.0 OK",
        "Metadata": {"key": KEY.hex},
    } | fields


def mailgun_event(event: str, *, key: str = SIGNING_KEY, **fields: Any) -> dict[str, Any]:
    token = uuid.uuid4().hex
    signature = hmac.new(key.encode(), f"1793525400{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1793525400", "token": token, "signature": signature},
        "event-data": {
            "id": "CPgfbmQMTCKtHW6uIWtuVe",
            "event": event,
            "timestamp": 1793525400.5,
            "recipient": "klant1@klanten.example",
            "recipient-domain": "klanten.example",
            "message": {"headers": {"message-id": f"inv.{KEY.hex}@voorbeeld.example"}},
            "user-variables": {"key": KEY.hex},
            "tags": [],
        }
        | fields,
    }


def brevo_event(event: str, **fields: Any) -> dict[str, Any]:
    return {
        "event": event,
        "email": "klant1@klanten.example",
        "id": 26224,
        "date": "2026-11-01 10:30:00",
        "ts": 1793525400,
        "ts_event": 1793525400,
        "ts_epoch": 1793525400000,
        "message-id": f"<inv.{KEY.hex}@voorbeeld.example>",
        "subject": "Hoe was het?",
        "X-Mailin-custom": json.dumps({"key": KEY.hex}),
        "sending_ip": "192.0.2.1",
    } | fields


def noted() -> list[tuple[str, str]]:
    return list(ProviderEvent.objects.order_by("pk").values_list("kind", "nature"))


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        (POSTMARK, postmark_delivery(), ("delivered", "")),
        (POSTMARK, postmark_bounce(), ("bounced", "hard")),
        (POSTMARK, postmark_bounce(Type="SoftBounce", Details="452 full"), ("bounced", "soft")),
        (POSTMARK, postmark_bounce(Type="Transient"), ("deferred", "")),
        (POSTMARK, postmark_bounce(Type="Blocked", Details="550 no"), ("rejected", "block")),
        (POSTMARK, postmark_bounce(Type="BadEmailAddress", Details=""), ("rejected", "hard")),
        (POSTMARK, postmark_bounce(Details="550 5.7.1 not from you"), ("bounced", "block")),
        (POSTMARK, postmark_bounce(RecordType="SpamComplaint", Type="SpamComplaint"),
         ("complained", "")),
        (POSTMARK, {"RecordType": "SubscriptionChange", "SuppressSending": True,
                    "SuppressionReason": "ManualSuppression", "MessageID": "1",
                    "Recipient": "klant1@klanten.example", "ChangedAt": "2026-11-01T09:30:00Z",
                    "Metadata": {"key": KEY.hex}}, ("unsubscribed", "")),
        (MAILGUN, mailgun_event("delivered"), ("delivered", "")),
        (MAILGUN, mailgun_event("failed", severity="temporary", reason="generic"),
         ("deferred", "")),
        (MAILGUN, mailgun_event("failed", severity="permanent", reason="bounce"),
         ("bounced", "hard")),
        (MAILGUN, mailgun_event("failed", severity="permanent", reason="suppress-bounce"),
         ("bounced", "hard")),
        (MAILGUN, mailgun_event("failed", severity="permanent", reason="old"),
         ("bounced", "soft")),
        (MAILGUN, mailgun_event("complained"), ("complained", "")),
        (BREVO, brevo_event("request"), ("queued", "")),
        (BREVO, brevo_event("hard_bounce", reason="550"), ("bounced", "hard")),
        (BREVO, brevo_event("soft_bounce", reason="452"), ("bounced", "soft")),
        (BREVO, brevo_event("blocked"), ("rejected", "block")),
        (BREVO, brevo_event("spam"), ("complained", "")),
    ],
)  # fmt: skip
def test_event_is_noted(path: str, said: dict[str, Any], expected: tuple[str, str]) -> None:
    assert tell(path, said) == 200

    event = ProviderEvent.objects.get()
    assert (event.kind, event.nature) == expected
    assert event.message_key == KEY
    assert event.address_hash == hash_address("klant1@klanten.example")


@pytest.mark.parametrize("opened", [{"RecordType": "Open"}, {"RecordType": "Click"}])
def test_who_opened_or_clicked_is_not_kept(opened: dict[str, str]) -> None:
    assert tell(POSTMARK, postmark_delivery(**opened)) == 200

    assert noted() == []


def test_no_address_is_kept_in_clear() -> None:
    tell(POSTMARK, postmark_bounce())

    event = ProviderEvent.objects.values().get()
    assert "klanten.example" not in repr(event)
    assert event["detail"] == "550 5.1.1 <…>: no such user …"


def test_noting_is_one_insert() -> None:
    with CaptureQueriesContext(connection) as queries:
        tell(POSTMARK, postmark_bounce())

    written = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(written) == 1
    assert "ON CONFLICT DO NOTHING" in written[0]


@pytest.mark.parametrize("path", [POSTMARK, BREVO])
def test_same_event_twice_is_one_row(path: str) -> None:
    said = postmark_bounce() if path == POSTMARK else brevo_event("hard_bounce")

    assert [tell(path, said), tell(path, said)] == [200, 200]

    assert len(noted()) == 1


@pytest.mark.parametrize("secret", ["", "nps:wrong", "nps", SECRET + "x"])
@pytest.mark.parametrize(
    ("path", "said"), [(POSTMARK, postmark_bounce()), (MAILGUN, mailgun_event("failed"))]
)
def test_forged_event_is_refused(path: str, said: dict[str, Any], secret: str) -> None:
    assert tell(path, said, secret=secret) == 400

    assert noted() == []


def test_wrong_signature_is_refused() -> None:
    assert tell(MAILGUN, mailgun_event("failed", key="somebody else's")) == 400

    assert noted() == []


def test_secret_that_goes_away_still_opens() -> None:
    assert tell(POSTMARK, postmark_bounce(), secret="old:secret-that-goes-away-soon") == 200


@pytest.mark.parametrize("anymail", [{}, {"WEBHOOK_SECRET": []}])
def test_without_a_secret_there_is_no_door(anymail: dict[str, Any]) -> None:
    with override_settings(ANYMAIL=anymail):
        assert tell(POSTMARK, postmark_bounce(), secret="") == 404

    assert noted() == []


@pytest.mark.parametrize("provider", ["resend", "scaleway", "nobody"])
def test_service_that_is_not_ours_has_no_door(provider: str) -> None:
    assert tell(f"/anymail/{provider}/tracking/", postmark_bounce()) == 404


def test_service_that_tells_nothing_has_no_door() -> None:
    with override_settings(MAIL_SERVICES=["scaleway"]):
        assert tell("/anymail/scaleway/tracking/", {}) == 404


def test_service_whose_signature_cannot_be_checked_is_not_heard() -> None:
    with override_settings(MAIL_SERVICES=["mailersend"]):
        assert tell("/anymail/mailersend/tracking/", {}) == 503

    assert noted() == []


@pytest.mark.parametrize("said", ["{", "[]", json.dumps({"event-data": {}})])
def test_nonsense_is_refused(said: str) -> None:
    answers = {tell(path, said) for path in (POSTMARK, BREVO)}

    assert answers <= {200, 400}
    assert noted() == []


def test_door_answers_a_knock_and_nothing_else(client: Client) -> None:
    assert client.head(POSTMARK).status_code == 200
    assert client.get(POSTMARK).status_code == 405


def test_from_the_door_to_the_mail() -> None:
    invitation = make_invitation(state="sent", sent_at=timezone.now(), message_key=KEY)

    tell(POSTMARK, postmark_bounce(Email=invitation.contact.email))  # type: ignore[union-attr]
    process_events(now=timezone.now())

    invitation.refresh_from_db()
    assert (invitation.state, invitation.delivery_status) == ("sent", "bounced")
    assert "…" in invitation.detail
