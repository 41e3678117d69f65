"""Settling doubt: by a person who decides, or by an answer that proves the mail arrived."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from surveys.models import Campaign, Delivery, Invitation, Mail, get_organisation
from surveys.planning.openings import list_openings
from surveys.sending.ledger import INVITATIONS, MAILS, Row, State, ledger_of

if TYPE_CHECKING:
    from npsapp.models import User

Resolution = Delivery.Resolution

# Whoever could still have it sent again must say so by then; never twice wins.
PATIENCE = dt.timedelta(hours=72)
UNDER_WAY = (Campaign.State.RUNNING, Campaign.State.PAUSED)


@dataclass(frozen=True)
class Doubt:
    """A mail in doubt as the page shows it."""

    row: Row
    kind: str
    recipient: str
    about: str
    may_send_again: bool
    deadline: dt.datetime
    evidence: list[str]


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
        changes |= {"state": State.SCHEDULED, "reason": ""}
        if isinstance(delivery, Invitation):
            changes["scheduled_for"] = find_opening(delivery.campaign, now=now)
        else:
            changes["scheduled_for"] = now
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
    return delivery.campaign.state in UNDER_WAY


def find_opening(campaign: Campaign, *, now: dt.datetime) -> dt.datetime:
    """When a mail of the campaign may leave next: nobody is written to at night."""
    openings = list_openings(campaign, get_organisation(), not_before=now)
    return openings[0].start if openings else now


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


@dataclass(frozen=True)
class Doubts:
    """All mail in doubt, or that of a campaign, the newest first; read a page at a time."""

    campaign: Campaign | None
    now: dt.datetime

    def __len__(self) -> int:
        return sum(rows.count() for rows in self._sources())

    def __getitem__(self, part: slice) -> list[Doubt]:
        mails, invitations = (rows.values_list("unknown_since", "pk") for rows in self._sources())
        marked = mails.annotate(kind=Value("mail")).union(
            invitations.annotate(kind=Value("invitation")), all=True
        )
        chosen = list(marked.order_by("-unknown_since", "-pk")[part])
        found = {
            kind: ledger.with_relations.in_bulk([pk for _, pk, each in chosen if each == kind])
            for kind, ledger in (("mail", MAILS), ("invitation", INVITATIONS))
        }
        return [_describe(found[kind][pk], self.now) for _, pk, kind in chosen if pk in found[kind]]

    def _sources(self) -> tuple[QuerySet[Mail], QuerySet[Invitation]]:
        mails = Mail.objects.filter(state=State.UNKNOWN).order_by()
        invitations = Invitation.objects.filter(state=State.UNKNOWN).order_by()
        if self.campaign is not None:
            mails, invitations = mails.none(), invitations.filter(campaign=self.campaign)
        return mails, invitations


def _describe(row: Row, now: dt.datetime) -> Doubt:
    may = can_send_again(row, now=now)
    deadline = (row.unknown_since or now) + PATIENCE
    if isinstance(row, Invitation):
        if row.not_after:
            deadline = min(deadline, row.not_after)
        who, about = str(row.contact or ""), str(row.campaign)
        return Doubt(row, "invitation", who, about, may, deadline, _list_evidence(row))
    who = row.to_name or row.to_email
    return Doubt(row, "mail", who, row.subject, may, deadline, _list_evidence(row))


def _list_evidence(row: Row) -> list[str]:
    """What speaks for or against that the mail arrived."""
    evidence = []
    if row.delivery_status:
        evidence.append(
            _("The provider says: %(word)s") % {"word": row.get_delivery_status_display()}
        )
    else:
        evidence.append(_("No word from a provider so far."))
    if isinstance(row, Invitation):
        evidence.append(_("It was answered.") if row.answered_at else _("No answer so far."))
    return evidence
