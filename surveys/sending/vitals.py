"""The numbers by which one sees whether mail leaves as it should. Measuring writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from surveys.models import (
    Campaign,
    Heartbeat,
    Invitation,
    Mail,
    Organisation,
    Sender,
    get_organisation,
)
from surveys.planning.openings import list_openings
from surveys.sending.kill_switch import LEAVES_ALL_THE_SAME
from surveys.sending.ledger import LEDGERS, State, free
from surveys.sending.watch import BEAT, WORKER, SilentPart, silent_parts

# A mail may be late for good reasons (limits, a slow server); nothing at all for so long is none.
LATE = dt.timedelta(minutes=30)
MAIL_LATE = dt.timedelta(minutes=10)
NO_RESULT = dt.timedelta(minutes=2)
MOST_CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Due:
    """What should have left of a campaign by now."""

    campaign: Campaign
    mails: int
    oldest: dt.datetime
    # Nothing explains the waiting: it is open, not held, below its limit, and nothing leaves.
    is_stuck: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A campaign of which the ledger has more or fewer people than were planned."""

    campaign: Campaign
    planned: int
    rows: int


@dataclass(frozen=True, slots=True)
class Vitals:
    now: dt.datetime
    organisation: Organisation
    due: tuple[Due, ...]
    mail_due_since: dt.datetime | None  # to single people, where the sender is free
    unknown: int
    unknown_since: dt.datetime | None
    without_result: int  # handed over for more than two minutes
    without_result_since: dt.datetime | None
    seen: dict[str, dt.datetime | None]
    silent: tuple[SilentPart, ...]
    senders: tuple[Sender, ...]
    wrong_accounts: tuple[Account, ...]
    clock_apart: float

    @property
    def oldest_due(self) -> dt.datetime | None:
        return min((each.oldest for each in self.due), default=None)


def measure(*, now: dt.datetime) -> Vitals:
    organisation = get_organisation()
    unknown, unknown_since = _count(Q(state=State.UNKNOWN), "unknown_since")
    hanging = Q(state=State.SENDING, intent_at__lt=Now() - NO_RESULT)
    without_result, without_result_since = _count(hanging, "intent_at")
    seen: dict[str, dt.datetime | None] = {WORKER: None, BEAT: None}
    seen |= Heartbeat.objects.filter(name__in=seen).values_list("name", "seen_at")
    return Vitals(
        now=now,
        organisation=organisation,
        due=tuple(_list_due(organisation, now)),
        mail_due_since=_find_due_mail(organisation, now),
        unknown=unknown,
        unknown_since=unknown_since,
        without_result=without_result,
        without_result_since=without_result_since,
        seen=seen,
        silent=tuple(silent_parts(now)),
        senders=tuple(Sender.objects.all()),
        wrong_accounts=tuple(_audit()),
        clock_apart=measure_clock(),
    )


def _count(which: Q, moment: str) -> tuple[int, dt.datetime | None]:
    """Return how many rows of both ledgers there are, and since when."""
    count, since = 0, []
    for ledger in LEDGERS:
        found = ledger.rows.filter(which).aggregate(count=Count("pk"), since=Min(moment))
        count += found["count"]
        since += [found["since"]] if found["since"] else []
    return count, min(since, default=None)


def _list_due(organisation: Organisation, now: dt.datetime) -> list[Due]:
    waiting = Invitation.objects.filter(state=State.SCHEDULED, scheduled_for__lte=now)
    rows = (
        waiting.filter(campaign__state=Campaign.State.RUNNING)
        .order_by()
        .values("campaign")
        .annotate(mails=Count("pk"), oldest=Min("scheduled_for"))
    )
    found = {row["campaign"]: row for row in rows}
    campaigns = Campaign.objects.select_related("sender").in_bulk(list(found))
    return [
        Due(
            campaigns[pk],
            row["mails"],
            row["oldest"],
            row["oldest"] <= now - LATE and _is_stuck(campaigns[pk], organisation, now),
        )
        for pk, row in found.items()
    ]


def _is_stuck(campaign: Campaign, organisation: Organisation, now: dt.datetime) -> bool:
    sender = campaign.sender
    is_held = sender.held_until is not None and sender.held_until > now
    if organisation.sending_stopped_at or is_held or sender.failures_in_a_row:
        return False
    since = now - LATE
    openings = list_openings(campaign, organisation, not_before=since)
    if not openings or openings[0].start > since or openings[0].end <= now:
        return False
    return not _left(campaign.sender.campaigns.all(), since) and _has_room(
        campaign, organisation, now
    )


def _left(campaigns: QuerySet[Campaign], since: dt.datetime) -> bool:
    tried = Q(sent_at__gt=since) | Q(intent_at__gt=since) | Q(unknown_since__gt=since)
    return Invitation.objects.filter(tried, campaign__in=campaigns).exists()


def _has_room(campaign: Campaign, organisation: Organisation, now: dt.datetime) -> bool:
    if campaign.daily_limit is None:
        return True
    zone = organisation.zone
    midnight = dt.datetime.combine(now.astimezone(zone).date(), dt.time.min, zone)
    today = Q(sent_at__gte=midnight) | Q(unknown_since__gte=midnight)
    return Invitation.objects.filter(today, campaign=campaign).count() < campaign.daily_limit


def _find_due_mail(organisation: Organisation, now: dt.datetime) -> dt.datetime | None:
    well = free("sender__held_until", now) & Q(sender__failures_in_a_row=0)
    waiting = Mail.objects.filter(well, state=State.SCHEDULED)
    # An alarm that does not leave is no reason for another one.
    waiting = waiting.exclude(kind=Mail.Kind.ALARM)
    if organisation.sending_stopped_at:
        waiting = waiting.filter(kind__in=LEAVES_ALL_THE_SAME)
    found: dict[str, dt.datetime | None] = waiting.filter(scheduled_for__lte=now).aggregate(
        since=Min("scheduled_for")
    )
    return found["since"]


def _audit() -> list[Account]:
    """The identity of the ledger: every person that was planned has a row, whatever its state."""
    under_way = Q(state__in=[Campaign.State.RUNNING, Campaign.State.PAUSED])
    first_mails = Count("invitations", filter=Q(invitations__sequence=0))
    counted = Campaign.objects.filter(under_way, planned__isnull=False).annotate(rows=first_mails)
    wrong = dict(counted.exclude(planned=F("rows")).values_list("pk", "rows"))
    campaigns = Campaign.objects.filter(pk__in=wrong).order_by("pk")
    return [Account(each, each.planned or 0, wrong[each.pk]) for each in campaigns]


def measure_clock() -> float:
    """How many seconds this machine's clock and the database's differ, at least."""
    asked = dt.datetime.now(dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: dt.datetime = cursor.fetchone()[0]
    return clock_apart(asked, theirs, dt.datetime.now(dt.UTC))


def clock_apart(asked: dt.datetime, theirs: dt.datetime, answered: dt.datetime) -> float:
    """The answer was made somewhere between asking and hearing it."""
    return max(0.0, (asked - theirs).total_seconds(), (theirs - answered).total_seconds())
