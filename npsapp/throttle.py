"""Slows down who guesses passwords or links, and who sends without end.

Counted in rows, and before anything is looked at: so many tries at the same time count too, on any
number of machines. Nobody is locked out for ever, and what is refused makes no pause longer.
A `Door` is for guesses of passwords: its pauses grow up to a quarter of an hour. A `Quota` is for
what people may well do often, but not without end.

Only a request that may change something is counted in rows. What is merely looked at is counted in
the memory of each web process, so that no GET writes: with four of them somebody may look four
times as often, and a restart begins anew. What is guarded so is signed; the limit spares the
machine, it does not keep the secret.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import threading
from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from npsapp.models import Attempts

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER = dt.timedelta(hours=1)
KEPT_FOR = dt.timedelta(days=1)
COUNT_ONE = """
    INSERT INTO npsapp_attempts AS known (key, count, last_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET count = known.count + 1
    RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts are free; the pause after each further one is twice the one before."""

    free: int
    first_pause: dt.timedelta = dt.timedelta(seconds=30)
    longest_pause: dt.timedelta = dt.timedelta(minutes=15)

    def pause_after(self, count: int) -> dt.timedelta | None:
        if count < self.free:
            return None
        doublings = min(count - self.free, 10)
        factor: int = 2**doublings
        return min(self.first_pause * factor, self.longest_pause)


@dataclass(frozen=True, slots=True)
class Door:
    """What is guarded: an account, and the many that one address may try (an office has one)."""

    name: str
    per_account: Limit
    per_address: Limit


LOGIN = Door("login", Limit(5), Limit(40))
PASSWORD_CHANGE = Door("password-change", Limit(5), Limit(40))
# Each attempt is a mail in somebody's mailbox.
RESET = Door("reset", Limit(3, first_pause=dt.timedelta(minutes=15)), Limit(20))


def knock(door: Door, *, account: str, address: str, now: dt.datetime) -> dt.timedelta | None:
    """Count an attempt and return None, or return how long to wait and count nothing."""
    limits = _limits(door, account, address)
    with transaction.atomic():
        _forget_old(now)
        Attempts.objects.bulk_create(
            [Attempts(key=key, last_at=now) for key in limits], ignore_conflicts=True
        )
        # Always in the same order, so that two requests never wait for each other.
        rows = list(
            Attempts.objects.select_for_update().filter(key__in=list(limits)).order_by("key")
        )
        waits = [row.closed_until - now for row in rows if row.closed_until]
        if waits and max(waits) > dt.timedelta(0):
            return max(waits)
        for row in rows:
            row.count = 1 if now - row.last_at > FORGOTTEN_AFTER else row.count + 1
            row.last_at = now
            pause = limits[row.key].pause_after(row.count)
            row.closed_until = now + pause if pause else None
        Attempts.objects.bulk_update(rows, ["count", "last_at", "closed_until"])
    return None


def forgive(door: Door, *, account: str, address: str) -> None:
    """The attempt was right: the account starts afresh, and it does not count for its address."""
    ours, shared = _limits(door, account, address)
    Attempts.objects.filter(key=ours).delete()
    Attempts.objects.filter(key=shared).update(count=Greatest(F("count") - 1, 0), closed_until=None)


@dataclass(frozen=True, slots=True)
class Quota:
    """So many in every stretch of the clock; with the next stretch it starts afresh."""

    name: str
    most: int
    per: dt.timedelta

    def stretch_at(self, now: dt.datetime) -> int:
        return int(now.timestamp() // self.per.total_seconds())

    def left_of_stretch(self, now: dt.datetime) -> dt.timedelta:
        return self.per - dt.timedelta(seconds=now.timestamp() % self.per.total_seconds())


def spend(quota: Quota, who: str, *, now: dt.datetime) -> dt.timedelta | None:
    """Count one and return None, or how long to wait if it is one too many.

    What cannot be counted is let through: a limit must not keep an answer out.
    """
    key = _key(quota.name, str(quota.stretch_at(now)), who)
    try:
        count = _count(key, now)
    except DatabaseError:
        logger.exception("Not counted: %s", quota.name)
        return None
    return quota.left_of_stretch(now) if count > quota.most else None


class _Memory:
    """Counts of the present stretch of each quota, in this process alone."""

    MOST = 50_000  # who asks from more addresses than that is not stopped by counting them

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stretches: dict[str, int] = {}
        self.counts: dict[str, Counter[str]] = {}

    def count(self, quota: Quota, who: str, now: dt.datetime) -> int:
        stretch = quota.stretch_at(now)
        with self.lock:
            if self.stretches.get(quota.name) != stretch:
                self.stretches[quota.name], self.counts[quota.name] = stretch, Counter()
            counts = self.counts[quota.name]
            if who not in counts and len(counts) >= self.MOST:
                return 0
            counts[who] += 1
            return counts[who]

    def clear(self) -> None:
        with self.lock:
            self.stretches.clear()
            self.counts.clear()


memory = _Memory()


def spend_a_look(quota: Quota, who: str, *, now: dt.datetime) -> dt.timedelta | None:
    """As `spend`, for what changes nothing: it writes nothing either."""
    return quota.left_of_stretch(now) if memory.count(quota, who, now) > quota.most else None


def _count(key: str, now: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ONE, [key, now])
        count: int = cursor.fetchone()[0]
    if count == 1:
        _forget_old(now)
    return count


def _forget_old(now: dt.datetime) -> None:
    Attempts.objects.filter(last_at__lt=now - KEPT_FOR).delete()


def find_address(request: HttpRequest) -> str:
    """Return where a request comes from; of IPv6 the network, since one home owns all of it.

    Behind a proxy that is what the proxy itself added: the last entry, not what a guesser wrote.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "")
        address = forwarded.rpartition(",")[2].strip() or address
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def _limits(door: Door, account: str, address: str) -> dict[str, Limit]:
    return {
        _key(door.name, "account", account.strip().lower()): door.per_account,
        _key(door.name, "address", address): door.per_address,
    }


def _key(name: str, kind: str, value: str) -> str:
    return salted_hmac(f"npsapp.throttle.{name}.{kind}", value, algorithm="sha256").hexdigest()
