"""Naming a request where the provider knows it by its name and takes it once only.

The name is the mail's own key: a mail that a person sends again, because nobody knew what became
of it, is then not sent twice by a provider that did take it (Resend for a day, Brevo for half an
hour). Other providers have nothing of the kind.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMessage

from surveys.sending.anymail_outcome import judge_anymail
from surveys.sending.intent import Handover
from surveys.sending.outcome import Verdict
from surveys.sending.stopping import is_stopping

SECONDS_BEFORE_REPEATING = 1.0


def name_request(payload: Any, message: EmailMessage) -> None:
    key = message_key_of(message)
    if key is None:
        return
    match getattr(payload, "esp_name", ""):
        case "Resend":
            payload.headers = {**payload.headers, "Idempotency-Key": key.hex}
        case "Brevo":
            payload.data.setdefault("headers", {})["idempotencyKey"] = str(key)


def post_named(
    post: Callable[[Any, EmailMessage], Any],
    payload: Any,
    message: EmailMessage,
    *,
    handover: Handover | None,
    now: dt.datetime,
) -> Any:
    """Post a request; once more if it may be repeated and nobody knows what became of it.

    Only that it was taken settles the doubt: a refusal of the second says nothing of the first.
    """
    try:
        return post(payload, message)
    except Exception as error:
        if handover is None or not _may_repeat(payload, message):
            raise
        if judge_anymail(error, handover, now).verdict is not Verdict.UNKNOWN:
            raise
        doubt = error
    time.sleep(SECONDS_BEFORE_REPEATING)
    try:
        return post(payload, message)
    except Exception:
        raise doubt from None


def _may_repeat(payload: Any, message: EmailMessage) -> bool:
    is_named = message_key_of(message) is not None
    return is_named and getattr(payload, "esp_name", "") == "Resend" and not is_stopping()


def message_key_of(message: EmailMessage) -> uuid.UUID | None:
    """None for a message that did not come from the engine."""
    metadata = getattr(message, "metadata", None) or {}
    try:
        return uuid.UUID(hex=str(metadata.get("key")))
    except ValueError:
        return None
