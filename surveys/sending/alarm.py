"""Too much of a sender's mail comes back, or is marked as spam: say so, and stop in time.

Large receivers judge a sender by these shares and take weeks to forgive. Shares are of the last
500 results, and of at least a hundred: three bad addresses in a short list are no alarm.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from surveys.models import Campaign, Delivery, Invitation, Mail, Sender
from surveys.models.sender import UNTIL_LOOKED_AT
from surveys.sending.hold import hold_until_looked_at
from surveys.sending.ledger import State

logger = logging.getLogger(__name__)

Status = Delivery.DeliveryStatus

WINDOW = 500
LEAST_RESULTS = 100
# Percents of the results: from above the first on it is told, from the second on it stops.
BOUNCED_WARN, BOUNCED_HOLD = 2.0, 5.0
COMPLAINED_WARN, COMPLAINED_HOLD = 0.1, 0.3
# One complaint is one person's opinion.
LEAST_COMPLAINTS = 2
MOST_CAMPAIGNS = 10
_BAD = (Status.BOUNCED, Status.BLOCKED, Status.COMPLAINED)
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Results:
    """The latest results of a sender. Some bounce before they leave: `failed` counts those."""

    total: int
    bounced: int
    blocked: int
    complained: int

    def percent(self, part: int) -> float:
        return 100 * part / self.total if self.total else 0.0

    @property
    def bounced_percent(self) -> float:
        return self.percent(self.bounced)

    @property
    def blocked_percent(self) -> float:
        return self.percent(self.blocked)

    @property
    def complained_percent(self) -> float:
        return self.percent(self.complained)


def judge_senders(senders: Iterable[Sender], *, now: dt.datetime) -> None:
    for sender in senders:
        judge_sender(sender, now=now)


def judge_sender(sender: Sender, *, now: dt.datetime) -> Results:
    """Hold a sender, or warn about it, when its results say so; take back a warning else."""
    results = count_results(sender)
    hold, warning = "", ""
    if results.total >= LEAST_RESULTS:
        hold = " ".join(_too_much(results, for_hold=True))
        warning = "" if hold else " ".join(_too_much(results, for_hold=False))
    if hold:
        if hold_until_looked_at(sender, hold):
            logger.error("Sender %s is held: %s", sender.pk, hold)
    elif warning != sender.warning:
        Sender.objects.filter(pk=sender.pk).update(warning=warning)
        sender.warning = warning
    return results


def _too_much(results: Results, *, for_hold: bool) -> list[str]:
    """Sentences for the log and the alarm mail (pages draw the numbers); none: nothing is wrong."""
    found = []
    values = {"total": results.total}
    share = results.percent(results.bounced)
    if share > (BOUNCED_HOLD if for_hold else BOUNCED_WARN):
        text = "Of the last %(total)d mails %(count)d came back: the addresses do not exist."
        found.append(text % {**values, "count": results.bounced})
    share = results.percent(results.blocked)
    if share > (BOUNCED_HOLD if for_hold else BOUNCED_WARN):
        text = "Of the last %(total)d mails %(count)d were blocked by the receiving servers."
        found.append(text % {**values, "count": results.blocked})
    if _are_many_complaints(results, for_hold=for_hold):
        text = "Of the last %(total)d mails %(count)d were marked as spam."
        found.append(text % {**values, "count": results.complained})
    return found


def _are_many_complaints(results: Results, *, for_hold: bool) -> bool:
    share = results.percent(results.complained)
    if for_hold:
        return share >= COMPLAINED_HOLD and results.complained >= LEAST_COMPLAINTS
    return share > COMPLAINED_WARN


def count_results(sender: Sender) -> Results:
    """Return what became of the last 500 mails, those that never left for a dead address too."""
    since = _find_start(sender)
    counts: Counter[str] = Counter()
    for rows in _rows_of(sender):
        left = rows.filter(state=State.SENT, sent_at__gte=since)
        # These have no moment of leaving; they were tried when they were due.
        never = rows.filter(state=State.FAILED, delivery_status__in=_BAD, scheduled_for__gte=since)
        for found in (left, never):
            counts.update(
                dict(found.order_by().values_list("delivery_status").annotate(n=Count("pk")))
            )
    return Results(
        total=counts.total(),
        bounced=counts[Status.BOUNCED],
        blocked=counts[Status.BLOCKED],
        complained=counts[Status.COMPLAINED],
    )


def _find_start(sender: Sender) -> dt.datetime:
    """When the oldest of the last 500 mails left, but not before a person looked."""
    since = sender.results_since or _LONG_AGO
    moments: list[dt.datetime] = []
    for rows in _rows_of(sender):
        left = rows.filter(state=State.SENT, sent_at__gte=since)
        moments.extend(left.order_by("-sent_at").values_list("sent_at", flat=True)[:WINDOW])
    moments.sort(reverse=True)
    return since if len(moments) < WINDOW else moments[WINDOW - 1]


def _rows_of(sender: Sender) -> Iterable[QuerySet[Any]]:
    """Campaign by campaign, so that each is read from its own index, newest first."""
    for pk in Campaign.objects.filter(sender=sender).values_list("pk", flat=True):
        yield Invitation.objects.filter(campaign=pk)
    yield Mail.objects.filter(sender=sender)


@dataclass(frozen=True)
class TroubledSender:
    """A sender that an alarm holds or warns about, as the page shows it."""

    sender: Sender
    results: Results
    campaigns: list[tuple[Campaign, list[tuple[str, str, int]]]]


def list_troubled() -> list[TroubledSender]:
    found = Sender.objects.filter(Q(held_until=UNTIL_LOOKED_AT) | ~Q(warning=""))
    return [
        TroubledSender(sender, count_results(sender), _campaigns_of(sender))
        for sender in found.order_by("held_until", "name")
    ]


def _campaigns_of(sender: Sender) -> list[tuple[Campaign, list[tuple[str, str, int]]]]:
    """The campaigns that the latest bad results are of: status, its words and its people."""
    since = _find_start(sender)
    bad = Invitation.objects.filter(campaign__sender=sender, delivery_status__in=_BAD).order_by()
    latest = bad.filter(Q(sent_at__gte=since) | Q(sent_at=None, scheduled_for__gte=since))
    pks = sorted(set(latest.values_list("campaign_id", flat=True)), reverse=True)[:MOST_CAMPAIGNS]
    counted = bad.filter(campaign__in=pks).values_list("campaign_id", "delivery_status")
    counts = {(pk, status): people for pk, status, people in counted.annotate(n=Count("pk"))}
    return [
        (
            campaign,
            [
                (status.value, str(status.label), counts[campaign.pk, status.value])
                for status in _BAD
                if (campaign.pk, status.value) in counts
            ],
        )
        for campaign in Campaign.objects.filter(pk__in=pks).order_by("-pk")
    ]
