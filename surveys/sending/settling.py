"""Settling much doubt at once: all of a campaign by a person, or by the clock after three days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from surveys.models import Campaign, Invitation, InvitationEvent
from surveys.sending.ledger import INVITATIONS, LEDGERS, MAILS, Ledger, Resolution, State
from surveys.sending.unknown import PATIENCE, UNDER_WAY, CannotResolve, find_opening

if TYPE_CHECKING:
    from npsapp.models import User

# Fewer settled doubts than this say nothing about the next one.
ENOUGH = 20
_SHOW_ARRIVAL = (Invitation.DeliveryStatus.DELIVERED, Invitation.DeliveryStatus.COMPLAINED)


class MoreThanShown(CannotResolve):
    """More mails are in doubt by now than the person was told of."""


@dataclass(frozen=True, slots=True)
class Group:
    """The mails in doubt of one campaign; `campaign` is None for those to single people."""

    campaign: Campaign | None
    mails: int
    may_go_again: int
    since: dt.datetime
    until: dt.datetime

    @property
    def deadline(self) -> dt.datetime:
        """When the first of them is treated as sent."""
        return self.since + PATIENCE


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What became of mail that was in doubt before and was not sent again."""

    settled: int
    proven: int

    @property
    def percent(self) -> int:
        return 100 * self.proven // self.settled

    def expect(self, mails: int) -> int:
        """How many of so many should turn out to have arrived, at least."""
        return mails * self.proven // self.settled


def in_doubt(ledger: Ledger, campaign: Campaign | None = None) -> QuerySet[Any]:
    """The rows in doubt; with a campaign only its own."""
    rows = ledger.rows.filter(state=State.UNKNOWN)
    if campaign is None:
        return rows
    return rows.filter(campaign=campaign) if ledger is INVITATIONS else rows.none()


def may_go_again(ledger: Ledger, *, now: dt.datetime) -> Q:
    """On rows in doubt: whether sending them again makes sense. As unknown.can_send_again."""
    in_time = Q(not_after=None) | Q(not_after__gt=now)
    if ledger is MAILS:
        return in_time
    return in_time & Q(answered_at=None, contact__isnull=False, campaign__state__in=UNDER_WAY)


def list_groups(*, now: dt.datetime) -> list[Group]:
    """The doubt by campaign, the largest first; mails to single people come last."""
    found = (
        in_doubt(INVITATIONS)
        .order_by()
        .values("campaign")
        .annotate(**_sums(INVITATIONS, now))
        .order_by("-mails", "campaign")
    )
    campaigns = Campaign.objects.in_bulk([each["campaign"] for each in found])
    groups = [
        Group(campaigns[each["campaign"]], *(each[name] for name in _NUMBERS)) for each in found
    ]
    single = in_doubt(MAILS).aggregate(**_sums(MAILS, now))
    if single["mails"]:
        groups.append(Group(None, *(single[name] for name in _NUMBERS)))
    return groups


_NUMBERS = ("mails", "again", "since", "until")


def _sums(ledger: Ledger, now: dt.datetime) -> dict[str, Any]:
    return {
        "mails": Count("pk"),
        "again": Count("pk", filter=may_go_again(ledger, now=now)),
        "since": Min(Coalesce("unknown_since", now)),
        "until": Max(Coalesce("unknown_since", now)),
    }


def count_doubt(campaign: Campaign | None, *, now: dt.datetime) -> tuple[int, int]:
    """Return how many are in doubt, of all or of one campaign, and how many may be sent again."""
    total = again = 0
    for ledger in LEDGERS:
        rows = in_doubt(ledger, campaign)
        total += rows.count()
        again += rows.filter(may_go_again(ledger, now=now)).count()
    return total, again


@transaction.atomic
def settle_all(
    campaign: Campaign | None,
    *,
    resolution: str,
    most: int,
    user: User,
    now: dt.datetime,
) -> int:
    """Let a person decide about all that is in doubt, or all of a campaign; return how many.

    `most` is how many they were told of. Raises CannotResolve. What may not be sent again stays in
    doubt when the rest is.
    """
    settled = 0
    settle = {Resolution.SEND_AGAIN: _send_again, Resolution.TREAT_AS_SENT: _treat_as_sent}.get(
        Resolution(resolution)
    )
    if settle is None:
        raise CannotResolve(_("Choose what should happen with this mail."))
    decided = {"resolution": resolution, "resolved_by": user, "resolved_at": now}
    for ledger in LEDGERS:
        settled += settle(ledger, in_doubt(ledger, campaign), decided, now)
    if settled > most:
        raise MoreThanShown(
            _("More mails are in doubt than a moment ago. Look at the number again.")
        )
    if not settled:
        raise CannotResolve(_("These mails were settled already."))
    return settled


def _send_again(
    ledger: Ledger, rows: QuerySet[Any], decided: dict[str, Any], now: dt.datetime
) -> int:
    changes = decided | {
        "state": State.SCHEDULED,
        "reason": "",
        "claims": 0,
        "retries": 0,
        "lease_until": None,
        "unknown_since": None,
    }
    # The keys first: an UPDATE asks no other tables.
    keys = list(rows.filter(may_go_again(ledger, now=now)).values_list("pk", flat=True))
    again = ledger.rows.filter(pk__in=keys, state=State.UNKNOWN)
    if ledger is MAILS:
        return again.update(**changes, scheduled_for=now)
    campaigns = Campaign.objects.filter(pk__in=again.values("campaign"))
    return sum(
        again.filter(campaign=each).update(**changes, scheduled_for=find_opening(each, now=now))
        for each in list(campaigns)
    )


def _treat_as_sent(
    ledger: Ledger, rows: QuerySet[Any], decided: dict[str, Any], now: dt.datetime
) -> int:
    return rows.update(
        **decided,
        state=State.SENT,
        reason="",
        sent_at=Coalesce(F("intent_at"), F("unknown_since"), now),
        lease_until=None,
        unknown_since=None,
    )


def settle_overdue(*, now: dt.datetime) -> int:
    """Treat as sent what nobody decided about for three days, or until its window was over."""
    decided = {"resolution": Resolution.TIMED_OUT, "resolved_by": None, "resolved_at": now}
    waited = Q(unknown_since__lte=now - PATIENCE) | Q(not_after__lte=now)
    return sum(
        _treat_as_sent(ledger, in_doubt(ledger).filter(waited), decided, now) for ledger in LEDGERS
    )


def measure_arrivals() -> Arrivals | None:
    """Return what earlier doubt turned out to be; None while there was too little of it.

    Proven by an answer, by the provider, or by the server after all. Of mail that never gave a sign
    nobody knows, so the true share is larger.
    """
    doubted = InvitationEvent.objects.filter(
        invitation=OuterRef("pk"), kind=InvitationEvent.Kind.UNKNOWN
    )
    earlier = Invitation.objects.filter(
        Exists(doubted), state__in=[State.SENT, State.FAILED]
    ).exclude(resolution=Resolution.SEND_AGAIN)
    is_proven = Q(state=State.SENT) & (
        Q(answered_at__isnull=False)
        | Q(delivery_status__in=_SHOW_ARRIVAL)
        | Q(resolution__in=[Resolution.NONE, Resolution.EVIDENCE])
    )
    counts = earlier.aggregate(settled=Count("pk"), proven=Count("pk", filter=is_proven))
    arrivals = Arrivals(**counts)
    return arrivals if arrivals.settled >= ENOUGH else None
