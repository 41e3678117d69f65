"""Sending no more than the team can follow up: the answers that mail brings against free hands.

How many follow-ups the team can take is told from downstream (TeamCapacity). What mail will bring
is reckoned as in the plan of a campaign: a share of the first mails is answered, half of it at
once. A reminder brings nobody new, so it counts as a mail that leaves and not as an answer.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from surveys.expecting import CURVE_DAYS, Expectation, expect
from surveys.models import Campaign, Invitation, Organisation, TeamCapacity
from surveys.planning.limits import allowance_of_day, count_used
from surveys.sending.ledger import State

DAY = dt.timedelta(days=1)
Days = Mapping[dt.date, float]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a campaign would let leave today, and which share of it is answered by when."""

    campaign: Campaign
    mails: int
    first_mails: int
    expectation: Expectation


def ration(
    demands: list[Demand],
    *,
    capacity: Days,
    backlog: float,
    arrivals: Days,
    today: dt.date,
) -> float:
    """Return which share of today's mails may leave; 1 or more: all of them. Pure.

    At the end of each day on which somebody works, all that has come in until then must fit into
    what the team could do until then. On a day without work answers wait for the next one.
    """
    if not any(demand.first_mails for demand in demands):
        return math.inf
    share, room, waiting, has_hands = math.inf, 0.0, backlog, False
    for lag in range(CURVE_DAYS + 1):
        day = today + lag * DAY
        room += capacity.get(day, 0)
        waiting += arrivals.get(day, 0)
        answers = sum(_answers_by(demand, lag) for demand in demands)
        if capacity.get(day, 0) > 0 and answers > 0:
            has_hands = True
            share = min(share, (room - waiting) / answers)
    return max(0.0, share) if has_hands else 0.0


def _answers_by(demand: Demand, lag: int) -> float:
    expectation = demand.expectation
    return demand.first_mails * expectation.rate / 100 * sum(expectation.curve[: lag + 1])


def find_free(
    capacity: Mapping[dt.date, int], *, backlog: float, arrivals: Days
) -> dict[dt.date, int]:
    """Return what is left of each day's capacity; the rest waits for the next day. Pure."""
    free, waiting = {}, backlog
    for day in sorted(capacity):
        waiting += arrivals.get(day, 0)
        free[day] = max(0, math.floor(capacity[day] - waiting))
        waiting = max(0.0, waiting - capacity[day])
    return free


class Expectations(dict[int, Expectation]):
    """What to expect of each survey, measured once."""

    def __init__(self, zone: ZoneInfo, now: dt.datetime) -> None:
        super().__init__()
        self.zone, self.now = zone, now

    def of(self, campaign: Campaign) -> Expectation:
        survey = campaign.survey
        if survey.pk not in self:
            self[survey.pk] = expect(survey, zone=self.zone, now=self.now)
        return self[survey.pk]


def expect_arrivals(
    expectations: Expectations, *, today: dt.date, midnight: dt.datetime
) -> dict[dt.date, float]:
    """Return the answers to come of mail that has left. Those of today that are in are not."""
    zone = expectations.zone
    sent = (
        Invitation.objects.filter(
            sequence=0, state=State.SENT, sent_at__gte=midnight - CURVE_DAYS * DAY
        )
        .order_by()
        .values_list("campaign", TruncDate("sent_at", tzinfo=zone))
        .annotate(mails=Count("pk"), today=Count("pk", filter=Q(answered_at__gte=midnight)))
    )
    campaigns = Campaign.objects.select_related("survey").in_bulk({row[0] for row in sent})
    found: list[dict[dt.date, float]] = []
    for pk, sent_on, mails, answered_today in sent:
        coming = _lay_out(mails, sent_on, expectations.of(campaigns[pk]))
        coming[today] = max(0.0, coming.get(today, 0.0) - answered_today)
        found.append({day: answers for day, answers in coming.items() if day >= today})
    return add_up(*found)


def expect_planned(expectations: Expectations, *, today: dt.date) -> dict[dt.date, float]:
    """Return the answers to come of mail that is still to leave; what is overdue leaves today."""
    planned = (
        Invitation.objects.filter(
            sequence=0, state=State.SCHEDULED, campaign__state=Campaign.State.RUNNING
        )
        .order_by()
        .values_list("campaign", TruncDate("scheduled_for", tzinfo=expectations.zone))
        .annotate(mails=Count("pk"))
    )
    campaigns = Campaign.objects.select_related("survey").in_bulk({row[0] for row in planned})
    return add_up(
        *(
            _lay_out(mails, max(day, today), expectations.of(campaigns[pk]))
            for pk, day, mails in planned
        )
    )


def add_up(*answers: Days) -> dict[dt.date, float]:
    total: dict[dt.date, float] = {}
    for each in answers:
        for day, count in each.items():
            total[day] = total.get(day, 0.0) + count
    return total


def _lay_out(mails: int, sent_on: dt.date, expectation: Expectation) -> dict[dt.date, float]:
    return {
        sent_on + lag * DAY: mails * expectation.rate / 100 * share
        for lag, share in enumerate(expectation.curve)
    }


def list_demand(expectations: Expectations, *, midnight: dt.datetime) -> list[Demand]:
    """Return what each running campaign would let leave before the coming midnight."""
    campaigns = list(Campaign.objects.running().select_related("survey").order_by("pk"))
    due = (
        Invitation.objects.filter(
            campaign__in=campaigns, state=State.SCHEDULED, scheduled_for__lt=midnight
        )
        .order_by()
        .values_list("campaign")
        .annotate(mails=Count("pk"), first=Count("pk", filter=Q(sequence=0)))
    )
    counts = {pk: (mails, first) for pk, mails, first in due}
    return [
        Demand(campaign, *counts.get(campaign.pk, (0, 0)), expectations.of(campaign))
        for campaign in campaigns
    ]


def write_allowances(
    demands: list[Demand], share: float, *, today: dt.date, midnight: dt.datetime
) -> None:
    """Keep with each running campaign how many mails may leave today; none: all of them may."""
    for demand in demands:
        campaign, allowance = demand.campaign, None
        if share < 1:
            used = count_used(campaign, midnight=midnight)
            allowance = used + math.floor(share * demand.mails)
        if (campaign.followup_allowance, campaign.followup_allowance_day) != (allowance, today):
            Campaign.objects.filter(pk=campaign.pk).update(
                followup_allowance=allowance, followup_allowance_day=today
            )


@dataclass(frozen=True, slots=True)
class Wait:
    """Mail of a campaign that is due today and stays because of the team."""

    mails: int
    allowance: int
    left: int
    taken: int
    capacity: int


def find_wait(campaign: Campaign, organisation: Organisation, *, now: dt.datetime) -> Wait | None:
    """Return what waits for the team; None when the team holds nothing back."""
    today = now.astimezone(organisation.zone).date()
    allowance = allowance_of_day(campaign, organisation, today)
    if campaign.state != Campaign.State.RUNNING or allowance is None:
        return None
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    due = campaign.invitations.filter(state=State.SCHEDULED, scheduled_for__lt=midnight + DAY)
    left = count_used(campaign, midnight=midnight)
    waiting = due.count() - max(0, allowance - left)
    if waiting <= 0:
        return None
    row = TeamCapacity.objects.filter(day=today).first()
    capacity, free = (row.capacity, row.free) if row else (0, 0)
    return Wait(waiting, allowance, left, capacity - free, capacity)
