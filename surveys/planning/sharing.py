"""The days of a sender, which all its campaigns share: what of them the others have taken already.

Days are the organisation's: by them the sender's limit is kept when mail leaves.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db import connection
from django.db.models import Count, DateField, F, Q, QuerySet
from django.db.models.functions import TruncDate

from surveys.models import Campaign, Invitation, Organisation, Sender
from surveys.sending.warm_up import cap_of_day, sending_day_index

State = Invitation.State

# Any number: who plans holds it until the plan stands, so that the next one sees whom it asks.
_PLANNING = 7_340_017


def take_turn() -> None:
    """Plan one after the other: two campaigns that plan at once would both ask the same people,
    and both fill the same days."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLANNING])


def count_of_sender(
    sender: Sender, organisation: Organisation, *, today: dt.date, but: Campaign | None = None
) -> Counter[dt.date]:
    """Return how many mails of its campaigns, but one, each day from today on has already.

    Today also those that left, or may have. What a running campaign has overdue leaves today; what
    a paused one has is planned anew when it is resumed, and its later days stay its own until then.
    """
    campaigns = Campaign.objects.filter(sender=sender)
    if but is not None and but.pk:
        campaigns = campaigns.exclude(pk=but.pk)
    counts = _count_waiting(campaigns, organisation, today)
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    tried = Invitation.objects.filter(
        Q(sent_at__gte=midnight)
        | Q(unknown_since__gte=midnight)
        | Q(state__in=[State.CLAIMED, State.SENDING])
        | Q(state=State.FAILED, intent_at__gte=midnight),
        campaign__in=list(campaigns.values_list("pk", flat=True)),
    )
    counts[today] += tried.count()
    return counts


def room_today(sender: Sender, organisation: Organisation, *, today: dt.date) -> int | None:
    """Return how many more mails all its campaigns together may plan for today; None: any."""
    cap = cap_of_day(sender, sending_day_index(sender, today))
    if cap is None:
        return None
    return max(0, cap - count_of_sender(sender, organisation, today=today)[today])


def _count_waiting(
    campaigns: QuerySet[Campaign], organisation: Organisation, today: dt.date
) -> Counter[dt.date]:
    under_way = dict(
        campaigns.filter(state__in=Campaign.UNDER_WAY).order_by().values_list("pk", "state")
    )
    day = TruncDate("scheduled_for", tzinfo=organisation.zone, output_field=DateField())
    waiting = (
        Invitation.objects.filter(campaign__in=list(under_way), state=State.SCHEDULED)
        .order_by()
        .annotate(day=day)
        .values_list("campaign", "day")
        .annotate(mails=Count(F("pk")))
    )
    counts: Counter[dt.date] = Counter()
    for campaign, planned_day, mails in waiting:
        if planned_day >= today:
            counts[planned_day] += mails
        elif under_way[campaign] == Campaign.State.RUNNING:
            counts[today] += mails
    return counts
