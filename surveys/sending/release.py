"""One pass of a lane: how much may leave now, and the loop that lets it leave."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q

from surveys.models import Campaign, Invitation, Mail, Organisation, Sender, get_organisation
from surveys.planning.limits import limit_of_day
from surveys.sending.claim import Claim, claim_due, release_claim
from surveys.sending.deliver import deliver
from surveys.sending.leases import Lease, job_lease
from surveys.sending.ledger import MAILS, Ledger, State, free, refuse_transaction
from surveys.sending.opening import find_open
from surveys.sending.outlet import Outlet, open_outlet
from surveys.sending.stopping import is_stopping

logger = logging.getLogger(__name__)

BATCH = 50
BATCH_SECONDS = 30.0


@dataclass
class Stream:
    """What may leave now of one campaign, or of one sender of mails."""

    pk: int
    sender: Sender
    limit: int
    late_too: bool | frozenset[str] = True  # or the time zones in which late mail may leave


@dataclass
class Pass:
    """What one pass did. `more` says that it stopped early and the next should follow at once."""

    counts: Counter[str] = field(default_factory=Counter)
    more: bool = False
    was_busy: bool = False

    @property
    def attempts(self) -> int:
        return self.counts.total()

    def __str__(self) -> str:
        if self.was_busy:
            return "another worker is at it"
        counts = ", ".join(f"{verdict} {n}" for verdict, n in sorted(self.counts.items()))
        return counts or "nothing due"


def send_lane(ledger: Ledger, *, now: dt.datetime) -> Pass:
    """Let what is due leave: up to 50 messages or 30 seconds, unless somebody else does it."""
    refuse_transaction()
    with job_lease(f"lane:{ledger.lane.value}") as lease:
        if lease is None:
            return Pass(was_busy=True)
        return send_batch(ledger, now=now, lease=lease)


def send_batch(ledger: Ledger, *, now: dt.datetime, lease: Lease | None = None) -> Pass:
    """As `send_lane`, without asking whether somebody else sends too: the claims see to that."""
    done = Pass()
    streams = grant(ledger, now=now)
    with open_outlet() as outlet:
        loop = Loop(ledger, outlet, now, lease, done)
        for index, stream in enumerate(streams):
            # Each of the streams left gets its share, so that a large campaign starves no other.
            share = max(1, (BATCH - done.attempts) // (len(streams) - index))
            loop.send_stream(stream, min(share, stream.limit))
            if loop.must_stop() or done.attempts >= BATCH:
                done.more |= index + 1 < len(streams)
                break
    return done


@dataclass
class Loop:
    """The messages of one pass, one after the other over one connection."""

    ledger: Ledger
    outlet: Outlet
    now: dt.datetime
    lease: Lease | None
    done: Pass
    began: float = field(default_factory=time.monotonic)

    def moment(self) -> dt.datetime:
        """The clock goes on while a server makes us wait."""
        return self.now + dt.timedelta(seconds=time.monotonic() - self.began)

    def must_stop(self) -> bool:
        return is_stopping() or time.monotonic() - self.began > BATCH_SECONDS

    def send_stream(self, stream: Stream, share: int) -> None:
        used = 0
        while used < share and not self.must_stop():
            claim = claim_due(
                self.ledger,
                stream.pk,
                limit=share - used,
                late_too=stream.late_too,
                now=self.now,
            )
            if not claim.taken:
                return
            try:
                is_held = self._send_claim(claim, stream)
            finally:
                _give_back(claim)
            if is_held:
                logger.warning("%s is held: %s", stream.sender, stream.sender.held_reason)
                return
            used += claim.taken
        # A next pass that finds nothing costs little; one too few would cost a tick.
        self.done.more = True

    def _send_claim(self, claim: Claim, stream: Stream) -> bool:
        """Return whether the sender is held now."""
        if skipped := claim.taken - len(claim.rows):
            self.done.counts["skipped"] += skipped
        for row in claim.rows:
            if self.must_stop():
                break
            outcome = deliver(
                row,
                claim.token,
                ledger=self.ledger,
                sender=stream.sender,
                outlet=self.outlet,
                now=self.moment(),
            )
            self.done.counts[outcome.verdict.name.lower()] += 1
            if self.lease is not None:
                self.lease.renew()
            if outcome.hold is not None or stream.sender.held_until:
                return True
        return False


def _give_back(claim: Claim) -> None:
    if not claim.taken:
        return
    try:
        release_claim(claim)
    except DatabaseError:
        logger.warning("Claim %s was not given back; its lease will end.", claim.token)


def grant(ledger: Ledger, *, now: dt.datetime) -> list[Stream]:
    """What may leave now, the longest waiting first. A sender in trouble gets one to try with."""
    streams = _grant_mails(now) if ledger is MAILS else _grant_invitations(now)
    for stream in streams:
        if stream.sender.failures_in_a_row:
            stream.limit = min(stream.limit, 1)
    return [stream for stream in streams if stream.limit > 0]


def _grant_mails(now: dt.datetime) -> list[Stream]:
    due = Mail.objects.filter(sender=OuterRef("pk"), state=State.SCHEDULED, scheduled_for__lte=now)
    senders = Sender.objects.filter(Exists(due), free("held_until", now)).order_by("pk")
    return [Stream(sender.pk, sender, BATCH) for sender in senders]


def _grant_invitations(now: dt.datetime) -> list[Stream]:
    due = Invitation.objects.filter(
        campaign=OuterRef("pk"), state=State.SCHEDULED, scheduled_for__lte=now
    )
    campaigns = (
        Campaign.objects.running()
        .filter(Exists(due), free("sender__held_until", now))
        .select_related("sender")
        .order_by("pk")
    )
    organisation = get_organisation()
    senders: dict[int, Sender] = {}
    return [
        Stream(
            campaign.pk,
            senders.setdefault(campaign.sender_id, campaign.sender),
            _left_of_the_day(campaign, organisation, now),
            late_too=find_open(campaign, organisation, now=now),
        )
        for campaign in campaigns
    ]


def _left_of_the_day(campaign: Campaign, organisation: Organisation, now: dt.datetime) -> int:
    """The limit of today less what left today, or is just leaving, or may have left."""
    today = now.astimezone(organisation.zone).date()
    limit = limit_of_day(campaign, organisation, today)
    if limit is None:
        return BATCH
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    used = Invitation.objects.filter(
        Q(sent_at__gte=midnight)
        | Q(unknown_since__gte=midnight)
        | Q(state__in=[State.CLAIMED, State.SENDING]),
        campaign=campaign,
    ).count()
    return max(0, min(BATCH, limit - used))
