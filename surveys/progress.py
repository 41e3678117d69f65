"""How far a campaign is: every person it knows of, counted once, and its mails per day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Min, Q, When
from django.db.models.functions import TruncDate

from surveys.models import Campaign, Invitation
from surveys.planning.plan import Plan
from surveys.strip import Strip, draw_strip

State, Status = Invitation.State, Invitation.DeliveryStatus

# Nobody knows: a person decided so, or three days did.
ASSUMED = (Invitation.Resolution.TREAT_AS_SENT, Invitation.Resolution.TIMED_OUT)
WAITING = (State.SCHEDULED, State.CLAIMED, State.SENDING)


@dataclass(frozen=True, slots=True)
class Skipped:
    """People counted under one word: a reason, or what was told of their mail."""

    reason: str
    label: str
    people: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The ledger of a campaign: sent, waiting, failed, unknown and skipped add up to `people`.

    Of first mails only: a reminder asks nobody new, see surveys.reminders.
    """

    people: int
    sent: int
    answered: int
    # What mail services or receiving servers told afterwards, in the order of the choices.
    told: tuple[Skipped, ...]
    # Sent, and come back: they could not answer. Those refused at once were never sent.
    unreached: int
    waiting: int
    failed: int
    unknown: int
    skipped: tuple[Skipped, ...]
    next_at: dt.datetime | None
    assumed: int  # of the sent ones: nobody knows, so they are treated as sent
    postponed: int  # of those who are asked, for whom the frequency rule made it later

    @property
    def is_told(self) -> bool:
        return bool(self.told)

    def count_told(self, status: str) -> int:
        return sum(entry.people for entry in self.told if entry.reason == status)

    @property
    def delivered(self) -> int:
        return self.count_told(Status.DELIVERED)

    @property
    def mails(self) -> int:
        """What is to leave in all: every person who is not skipped."""
        return self.people - sum(entry.people for entry in self.skipped)

    @property
    def response_rate(self) -> float | None:
        """Percents of those whom the mail reached: sent minus bounced."""
        reached = self.sent - self.unreached
        return 100 * self.answered / reached if reached > 0 else None

    @property
    def percent_sent(self) -> int:
        """Whole percents, never 100 before the last."""
        return self.sent * 100 // self.mails if self.mails else 0


def measure_progress(campaign: Campaign) -> Progress:
    rows = (
        Invitation.objects.filter(campaign=campaign, sequence=0)
        .order_by()
        .values_list("state", "reason", "delivery_status")
        .annotate(
            people=Count("pk"),
            rested=Count("pk", filter=Q(rests_until__isnull=False)),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
            next_at=Min("scheduled_for", filter=Q(state=State.SCHEDULED)),
            assumed=Count("pk", filter=Q(state=State.SENT, resolution__in=ASSUMED)),
        )
    )
    states: Counter[str] = Counter()
    skipped: dict[str, int] = {}
    told: Counter[str] = Counter()
    answered = unreached = postponed = assumed = 0
    next_at = None
    for state, reason, status, people, rested, with_answer, soonest, unproven in rows:
        assumed += unproven
        next_at = min(filter(None, (soonest, next_at)), default=None)
        states[state] += people
        answered += with_answer
        if status:
            told[status] += people
        if status == Status.BOUNCED and state == State.SENT:
            unreached += people
        if state == State.SKIPPED:
            skipped[reason] = skipped.get(reason, 0) + people
        else:
            postponed += rested
    return Progress(
        people=sum(states.values()),
        sent=states[State.SENT],
        answered=answered,
        told=_name_statuses(told),
        unreached=unreached,
        waiting=sum(states[state] for state in WAITING),
        failed=states[State.FAILED],
        unknown=states[State.UNKNOWN],
        skipped=name_reasons(skipped),
        next_at=next_at,
        assumed=assumed,
        postponed=postponed,
    )


def _name_statuses(told: Mapping[str, int]) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(status.value, str(status.label), told[status])
        for status in Status
        if told.get(status)
    )


def name_reasons(people: Mapping[str, int]) -> tuple[Skipped, ...]:
    """Give each reason its words, the most frequent first."""
    named = [
        Skipped(reason, str(Invitation.Reason(reason).label), count)
        for reason, count in people.items()
    ]
    return tuple(sorted(named, key=lambda entry: (-entry.people, entry.reason)))


def count_by_day(
    campaign: Campaign, *, zone: ZoneInfo
) -> tuple[dict[dt.date, int], dict[dt.date, int]]:
    """Return the mails of each local day, reminders too, all and those that have left."""
    moment = Case(When(sent_at__isnull=False, then=F("sent_at")), default=F("scheduled_for"))
    rows = (
        Invitation.objects.filter(campaign=campaign)
        .exclude(state__in=[State.SKIPPED, State.FAILED])
        .order_by()
        .values_list(TruncDate(moment, tzinfo=zone))
        .annotate(mails=Count("pk"), gone=Count("pk", filter=Q(sent_at__isnull=False)))
    )
    mails, done = {}, {}
    for day, count, gone in rows:
        mails[day], done[day] = count, gone
    return mails, done


def draw_planned_days(
    campaign: Campaign,
    plan: Plan,
    *,
    expected: Mapping[dt.date, float] | None = None,
    today: dt.date,
) -> Strip:
    """Draw the whole window of a draft, what of it has passed included."""
    return draw_strip(
        campaign.first_day,
        campaign.last_day,
        mails=plan.mails_by_day,
        expected=expected,
        open_days=plan.open_days,
        today=today,
    )


def draw_progress_days(
    campaign: Campaign, resumed: Plan | None, *, zone: ZoneInfo, today: dt.date
) -> Strip:
    """Draw the window of a launched campaign: what has left in front of what is planned.

    Of a paused one, what would still leave stands where `resumed` puts it.
    """
    mails, done = count_by_day(campaign, zone=zone)
    if resumed:
        mails = Counter({day: gone for day, gone in done.items() if gone}) + Counter(
            resumed.mails_by_day
        )
    first = min([campaign.first_day, *mails])
    last = max([campaign.last_day, *mails])
    days = map(dt.date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    open_days = {day for day in days if day.weekday() in campaign.weekdays or day in mails}
    return draw_strip(first, last, mails=mails, done=done, open_days=open_days, today=today)


def draw_joined_days(
    campaign: Campaign, joined: Mapping[dt.date, int], *, zone: ZoneInfo, today: dt.date
) -> Strip:
    """Draw what is planned or has left, dark, with those who would join on top of it."""
    mails, _done = count_by_day(campaign, zone=zone)
    planned = {day: count for day, count in mails.items() if day}
    both = Counter(planned) + Counter(joined)
    first, last = min([campaign.first_day, *both]), max([campaign.last_day, *both])
    days = map(dt.date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    open_days = {day for day in days if day.weekday() in campaign.weekdays or day in both}
    return draw_strip(first, last, mails=both, done=planned, open_days=open_days, today=today)
