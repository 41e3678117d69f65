"""Writing an event of a mail service down, in one statement, before it is answered.

Whoever posts it waits for the answer, and sends it again when that is late: nothing is looked up
here, and the same event twice is one row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid
from typing import Any

from anymail.signals import AnymailTrackingEvent

from surveys.addresses import InvalidAddress, hash_address, normalise_address
from surveys.models import ProviderEvent
from surveys.tracking.nature import judge_nature

# Who opened what and clicked where is nobody's business: those events are not even kept.
KEPT = frozenset(ProviderEvent.Kind.values)
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"'=]+@[^\s<>()\[\]:;,\"']+")
_OUR_MESSAGE_ID = re.compile(r"\b(?:inv|mail)\.([0-9a-f]{32})@")
_DETAIL_LENGTH = 300


def note_event(event: AnymailTrackingEvent, provider: str, *, now: dt.datetime) -> None:
    if event.event_type not in KEPT:
        return
    provider_id = str(event.message_id or "").replace("\0", "")[:200]
    noted = ProviderEvent(
        provider=provider[:30],
        event_key=fingerprint(event, provider),
        kind=event.event_type,
        nature=judge_nature(event),
        message_key=_read_key(event),
        provider_id=provider_id,
        address_hash=_hash_recipient(event.recipient),
        detail=clean(event.mta_response or event.description),
        # A clock of theirs that is ahead must not win over what comes later.
        happened_at=min(event.timestamp or now, now),
        received_at=now,
        look_at=now,
    )
    ProviderEvent.objects.bulk_create([noted], ignore_conflicts=True)


def fingerprint(event: AnymailTrackingEvent, provider: str) -> str:
    """Of the service's own id where it gives one, else of everything it said."""
    if event.event_id:
        said: object = [provider, event.event_type, str(event.event_id), event.recipient]
    else:
        said = [provider, _plain(event.esp_event)]
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def clean(text: object) -> str:
    """The words of a mail server on one line, without any address in them."""
    words = " ".join(str(text or "").replace("\0", "").split())
    return _ADDRESS.sub("…", words)[:_DETAIL_LENGTH]


def _plain(said: Any) -> Any:
    return said.dict() if hasattr(said, "dict") else said


def _read_key(event: AnymailTrackingEvent) -> uuid.UUID | None:
    """Our own key: from the metadata, or from a Message-ID that the service left as it was."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    text = str(metadata.get("key") or "")
    if found := _OUR_MESSAGE_ID.search(str(event.message_id or "")):
        text = text or found[1]
    try:
        return uuid.UUID(hex=text)
    except ValueError:
        return None


def _hash_recipient(address: object) -> str:
    try:
        return hash_address(normalise_address(str(address or "")))
    except InvalidAddress:
        return ""
