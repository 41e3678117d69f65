"""One pass of a lane: how much may leave now, and the loop that lets it leave."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef, Q

from surveys.free_days import find_free_days
from surveys.models import Campaign, Invitation, Mail, Sender, get_organisation
from surveys.planning.calendar import Hours
from surveys.sending.blueprint import Press
from surveys.sending.claim import Claim, claim_due, release_claim
from surveys.sending.deliver import deliver
from surveys.sending.leases import Lease, job_lease
from surveys.sending.ledger import (
    INVITATIONS,
    MAILS,
    Ledger,
    State,
    free,
    refuse_transaction,
)
from surveys.sending.outlet import Outlet, open_outlet
from surveys.sending.stopping import is_stopping

logger = logging.getLogger(__name__)

BATCH = 50  # the most that one connection claims at once
FIRST_CLAIM = 10
ROUND = 500  # what all campaigns may let leave before they are asked again
ROUNDS = 1000
BATCH_SECONDS = 30.0


@dataclass
class Stream:
    """What may leave now of one campaign, or of one sender of mails."""

    pk: int
    sender: Sender
    limit: int
    late_too: bool = True
    taken: int = 0

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
    """Let what is due leave, for up to 30 seconds, unless somebody else does it."""
    refuse_transaction()
    with job_lease(f"lane:{ledger.lane.value}") as lease:
        if lease is None:
            return Pass(was_busy=True)
        return send_batch(ledger, now=now, lease=lease)


def send_batch(ledger: Ledger, *, now: dt.datetime, lease: Lease | None = None) -> Pass:
    """As `send_lane`, without asking whether somebody else sends too: the claims see to that."""
    shift = Shift(ledger, now, lease)
    crew = Crew(shift, settings.MAIL_CONNECTIONS)
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
    done: Pass = field(default_factory=Pass)
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    streams: list[Stream] | None = None
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
                claim = claim_due(
                    self.ledger,
                    stream.pk,
                    limit=min(size, stream.limit),
                    late_too=stream.late_too,
                    now=self.moment(),
                )
                if claim.taken:
                    stream.limit -= claim.taken
                    stream.taken += claim.taken
                    self.taken += claim.taken
                    return claim, stream
                stream.limit = 0
            # A next pass that finds nothing costs little; one too few would cost a tick.
            self.done.more = True
            return None

    def _next_stream(self) -> Stream | None:
        """The one that let least leave so far; when all shares are used up they are given anew."""
        streams = self.streams or []
        while not (found := [stream for stream in streams if stream.may_send(self.moment())]):
            if self.streams is not None and not self.taken:
                return None
            if self.rounds >= ROUNDS:
                self.done.more = True
                return None
            streams = self.streams = grant(self.ledger, now=self.moment())
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


@dataclass
class Crew:
    """The connections of a pass: one, and another one each time that a claim came back full.

    The first is served by the thread that called. A thread more costs a connection to the mail
    server and one to the database.
    """

    shift: Shift
    most: int
    threads: list[threading.Thread] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def work(self) -> None:
        try:
            self._serve()
        finally:
            for thread in self.threads:  # grows until the last of them has ended
                thread.join()
        if self.errors:
            raise self.errors[0]

    def _hire(self) -> None:
        if len(self.threads) + 1 < self.most:
            thread = threading.Thread(target=self._serve_apart, name="mail", daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve_apart(self) -> None:
        try:
            self._serve()
        except Exception as error:
            logger.exception("A connection of this pass gave up.")
            self.errors.append(error)
        finally:
            connection.close()

    def _serve(self) -> None:
        size = FIRST_CLAIM
        with open_outlet() as outlet:
            while found := self.shift.next_claim(size):
                claim, stream = found
                if claim.taken >= size:
                    self._hire()
                began = time.monotonic()
                _send_claim(self.shift, claim, stream, outlet)
                # About a second's worth: a slow server must not keep rows from other connections.
                pace = len(claim.rows) / max(time.monotonic() - began, 0.001)
                size = max(FIRST_CLAIM, min(BATCH, int(pace)))


def _send_claim(shift: Shift, claim: Claim, stream: Stream, outlet: Outlet) -> None:
    if skipped := claim.taken - len(claim.rows):
        shift.note("skipped", skipped)
    left = len(claim.rows)
    try:
        composer = _set_up_press(claim)
        for row in claim.rows:
            if shift.must_stop() or stream.is_held(shift.moment()):
                break
            outcome = deliver(
                row,
                claim.token,
                ledger=shift.ledger,
                sender=stream.sender,
                outlet=outlet,
                now=shift.moment(),
                composer=composer,
            )
            left -= 1
            shift.note(outcome.verdict.name.lower())
            if shift.lease is not None:
                shift.lease.renew()
            if outcome.hold is not None or stream.sender.held_until:
                logger.warning("%s is held: %s", stream.sender, stream.sender.held_reason)
                break
    finally:
        if left:
            _give_back(claim)
            stream.limit = 0


def _set_up_press(claim: Claim) -> Press | None:
    """What all invitations of a claim share is read once, anew for each claim."""
    if claim.ledger is not INVITATIONS or not claim.rows:
        return None
    relations = Campaign.objects.select_related("survey", "sender")
    campaign = relations.get(pk=claim.rows[0].campaign_id)  # type: ignore[union-attr]
    for row in claim.rows:
        row.campaign = campaign  # type: ignore[union-attr]
    return Press.set_up(campaign, get_organisation())


def _give_back(claim: Claim) -> None:
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
    return [Stream(sender.pk, sender, ROUND) for sender in senders]


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
    zone = get_organisation().zone
    senders: dict[int, Sender] = {}
    return [
        Stream(
            campaign.pk,
            senders.setdefault(campaign.sender_id, campaign.sender),
            _left_of_the_day(campaign, zone, now),
            late_too=_is_open(campaign, zone, now),
        )
        for campaign in campaigns
    ]


def _is_open(campaign: Campaign, zone: ZoneInfo, now: dt.datetime) -> bool:
    weekdays, today = frozenset(campaign.weekdays), now.astimezone(zone).date()
    free = find_free_days(get_organisation(), first=today, last=today)
    slot = Hours(zone, weekdays, campaign.day_start, campaign.day_end, free).slot(today)
    return slot is not None and slot.start <= now < slot.end


def _left_of_the_day(campaign: Campaign, zone: ZoneInfo, now: dt.datetime) -> int:
    """The daily limit less what left today, or is just leaving, or may have left."""
    if campaign.daily_limit is None:
        return ROUND
    midnight = dt.datetime.combine(now.astimezone(zone).date(), dt.time.min, zone)
    used = Invitation.objects.filter(
        Q(sent_at__gte=midnight)
        | Q(unknown_since__gte=midnight)
        | Q(state__in=[State.CLAIMED, State.SENDING]),
        campaign=campaign,
    ).count()
    return max(0, min(ROUND, campaign.daily_limit - used))


__all__ = ["INVITATIONS", "MAILS", "Pass", "grant", "send_batch", "send_lane"]
