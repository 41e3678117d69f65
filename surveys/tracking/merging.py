"""What an event changes on its mail. Events come late, doubled and in any order: the end is one.

The delivery status only ever moves up (`_standing`). The state moves from doubt to `sent` when the
service took the mail, and to `failed` when it says that it never sent it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeAlias

from surveys.models import Delivery, ProviderEvent
from surveys.sending.ledger import Reason, Resolution, Row, State

Kind, Nature = ProviderEvent.Kind, ProviderEvent.Nature
Status: TypeAlias = Delivery.DeliveryStatus

# Who says so has the mail; of a refused one nobody does.
_NEVER_SENT = frozenset({Kind.REJECTED, Kind.FAILED})
_ARRIVED = frozenset({Kind.DELIVERED, Kind.COMPLAINED, Kind.UNSUBSCRIBED})
_BY_NATURE = {
    Nature.HARD: Status.BOUNCED,
    Nature.SOFT: Status.SOFT_BOUNCED,
    Nature.BLOCK: Status.BLOCKED,
    Nature.UNSUBSCRIBED: Status.NONE,
    Nature.NONE: Status.NONE,
}
# Delivered, returned for now, blocked: of these the latest counts, for a service tries again.
_CLASSES = {
    Status.NONE: 0,
    Status.DEFERRED: 1,
    Status.DELIVERED: 2,
    Status.SOFT_BOUNCED: 2,
    Status.BLOCKED: 2,
    Status.BOUNCED: 3,
    Status.COMPLAINED: 4,
}
_TELLING = frozenset({Status.SOFT_BOUNCED, Status.BLOCKED, Status.BOUNCED, Status.COMPLAINED})
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


def merge_event(delivery: Row, event: ProviderEvent) -> dict[str, Any]:
    """Return the columns that change; nothing when the event says what is known already."""
    changes = _merge_status(delivery, event) | _merge_state(delivery, event)
    if event.provider_id and not delivery.provider_id:
        changes["provider_id"] = event.provider_id
    return changes


def status_of(event: ProviderEvent) -> Status:
    match event.kind:
        case Kind.DEFERRED:
            return Status.DEFERRED
        case Kind.DELIVERED | Kind.UNSUBSCRIBED:
            return Status.DELIVERED
        case Kind.COMPLAINED:
            return Status.COMPLAINED
        case Kind.BOUNCED | Kind.REJECTED:
            return _BY_NATURE[Nature(event.nature)]
    return Status.NONE


def _merge_status(delivery: Row, event: ProviderEvent) -> dict[str, Any]:
    status = status_of(event)
    known = _standing(Status(delivery.delivery_status), delivery.delivery_at)
    if _standing(status, event.happened_at) <= known:
        return {}
    changes: dict[str, Any] = {"delivery_status": status, "delivery_at": event.happened_at}
    if status in _TELLING and event.detail:
        changes["detail"] = event.detail
    return changes


def _standing(status: Status, at: dt.datetime | None) -> tuple[int, dt.datetime, int]:
    if status == Status.NONE:
        return (0, _LONG_AGO, 0)
    return (_CLASSES[status], at or _LONG_AGO, list(Status).index(status))


def _merge_state(delivery: Row, event: ProviderEvent) -> dict[str, Any]:
    if event.kind in _NEVER_SENT:
        return _fail(delivery, event)
    if _is_open(delivery) or (
        delivery.state == State.FAILED and delivery.attempt and event.kind in _ARRIVED
    ):
        return {
            "state": State.SENT,
            "reason": "",
            "resolution": Resolution.EVIDENCE,
            "sent_at": delivery.intent_at or delivery.unknown_since or event.happened_at,
            "unknown_since": None,
            "lease_until": None,
            "claim_token": None,
        }
    return {}


def _is_open(delivery: Row) -> bool:
    """In doubt; or about to be sent again, when it turns out that it left the first time."""
    if delivery.state == State.UNKNOWN:
        return True
    return delivery.attempt > 0 and delivery.state in {State.SCHEDULED, State.CLAIMED}


def _fail(delivery: Row, event: ProviderEvent) -> dict[str, Any]:
    is_known = delivery.state in {State.SENT, State.UNKNOWN}
    arrived = delivery.delivery_status in {Status.DELIVERED, Status.COMPLAINED}
    if not is_known or arrived or getattr(delivery, "answered_at", None) is not None:
        return {}
    changes: dict[str, Any] = {
        "state": State.FAILED,
        "reason": Reason.REFUSED,
        "sent_at": None,
        "unknown_since": None,
        "lease_until": None,
    }
    if delivery.state == State.UNKNOWN:
        changes["resolution"] = Resolution.EVIDENCE
    if event.detail:
        changes["detail"] = event.detail
    return changes
