"""Judging what mail services told: any order, any number of times, one transaction per event."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from surveys.models import Delivery, Invitation, Mail, ProviderEvent, Sender
from surveys.sending.alarm import judge_senders
from surveys.sending.leases import Lease
from surveys.sending.ledger import LEDGERS, Row, State, ledger_of, sender_of
from surveys.suppressing import (
    stop_asking,
    suppress_complainer,
    suppress_dead_address,
    suppress_unsubscribed,
)
from surveys.tracking.merging import merge_event
from surveys.tracking.soft_bounces import judge_soft_bounces

logger = logging.getLogger(__name__)

Kind, Nature, Status = ProviderEvent.Kind, ProviderEvent.Nature, Delivery.DeliveryStatus

BATCH = 200
BATCH_SECONDS = 20.0
# Its mail is just leaving, or its result is not written down yet.
LOOK_AGAIN = dt.timedelta(minutes=2)
# An event that no mail of ours is found for by then is about somebody else's.
GIVE_UP = dt.timedelta(hours=12)
KEEP = dt.timedelta(days=30)


@dataclass
class Processed:
    settled: int = 0
    postponed: int = 0
    strange: int = 0
    more: bool = False
    troubled: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return f"settled {self.settled}, later {self.postponed}, not ours {self.strange}"


def process_events(*, now: dt.datetime, lease: Lease | None = None) -> Processed:
    """Judge what waits, for as long as a task may take; then look at the senders it is about."""
    done = Processed()
    began = time.monotonic()
    waiting = ProviderEvent.objects.filter(processed_at=None, look_at__lte=now)
    due = list(waiting.order_by("look_at", "pk").values_list("pk", flat=True)[: BATCH + 1])
    for pk in due[:BATCH]:
        if time.monotonic() - began > BATCH_SECONDS:
            done.more = True
            break
        _process_one(pk, done, now=now)
        if lease is not None:
            lease.renew()
    done.more |= len(due) > BATCH
    judge_senders(Sender.objects.filter(Q(pk__in=done.troubled) | ~Q(warning="")), now=now)
    return done


def _process_one(pk: int, done: Processed, *, now: dt.datetime) -> None:
    try:
        with transaction.atomic():
            event = _lock(pk)
            if event is not None:
                _settle(event, done, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One event that cannot be judged must not keep the others waiting.
        logger.exception("Event %s of a mail service cannot be judged", pk)
        ProviderEvent.objects.filter(pk=pk).update(look_at=now + LOOK_AGAIN * 5)
        done.postponed += 1


def _lock(pk: int) -> ProviderEvent | None:
    waiting = ProviderEvent.objects.select_for_update(skip_locked=True)
    return waiting.filter(pk=pk, processed_at=None).first()


def _settle(event: ProviderEvent, done: Processed, *, now: dt.datetime) -> None:
    delivery = find_delivery(event)
    if delivery is None or delivery.state == State.SENDING:
        if now - event.received_at < GIVE_UP:
            event.look_at = now + max(LOOK_AGAIN, (now - event.received_at) / 2)
            done.postponed += 1
        else:
            event.processed_at = now
            done.strange += 1
    else:
        _apply(event, delivery)
        event.processed_at = now
        done.settled += 1
        if event.nature or event.kind == Kind.COMPLAINED:
            done.troubled.add(sender_of(delivery).pk)
    event.save(update_fields=["look_at", "processed_at"])


def find_delivery(event: ProviderEvent) -> Row | None:
    """Return the mail of an event, locked: by our own key, else by the service's id for it."""
    for which in _traces(event):
        for ledger in LEDGERS:
            # One that somebody else holds (an erasure, say) is not waited for, but looked at later.
            rows = ledger.with_relations.select_for_update(of=("self",), skip_locked=True)
            delivery: Invitation | Mail | None = rows.filter(which).order_by("-pk").first()
            if delivery is not None:
                return delivery
    return None


def _traces(event: ProviderEvent) -> Iterator[Q]:
    if event.message_key is not None:
        yield Q(message_key=event.message_key)
    if event.provider_id:
        yield Q(provider_id=event.provider_id)


def _apply(event: ProviderEvent, delivery: Row) -> None:
    changes: dict[str, Any] = merge_event(delivery, event)
    if _is_erased(delivery):
        # The counts go on, the words and the traces do not come back.
        changes = {k: v for k, v in changes.items() if k not in {"detail", "provider_id"}}
    if changes:
        ledger_of(delivery).rows.filter(pk=delivery.pk).update(**changes)
    _suppress(event, delivery, delivery.address_hash or event.address_hash)


def _is_erased(delivery: Row) -> bool:
    if isinstance(delivery, Invitation):
        return delivery.contact_id is None
    return not delivery.to_email


def _suppress(event: ProviderEvent, delivery: Row, address_hash: str) -> None:
    """What is about the address; what is about us (a block) stops nobody's mail."""
    if not address_hash:
        return
    if event.kind == Kind.COMPLAINED:
        suppress_complainer(address_hash)
    elif event.kind == Kind.UNSUBSCRIBED or event.nature == Nature.UNSUBSCRIBED:
        if isinstance(delivery, Invitation):
            stop_asking(delivery)
        suppress_unsubscribed(address_hash)
    elif event.nature == Nature.HARD:
        suppress_dead_address(address_hash)
    elif event.nature == Nature.SOFT:
        judge_soft_bounces(address_hash)


def forget_events(*, now: dt.datetime) -> int:
    """Delete what has been judged for long; what it meant stands on the mails."""
    old = ProviderEvent.objects.filter(received_at__lt=now - KEEP)
    return old.delete()[0]
