"""Naming a request where the provider knows it by its name and takes it once only.

The name is the mail's own key: a mail that a person sends again, because nobody knew what became
of it, is then not sent twice by a provider that did take it (Resend for a day, Brevo for half an
hour). Other providers have nothing of the kind.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.mail import EmailMessage


def name_request(payload: Any, message: EmailMessage) -> None:
    key = message_key_of(message)
    if key is None:
        return
    match getattr(payload, "esp_name", ""):
        case "Resend":
            payload.headers = {**payload.headers, "Idempotency-Key": key.hex}
        case "Brevo":
            payload.data.setdefault("headers", {})["idempotencyKey"] = str(key)


def message_key_of(message: EmailMessage) -> uuid.UUID | None:
    """None for a message that did not come from the engine."""
    metadata = getattr(message, "metadata", None) or {}
    try:
        return uuid.UUID(hex=str(metadata.get("key")))
    except ValueError:
        return None
