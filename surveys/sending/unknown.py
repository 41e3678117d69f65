"""Settling doubt: by a person who decides, or by an answer that proves the mail arrived."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from surveys.models import Campaign, Delivery, Invitation
from surveys.sending.ledger import LEDGERS, Row, State, ledger_of

if TYPE_CHECKING:
    from npsapp.models import User

Resolution = Delivery.Resolution


@dataclass(frozen=True)
class Doubt:
    """A mail in doubt as the page shows it."""

    row: Row
    kind: str
    recipient: str
    about: str
    may_send_again: bool


class CannotResolve(Exception):
    """The message says why."""


def resolve_unknown(
    delivery: Row, *, resolution: Resolution | str, user: User, now: dt.datetime
) -> None:
    """Let a person decide what becomes of a doubtful mail. Raises CannotResolve."""
    if resolution not in {Resolution.SEND_AGAIN, Resolution.TREAT_AS_SENT}:
        raise CannotResolve(_("Choose what should happen with this mail."))
    if resolution == Resolution.SEND_AGAIN and not can_send_again(delivery, now=now):
        raise CannotResolve(_("This mail can no longer be sent: its campaign is over."))
    changes: dict[str, object] = {"lease_until": None, "unknown_since": None}
    changes |= {"resolution": resolution, "resolved_by": user, "resolved_at": now}
    if resolution == Resolution.SEND_AGAIN:
        changes |= {"state": State.SCHEDULED, "reason": "", "scheduled_for": now}
        changes |= {"claims": 0, "retries": 0}
    else:
        changes |= {"state": State.SENT, "reason": "", "sent_at": Coalesce(F("intent_at"), now)}
    if not _unknown(delivery).update(**changes):
        raise CannotResolve(_("This mail was settled already."))
    delivery.refresh_from_db()


def can_send_again(delivery: Row, *, now: dt.datetime) -> bool:
    if delivery.not_after is not None and delivery.not_after <= now:
        return False
    if not isinstance(delivery, Invitation):
        return True
    asked = delivery.first or delivery
    if asked.answered_at is not None or delivery.contact_id is None:
        return False
    return delivery.campaign.state in {Campaign.State.RUNNING, Campaign.State.PAUSED}


def settle_by_evidence(invitation: Invitation) -> bool:
    """Somebody answered, so the mail arrived. Return whether there was any doubt."""
    changed = _unknown(invitation).update(
        state=State.SENT,
        reason="",
        resolution=Resolution.EVIDENCE,
        sent_at=Coalesce(F("intent_at"), F("unknown_since")),
        unknown_since=None,
        lease_until=None,
    )
    return bool(changed)


def _unknown(delivery: Row) -> QuerySet[Any]:
    return ledger_of(delivery).rows.filter(pk=delivery.pk, state=State.UNKNOWN)


def list_unknown(*, now: dt.datetime) -> list[Doubt]:
    """All mail in doubt, the newest first. It is one mail per interrupted connection: few."""
    rows: list[Row] = []
    for ledger in LEDGERS:
        rows.extend(ledger.with_relations.filter(state=State.UNKNOWN))
    rows.sort(key=lambda row: (row.unknown_since or now, row.pk), reverse=True)
    return [_describe(row, now) for row in rows]


def _describe(row: Row, now: dt.datetime) -> Doubt:
    may = can_send_again(row, now=now)
    if isinstance(row, Invitation):
        return Doubt(row, "invitation", str(row.contact or ""), str(row.campaign), may)
    return Doubt(row, "mail", row.to_name or row.to_email, row.subject, may)
