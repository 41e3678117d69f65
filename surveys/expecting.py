"""How many answers a plan will bring, and when: each one is a follow-up for the team.

Measured where this survey was asked before, otherwise assumed, and the page says which. Pure
arithmetic on what two queries find.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q

from surveys.models import Invitation, Survey

# Until there is something to measure. Half of those who answer do so on the day of the mail: the
# usual shape of answers to a mail, not a figure of anybody in particular.
ASSUMED_RATE = 20.0
ASSUMED_CURVE = (0.5, 0.2, 0.1, 0.06, 0.05, 0.04, 0.03, 0.02)
# Fewer would be noise.
FEWEST_DELIVERED = 50
FEWEST_ANSWERS = 20
# Mail younger than this may still be answered by many.
SETTLED_AFTER = dt.timedelta(days=3)
CURVE_SETTLED_AFTER = dt.timedelta(days=14)
CURVE_DAYS = 30
# What adding up fractions may lack of a whole answer.
EPSILON = 1e-6

_LAGS = f"""
    SELECT LEAST(GREATEST(
               (row.answered_at AT TIME ZONE %s)::date - (row.sent_at AT TIME ZONE %s)::date, 0
           ), %s) AS days, count(*)
      FROM {Invitation._meta.db_table} AS row
      JOIN surveys_campaign AS campaign ON campaign.id = row.campaign_id
     WHERE campaign.survey_id = %s AND row.sequence = 0 AND row.sent_at < %s
       AND row.answered_at IS NOT NULL
     GROUP BY days
"""  # noqa: S608 - a table of ours


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which share of the mails is answered (in percent), and how that share falls on the days
    behind the mail (`curve`, together 1)."""

    rate: float
    curve: tuple[float, ...]
    answered: int = 0
    delivered: int = 0
    answers: int = 0  # what the curve was measured from
    is_typed: bool = False

    @property
    def is_measured(self) -> bool:
        return bool(self.delivered) and not self.is_typed

    @property
    def same_day_percent(self) -> float:
        return 100 * self.curve[0]

    @property
    def week_percent(self) -> float:
        return 100 * sum(self.curve[:7])


class Hands(NamedTuple):
    """What the team can take on a day, and what of it nothing is known to fill yet."""

    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class TeamDay:
    """One day: answers that come in, what the team can take, and what is left at its end."""

    day: dt.date
    answers: float
    hands: Hands
    left: int

    @property
    def is_over(self) -> bool:
        """On a day on which nobody works there is nothing to exceed."""
        return self.left > 0 and self.hands.capacity > 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected answers a day. `capacity`: what the team can take on a day, where that is known;
    `team` says it day by day, with who is at work and after what waits already."""

    expectation: Expectation
    by_day: Mapping[dt.date, float]
    capacity: int | None = None
    team: Mapping[dt.date, Hands] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        return round(sum(self.by_day.values()))

    @property
    def busiest(self) -> int:
        return round(max(self.by_day.values(), default=0))

    @property
    def last_day(self) -> dt.date | None:
        return max(self.by_day, default=None)

    @property
    def days_over(self) -> int:
        """On how many days at least one answer more is expected than the team can take."""
        if self.team:
            return sum(day.is_over for day in self.days)
        limit = self.capacity
        return sum(answers >= limit + 1 for answers in self.by_day.values()) if limit else 0

    @property
    def days(self) -> list[TeamDay]:
        """The answers beside what the team can take, for each day that it is known of.

        What comes in on a day without work, or does not fit, waits for the next day.
        """
        days, left = [], 0.0
        for day in sorted(self.team.keys() & self._span()):
            answers, hands = self.by_day.get(day, 0.0), self.team[day]
            left = max(0.0, left + answers - hands.free)
            # Part of an answer is carried over, but nobody waits for it.
            days.append(TeamDay(day, answers, hands, math.floor(left + EPSILON)))
        return days

    def _span(self) -> set[dt.date]:
        if not self.by_day:
            return set()
        first, last = min(self.by_day).toordinal(), max(self.by_day).toordinal()
        return {dt.date.fromordinal(day) for day in range(first, last + 1)}

    @property
    def worst(self) -> TeamDay | None:
        """The day at whose end the most answers are left."""
        over = [day for day in self.days if day.is_over]
        return max(over, key=lambda day: day.left, default=None)


def expect(
    survey: Survey, *, zone: ZoneInfo, now: dt.datetime, typed: float | None = None
) -> Expectation:
    """Return what to expect of a survey: the rate somebody typed, or measured, or assumed."""
    curve, answers = _measure_curve(survey, zone=zone, now=now)
    delivered, answered = _measure_rate(survey, now=now)
    if delivered < FEWEST_DELIVERED:
        delivered = answered = 0
    rate = 100 * answered / delivered if delivered else ASSUMED_RATE
    return Expectation(
        rate=rate if typed is None else typed,
        curve=curve,
        answered=answered,
        delivered=delivered,
        answers=answers,
        is_typed=typed is not None,
    )


def forecast(
    mails: Mapping[dt.date, int],
    expectation: Expectation,
    *,
    capacity: int | None = None,
    team: Mapping[dt.date, Hands] | None = None,
) -> Forecast:
    """Lay the answers of each day's mails on the days behind it."""
    days: dict[dt.date, float] = {}
    for day, count in mails.items():
        for lag, share in enumerate(expectation.curve):
            answers = count * share * expectation.rate / 100
            if answers:
                at = day + dt.timedelta(days=lag)
                days[at] = days.get(at, 0.0) + answers
    return Forecast(expectation, dict(sorted(days.items())), capacity, team or {})


def draw_curve(lags: Mapping[int, int]) -> tuple[float, ...]:
    """Return the shares of the days 0, 1, … of counted lags, without empty days at the end."""
    total = sum(lags.values())
    return tuple(lags.get(day, 0) / total for day in range(max(lags) + 1))


def _measure_rate(survey: Survey, *, now: dt.datetime) -> tuple[int, int]:
    """Return delivered and answered of this survey's mails that have had their time."""
    found = Invitation.objects.filter(
        campaign__survey=survey,
        sequence=0,
        state=Invitation.State.SENT,
        sent_at__lt=now - SETTLED_AFTER,
    ).aggregate(
        delivered=Count("pk", filter=~Q(delivery_status=Invitation.DeliveryStatus.BOUNCED)),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
    )
    return found["delivered"], found["answered"]


def _measure_curve(
    survey: Survey, *, zone: ZoneInfo, now: dt.datetime
) -> tuple[tuple[float, ...], int]:
    with connection.cursor() as cursor:
        values: list[Any] = [zone.key, zone.key, CURVE_DAYS, survey.pk, now - CURVE_SETTLED_AFTER]
        cursor.execute(_LAGS, values)
        lags = {int(days): int(people) for days, people in cursor.fetchall()}
    answers = sum(lags.values())
    if answers < FEWEST_ANSWERS:
        return ASSUMED_CURVE, 0
    return draw_curve(lags), answers
