"""The plan of a campaign: looked at before the launch, written at the launch, redrawn afterwards.

Days are computed in Python, rows are chosen, ordered and written by the database in one statement
(writing.py). Looking and writing read the same relations, so what was previewed is what is written.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from surveys.models import Campaign, Invitation, Organisation, get_organisation
from surveys.planning.judging import Judgement, judge_audience, judge_waiting
from surveys.planning.limits import draw_limits
from surveys.planning.openings import Lane, draw_lanes
from surveys.planning.overview import Plan
from surveys.planning.schedule import spread_lanes
from surveys.planning.writing import (
    execute,
    list_left_out,
    list_recipients,
    rewrite_plan,
    write_plan,
)

__all__ = [
    "Plan",
    "draw_plan",
    "list_left_out",
    "list_recipients",
    "redraw_plan",
    "rewrite_plan",
    "write_plan",
]

State, Reason = Invitation.State, Invitation.Reason


def draw_plan(campaign: Campaign, *, now: dt.datetime, keep: bool = False) -> Plan:
    """Return what a launch at `now` would do. Writes nothing.

    With `keep` the people are judged only once, for a plan that is written in this transaction.
    """
    organisation = get_organisation()
    lanes = draw_lanes(campaign, organisation, not_before=now)
    judged = judge_audience(campaign, organisation, lanes, now=now)
    if keep:
        judged = _keep(judged)
    return _fit(campaign, organisation, lanes, judged, {}, now=now)


def redraw_plan(campaign: Campaign, *, now: dt.datetime) -> Plan:
    """Return how what still waits would be spread over what is left of the window."""
    organisation = get_organisation()
    lanes = draw_lanes(campaign, organisation, not_before=now)
    judged = judge_waiting(campaign, organisation, lanes, now=now)
    already = count_already(campaign, organisation, lanes, now=now)
    return _fit(campaign, organisation, lanes, judged, already, now=now)


def count_already(
    campaign: Campaign, organisation: Organisation, lanes: Sequence[Lane], *, now: dt.datetime
) -> Counter[dt.date]:
    """Return how many mails count for the limit of a day before anybody is planned for it.

    Today those that left, or are about to: it is the day of whoever was mailed, so with several
    calendars there may be two of them. Reminders are planned for one day only: those that wait
    leave with the first mails of it.
    """
    names = [name for lane in lanes[1:] for name in lane.names]
    reminders = campaign.invitations.filter(state=State.SCHEDULED, sequence__gt=0)
    counts: Counter[dt.date] = Counter()
    for lane in lanes:
        theirs = Q(contact__time_zone__in=lane.names)
        if lane is lanes[0]:
            theirs = ~Q(contact__time_zone__in=names) if names else Q()
        today = now.astimezone(lane.zone).date()
        left = _left_since(campaign, dt.datetime.combine(today, dt.time.min, lane.zone))
        counts[today] += left.filter(theirs).count()
        if lane.slots:
            counts[lane.slots[0].day] += reminders.filter(theirs).count()
    return counts


def _fit(
    campaign: Campaign,
    organisation: Organisation,
    lanes: Sequence[Lane],
    judged: Judgement,
    already: Mapping[dt.date, int],
    *,
    now: dt.datetime,
) -> Plan:
    """Count the judged and spread those who are asked over the slots."""
    left_out: Counter[str] = Counter()
    waiting: list[Counter[int]] = [Counter() for _ in lanes]
    with connection.cursor() as cursor:
        execute(
            cursor,
            f"WITH {judged.statement} "  # noqa: S608
            "SELECT reason, lane, release, count(*) FROM judged GROUP BY reason, lane, release",
            judged.parameters,
        )
        for reason, lane, release, people in cursor.fetchall():
            if reason:
                left_out[reason] += people
            else:
                waiting[lane][release] += people
    today = now.astimezone(organisation.zone).date()
    drawn = draw_limits(campaign, organisation, today=today)
    limits = drawn.days
    if limits is not None:
        limits = {day: max(0, limit - already.get(day, 0)) for day, limit in limits.items()}
    spreads = spread_lanes(waiting, [lane.slots for lane in lanes], limits=limits)
    asked = sum(counts.total() for counts in waiting)
    if no_room := asked - sum(batch.mails for batches in spreads for batch in batches):
        left_out[Reason.NO_ROOM.value] = no_room
    return Plan(
        now=now,
        judged=judged,
        lanes=tuple(lanes),
        spreads=tuple(map(tuple, spreads)),
        left_out=dict(left_out),
        already=already,
        others=drawn.others,
        has_resting=any(set(counts) - {0} for counts in waiting),
    )


def _keep(judged: Judgement) -> Judgement:
    """Put the judged into a table that lives as long as this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS planned_people")
        statement = f"""
            CREATE TEMPORARY TABLE planned_people ON COMMIT DROP AS
            WITH {judged.statement} SELECT * FROM judged
        """  # noqa: S608
        execute(cursor, statement, judged.parameters)
        cursor.execute("ANALYZE planned_people")
    kept = "judged AS (SELECT * FROM planned_people)"
    return Judgement(kept, [], judged.seed, judged.is_alike, is_kept=True)


def _left_since(campaign: Campaign, moment: dt.datetime) -> QuerySet[Invitation]:
    rows: QuerySet[Invitation] = (
        campaign.invitations.exclude(state__in=[State.SCHEDULED, State.SKIPPED])
        .alias(moment=Coalesce("sent_at", "intent_at", "scheduled_for"))
        .filter(moment__gte=moment)
    )
    return rows
