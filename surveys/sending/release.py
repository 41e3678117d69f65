"""One pass of a lane: how much may leave now, and the loop that lets it leave."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from surveys.models import Campaign, Invitation, Mail, Organisation, Sender, get_organisation
from surveys.planning.limits import allowance_of_day, count_used, limit_of_day
from surveys.sending import bucket
from surveys.sending.catching_up import BEHIND, left_to_catch_up
from surveys.sending.claim import Claim, claim_due
from surveys.sending.crew import Crew
from surveys.sending.hold import probes_left
from surveys.sending.kill_switch import is_stopped
from surveys.sending.leases import Lease, job_lease
from surveys.sending.ledger import MAILS, Ledger, State, free, refuse_transaction
from surveys.sending.opening import find_open, find_slot
from surveys.sending.stopping import is_stopping
from surveys.sending.turns import begin_pass

ROUND = 500  # what all campaigns may let leave before they are asked again
ROUNDS = 1000
BATCH_SECONDS = 30.0  # of one pass; see turns.py for one that takes longer


@dataclass
class Stream:
    """What may leave now of one campaign, or of one sender of mails."""

    pk: int
    sender: Sender
    limit: int
    late_too: bool | frozenset[str] = True  # or the time zones in which late mail may leave
    # What of it leaves must be counted by one process alone: a daily limit, a first try.
    is_counted: bool = False
    taken: int = 0
    # The day for whose limits the sender's tokens were taken; None while it has no limit.
    drawn_on: dt.date | None = None

    def is_held(self, now: dt.datetime) -> bool:
        return self.sender.held_until is not None and self.sender.held_until > now

    def may_send(self, now: dt.datetime) -> bool:
        return self.limit > 0 and not self.is_held(now)


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
    """Let what is due leave, for up to 30 seconds.

    The process that holds the lane's lease sends everything. Others at the same time help with what
    nobody has to count: campaigns without a daily limit, and senders that are not in trouble.
    """
    refuse_transaction()
    with begin_pass(ledger) as passes:
        if not passes:
            return Pass(was_busy=True)
        # While an earlier pass still waits for the server, one mail is enough to try it with.
        most = settings.MAIL_CONNECTIONS if passes == 1 else 1
        with job_lease(f"lane:{ledger.lane.value}") as lease:
            is_helping = lease is None
            return send_batch(ledger, now=now, lease=lease, is_helping=is_helping, most=most)


def send_batch(
    ledger: Ledger,
    *,
    now: dt.datetime,
    lease: Lease | None = None,
    is_helping: bool = False,
    most: int | None = None,
) -> Pass:
    """As `send_lane`, without asking whether somebody else sends too: the claims see to that.

    `most` is how many connections it may use, if not as many as the settings allow.
    """
    shift = Shift(ledger, now, lease, is_helping)
    crew = Crew(shift, settings.MAIL_CONNECTIONS if most is None else most)
    crew.work()
    return shift.done


@dataclass
class Shift:
    """One pass of a lane: gives out claims, one at a time, until nothing is due or time is up.

    Claims are made under a lock, so that what `grant` counts as leaving is complete: no daily limit
    is passed however many connections send.
    """

    ledger: Ledger
    now: dt.datetime
    lease: Lease | None
    is_helping: bool = False
    done: Pass = field(default_factory=Pass)
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    streams: list[Stream] | None = None
    senders: dict[int, Sender] = field(default_factory=dict)
    taken: int = 0
    rounds: int = 0

    def moment(self) -> dt.datetime:
        """The clock goes on while a server makes us wait."""
        return self.now + dt.timedelta(seconds=time.monotonic() - self.began)

    def must_stop(self) -> bool:
        return is_stopping() or time.monotonic() - self.began > BATCH_SECONDS

    def next_claim(self, size: int) -> tuple[Claim, Stream] | None:
        """Claim up to `size` rows of the stream whose turn it is; None when this pass is over."""
        with self.lock:
            while not self.must_stop():
                stream = self._next_stream()
                if stream is None:
                    return None
                allowed = self._draw(stream, min(size, stream.limit))
                if not allowed:
                    continue
                claim = claim_due(
                    self.ledger,
                    stream.pk,
                    limit=allowed,
                    late_too=stream.late_too,
                    now=self.moment(),
                )
                self.give_back(stream, allowed - len(claim.rows))
                if claim.taken:
                    stream.limit -= claim.taken
                    stream.taken += claim.taken
                    self.taken += claim.taken
                    return claim, stream
                stream.limit = 0
            # A next pass that finds nothing costs little; one too few would cost a tick.
            self.done.more = True
            return None

    def _draw(self, stream: Stream, wanted: int) -> int:
        """Take tokens for a claim. Without one, the sender's other streams need not ask either."""
        if not bucket.is_limited(stream.sender):
            return wanted
        moment = self.moment()
        stream.drawn_on = moment.astimezone(self.zone).date()
        allowed = bucket.take(stream.sender, wanted, today=stream.drawn_on, now=moment)
        if not allowed:
            for other in self.streams or []:
                if other.sender is stream.sender:
                    other.limit = 0
        return allowed

    def give_back(self, stream: Stream, count: int) -> None:
        if count and stream.drawn_on is not None:
            bucket.give_back(stream.sender.pk, count, today=stream.drawn_on)

    @cached_property
    def zone(self) -> ZoneInfo:
        return get_organisation().zone

    def _next_stream(self) -> Stream | None:
        """The one that let least leave so far; when all shares are used up they are given anew."""
        streams = self.streams or []
        while not (found := [stream for stream in streams if stream.may_send(self.moment())]):
            if self.streams is not None and not self.taken:
                return None
            if self.rounds >= ROUNDS:
                self.done.more = True
                return None
            streams = grant(self.ledger, now=self.moment())
            if self.is_helping:
                streams = [stream for stream in streams if not stream.is_counted]
            for stream in streams:
                # One object per sender: what one connection runs into, all others see at once.
                stream.sender = self.senders.setdefault(stream.sender.pk, stream.sender)
            self.streams = streams
            # Each of the streams gets its share, so that a large campaign starves no other.
            share = max(1, ROUND // max(1, len(streams)))
            for stream in streams:
                stream.limit = min(stream.limit, share)
            self.taken = 0
            self.rounds += 1
        return min(found, key=lambda stream: stream.taken)

    def note(self, what: str, count: int = 1) -> None:
        with self.lock:
            self.done.counts[what] += count


def grant(ledger: Ledger, *, now: dt.datetime) -> list[Stream]:
    """What may leave now, the longest waiting first. A sender in trouble gets a few to try with."""
    if ledger is not MAILS and is_stopped():
        return []  # of mails some kinds leave all the same: the claim knows which
    streams = _grant_mails(now) if ledger is MAILS else _grant_invitations(now)
    for stream in streams:
        if (probes := probes_left(stream.sender)) is not None:
            stream.limit, stream.is_counted = min(stream.limit, probes), True
    return [stream for stream in streams if stream.limit > 0]


def _grant_mails(now: dt.datetime) -> list[Stream]:
    due = Mail.objects.filter(sender=OuterRef("pk"), state=State.SCHEDULED, scheduled_for__lte=now)
    senders = Sender.objects.filter(Exists(due), free("held_until", now)).order_by("pk")
    return [Stream(sender.pk, sender, ROUND) for sender in senders]


def _grant_invitations(now: dt.datetime) -> list[Stream]:
    due = Invitation.objects.filter(
        campaign=OuterRef("pk"), state=State.SCHEDULED, scheduled_for__lte=now
    )
    campaigns: QuerySet[Any] = (
        Campaign.objects.running()
        .filter(Exists(due), free("sender__held_until", now))
        .select_related("sender")
        .order_by("pk")
    )
    is_behind = Exists(due.filter(scheduled_for__lt=now - BEHIND))
    behind = set(
        campaigns.filter(is_behind, clock=Campaign.Clock.ORGANISATION).values_list("pk", flat=True)
    )
    organisation = get_organisation()
    senders: dict[int, Sender] = {}
    streams = []
    for campaign in campaigns:
        sender = senders.setdefault(campaign.sender_id, campaign.sender)
        limit = _left_of_the_day(campaign, organisation, now)
        # By the recipients' clock the overdue have hours of their own: there is no heap of them.
        slot = find_slot(campaign, organisation, now=now) if campaign.pk in behind else None
        if slot is not None:
            limit = min(limit, left_to_catch_up(campaign, organisation, slot, now=now))
        is_paced = organisation.pace_by_team and campaign.followup_allowance is not None
        streams.append(
            Stream(
                campaign.pk,
                sender,
                limit,
                late_too=find_open(campaign, organisation, now=now),
                is_counted=slot is not None or campaign.daily_limit is not None or is_paced,
            )
        )
    return streams


def _left_of_the_day(campaign: Campaign, organisation: Organisation, now: dt.datetime) -> int:
    """The limits of today less what left today, or is just leaving, or may have left."""
    today = now.astimezone(organisation.zone).date()
    limits = [
        limit_of_day(campaign, organisation, today),
        allowance_of_day(campaign, organisation, today),
    ]
    set_limits = [limit for limit in limits if limit is not None]
    if not set_limits:
        return ROUND
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    used = count_used(campaign, midnight=midnight)
    return max(0, min(ROUND, min(set_limits) - used))
