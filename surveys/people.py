"""The people behind the numbers of a campaign, in one shape before and after its launch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from surveys.models import Campaign, Contact, Invitation
from surveys.planning.plan import Plan, draw_plan, list_left_out, list_recipients
from surveys.progress import ASSUMED, WAITING
from surveys.sparing import may_hold, may_let_go

# Asked for like states of the ledger, but they are columns beside it.
ANSWERED = "answered"
TOLD = tuple(choice for choice in Invitation.DeliveryStatus.choices if choice[0])
# Whom the contact frequency rule lets rest first, and who is asked later in the window.
POSTPONED = "postponed"
# Sent as far as anybody knows: a person decided so about a doubt, or three days did.
TREATED_AS_SENT = "assumed"
# All that is still to leave, whatever a worker is doing with it.
WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a campaign knows of, and what became, or would become, of their mail."""

    contact: Contact | None  # None once erased
    state: str
    reason: str
    moment: dt.datetime | None
    answered_at: dt.datetime | None = None
    detail: str = ""
    rests_until: dt.datetime | None = None
    delivery: str = ""
    delivery_at: dt.datetime | None = None
    invitation: int = 0
    may_hold: bool = False
    may_let_go: bool = False


class People(Protocol):
    """As much of a list as a paginator needs."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice) -> list[Person]: ...


@dataclass(frozen=True, slots=True)
class WrittenPeople:
    invitations: QuerySet[Invitation]

    def __len__(self) -> int:
        return self.invitations.count()

    def __getitem__(self, part: slice) -> list[Person]:
        return [
            Person(
                contact=row.contact,
                state=row.get_state_display(),
                reason=row.get_reason_display(),
                moment=row.sent_at or row.scheduled_for,
                answered_at=(row.first or row).answered_at,
                detail=row.detail,
                rests_until=row.rests_until,
                delivery=row.get_delivery_status_display() if row.delivery_status else "",
                delivery_at=row.delivery_at,
                invitation=row.pk,
                may_hold=may_hold(row),
                may_let_go=may_let_go(row),
            )
            for row in self.invitations[part]
        ]


@dataclass(frozen=True, slots=True)
class PlannedPeople:
    plan: Plan
    reason: str
    only_postponed: bool = False

    def __len__(self) -> int:
        if self.only_postponed:
            return self.plan.postponed
        return self.plan.left_out.get(self.reason, 0) if self.reason else self.plan.mails

    def __getitem__(self, part: slice) -> list[Person]:
        offset = part.start or 0
        limit = (len(self) if part.stop is None else part.stop) - offset
        if self.reason and not self.only_postponed:
            left_out = list_left_out(self.plan, self.reason, limit=limit, offset=offset)
            label = str(Invitation.Reason(self.reason).label)
            return [Person(contact, _("Left out"), label, None) for contact in left_out]
        asked = list_recipients(
            self.plan, limit=limit, offset=offset, postponed=self.only_postponed
        )
        return [Person(contact, _("Planned"), "", moment) for contact, moment in asked]


def list_people(
    campaign: Campaign, *, state: str, reason: str, now: dt.datetime, reminders: bool = False
) -> People:
    """Return those in a state, or left out for a reason; empty strings mean all.

    Everybody has one first mail. Of `reminders` there may be several a person, or none.
    """
    if campaign.state == Campaign.State.DRAFT:
        return PlannedPeople(draw_plan(campaign, now=now), reason, state == POSTPONED)
    rows = Invitation.objects.filter(campaign=campaign).select_related(
        "contact__account", "campaign", "first"
    )
    rows = rows.filter(sequence__gt=0) if reminders else rows.filter(sequence=0)
    if state == ANSWERED and reminders:
        # Those whom a reminder brought to answer, once each: by the last that came before it.
        later = Invitation.objects.filter(
            first=OuterRef("first"),
            sequence__gt=OuterRef("sequence"),
            sent_at__lte=OuterRef("first__answered_at"),
        )
        rows = rows.filter(~Exists(later), first__answered_at__gte=F("sent_at"))
    elif state == WAITS:
        rows = rows.filter(state__in=WAITING)
    elif state == ANSWERED:
        rows = rows.filter(answered_at__isnull=False)
    elif state in dict(TOLD):
        rows = rows.filter(delivery_status=state)
    elif state == POSTPONED:
        rows = rows.filter(rests_until__isnull=False).exclude(state=Invitation.State.SKIPPED)
    elif state == TREATED_AS_SENT:
        rows = rows.filter(state=Invitation.State.SENT, resolution__in=ASSUMED)
    elif state:
        rows = rows.filter(state=state)
    if reason:
        rows = rows.filter(reason=reason)
    return WrittenPeople(rows.order_by("scheduled_for", "order_key", "pk"))
